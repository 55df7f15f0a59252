// Starts the real broker program for tests and runs its commands: the built bundle when it is there
// and newer than the sources, else the sources themselves. It ends only processes that it started.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../../..');

/** How long a broker may take to say that it is ready, on a busy machine. */
const readyMsMax = 30_000;
const keptCharsMax = 8_000;

/** Names another copy of the program to test, such as an installed one. */
const programVariable = 'CODEX_BROKER_TEST_PROGRAM';

function chooseProgram(): string {
  const named = process.env[programVariable];
  if (named) return path.resolve(named);
  const bundle = path.join(root, 'dist/broker.mjs');
  const neighbours = ['ledger', 'sandbox'].map((name) => path.join(root, `dist/${name}.mjs`));
  const sources = ['broker', 'domain', 'protocol', 'sandbox'].map((folder) => path.join(root, 'src', folder));
  const newest = Math.max(...sources.flatMap((folder) => readdirSync(folder, { recursive: true })
    .filter((name) => String(name).endsWith('.ts')).map((name) => statSync(path.join(folder, String(name))).mtimeMs)));
  const isFresh = [bundle, ...neighbours].every((file) => existsSync(file) && statSync(file).mtimeMs > newest);
  return isFresh ? bundle : path.join(root, 'src/broker/main.ts');
}

/** The program that the tests run; decided once. */
export const brokerProgram = chooseProgram();

/** The environment of a broker under test: nothing of the person who runs the tests gets in, but for the run's own cache of compiled code. */
export function plainEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const cache = process.env['NODE_COMPILE_CACHE'];
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], SystemRoot: process.env['SystemRoot'], TZ: 'UTC', NODE_NO_WARNINGS: '1', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }), ...more };
}

/** What a command came to. */
export interface CommandResult { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Options of one run of a command. */
export interface CommandOptions { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly input?: string }

/** Runs a command of the program to its end. A signal that ended it is a negative code. */
export function runBroker(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [brokerProgram, ...args], { env: plainEnvironment(options.env), ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    // A program that ends without reading its input breaks the pipe; that is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** How a broker is started. */
export interface ServeOptions {
  readonly dataDir: string;
  readonly upstream?: string;
  /** Handed over on standard input; `false` starts without a key. */
  readonly apiKey?: string | false;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Tests send the same thing many times, so the runaway guard is off but where it is asked for. */
  readonly runawayGuard?: boolean;
  /** A program and its arguments that run the broker, such as a tracer. */
  readonly under?: readonly string[];
}

/** A broker process that the test started. */
export interface BrokerProcess {
  readonly url: string;
  readonly port: number;
  /** The broker's own pid, also when it runs under another program. */
  readonly pid: number;
  readonly dataDir: string;
  /** What it wrote to standard error so far. */
  readonly complaint: () => string;
  /** Resolves with its exit code, -1 for a signal. */
  readonly ended: Promise<number>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves with the exit code. */
  stop(): Promise<number>;
}

/** The key that tests hand to the broker. */
export const testApiKey = 'sk-test-key-of-the-process-suites';

/** Why a broker did not come up. */
export class NotStarted extends Error {
  readonly code: number;
  readonly stderr: string;
  constructor(code: number, stderr: string) {
    super(`The broker ended with code ${code} before it was ready: ${stderr}`);
    this.code = code;
    this.stderr = stderr;
  }
}

/** Starts `serve` and waits for its line. @throws NotStarted when it ends before it */
export async function startBroker(options: ServeOptions): Promise<BrokerProcess> {
  const withKey = options.apiKey !== false;
  const serve = [brokerProgram, 'serve', '--no-keychain', '--data', options.dataDir,
    ...(options.upstream === undefined ? [] : ['--upstream', options.upstream]), ...(options.runawayGuard ? [] : ['--no-runaway-guard']), ...(withKey ? ['--api-key-stdin'] : []), ...(options.args ?? [])];
  const [tracer, ...tracing] = options.under ?? [];
  // Whose calls are counted writes no cache, which the next life would find and not write again.
  const env = plainEnvironment({ ...(tracer === undefined ? {} : { NODE_DISABLE_COMPILE_CACHE: '1' }), ...options.env });
  const child: ChildProcessWithoutNullStreams = spawn(tracer ?? process.execPath, tracer === undefined ? serve : [...tracing, process.execPath, ...serve], { env });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { complaint = (complaint + chunk).slice(-keptCharsMax); });
  child.stdin.on('error', () => undefined);
  child.stdin.end(withKey ? `${options.apiKey ?? testApiKey}\n` : '');
  const ended = new Promise<number>((resolve) => { child.once('close', (code) => resolve(code ?? -1)); child.once('error', () => resolve(-1)); });
  const ready = await readyLine(child, ended, () => complaint);
  return {
    url: ready.url, port: Number(new URL(ready.url).port), pid: ready.pid, dataDir: options.dataDir, complaint: () => complaint, ended,
    kill: async () => {
      end(ready.pid, 'SIGKILL');
      await ended;
    },
    stop: async () => {
      end(ready.pid, 'SIGTERM');
      return ended;
    },
  };
}

/** Starts `serve` and ends it with SIGKILL after a while, whether it was ready by then or not. */
export async function startAndKill(dataDir: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [brokerProgram, 'serve', '--no-keychain', '--data', dataDir], { env: plainEnvironment(), stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); child.once('error', () => resolve()); });
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
  clearTimeout(timer);
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

function readyLine(child: ChildProcessWithoutNullStreams, ended: Promise<number>, complaint: () => string): Promise<{ url: string; pid: number }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The broker was not ready after ${readyMsMax / 1000} seconds. ${complaint()}`));
    }, readyMsMax);
    void ended.then((code) => { clearTimeout(timer); reject(new NotStarted(code, complaint())); });
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as { url: string; pid: number });
    });
  });
}

/** Reads a secret file of the data folder, as the command line does. */
export function controlTokenOf(dataDir: string): string {
  return readFileSync(path.join(dataDir, 'control.token'), 'utf8').trim();
}
