// Even burn: the shares of the days begun so far, in calendar periods of every length and in rolling ones.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bucketMs, budgetEndsAtMs } from '../../src/domain/budgets.ts';
import type { Budget } from '../../src/domain/budgets.ts';
import { allowsFromMs, dayShare, hasDays, paceFault, pacedFromMs } from '../../src/domain/evenBurn.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const base: Budget = { id: 'b', per: 'everything', unit: 'credits', limit: 700, period: 'week', timeZone: 'Europe/Berlin', mode: 'hard', pace: 'even' };
const at = Date.parse;
const iso = (atMs: number | undefined) => (atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16));

/** Budgets that are spread, with a moment at which they count. */
const spread = fc.record({
  limit: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })), timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Beirut', 'Australia/Lord_Howe', 'Pacific/Apia'),
  period: fc.oneof(fc.constantFrom('week' as const, 'month' as const), fc.record({ rollingHours: fc.integer({ min: 25, max: 8784 }) })), firstQuarter: fc.integer({ min: 1_600_000, max: 2_200_000 }), laterMs: fc.integer({ min: 0, max: 400 * dayMs }),
}).map(({ firstQuarter, laterMs, ...more }) => {
  const budget: Budget = { ...base, ...more, ...(typeof more.period === 'object' ? { pacedFromMs: firstQuarter * bucketMs } : {}) };
  return { budget, nowMs: firstQuarter * bucketMs + laterMs };
});

describe('what a budget that is spread evenly allows', () => {
  it('is never negative, never more than the whole, never less than before in its period, and all of it on the last day', () => {
    fc.assert(fc.property(spread, ({ budget, nowMs }) => {
      let before = -1;
      let days = 0;
      const endMs = budgetEndsAtMs(budget, nowMs);
      for (let atMs: number | undefined = nowMs; atMs !== undefined && days < 400; days += 1) {
        const { allowed, day }: NonNullable<ReturnType<typeof dayShare>> = dayShare(budget, atMs) ?? assert.fail('it is spread');
        assert.ok(Number.isSafeInteger(allowed) && allowed >= Math.max(0, before) && allowed <= budget.limit, `${allowed} after ${before}`);
        if (day) assert.ok(day.fromMs <= atMs && atMs < day.untilMs && day.untilMs - day.fromMs <= 25 * hourMs);
        assert.equal(dayShare(budget, (day?.untilMs ?? atMs + 1) - 1)?.allowed, allowed, 'one day, one share');
        before = allowed;
        if (day === undefined || day.untilMs === endMs) {
          assert.equal(allowed, budget.limit);
          return;
        }
        atMs = day.untilMs;
      }
      assert.fail('its last day never came');
    }), { numRuns: 300 });
  });

  it('is cut so that no two days of a period differ by more than one unit', () => {
    fc.assert(fc.property(spread, ({ budget, nowMs }) => {
      const first = budgetEndsAtMs(budget, nowMs) ?? budget.pacedFromMs ?? 0;
      const parts: number[] = [];
      for (let [atMs, before] = [first, 0]; ;) {
        const share = dayShare(budget, atMs);
        if (!share?.day || share.allowed === budget.limit) break;
        parts.push(share.allowed - before);
        [atMs, before] = [share.day.untilMs, share.allowed];
      }
      assert.ok(parts.length === 0 || Math.max(...parts) - Math.min(...parts) <= 1);
    }), { numRuns: 100 });
  });

  it('grows by a seventh of a week at each local midnight, a day of 25 hours included', () => {
    const allowed = (text: string) => dayShare(base, at(text))?.allowed;
    // In Berlin the clocks went back on Sunday, 2026-10-25.
    assert.deepEqual([allowed('2026-10-18T22:00:00Z'), allowed('2026-10-19T21:59:59Z'), allowed('2026-10-19T22:00:00Z'), allowed('2026-10-24T21:59:59Z'), allowed('2026-10-24T22:00:00Z'), allowed('2026-10-25T22:59:59Z'), allowed('2026-10-25T23:00:00Z')],
      [100, 100, 200, 600, 700, 700, 100]);
    assert.deepEqual(dayShare(base, at('2026-10-25T12:00:00Z'))?.day, { fromMs: at('2026-10-24T22:00:00Z'), untilMs: at('2026-10-25T23:00:00Z') });
  });

  it('knows how long each month is', () => {
    const allowed = (limit: number, text: string) => dayShare({ ...base, period: 'month', limit }, at(text))?.allowed;
    assert.deepEqual([allowed(280, '2027-02-01T12:00:00Z'), allowed(290, '2028-02-01T12:00:00Z'), allowed(300, '2026-11-01T12:00:00Z'), allowed(310, '2026-03-30T12:00:00Z'), allowed(310, '2026-03-31T12:00:00Z')], [10, 10, 10, 300, 310]);
  });

  it('begins a rolling period when it was laid down, in parts of 24 hours, the last of which may be shorter', () => {
    const firstMs = at('2026-11-25T12:15:00Z');
    const budget: Budget = { ...base, period: { rollingHours: 60 }, limit: 600, pacedFromMs: firstMs };
    const share = (hours: number) => { const { allowed, day } = dayShare(budget, firstMs + hours * hourMs) ?? {}; return [allowed, iso(day?.untilMs)]; };
    assert.deepEqual([share(-90), share(0), share(23.9), share(24), share(48), share(9000)],
      [[240, '2026-11-26T12:15'], [240, '2026-11-26T12:15'], [240, '2026-11-26T12:15'], [480, '2026-11-27T12:15'], [600, undefined], [600, undefined]]);
  });

  it('is not asked of a budget that is not spread', () => {
    const { pace: _pace, ...plain } = base;
    assert.deepEqual([dayShare(plain, 0), allowsFromMs(plain, 1, 0)], [undefined, undefined]);
  });
});

describe('when a budget that is spread evenly allows so much', () => {
  it('is now, at the beginning of the first day that does, or never in this period', () => {
    const tuesday = at('2026-10-20T12:00:00Z');
    assert.deepEqual([200, 201, 300, 301, 601, 700].map((amount) => iso(allowsFromMs(base, amount, tuesday))), ['2026-10-20T12:00', '2026-10-20T22:00', '2026-10-20T22:00', '2026-10-21T22:00', '2026-10-24T22:00', '2026-10-24T22:00']);
    assert.equal(allowsFromMs(base, 701, tuesday), undefined);
    assert.equal(allowsFromMs({ ...base, limit: 0 }, 1, tuesday), undefined);
  });

  it('is the first moment at which its share is as large, whatever the budget', () => {
    fc.assert(fc.property(spread, fc.double({ min: 0, max: 1, noNaN: true }), ({ budget, nowMs }, part) => {
      const amount = Math.min(budget.limit, Math.ceil(budget.limit * part));
      const atMs = allowsFromMs(budget, amount, nowMs) ?? assert.fail('it is no more than the whole');
      const endMs = budgetEndsAtMs(budget, nowMs) ?? Infinity;
      assert.ok(atMs >= nowMs && atMs < endMs);
      assert.ok((dayShare(budget, atMs)?.allowed ?? 0) >= amount);
      if (atMs > nowMs) assert.ok((dayShare(budget, atMs - 1)?.allowed ?? Infinity) < amount);
    }), { numRuns: 500 });
  });
});

describe('which budgets can be spread', () => {
  it('are those over more than a day', () => {
    const can = (period: Budget['period'], per: Budget['per'] = 'task') => hasDays({ per, period });
    assert.deepEqual([can('day'), can('week'), can('month'), can('life'), can({ rollingHours: 24 }), can({ rollingHours: 25 }), can('week', 'request')], [false, true, true, false, false, true, false]);
  });

  it('say when their first day began where the calendar does not', () => {
    const isFine = (more: Partial<Budget>) => paceFault({ ...base, ...more }) === undefined;
    const rolling = { period: { rollingHours: 48 } };
    assert.deepEqual([isFine({}), isFine({ pacedFromMs: 0 }), isFine({ period: 'day' }), isFine(rolling), isFine({ ...rolling, pacedFromMs: bucketMs }), isFine({ ...rolling, pacedFromMs: bucketMs + 1 }), isFine({ ...rolling, pacedFromMs: -bucketMs })],
      [true, false, false, false, true, false, false]);
    const { pace: _pace, ...plain } = base;
    assert.deepEqual([paceFault(plain), paceFault({ ...plain, ...rolling, pacedFromMs: 0 })], [undefined, { because: 'Only a budget that is spread evenly has a first day.' }]);
  });

  it('go on with their days where only their amount is changed', () => {
    const period = { rollingHours: 48 };
    const before: Budget = { ...base, period, pacedFromMs: 9 * bucketMs };
    assert.deepEqual([pacedFromMs({ period }, undefined, 20.5 * bucketMs), pacedFromMs({ period }, before, 20.5 * bucketMs), pacedFromMs({ period: { rollingHours: 72 } }, before, 20.5 * bucketMs), pacedFromMs({ period }, base, 20.5 * bucketMs)],
      [20 * bucketMs, 9 * bucketMs, 20 * bucketMs, 20 * bucketMs]);
    assert.equal(pacedFromMs({ period }, { ...before, pacedFromMs: 40 * bucketMs }, 20.5 * bucketMs), 20 * bucketMs, 'but not from a day that the clock, being ahead, made up');
  });
});
