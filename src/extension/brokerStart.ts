// Starts a broker process from its copy: detached, with an allow-listed environment, its output in
// a log file of the data folder. It takes nothing from the folder that is open in the editor.
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, ProblemError } from '../domain/problem.ts';
import type { BrokerSurroundings } from './brokerSurroundings.ts';

/** A data folder and the mode of the broker that serves it. */
export interface BrokerSeat {
  readonly dataDir: string;
  readonly practice: boolean;
}

/** A process that was started; `exited` resolves with its exit code (null after a signal). */
export interface StartedBroker {
  readonly exited: Promise<number | null>;
  /** What it said last before it left, if anything. */
  lastWords(): Promise<string | undefined>;
}

/** What a start needs from outside. */
export interface StartParts {
  /** Makes sure that the copy exists and gives its folder. */
  brokerFolder(): Promise<string>;
  /** The editor's own executable, which runs as Node. */
  readonly execPath: string;
  /** What it is handed beside its seat, read anew at each start. */
  surroundings(seat: BrokerSeat): BrokerSurroundings;
}

/** The broker leaves after this long without a client, work or unsettled holds. */
export const idleExitMs = 120_000;
/** Name of the file in the data folder that takes the process's own output. */
export const startLogFile = 'broker-start.log';
/** A start log larger than this is begun anew. */
export const startLogBytesMax = 1_048_576;

const allowedNames = new Set([
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'TMP', 'TEMP',
  'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'GNOME_KEYRING_CONTROL',
  'SYSTEMROOT', 'WINDIR', 'SYSTEMDRIVE', 'COMSPEC', 'PATHEXT', 'PROGRAMDATA', 'APPDATA', 'LOCALAPPDATA',
  'USERPROFILE', 'USERNAME', 'USERDOMAIN', 'HOMEDRIVE', 'HOMEPATH',
  'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'CODEX_CA_CERTIFICATE',
]);
const allowedPrefixes = ['LC_', 'XDG_'];

/**
 * The environment of the broker: what a program needs to find its home, keychain and proxy.
 * Options for Node itself and everything that a key could hide in stay behind.
 */
export function brokerEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const upper = name.toUpperCase();
    if (value !== undefined && (allowedNames.has(upper) || allowedPrefixes.some((prefix) => upper.startsWith(prefix)))) kept[name] = value;
  }
  return { ...kept, ELECTRON_RUN_AS_NODE: '1' };
}

/**
 * What the runtime of a broker is told. It lives for hours beside the editor, and its memory counts for more than the last tenth
 * of its speed: by default V8 lets the room for new objects grow to three times 16 MB and keeps it, and works with four helpers
 * that wake for every small collection, which the broker's own threads then wait for.
 */
export const runtimeFlags: readonly string[] = ['--max-semi-space-size=4', '--v8-pool-size=1'];
/** The same for the C library of Linux, which otherwise keeps a pool of freed memory for each thread. */
export const runtimeEnvironment = { MALLOC_ARENA_MAX: '2' } as const;

/** Arguments of the broker's program for a seat, the runtime's first. */
export function serveArguments(script: string, seat: BrokerSeat, more: readonly string[] = []): string[] {
  return [...runtimeFlags, script, 'serve', '--data', seat.dataDir, '--idle-exit-ms', String(idleExitMs), ...more, ...(seat.practice ? ['--practice'] : [])];
}

/**
 * Starts the process and returns as soon as the system accepted it.
 * @throws ProblemError naming the cause when the system refused
 */
export async function startBroker(parts: StartParts, seat: BrokerSeat): Promise<StartedBroker> {
  let folder: string;
  try {
    folder = await parts.brokerFolder();
  } catch (error) {
    throw new ProblemError(problem('broker_unreachable', 'The broker\'s program could not be copied ({0}), so no broker could be started.', { values: [reason(error)], remedy: 'Free some space in VS Code\'s storage folder, or reinstall the extension.' }), { cause: error });
  }
  let log;
  let logPath: string;
  let logStart: number;
  try {
    await mkdir(seat.dataDir, { recursive: true, mode: 0o700 });
    const path = join(seat.dataDir, startLogFile);
    const size = await stat(path).then((found) => found.size, () => 0);
    const isTooLarge = size > startLogBytesMax;
    log = await open(path, isTooLarge ? 'w' : 'a', 0o600);
    logPath = path;
    logStart = isTooLarge ? 0 : size;
  } catch (error) {
    throw new ProblemError(problem('data_folder_unusable', 'The data folder {0} cannot be written ({1}), so no broker could be started.', { values: [seat.dataDir, reason(error)] }), { cause: error });
  }
  try {
    const { args, env } = parts.surroundings(seat);
    const child = spawn(parts.execPath, serveArguments(join(folder, 'broker.mjs'), seat, args), {
      cwd: folder, env: { ...brokerEnvironment(env), ...runtimeEnvironment }, detached: true, windowsHide: true, shell: false,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { exited, lastWords: () => lastLine(logPath, logStart) };
  } catch (error) {
    throw new ProblemError(problem('broker_unreachable', 'The system refused to start the broker ({0}).', { values: [reason(error)], remedy: 'Check whether a security program blocks it or the process limit is reached, then start it again.' }), { cause: error });
  } finally {
    await log.close();
  }
}

/** The last line that was written to a log behind a position. */
async function lastLine(path: string, from: number): Promise<string | undefined> {
  try {
    return (await readFile(path)).subarray(from).toString('utf8').trim().split('\n').at(-1)?.trim() || undefined;
  } catch {
    // A log that cannot be read tells nothing more; the exit code is still told.
    return undefined;
  }
}

/** The system's short name of a failure, such as ENOSPC, else its first line. */
function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message.split('\n', 1)[0] ?? 'unknown' : 'unknown';
}
