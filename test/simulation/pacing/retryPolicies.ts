// Peers that only retry: what Codex does by itself, what the header says, and additive increase with
// multiplicative decrease on concurrency. Each carries jobs in the order in which they come.
import { parseRetryAfter } from '../../../src/protocol/rateLimitHeaders.ts';
import type { Job } from './scenarios.ts';
import type { Desk, PolicyKind } from './world.ts';

type Done = (carried: boolean) => void;

/** Codex 0.169: an integer `Retry-After` is waited for, up to five times; a 429 without one fails the turn. */
export const codexDefault: PolicyKind = {
  name: 'Codex by itself',
  make: (desk) => ({
    carry: (job, done) => attempt(desk, job, done, (tries, headers) => {
      const seconds = Number(headers['retry-after'] ?? NaN);
      return tries <= 5 && Number.isInteger(seconds) ? seconds * 1000 : undefined;
    }),
  }),
};

/** Waits as long as the header says, as often as it takes; without a header as cookbooks do, doubling from half a second, ten times. */
export const afterHeader: PolicyKind = {
  name: 'retry after the header',
  make: (desk) => ({
    carry: (job, done) => attempt(desk, job, done, (tries, headers) => parseRetryAfter((name) => headers[name], desk.time.worldMs)
      ?? (tries <= 10 ? Math.min(60_000, 500 * 2 ** (tries - 1)) * (0.75 + desk.random() / 2) : undefined)),
  }),
};

function attempt(desk: Desk, job: Job, done: Done, pauseMs: (tries: number, headers: Readonly<Record<string, string>>) => number | undefined, tries = 1): void {
  desk.send(job, {
    refused: (headers) => {
      const waitMs = pauseMs(tries, headers);
      if (waitMs === undefined) done(false);
      else desk.time.onLaptop(waitMs, () => attempt(desk, job, done, pauseMs, tries + 1));
    },
    ended: () => done(true),
  });
}

/** As many at once as were borne: one more after each round without a refusal, half after a refusal, and then the pause that was told or a second. */
export const aimd: PolicyKind = {
  name: 'AIMD on concurrency',
  make: (desk) => {
    const line: { readonly job: Job; readonly done: Done }[] = [];
    let [allowed, running, closedUntilMs, halvedAtMs] = [4, 0, 0, -Infinity];
    const pump = (): void => {
      const { time } = desk;
      while (line.length > 0 && running + 1 <= allowed && time.laptopMs >= closedUntilMs) {
        const next = line.shift();
        if (!next) return;
        const sentAtMs = time.laptopMs;
        running += 1;
        desk.send(next.job, {
          refused: (headers) => {
            running -= 1;
            line.unshift(next);
            if (sentAtMs > halvedAtMs) [allowed, halvedAtMs] = [Math.max(1, allowed / 2), time.laptopMs];
            const waitMs = parseRetryAfter((name) => headers[name], time.worldMs) ?? 1000;
            closedUntilMs = Math.max(closedUntilMs, time.laptopMs + waitMs);
            time.onLaptop(waitMs, pump);
          },
          ended: () => {
            running -= 1;
            allowed += 1 / allowed;
            next.done(true);
            pump();
          },
        });
      }
    };
    return { carry: (job, done) => { line.push({ job, done }); pump(); } };
  },
};
