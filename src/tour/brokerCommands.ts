// Starts the built broker as a person would, and asks it through its own command line. The tour knows
// nothing of the broker but these commands and the JSON that they print.
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';

const startMsMax = 30_000;
const commandMsMax = 30_000;
const stopMsMax = 10_000;
const keptCharsMax = 4_000;

/** `credits list --json`. */
export interface Credits {
  readonly tracked: boolean;
  readonly balanceMicroCredits: number;
  readonly heldMicroCredits: number;
  readonly grants: readonly { readonly id: string; readonly kind: string; readonly remainingMicroCredits: number }[];
}

/** One row of `usage --json`. */
export interface UsageRow {
  readonly key: string;
  readonly label: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicroCredits: number;
}

/** The parts of `status --json` that the tour shows. */
export interface Status {
  readonly balance: { readonly balanceMicroCredits: number; readonly heldMicroCredits: number };
  readonly running: readonly { readonly workspaceLabel: string }[];
  readonly waiting: readonly { readonly workspaceLabel: string }[];
  readonly today: { readonly total: UsageRow };
  readonly recent: readonly { readonly requestId: string; readonly workspaceLabel: string; readonly costMicroCredits?: number }[];
}

/** `audit --json`. */
export interface Audit {
  readonly ok: boolean;
  readonly violations: readonly { readonly invariant: string; readonly what: string }[];
  readonly entries: number;
  readonly charges: number;
  readonly openHolds: number;
}

/** How to run the command line. */
export interface CommandLine {
  readonly node: string;
  /** Path of dist/broker.mjs. */
  readonly program: string;
  readonly dataDir: string;
}

/** Runs a command and gives what it printed; rejects with a sentence when it fails. */
export async function brokerText(line: CommandLine, args: readonly string[]): Promise<string> {
  const child = spawn(line.node, [line.program, ...args, '--data', line.dataDir], { stdio: ['ignore', 'pipe', 'pipe'], timeout: commandMsMax });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { output += chunk; });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { complaint = (complaint + chunk).slice(-keptCharsMax); });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  if (code !== 0) throw new Error(`"codex-broker ${args.join(' ')}" ended with code ${code ?? 'none'}. ${complaint.trim() || output.trim()}`);
  return output.trimEnd();
}

/** Runs a command with `--json` and gives what it said. */
export async function brokerJson<T>(line: CommandLine, args: readonly string[]): Promise<T> {
  const text = await brokerText(line, [...args, '--json']);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`"codex-broker ${args.join(' ')} --json" printed no JSON: ${text.slice(0, 200)}`, { cause: error });
  }
}

/** A broker that the tour started. */
export interface RunningBroker {
  readonly url: string;
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts `serve --practice` and waits for the line that says where it is. */
export async function startBroker(line: CommandLine): Promise<RunningBroker> {
  const child = spawn(line.node, [line.program, 'serve', '--practice', '--data', line.dataDir], { stdio: ['ignore', 'pipe', 'pipe'], cwd: path.dirname(line.program) });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { complaint = (complaint + chunk).slice(-keptCharsMax); });
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()); child.once('error', () => resolve()); });
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(timer);
  };
  const ready = new Promise<{ url: string; pid: number }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The broker did not say that it is ready within ${startMsMax / 1000} seconds. ${complaint.trim()}`)), startMsMax);
    void ended.then(() => { clearTimeout(timer); reject(new Error(`The broker ended at its start. ${complaint.trim()}`)); });
    readline.createInterface({ input: child.stdout }).on('line', (text) => {
      if (!text.startsWith('{')) return;
      const message = JSON.parse(text) as { event?: string; url?: string; pid?: number };
      if (message.event !== 'ready' || message.url === undefined) return;
      clearTimeout(timer);
      resolve({ url: message.url, pid: message.pid ?? child.pid ?? 0 });
    });
  });
  try {
    return { ...await ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
