// Starts the processes that the benchmark compares, and reads what the kernel counts for each of them: the
// processor's time and the memory.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A started process that listens. */
export interface BenchProcess { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** How a program is started, and how it is known that it listens. */
export interface StartOptions {
  readonly command?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where it listens; absent: the first line of its output is JSON with a `url`. */
  readonly url?: string;
}

/** How long a program may take until it listens. */
const startMsMax = 20_000;
/** And until it has ended, when asked to; then it is killed. */
const stopMsMax = 10_000;

/** Runs a program and waits until it listens. @throws Error when it ends first, or does not listen in time */
export async function startProcess(args: readonly string[], { command = process.execPath, env = process.env, url }: StartOptions = {}): Promise<BenchProcess> {
  const child = spawn(command, args, { stdio: ['pipe', url === undefined ? 'pipe' : 'ignore', 'inherit'], env });
  const name = args[0] ?? command;
  const exited = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${name} could not be started: ${error.message}`)));
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  const told = url === undefined && child.stdout ? new Promise<string>((resolve) => {
    createInterface({ input: child.stdout ?? process.stdin }).once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
  }) : answering(url ?? '');
  const stop = async () => {
    child.stdin?.end();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(timer);
  };
  try {
    return { url: await Promise.race([told, failed]), pid: child.pid ?? 0, stop };
  } catch (error) {
    if (child.exitCode === null && child.pid !== undefined) await stop();
    throw error;
  }
}

/** Waits until anything answers there. */
async function answering(url: string): Promise<string> {
  const endMs = performance.now() + startMsMax;
  for (;;) {
    try {
      await (await fetch(url)).arrayBuffer();
      return url;
    } catch (error) {
      if (performance.now() > endMs) throw new Error(`nothing answers at ${url}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Processor time of a process in milliseconds, all its threads, by the scheduler's own count; undefined elsewhere than on Linux. */
export function processorMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  // Nanoseconds on a processor come first (Documentation/scheduler/sched-stats.rst); /proc/PID/stat counts in ticks of 10 ms only.
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6, 0);
}

/** Resident memory in megabytes; undefined elsewhere than on Linux. */
export function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return match ? Number(match[1]) / 1024 : undefined;
}
