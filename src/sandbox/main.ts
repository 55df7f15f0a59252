// The sandbox program and the sandbox inside a test: the one place where the simulated upstream gets
// its real clock, ids, files and streams. Importing this file does nothing; it runs only when it is
// the program that was started.
import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { problem, ProblemError } from '../domain/problem.ts';
import type { SandboxClock } from './clock.ts';
import { readArguments, sandboxUsage, withArguments } from './commandLine.ts';
import { openSandbox, type Sandbox, type SandboxSettings } from './sandboxServer.ts';
import { parseScenario, type ScenarioInput } from './scenario.ts';

const realClock: SandboxClock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  }),
};

/** Largest scenario file. */
const scenarioBytesMax = 5_000_000;

/**
 * Starts a sandbox inside this process, for tests. Without a clock it lives in real time.
 * @throws ProblemError for a scenario that is none or a port that is taken
 */
export function startSandbox(options: Partial<SandboxSettings> = {}): Promise<Sandbox> {
  return openSandbox({ clock: realClock, newId: (prefix) => prefix + randomBytes(16).toString('hex'), ...options });
}

/**
 * Runs the sandbox until it is told to stop by SIGINT, SIGTERM or, with `--exit-with-parent`, by the
 * end of standard input.
 * @param argv arguments after the program's name
 * @returns the exit code: 0 after a clean end, 2 for arguments, a scenario or a port that cannot be used
 */
export async function sandboxMain(argv: string[]): Promise<number> {
  const read = readArguments(argv);
  if ('mistake' in read) return fail(read.mistake);
  const args = read.arguments;
  if (args.help) {
    process.stdout.write(sandboxUsage);
    return 0;
  }
  let sandbox: Sandbox;
  try {
    const scenario = args.scenarioFile === undefined ? {} : readScenario(args.scenarioFile);
    sandbox = await startSandbox({ scenario: withArguments(scenario, args), port: args.port });
  } catch (error) {
    if (error instanceof ProblemError) return fail(error.message);
    throw error;
  }
  const stopped = untilStopped(args.exitWithParent);
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: sandbox.url, pid: process.pid })}\n`);
  await stopped;
  await sandbox.close();
  // Standard input that is still open would keep the process alive.
  if (args.exitWithParent) process.stdin.destroy();
  return 0;
}

function readScenario(file: string): ScenarioInput {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', `The scenario file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`), { cause: error });
  }
  if (text.length > scenarioBytesMax) throw new ProblemError(problem('argument_invalid', `The scenario file ${file} is larger than ${scenarioBytesMax} bytes.`));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', `The scenario file ${file} is not JSON: ${(error as Error).message}.`), { cause: error });
  }
  const parsed = parseScenario(json);
  if ('mistake' in parsed) throw new ProblemError(problem('argument_invalid', `The scenario file ${file} is not valid: ${parsed.mistake}.`));
  return json as ScenarioInput;
}

function untilStopped(withParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    if (!withParent) return;
    process.stdin.once('end', () => resolve());
    process.stdin.once('close', () => resolve());
    // A parent that vanished can show as a broken pipe; that is its end too.
    process.stdin.once('error', () => resolve());
    process.stdin.resume();
  });
}

function fail(sentence: string): number {
  process.stderr.write(`${sentence.replaceAll('\n', ' ')}\n`);
  return 2;
}

/** Whether this file is the program that was started; links and relative paths are followed. */
function isProgram(): boolean {
  try {
    return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url));
  } catch {
    // A first argument that is no file means that something else was started.
    return false;
  }
}

if (isProgram()) process.exitCode = await sandboxMain(process.argv.slice(2));
