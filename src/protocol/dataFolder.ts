// Where a person's ledger lives on this computer. The command line and every VS Code window use
// the same folder, so that all of them find the same broker and see one balance.

/** The parts of a process that decide the folder; passed in. */
export interface DataFolderFacts {
  readonly platform: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The data folder: `CODEX_BROKER_DATA` if set, else the platform's place for a user's own data.
 * Practice mode uses the folder `practice` inside it, with a ledger of its own.
 */
export function defaultDataFolder(facts: DataFolderFacts): string {
  const { env, home } = facts;
  if (env['CODEX_BROKER_DATA']) return env['CODEX_BROKER_DATA'];
  if (facts.platform === 'win32') return `${env['LOCALAPPDATA'] ?? `${home}\\AppData\\Local`}\\codex-usage-broker`;
  if (facts.platform === 'darwin') return `${home}/Library/Application Support/codex-usage-broker`;
  return `${env['XDG_DATA_HOME'] || `${home}/.local/share`}/codex-usage-broker`;
}
