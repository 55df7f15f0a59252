// How the benchmark measures and prints: the middle of several times, the processor's time beside the clock's,
// and tables whose columns line up.

/** What one thing took: by the clock, and of the processor, which other programs disturb less. */
export interface Taken { readonly ms: number; readonly processorMs: number }

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Begins to take the time of what runs on this thread; the result ends it. */
export function stopwatch(): () => Taken {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const spent = process.cpuUsage(before);
    return { ms: performance.now() - startedMs, processorMs: (spent.user + spent.system) / 1000 };
  };
}

/** Takes the time of something. */
export async function taken<T>(run: () => T | Promise<T>): Promise<Taken & { readonly value: T }> {
  const stop = stopwatch();
  const value = await run();
  return { ...stop(), value };
}

/** Repetitions of what is quick, and the time after which no further one begins. */
const roundsMax = 15;
const roundsMin = 3;
const budgetMs = 3000;

/** The middle of several times of the same, the first one left out. */
export async function medianTaken(run: () => unknown): Promise<Taken> {
  await run();
  const times: Taken[] = [];
  const startedMs = performance.now();
  while (times.length < roundsMin || times.length < roundsMax && performance.now() - startedMs < budgetMs) times.push(await taken(run));
  return medianOf(times);
}

/** The middle of each of the two. */
export function medianOf(times: readonly Taken[]): Taken {
  return { ms: median(times.map((one) => one.ms)), processorMs: median(times.map((one) => one.processorMs)) };
}

/** Prints a table: the first column to the left, the others to the right. */
export function printTable(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of [head, ...lines]) console.log(line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '));
}

/** Milliseconds for people. */
export function msText(ms: number): string {
  return ms >= 100 ? `${ms.toFixed(0)} ms` : ms >= 1 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(3)} ms`;
}
