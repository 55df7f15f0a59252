// Ends a traced program with SIGKILL at the n-th call of one kind of system call, which is an exact
// way to crash it between any two writes. Needs `strace` and the right to trace; says when it has not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The system calls by which a ledger changes what is on disk. */
export const diskCalls = ['pwrite64', 'fsync', 'rename', 'unlink'] as const;

/** One of them. */
export type DiskCall = (typeof diskCalls)[number];

/** The expression that names a call and its relatives, as strace takes it. */
const families: Readonly<Record<DiskCall, string>> = { pwrite64: 'pwrite64,ftruncate', fsync: 'fsync,fdatasync', rename: 'rename,renameat2', unlink: 'unlink,unlinkat' };

/** Whether programs can be traced here. */
export const canTrace: boolean = process.platform === 'linux'
  && spawnSync('strace', ['-f', '-e', 'trace=fsync', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0;

/** The program and arguments that run another one and kill it at the n-th call of a kind, counted for each thread. */
export function killingAt(call: DiskCall, n: number): readonly string[] {
  const family = families[call];
  // Without --seccomp-bpf: with it, strace 6.1 does not count up to `when`.
  return ['strace', '-f', '-o', '/dev/null', '-e', `trace=${family}`, '-e', `inject=${family}:signal=SIGKILL:when=${n}`];
}

/** Counts the calls of the busiest thread while something runs under the tracer that it is given. */
export async function countingCalls(run: (under: readonly string[]) => Promise<void>): Promise<Record<DiskCall, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'codex-broker-trace-'));
  try {
    const file = path.join(folder, 'calls');
    await run(['strace', '-f', '--seccomp-bpf', '-o', file, '-e', `trace=${Object.values(families).join(',')}`]);
    const counts = new Map<string, number>();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [, thread, name] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
      const call = diskCalls.find((one) => families[one].split(',').includes(name ?? ''));
      if (call) counts.set(`${call} ${thread}`, (counts.get(`${call} ${thread}`) ?? 0) + 1);
    }
    const most = (call: DiskCall) => Math.max(0, ...[...counts].filter(([key]) => key.startsWith(`${call} `)).map(([, count]) => count));
    return { pwrite64: most('pwrite64'), fsync: most('fsync'), rename: most('rename'), unlink: most('unlink') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
