// What a broker's line did with the requests of many clients, read from the ledger's own times and the tokens that the
// upstream counted: who was overtaken by whom, who got which share, and how long somebody waited beside what the limit
// explains of it. Nothing in it is a time that a machine must keep.
import type { ReceivedRequest } from '../../../src/sandbox/requestMeter.ts';
import { callBroker } from './workbench.ts';
import type { BrokerProcess } from './brokerProgram.ts';

/** One request from its arrival to its start. */
export interface LineStart {
  readonly workspace: string;
  readonly receivedAtMs: number;
  /** When the broker decided to send it. */
  readonly startedAtMs: number;
  /** What the upstream took of its limit when it came. */
  readonly doorTokens: number;
}

/** Everything that a broker has sent, in the order of its starts. @throws Error where a request was sent more than once, or is unknown upstream */
export async function readStarts(broker: BrokerProcess, attempts: readonly ReceivedRequest[]): Promise<LineStart[]> {
  const { rows } = await callBroker(broker, 'export', { set: 'requests', after: 0, limit: 2_000, sinceMs: 0 });
  // A prewarm of Codex takes nothing of a limit.
  const starts = await Promise.all(rows.filter((row) => row['kind'] !== 'prewarm').map(async (row): Promise<LineStart> => {
    const { receivedAtMs, workspaceLabel, attempts: [attempt, ...more] } = await callBroker(broker, 'explain', { id: String(row['request_id']) });
    const upstream = attempts.find(({ responseId }) => responseId === row['response_id']);
    if (!attempt || more.length > 0 || !upstream?.billedUsage) throw new Error(`The request ${row['request_id']} was not sent exactly once: ${JSON.stringify(row)}`);
    return { workspace: workspaceLabel, receivedAtMs, startedAtMs: attempt.startedAtMs, doorTokens: upstream.billedUsage.inputTokens };
  }));
  return starts.sort((a, b) => a.startedAtMs - b.startedAtMs);
}

/** Moments between which `holds` is true, as times in pairs, in the order of time. */
function spans(starts: readonly LineStart[], holds: (waiting: readonly LineStart[], fromMs: number) => boolean): [number, number][] {
  const moments = [...new Set(starts.flatMap(({ receivedAtMs, startedAtMs }) => [receivedAtMs, startedAtMs]))].sort((a, b) => a - b);
  return moments.slice(1).map((toMs, index): [number, number] => [moments[index] ?? toMs, toMs])
    .filter(([fromMs, toMs]) => holds(starts.filter((one) => one.receivedAtMs <= fromMs && one.startedAtMs >= toMs), fromMs));
}

/** What the limit has left at a moment: a whole minute's tokens before the first start, and what is refilled since. */
function tokensLeft(starts: readonly LineStart[], tokensPerMinute: number, atMs: number): number {
  let [left, lastMs] = [tokensPerMinute, -Infinity];
  const refillTo = (nextMs: number) => {
    left = Math.min(tokensPerMinute, left + (nextMs - lastMs) / 60_000 * tokensPerMinute);
    lastMs = nextMs;
  };
  for (const { startedAtMs, doorTokens } of starts.filter((one) => one.startedAtMs <= atMs)) {
    refillTo(startedAtMs);
    left -= doorTokens;
  }
  refillTo(atMs);
  return left;
}

/** The requests that came after this one, were started before it, and left no room of the limit for it. */
export function overtaking(one: LineStart, starts: readonly LineStart[], tokensPerMinute: number): LineStart[] {
  return starts.filter((other) => other.receivedAtMs > one.receivedAtMs && other.startedAtMs < one.startedAtMs && tokensLeft(starts, tokensPerMinute, other.startedAtMs) < one.doorTokens);
}

/**
 * Tokens that were started for each workspace: while the limit made all of these wait, and from the first one on until the last such moment.
 * Where the limit has room for one that waits, it is the machine that is slow, and nobody's share is taken.
 */
export function sharesOfTokens(starts: readonly LineStart[], workspaces: readonly string[], tokensPerMinute: number): { readonly contested: number[]; readonly all: number[] } {
  const both = spans(starts, (waiting, fromMs) => workspaces.every((name) => waiting.some(({ workspace }) => workspace === name))
    && tokensLeft(starts, tokensPerMinute, fromMs) < Math.min(...waiting.map(({ doorTokens }) => doorTokens)));
  const lastMs = Math.max(...both.map(([, toMs]) => toMs));
  const shares = (started: readonly LineStart[]) => workspaces.map((name) => started.filter(({ workspace }) => workspace === name).reduce((sum, { doorTokens }) => sum + doorTokens, 0));
  return {
    contested: shares(starts.filter(({ startedAtMs }) => both.some(([fromMs, toMs]) => startedAtMs > fromMs && startedAtMs <= toMs))),
    all: shares(starts.filter(({ startedAtMs }) => startedAtMs <= lastMs)),
  };
}

/** How long somebody waited for a limit. While nobody waits, the machine is slow and not the line. */
export function waitingMs(starts: readonly LineStart[]): number {
  return spans(starts, (waiting) => waiting.length > 0).reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0);
}

/** The shortest time in which a limit lets all of them in, from the first to the last: a whole minute's tokens are there at once, the rest has to be refilled. */
export function leastMs(starts: readonly LineStart[], tokensPerMinute: number): number {
  const tokens = starts.reduce((sum, { doorTokens }) => sum + doorTokens, 0);
  return Math.max(0, tokens - tokensPerMinute) / tokensPerMinute * 60_000;
}
