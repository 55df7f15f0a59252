// The command line of the program: which command, and how its failures are told. Exit codes:
// 0 done, 1 failed (guard: not enough, doctor: something failed), 2 wrong use (audit: discrepancy),
// 3 unreadable ledger (audit only), 126 and 127 when `run` could not execute or find the command;
// otherwise `run` gives on the command's own.
import { problem, ProblemError } from '../domain/problem.ts';
import type { CommandIo } from './commands/commandIo.ts';
import { CommandNotStarted } from './commands/commandNotStarted.ts';
import { help } from './commands/help.ts';
import { sandboxEntry } from './neighbours.ts';

type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** Each command is loaded when it is called: the libraries of a server would double the time of a short one, such as `guard` in a hook. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  token: async () => (await import('./commands/token.ts')).token,
  run: async () => (await import('./commands/run.ts')).run,
  route: async () => (await import('./commands/route.ts')).route,
  credits: async () => (await import('./commands/credits.ts')).credits,
  voucher: async () => (await import('./commands/voucher.ts')).voucher,
  budget: async () => (await import('./commands/budget.ts')).budget,
  policy: async () => (await import('./commands/policy.ts')).policy,
  status: async () => (await import('./commands/status.ts')).status,
  usage: async () => (await import('./commands/usage.ts')).usage,
  insights: async () => (await import('./commands/insights.ts')).insights,
  explain: async () => (await import('./commands/explain.ts')).explain,
  privacy: async () => (await import('./commands/privacy.ts')).privacy,
  guard: async () => (await import('./commands/guard.ts')).guard,
  export: async () => (await import('./commands/export.ts')).exportRows,
  audit: async () => (await import('./commands/audit.ts')).audit,
  backup: async () => (await import('./commands/backup.ts')).backup,
  restore: async () => (await import('./commands/restore.ts')).restore,
  wipe: async () => (await import('./commands/wipe.ts')).wipeData,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  import: async () => (await import('./commands/import.ts')).importSessions,
  release: async () => (await import('./commands/release.ts')).release,
  sandbox: () => Promise.resolve(sandbox),
};

/** What VS Code says before the words of an extension's uninstall hook (its `extensionLifecycle.ts`); the manifest names `route --undo --all`. */
const uninstallWord = '--type=extension-post-uninstall';

/** Runs a command line. @returns the exit code */
export async function commandLine(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args[0] === uninstallWord ? args.slice(1) : args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') { io.out(help); return name === undefined ? 2 : 0; }
  if (name === '--version') { io.out(io.version); return 0; }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) { io.err(`There is no command "${name}". Say codex-broker --help.`); return 2; }
  if (rest[0] === '--help') { io.out(help); return 0; }
  try {
    return await (await command())(rest, io);
  } catch (error) {
    const { code, message, remedy, said, remedySaid } = error instanceof ProblemError ? error.problem
      : problem('internal', 'The command failed for a reason that the program did not expect ({0}).', { values: [firstLine(error)] });
    if (ownArguments(rest).includes('--json')) io.out(JSON.stringify({ error: { code, message, remedy, said, remedySaid } }));
    io.err(`${message} ${remedy} (${code})`);
    return error instanceof CommandNotStarted ? error.exitCode : code === 'argument_invalid' ? 2 : 1;
  }
}

/** What is said to this program; behind `--` begins the command that `run` starts. */
function ownArguments(args: readonly string[]): readonly string[] {
  const split = args.indexOf('--');
  return split === -1 ? args : args.slice(0, split);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** `codex-broker sandbox`: the neighbouring program, loaded only when asked for. */
async function sandbox(args: readonly string[], io: CommandIo): Promise<number> {
  const { sandboxMain } = await import(sandboxEntry(io.entry).href) as { sandboxMain: (argv: string[]) => Promise<number> };
  return sandboxMain([...args]);
}
