// Who used a model while others waited in its line: for each workspace that waited, the task that had most of what ran
// then. Pure: waits and runs are passed in, and nobody is named here for having used much at another time or of another model.
import { grouped } from './grouped.ts';

/** A request that stood in a line. */
export interface LineWait {
  readonly workspaceId: string;
  /** Requests of one lane wait for the same limits. */
  readonly lane: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** An attempt that was sent. */
export interface LineRun extends LineWait {
  /** Absent for a client that names no task. */
  readonly threadId?: string;
  readonly tokens: number;
}

/** The task that used most while a workspace waited. */
export interface WaitCause {
  readonly threadId: string;
  readonly workspaceId: string;
  readonly tokens: number;
  /** Of all tokens of the same lanes in that time, those of the workspace itself too. */
  readonly share: number;
}

/** Most limits are counted by the minute: what ran in the last one before a wait has used up what it waits for. */
export const limitWindowMs = 60_000;

type Span = readonly [number, number];

/** For each workspace that waited, the task that used most; absent where nothing ran, or where that was no named task. Tokens of a run count by how much of it lies in the waits. */
export function waitCauses(waits: readonly LineWait[], runs: readonly LineRun[]): Map<string, WaitCause> {
  const runsIn = grouped(runs, ({ lane }) => lane);
  const causes = new Map<string, WaitCause>();
  for (const [workspaceId, own] of grouped(waits, (one) => one.workspaceId)) {
    const tasks = new Map<string, { readonly run: LineRun; tokens: number }>();
    for (const [lane, inLane] of grouped(own, (one) => one.lane)) {
      const spans = joined(inLane.map(({ fromMs, untilMs }) => [fromMs - limitWindowMs, untilMs]));
      for (const run of runsIn.get(lane) ?? []) {
        const key = `${run.workspaceId}\n${run.threadId ?? ''}`;
        const task = tasks.get(key) ?? { run, tokens: 0 };
        task.tokens += run.tokens * shareWithin(run, spans);
        tasks.set(key, task);
      }
    }
    const [most] = [...tasks.values()].toSorted((a, b) => b.tokens - a.tokens);
    const all = [...tasks.values()].reduce((sum, { tokens }) => sum + tokens, 0);
    if (most?.run.threadId !== undefined && most.tokens > 0) causes.set(workspaceId, { threadId: most.run.threadId, workspaceId: most.run.workspaceId, tokens: Math.round(most.tokens), share: most.tokens / all });
  }
  return causes;
}

/** Spans in the order of time, those that touch made one. */
function joined(spans: readonly Span[]): Span[] {
  const all: [number, number][] = [];
  for (const [from, until] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], until);
    else all.push([from, until]);
  }
  return all;
}

/** How much of a run lies within spans, from 0 to 1; one that took no time is in or out. */
function shareWithin({ fromMs, untilMs }: LineRun, spans: readonly Span[]): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.[1] ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  let within = 0;
  for (let index = low; index < spans.length; index += 1) {
    const [from, until] = spans[index] ?? [0, 0];
    if (from > untilMs) break;
    if (untilMs === fromMs) return 1;
    within += Math.min(untilMs, until) - Math.max(fromMs, from);
  }
  return untilMs === fromMs ? 0 : within / (untilMs - fromMs);
}
