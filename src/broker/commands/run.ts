// `codex-broker run -- COMMAND`: runs a command so that its OpenAI traffic goes through the broker
// under the workspace's token. SDKs read their environment; Codex ignores it and gets its base URL
// as an option (measured with Codex 0.169.0), so that nothing of the user's files changes.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { TokenResult } from '../../protocol/control.ts';
import { codexLogin } from '../codexConfig/codexLogin.ts';
import type { Payer } from '../codexConfig/codexLogin.ts';
import { connectBroker } from '../controlClient.ts';
import { payerOf } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { dataFolderOf, modeOf, pathOf, readOptions } from './commandIo.ts';
import { CommandNotStarted, isCodex } from './commandNotStarted.ts';

/** Runs the command. @throws CommandNotStarted @returns its exit code, or 128 plus the number of the signal that ended it */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const split = args.indexOf('--');
  const command = split === -1 ? [] : args.slice(split + 1);
  const { values } = readOptions(split === -1 ? args : args.slice(0, split), { workspace: { type: 'string' }, 'hide-path': { type: 'string' }, pay: { type: 'string' } });
  const [program, ...rest] = command;
  if (program === undefined) throw new ProblemError(problem('argument_invalid', 'Say which command to run after `--`, for example `codex-broker run -- codex exec "say hi"`.'));
  const workspacePath = values.workspace === undefined ? io.cwd : pathOf('workspace', values.workspace, io);
  const shimDir = values['hide-path'];
  const calls = refuseCircle(program, shimDir, io.env);
  const control = await connectBroker(dataFolderOf(values, io), modeOf(values));
  const made = await control.api.token({ workspacePath });
  const payer = payerOf(values.pay, isCodex(program) && made.chatgptBaseUrl !== undefined, () => codexLogin(io.env['CODEX_HOME'] || join(io.home, '.codex'), io.env));
  return start(program, codexArguments(program, rest, made, payer), { ...meteredEnvironment(io.env, made, shimDir, program, payer), ...calls });
}

/** Counts how often a shim was called from within another call. */
const callsVariable = 'CODEX_BROKER_CALLS';
/** Codex may be run by a command that Codex runs; more of that is a program that leads back to the shim. */
const callsMax = 8;

/**
 * Refuses a shim that would call itself: by a setting that names it, or by a program on the path that calls it.
 * @returns the count for the program's environment @throws ProblemError `codex_not_found`
 */
function refuseCircle(program: string, shimDir: string | undefined, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  if (shimDir === undefined) return {};
  const calls = /^\d{1,3}$/.test(env[callsVariable] ?? '') ? Number(env[callsVariable]) : 0;
  if (calls < callsMax && !(/[\\/]/.test(program) && isIn(shimDir, program))) return { [callsVariable]: String(calls + 1) };
  throw new CommandNotStarted(program, Object.assign(new Error('it leads back to the shim that called it'), { code: undefined }), false);
}

/** Whether a file, behind links, lies in a folder. */
function isIn(folder: string, file: string): boolean {
  try {
    return dirname(realpathSync(file)) === realpathSync(folder);
  } catch {
    // What is not there lies nowhere.
    return false;
  }
}

/** Codex's arguments with its base URL in front; any other program's as they are. */
export function codexArguments(program: string, args: readonly string[], made: TokenResult, payer: Payer = 'credits'): string[] {
  const baseUrl = payer === 'plan' && made.chatgptBaseUrl !== undefined ? made.chatgptBaseUrl : made.codexBaseUrl;
  return isCodex(program) ? ['-c', `openai_base_url="${baseUrl}"`, ...args] : [...args];
}

/**
 * The environment of a metered command.
 * @param hidePath a folder to leave out of PATH: the one of the shim that called, so that the real program is found; a folder whose `program` is a link to that shim is left out too
 */
export function meteredEnvironment(env: Readonly<Record<string, string | undefined>>, made: TokenResult, hidePath: string | undefined, program = 'codex', payer: Payer = 'credits'): Record<string, string | undefined> {
  // A proxy setting would be applied to loopback too, by Codex as by others.
  const loopback = '127.0.0.1,localhost';
  const noProxy = env['NO_PROXY'] ?? env['no_proxy'];
  return {
    ...env, OPENAI_BASE_URL: made.baseUrl, OPENAI_API_KEY: made.token,
    // A key would go before the sign-in that is to be used.
    CODEX_API_KEY: payer === 'plan' ? undefined : made.token,
    NO_PROXY: noProxy ? `${noProxy},${loopback}` : loopback, no_proxy: noProxy ? `${noProxy},${loopback}` : loopback,
    ELECTRON_RUN_AS_NODE: undefined,
    ...(hidePath === undefined ? {} : { PATH: (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== hidePath && !isIn(hidePath, join(folder, program))).join(delimiter) }),
  };
}

function start(program: string, args: readonly string[], env: Record<string, string | undefined>): Promise<number> {
  // The terminal sends Ctrl-C to both; other signals may come to this process alone and are passed on.
  // They are listened for before the command runs, which may be quicker than this process.
  let child: ChildProcess | undefined;
  const passOn = (['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map((signal) => [signal, () => child?.kill(signal)] as const);
  for (const [signal, handler] of passOn) process.on(signal, handler);
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const notStarted = (error: NodeJS.ErrnoException) => reject(new CommandNotStarted(program, error, isOnPath(program, env)));
    try {
      child = spawn(program, args, { stdio: 'inherit', env, windowsHide: true });
    } catch (error) {
      // Some of the system's refusals come at once, such as that of a file that is no program.
      notStarted(error as NodeJS.ErrnoException);
      return;
    }
    child.once('error', notStarted);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => {
    for (const [name, handler] of passOn) process.off(name, handler);
    process.off('SIGINT', ignore);
  });
}

/** Whether a program is there at all: a folder of PATH that may not be searched hides that from the system's answer. */
function isOnPath(program: string, env: Record<string, string | undefined>): boolean {
  if (/[\\/]/.test(program)) return true;
  return (env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
