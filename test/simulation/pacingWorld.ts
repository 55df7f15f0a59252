// A world in virtual time for the pacing rules: runs that send one request after the other, a Pacer,
// and an upstream that enforces limits by token buckets as OpenAI does. Nothing here waits for real;
// equal seeds give equal histories.
import type { Priority } from '../../src/domain/fairQueue.ts';
import type { RateLimitObservation } from '../../src/domain/rateWindow.ts';
import { Pacer } from '../../src/domain/pacing.ts';

/** What to simulate. Times in milliseconds. */
export interface World {
  readonly seed: number;
  readonly runs: readonly { readonly workspaceId: string; readonly requests: number; readonly priority?: Priority; readonly startsAtMs?: number; readonly pauseMs?: number }[];
  readonly requestsPerMinute: (nowMs: number) => number;
  readonly tokensPerMinute?: number;
  /** Announce limits in headers, as OpenAI does. */
  readonly announces: boolean;
  /** Requests a minute that another application sends with the same key. */
  readonly othersPerMinute?: (nowMs: number) => number;
  /** The bucket's size as a share of a minute's limit; 1 is what the headers promise. */
  readonly burstShare?: number;
  readonly tokens?: { readonly estimated: number; readonly usedMin: number; readonly usedMax: number };
  /** Send this long after the start, at most (network and admission). */
  readonly latencyMsMax?: number;
}

/** What happened. */
export interface History {
  readonly finishedAtMs: number;
  readonly succeeded: number;
  readonly throttles: number;
  /** Requests served per workspace up to the moment at which the first workspace had all of its own. */
  readonly servedWhileAllWait: ReadonlyMap<string, number>;
  readonly waitsMs: readonly { readonly workspaceId: string; readonly priority: Priority; readonly waitMs: number }[];
  readonly runningMax: number;
}

/** Jain's fairness index: 1 when all shares are equal, 1/n when one has everything. */
export function jain(shares: Iterable<number>): number {
  const all = [...shares];
  const total = all.reduce((sum, each) => sum + each, 0);
  return total * total / (all.length * all.reduce((sum, each) => sum + each * each, 0));
}

/** The longest that a simulated world may last. */
const virtualMsMax = 24 * 3_600_000;

/** Lets the world run until every request was served. */
export function simulate(world: World): History {
  const random = seeded(world.seed);
  const pacer = new Pacer(random);
  const upstream = new Upstream(world);
  const agenda: { readonly atMs: number; readonly act: (nowMs: number) => void }[] = [];
  const at = (atMs: number, act: (nowMs: number) => void) => { agenda.push({ atMs, act }); };
  const latencyMs = () => 20 + random() * (world.latencyMsMax ?? 300);
  const estimated = world.tokens?.estimated ?? 1_000;
  const left = new Map<string, number>();
  const served = new Map<string, number>();
  let servedWhileAllWait: ReadonlyMap<string, number> | undefined;
  const waitsMs: { workspaceId: string; priority: Priority; waitMs: number }[] = [];
  const requests = new Map<string, { readonly workspaceId: string; readonly onDone: (nowMs: number) => void }>();
  let [succeeded, throttles, finishedAtMs, runningMax] = [0, 0, 0, 0];

  world.runs.forEach(({ workspaceId, requests: count, priority = 'agent', startsAtMs = 0, pauseMs = 500 }, run) => {
    left.set(workspaceId, (left.get(workspaceId) ?? 0) + count);
    const send = (number: number, nowMs: number) => {
      const id = `${run}/${number}`;
      requests.set(id, {
        workspaceId, onDone: (doneAtMs) => { if (number + 1 < count) at(doneAtMs + pauseMs, (later) => send(number + 1, later)); },
      });
      waiting.set(id, { workspaceId, priority, sinceMs: nowMs });
      const submission = pacer.submit({ id, model: 'm', workspaceId, threadId: `${run}`, priority, estimatedTokens: estimated }, nowMs);
      if (submission.outcome !== 'queued') throw new Error(submission.because);
    };
    at(startsAtMs, (nowMs) => send(0, nowMs));
  });

  const waiting = new Map<string, { readonly workspaceId: string; readonly priority: Priority; readonly sinceMs: number }>();
  const attempt = (id: string, sentAtMs: number) => {
    pacer.sent(id, sentAtMs);
    at(sentAtMs + latencyMs(), (arrivedMs) => {
      const answer = upstream.admit(estimated, arrivedMs);
      at(arrivedMs + latencyMs(), (answeredMs) => {
        if (answer.refused) {
          throttles += 1;
          const { measure, retryAfterMs } = answer.refused;
          pacer.throttled(id, { measure, ...(world.announces ? { retryAfterMs } : {}), observation: answer.observation }, answeredMs);
          return;
        }
        pacer.headers(id, answer.observation, answeredMs);
        at(answeredMs + 3_000 + random() * 9_000, (doneMs) => {
          const used = world.tokens ? Math.round(world.tokens.usedMin + random() * (world.tokens.usedMax - world.tokens.usedMin)) : estimated;
          upstream.settle(used - estimated, doneMs);
          pacer.finished(id, used, doneMs);
          const request = requests.get(id);
          if (!request) throw new Error(`unknown request ${id}`);
          served.set(request.workspaceId, (served.get(request.workspaceId) ?? 0) + 1);
          left.set(request.workspaceId, (left.get(request.workspaceId) ?? 0) - 1);
          if (left.get(request.workspaceId) === 0) servedWhileAllWait ??= new Map(served);
          [succeeded, finishedAtMs] = [succeeded + 1, doneMs];
          request.onDone(doneMs);
        });
      });
    });
  };

  let wakeAtMs = Infinity;
  for (let nowMs = 0; nowMs < virtualMsMax;) {
    agenda.sort((a, b) => a.atMs - b.atMs);
    const next = agenda[0]?.atMs ?? Infinity;
    if (next === Infinity && wakeAtMs === Infinity) break;
    nowMs = Math.max(nowMs, Math.min(next, wakeAtMs));
    while (agenda[0] && agenda[0].atMs <= nowMs) agenda.shift()?.act(nowMs);
    const step = pacer.next(Math.ceil(nowMs));
    wakeAtMs = step.wakeAtMs ?? Infinity;
    for (const ticket of step.start) {
      const since = waiting.get(ticket.id);
      if (since && ticket.attempt === 1) waitsMs.push({ workspaceId: since.workspaceId, priority: since.priority, waitMs: nowMs - since.sinceMs });
      attempt(ticket.id, Math.ceil(nowMs));
    }
    runningMax = Math.max(runningMax, pacer.runningCount);
  }
  return { finishedAtMs, succeeded, throttles, servedWhileAllWait: servedWhileAllWait ?? served, waitsMs, runningMax };
}

/** Token buckets that refill continuously; usage beyond the estimate may push the tokens into debt. */
class Upstream {
  readonly #world: World;
  #requests: number;
  #tokens: number;
  #atMs = 0;

  constructor(world: World) {
    this.#world = world;
    this.#requests = world.requestsPerMinute(0) * (world.burstShare ?? 1);
    this.#tokens = world.tokensPerMinute ?? Infinity;
  }

  admit(tokens: number, nowMs: number): { observation: RateLimitObservation; refused?: { measure: 'requests' | 'tokens'; retryAfterMs: number } } {
    this.#refill(nowMs);
    const limit = this.#world.requestsPerMinute(nowMs);
    const tokenLimit = this.#world.tokensPerMinute;
    if (this.#requests < 1) return { observation: this.#headers(nowMs), refused: { measure: 'requests', retryAfterMs: Math.ceil((1 - this.#requests) * 60_000 / limit) } };
    if (tokenLimit !== undefined && this.#tokens < tokens) {
      return { observation: this.#headers(nowMs), refused: { measure: 'tokens', retryAfterMs: Math.ceil((tokens - this.#tokens) * 60_000 / tokenLimit) } };
    }
    this.#requests -= 1;
    this.#tokens -= tokens;
    return { observation: this.#headers(nowMs) };
  }

  settle(tokens: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.min(this.#world.tokensPerMinute ?? Infinity, this.#tokens - tokens);
  }

  #refill(nowMs: number): void {
    const minutes = (nowMs - this.#atMs) / 60_000;
    this.#atMs = nowMs;
    const limit = this.#world.requestsPerMinute(nowMs);
    this.#requests = Math.min(limit * (this.#world.burstShare ?? 1), this.#requests + minutes * limit);
    this.#requests = Math.max(0, this.#requests - minutes * (this.#world.othersPerMinute?.(nowMs) ?? 0));
    if (this.#world.tokensPerMinute !== undefined) this.#tokens = Math.min(this.#world.tokensPerMinute, this.#tokens + minutes * this.#world.tokensPerMinute);
  }

  /** With a smaller bucket the headers still promise a minute's limit, as they do where limits are enforced per second. */
  #headers(nowMs: number): RateLimitObservation {
    if (!this.#world.announces) return {};
    const limit = this.#world.requestsPerMinute(nowMs);
    const missing = limit * (this.#world.burstShare ?? 1) - this.#requests;
    const tokenLimit = this.#world.tokensPerMinute;
    return {
      requests: { limit, remaining: Math.max(0, Math.floor(limit - missing)), resetMs: Math.ceil(missing * 60_000 / limit) },
      ...(tokenLimit === undefined ? {} : { tokens: { limit: tokenLimit, remaining: Math.max(0, Math.floor(this.#tokens)), resetMs: Math.ceil((tokenLimit - this.#tokens) * 60_000 / tokenLimit) } }),
    };
  }
}

/** A small generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
