// The doctor's look at what surrounds the broker: the runtime, the keychain, own prices and the Codex
// program. Nothing is changed, and no value of a variable is told.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { ProblemError } from '../../domain/problem.ts';
import type { Clock } from '../clock.ts';
import { keychainMsMax } from '../keyStore.ts';
import type { Keychain } from '../keyStore.ts';
import { readUserPrices } from '../prices/overlayPrices.ts';
import { failed, fine, warning } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { countText } from './factTexts.ts';

/** From this version on SQLite's write-ahead log has no known way to lose a commit (sqlite.org, "WAL-reset bug"). */
const sqliteWanted = [3, 51, 3] as const;
const codexMsMax = 5000;
/** The scripts that lead to Codex are small; it is not read whole to tell it from them. */
const shimBytesMax = 8_192;

type Env = Readonly<Record<string, string | undefined>>;

/** Versions of the runtime. */
export function checkRuntime(node: string, sqlite: string | undefined): Finding {
  if (sqlite === undefined) return failed('runtime', `Node ${node} has no SQLite.`, 'Use Node 22.19 or newer.');
  const says = `Node ${node} with SQLite ${sqlite}`;
  return isOlder(sqlite, sqliteWanted) ? warning('runtime', `${says}, older than ${sqliteWanted.join('.')}.`, `Use a newer Node or VS Code: SQLite before ${sqliteWanted.join('.')} can in rare cases lose what a crash interrupts.`) : fine('runtime', `${says}.`);
}

function isOlder(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const at = wanted.findIndex((part, index) => part !== (parts[index] ?? 0));
  return at !== -1 && (parts[at] ?? 0) < (wanted[at] ?? 0);
}

/** Whether there is a keychain and whether it answers. What it holds is not looked at. */
export async function checkKeychain(keychain: Keychain | undefined, clock: Clock): Promise<Finding> {
  const without = 'Without it a key is kept only until the broker ends: hand it over with --api-key-stdin, or from VS Code in each session.';
  if (!keychain) return warning('keychain', 'There is no system keychain that can be used.', `Install what it needs (on Linux libsecret and a keyring). ${without}`);
  let stop = () => undefined as void;
  const late = new Promise<'late'>((resolve) => { stop = clock.after(keychainMsMax, () => resolve('late')); });
  try {
    const answer = await Promise.race([keychain.getPassword('codex-usage-broker', 'doctor'), late]);
    return answer === 'late' ? warning('keychain', `The system keychain gave no answer within ${keychainMsMax / 1000} s.`, `Unlock it. ${without}`) : fine('keychain', 'The system keychain answers.');
  } catch (error) {
    return warning('keychain', `The system keychain refuses (${error instanceof Error ? error.message : String(error)}).`, `Unlock it. ${without}`);
  } finally {
    stop();
  }
}

/** Whether the person's own prices can be read. */
export function checkPrices(dataDir: string): Finding {
  const path = join(dataDir, 'prices.json');
  if (!existsSync(path)) return fine('prices', 'There are no prices of your own.');
  try {
    return fine('prices', `${countText(readUserPrices(path).length, 'price')} of your own in prices.json.`);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return failed('prices', error.problem.message, 'Correct the file, or move it away; no broker starts with it.');
  }
}

/** Whether the Codex program is there, and which version it is. @param named the program that a setting names, instead of the one on the PATH; empty without */
export async function checkCodex(env: Env, platform: string, clock: Clock, named = ''): Promise<Finding> {
  const program = named === '' ? findCodex(env, platform) : runnable(named);
  if (!program && named !== '') return warning('codex', `The setting for the Codex program names ${named}, which cannot be run.`, 'Correct codexBroker.codexPath in VS Code, or clear it to use the Codex on your PATH.');
  if (!program) return warning('codex', 'The Codex program is not on the PATH.', 'Install it with `npm install -g @openai/codex`, or set codexBroker.codexPath in VS Code.');
  const [command, ...first] = program;
  const answer = await new Promise<string | Error>((resolve) => {
    const child = execFile(command, [...first, '--version'], { maxBuffer: 64 * 1024, env: { ...env }, windowsHide: true }, (error, stdout) => {
      stop();
      resolve(error ?? stdout);
    });
    // What it started itself may hold its output open, so its end is not waited for.
    const stop = clock.after(codexMsMax, () => {
      child.kill('SIGKILL');
      resolve(new Error(`no answer within ${codexMsMax / 1000} s`));
    });
  });
  if (answer instanceof Error) return warning('codex', `The Codex program ${first[0] ?? command} does not tell its version (${answer.message.split('\n', 1)[0] ?? ''}).`, 'Install it anew with `npm install -g @openai/codex`.');
  const version = /\d+\.\d+\.\d+[\w.-]*/.exec(answer)?.[0];
  return fine('codex', `Codex ${version ?? 'of an unknown version'} at ${first[0] ?? command}.`);
}

/** The first Codex on the PATH and how it is run: directly, never through a shell. */
function findCodex(env: Env, platform: string): readonly [string, ...string[]] | undefined {
  const path = env['PATH'] ?? Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const name of platform === 'win32' ? ['codex.exe', 'codex.cmd'] : ['codex']) {
      const program = runnable(join(folder, name));
      if (program) return program;
    }
  }
  return undefined;
}

/** How a program of that path is run; absent when it cannot be, or is our own script. */
function runnable(path: string): readonly [string, ...string[]] | undefined {
  if (/\.m?js$/.test(path)) return existsSync(path) ? [process.execPath, path] : undefined;
  if (!isAbsolute(path) || !isProgram(path) || isOwnShim(path)) return undefined;
  if (!/\.(cmd|bat|ps1)$/i.test(path)) return [path];
  // Beside npm's batch file lies the script that it would run.
  const script = join(dirname(path), 'node_modules', '@openai', 'codex', 'bin', 'codex.js');
  return existsSync(script) ? [process.execPath, script] : undefined;
}

/** The script of a metered terminal is not the program: it needs a broker, and leads to the program itself. */
function isOwnShim(path: string): boolean {
  return statSync(path).size < shimBytesMax && readFileSync(path, 'latin1').includes('Written by Codex Usage Broker');
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not to be run by this user.
    return false;
  }
}
