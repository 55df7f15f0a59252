// Starts the processes that the benchmark compares and reads the processor time of each.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A started process that has said where it listens. */
export interface BenchProcess { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** Runs a program whose first line of output is JSON with a `url`. */
export async function startProcess(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<BenchProcess> {
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  if (!child.stdout || child.pid === undefined) throw new Error(`${args[0]} did not start`);
  const { pid } = child;
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    lines.once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
  });
  return {
    url, pid,
    stop: () => new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.stdin?.end();
      child.kill('SIGTERM');
    }),
  };
}

/** Processor time of a process in milliseconds, all threads, from the kernel's own count; undefined elsewhere than on Linux. */
export function processorMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime and stime in ticks of 10 ms, fields 14 and 15 of proc(5).
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory in megabytes; undefined elsewhere than on Linux. */
export function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return match ? Number(match[1]) / 1024 : undefined;
}
