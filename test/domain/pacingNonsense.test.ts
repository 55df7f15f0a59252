// Proves that nothing that an upstream tells closes a line for good: after two minutes of headers, refusals and usages that make no
// sense, everything that waits is sent, at the latest when a day's limit has refilled, and every time that is told is one.
import assert from 'node:assert/strict';
import { measures } from '../../src/domain/measure.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { dayMs, debtMsMax } from '../../src/domain/rateWindow.ts';
import { readRateLimits } from '../../src/protocol/rateLimitHeaders.ts';
import { seeded } from '../simulation/pacing/chance.ts';
import { knowing, request, started, submitted } from '../support/pacerSteps.ts';

/** What headers hold by chance. */
const amounts = ['0', '1', '5', '60', '500', '10000', '1e9', '999999999999', '-1', 'x', '', '1,000', 'NaN', '100000'];
const durations = ['0s', '1ms', '1s', '59s', '61s', '1m30s', '1h', '24h', '1d2h', 'x', '', '-1s', '1764547200'];
const families = [['requests'], ['tokens'], ['requests', 'tokens'], ['requests', 'tokens', 'input-images', 'images'], []];
const healthy = Object.fromEntries(['requests', 'tokens', 'input-images', 'images'].flatMap((name) => [[`x-ratelimit-limit-${name}`, '2000000'], [`x-ratelimit-remaining-${name}`, '1999000'], [`x-ratelimit-reset-${name}`, '30ms']]));
const nonsenseMs = 120_000;

/** One history by chance. @returns how long it took until nothing waited or ran any more, from when the upstream made sense on */
function recoveryMs(seed: number): number {
  const random = seeded(seed);
  const pick = <T>(all: readonly [T, ...T[]] | readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const pacer = new Pacer(random);
  const events: { readonly atMs: number; readonly happen: () => void }[] = [];
  let [nowMs, made] = [0, 0];
  const makesSense = () => nowMs >= nonsenseMs;
  const at = (atMs: number, happen: () => void) => { events.splice(events.findLastIndex((each) => each.atMs <= atMs) + 1, 0, { atMs, happen }); };
  const headers = () => Object.fromEntries(pick(families).flatMap((name) => [[`x-ratelimit-limit-${name}`, pick(amounts)], [`x-ratelimit-remaining-${name}`, pick(amounts)], [`x-ratelimit-reset-${name}`, pick(durations)]]));
  const read = (told: Readonly<Record<string, string>>) => readRateLimits((name) => told[name], nowMs);
  const come = () => {
    pacer.submit(request({
      id: `r${made += 1}`, model: pick(['m', 'm', 'k']), workspaceId: pick(['a', 'b']), threadId: pick(['x', 'y']), priority: pick(['interactive', 'agent', 'batch'] as const), estimatedTokens: pick([1, 5_000, 300_000]),
      countedTokens: pick([1, 20_000]), certainTokens: pick([1, 4_000]), ...(random() < 0.15 ? { images: pick([1, 3]) } : {}), ...(random() < 0.1 ? { madeImages: 1 } : {}),
    }), nowMs);
  };
  const refuse = (id: string) => pacer.throttled(id, {
    ...(random() < 0.7 ? { measure: pick(measures) } : {}), ...(random() < 0.2 ? { perDay: true as const } : {}), ...(random() < 0.5 ? { limit: pick([0, 1, 60, 100_000]) } : {}), ...(random() < 0.3 ? { requested: pick([0, 1, 1e6]) } : {}),
    ...(random() < 0.5 ? { retryAfterMs: pick([0, 20, 3_600_000]) } : {}), ...(random() < 0.1 ? { isOverload: true as const } : {}), observation: read(headers()),
  }, nowMs);
  const answer = (id: string) => {
    const luck = makesSense() ? 1 : random();
    if (luck < 0.3) { refuse(id); return; }
    if (luck < 0.4) {
      pacer.failed(id, nowMs);
      pacer.finished(id, undefined, nowMs);
      return;
    }
    pacer.headers(id, read(makesSense() ? healthy : headers()), nowMs, luck < 0.45 ? nowMs - random() * 1e5 : undefined);
    at(nowMs + pick([0, 1_000, 20_000]), () => pacer.finished(id, makesSense() ? 500 : pick([0, 5_000, undefined, 200_000_000]), nowMs));
  };
  for (let count = 0; count < 40; count += 1) at(random() * nonsenseMs, come);
  if (random() < 0.3) at(random() * nonsenseMs, () => pacer.keyReplaced(nowMs));
  if (random() < 0.3) at(random() * nonsenseMs, () => pacer.slept(random() * 1e7));
  at(nonsenseMs, come);
  for (let turn = 0; ; turn += 1) {
    const { start, wakeAtMs = Infinity } = pacer.next(nowMs);
    assert.ok(turn < 50_000 && !Number.isNaN(wakeAtMs), `${seed}: woken at ${wakeAtMs}, for the ${turn}th time`);
    for (const { id } of start) {
      pacer.sent(id, nowMs);
      at(nowMs + pick([50, 300, 5_000]), () => answer(id));
    }
    for (const { limit, remaining, resetsAtMs, opensAtMs } of pacer.windows(nowMs)) assert.ok([limit, remaining, resetsAtMs, opensAtMs].every((each) => each === undefined || Number.isFinite(each)), `${seed}`);
    for (const { startsAtMs, closed } of pacer.waiting(nowMs)) assert.ok([startsAtMs, closed?.untilMs].every((each) => each === undefined || Number.isFinite(each)), `${seed}`);
    const nextMs = Math.min(events[0]?.atMs ?? Infinity, Math.max(nowMs + 1, wakeAtMs));
    if (nextMs === Infinity) break;
    nowMs = nextMs;
    while ((events[0]?.atMs ?? Infinity) <= nowMs) events.shift()?.happen();
  }
  assert.deepEqual([pacer.waitingCount, pacer.runningCount], [0, 0], `${seed}`);
  return nowMs - nonsenseMs;
}

describe('an upstream that makes no sense', function () {
  this.timeout(60_000);

  it('closes no line for good', () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const tookMs = recoveryMs(seed);
      assert.ok(tookMs <= 2 * dayMs + debtMsMax, `${seed}: ${tookMs / debtMsMax} h`);
    }
  });

  it('that tells a usage beyond all measure, or a limit that fell to next to nothing, is asked again after an hour', () => {
    for (const after of [
      (pacer: Pacer, id: string) => { pacer.finished(id, 200_000_000, 0); },
      (pacer: Pacer, id: string) => {
        const other = submitNext(pacer);
        pacer.headers(id, { tokens: { limit: 1_000_000_000, remaining: 0, resetMs: 600_000 } }, 0);
        pacer.throttled(other, { measure: 'tokens', limit: 10_000, requested: 1_000, retryAfterMs: 100 }, 0);
      },
    ]) {
      const pacer = knowing(600, 600, { limit: 30_000, remaining: 30_000 });
      const id = submitNext(pacer);
      after(pacer, id);
      submitted(pacer, 0);
      assert.deepEqual(started(pacer, 0), []);
      const { wakeAtMs = Infinity } = pacer.next(0);
      assert.ok(wakeAtMs > 0 && wakeAtMs <= debtMsMax + 60_000, `${wakeAtMs}`);
      assert.equal(started(pacer, wakeAtMs).length, 1);
    }
  });

  it('that refuses a request of nothing is waited for as for any other', () => {
    const pacer = new Pacer(() => 1);
    const id = submitNext(pacer);
    pacer.throttled(id, { measure: 'requests', requested: 0 }, 0);
    const { start, wakeAtMs = NaN } = pacer.next(0);
    assert.deepEqual(start, []);
    assert.ok(wakeAtMs > 0 && wakeAtMs <= 60_000, `${wakeAtMs}`);
    assert.deepEqual(started(pacer, wakeAtMs), [id]);
  });
});

/** Puts a request in line that starts at once. @returns its id */
function submitNext(pacer: Pacer): string {
  const id = submitted(pacer, 0);
  assert.deepEqual(started(pacer, 0), [id]);
  pacer.sent(id, 0);
  return id;
}
