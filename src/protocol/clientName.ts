// What people call the programs that send requests. Counting keeps the name that a client gives itself;
// only surfaces for people use this, so that a name that is not known here is shown as it came.

/** Codex's `originator` header (0.169) by who sends it, as a person would name it. */
const names: Readonly<Record<string, string>> = {
  codex_exec: 'Codex CLI', codex_cli_rs: 'Codex CLI', 'codex-tui': 'Codex CLI', codex_sdk_ts: 'Codex SDK', codex_vscode: 'Codex in VS Code',
};

/** A client's name for people. */
export function clientName(client: string): string {
  return Object.hasOwn(names, client) ? names[client] ?? client : client;
}
