// Reads what strace wrote about a ledger's program: its calls in order, how many of each there were, and
// whether every answer was given only after what it rests on had been synchronised.

/** The system calls by which the program reads and changes what is on disk, and tells an answer. */
export const tracedCalls = ['pread64', 'pwrite64', 'pwritev', 'ftruncate', 'fallocate', 'fsync', 'fdatasync', 'rename', 'unlink', 'write'] as const;

/** One of them. */
export type TracedCall = (typeof tracedCalls)[number];

/** One call of the program. */
export interface Call {
  readonly call: TracedCall;
  /** Counted for each kind, from 1. For `write` only those that tell something count. */
  readonly n: number;
  readonly path: string;
  /** What was told by a `write`. */
  readonly text: string;
  readonly hasFailed: boolean;
  /** Where in the file a write began. */
  readonly offset: number;
}

/** The file that the program's answers go to. */
export const toldName = /\/told-\d+$/;

/** The calls on the ledger's files in a trace that was written with `-y`, and the answers. */
export function readTrace(trace: string): Call[] {
  const counts = new Map<string, number>();
  return trace.split('\n').flatMap((line) => {
    const [, name = '', inner = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+|\?)/.exec(line) ?? [];
    const call = tracedCalls.find((one) => one === name);
    if (!call) return [];
    const path = /^\d+<([^>]*)>/.exec(inner)?.[1] ?? /^"([^"]*)"/.exec(inner)?.[1] ?? '';
    if (call === 'write' && !toldName.test(path)) return [];
    const n = (counts.get(call) ?? 0) + 1;
    counts.set(call, n);
    // The runtime reads other files too: they count, because the tracer counts them, and are not told.
    if (call === 'pread64' && !path.includes('/ledger.db')) return [];
    return [{ call, n, path, text: /"([^"]*)"/.exec(inner)?.[1] ?? '', hasFailed: !/^\d/.test(result), offset: Number(/(\d+)$/.exec(inner)?.[1] ?? 0) }];
  });
}

/**
 * What was told or let go too early, as sentences. An answer is early while the log holds writes that were
 * not synchronised after them; the log is let go early while the file holds such writes.
 */
export function earlyAnswers(calls: readonly Call[]): string[] {
  const dirty = new Set<string>();
  const early: string[] = [];
  for (const { call, n, path, text, hasFailed, offset } of calls) {
    const isLog = path.endsWith('-wal');
    const letsGo = isLog && (call === 'unlink' || call === 'pwrite64' && offset === 0);
    if (letsGo && dirty.has(path.slice(0, -'-wal'.length))) early.push(`${call} ${n} let the log go before the file was synchronised`);
    if (call === 'write') {
      if (text.startsWith('ok ') && [...dirty].some((one) => one.endsWith('-wal'))) early.push(`"${text.replaceAll('\\n', '')}" was told before the log was synchronised`);
    } else if (!hasFailed && (call === 'fsync' || call === 'fdatasync' || call === 'unlink')) {
      dirty.delete(path);
    } else if (!hasFailed && !path.endsWith('-shm') && call.startsWith('pwrite')) {
      dirty.add(path);
    }
  }
  return early;
}
