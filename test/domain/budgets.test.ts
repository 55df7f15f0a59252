// Budgets: whom they are about, from when they count, what fits, and where a running attempt is stopped.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeBudgets } from '../../src/domain/budgetLayer.ts';
import { budgetEndsAtMs, budgetKey, budgetText, bucketMs, countedFromMs, judgeBudget, stopsAt } from '../../src/domain/budgets.ts';
import type { Budget } from '../../src/domain/budgets.ts';
import type { Walk } from '../../src/domain/walk.ts';

const base: Budget = { id: 'b', per: 'workspace', unit: 'credits', limit: 1000, period: 'day', timeZone: 'UTC', mode: 'hard' };
const subject = { requestId: 'r1', workspaceId: 'ws_a', model: 'gpt-5.4-mini', client: 'codex_exec', threadId: 't1' };
const at = Date.parse('2026-11-25T12:07:00Z');

describe('what a budget is about', () => {
  it('is each one by itself, or the one that it names', () => {
    const key = (more: Partial<Budget>) => budgetKey({ ...base, ...more }, subject);
    assert.deepEqual((['request', 'task', 'workspace', 'model', 'client', 'everything'] as const).map((per) => key({ per })), ['r1', 't1', 'ws_a', 'gpt-5.4-mini', 'codex_exec', '']);
    assert.deepEqual([key({ of: 'ws_a' }), key({ of: 'ws_b' })], ['ws_a', undefined]);
    assert.deepEqual([key({ per: 'model', of: 'gpt-5*' }), key({ per: 'model', of: 'gpt-6*' }), key({ per: 'model', of: 'gpt-5.4-mini' }), key({ per: 'model', of: 'gpt-5' })], ['gpt-5*', undefined, 'gpt-5.4-mini', undefined]);
    const { threadId: _none, ...withoutTask } = subject;
    assert.equal(budgetKey({ ...base, per: 'task' }, withoutTask), undefined);
  });

  it('counts from the beginning of its period, to the quarter hour', () => {
    const from = (period: Budget['period'], timeZone = 'UTC') => { const fromMs = countedFromMs({ ...base, period, timeZone }, at); return fromMs === undefined ? undefined : new Date(fromMs).toISOString(); };
    assert.deepEqual([from('day'), from('week'), from('month'), from('life')], ['2026-11-25T00:00:00.000Z', '2026-11-23T00:00:00.000Z', '2026-11-01T00:00:00.000Z', undefined]);
    assert.equal(from('day', 'America/New_York'), '2026-11-25T05:00:00.000Z');
    // A rolling hour at 12:07 begins at 11:07, and with the quarter hour that holds it.
    assert.equal(from({ rollingHours: 1 }), '2026-11-25T11:00:00.000Z');
    assert.deepEqual([budgetEndsAtMs({ ...base, period: 'month' }, at), budgetEndsAtMs({ ...base, period: { rollingHours: 5 } }, at), budgetEndsAtMs({ ...base, period: 'life' }, at)], [Date.parse('2026-12-01T00:00:00Z'), undefined, undefined]);
  });

  it('never counts less than its hours', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.integer({ min: 1, max: 800 }), (nowMs, rollingHours) => {
      const fromMs = countedFromMs({ ...base, period: { rollingHours } }, nowMs) ?? Infinity;
      assert.ok(fromMs <= nowMs - rollingHours * 3_600_000 && fromMs > nowMs - rollingHours * 3_600_000 - bucketMs && fromMs % bucketMs === 0);
    }));
  });
});

describe('judging a budget', () => {
  const judged = (used: number, reserved: number, wanted: number) => judgeBudget({ budget: base, key: 'ws_a', used, reserved }, { costMicroCredits: wanted, tokens: 5 })?.verdict;
  it('lets what fits pass to the last unit, and tells reservations from use', () => {
    assert.deepEqual([judged(0, 0, 1000), judged(500, 200, 300), judged(500, 200, 301), judged(700, 0, 301), judged(999, 1, 1)], ['fits', 'fits', 'reserved', 'over', 'reserved']);
  });

  it('knows nothing of the cost of a model without a price', () => {
    assert.equal(judgeBudget({ budget: base, key: '', used: 0, reserved: 0 }, { tokens: 5 }), undefined);
    assert.equal(judgeBudget({ budget: { ...base, unit: 'tokens' }, key: '', used: 996, reserved: 0 }, { tokens: 5 })?.verdict, 'over');
  });

  it('takes the shares of the days so far for the limit where it is spread, and keeps what they were', () => {
    const spread = (allowed: number, used: number, reserved: number, wanted: number) => judgeBudget({ budget: { ...base, period: 'week', pace: 'even' }, key: 'ws_a', used, reserved, today: { allowed } }, { costMicroCredits: wanted, tokens: 5 });
    assert.deepEqual([spread(300, 100, 100, 100), spread(300, 100, 100, 101), spread(300, 200, 0, 101), spread(0, 0, 0, 1)].map((one) => [one?.verdict, one?.allowed, one?.limit]),
      [['fits', 300, 1000], ['reserved', 300, 1000], ['over', 300, 1000], ['over', 0, 1000]]);
    assert.equal(judgeBudget({ budget: base, key: '', used: 0, reserved: 0 }, { costMicroCredits: 1, tokens: 5 })?.allowed, undefined);
    assert.deepEqual(stopsAt([{ budget: { ...base, per: 'task' }, key: 't', used: 100, reserved: 50, today: { allowed: 400 } }]), [{ budgetId: 'b', unit: 'credits', amount: 250 }]);
  });

  it('comes back with the first day that has room, whatever running requests hold of the whole', () => {
    const nowMs = Date.UTC(2026, 10, 28, 12);
    const budget = { ...base, limit: 70, period: 'week', timeZone: 'UTC', pace: 'even' } as const;
    const use = { budget, key: 'ws_a', used: 45, reserved: 15, endsAtMs: Date.UTC(2026, 10, 30), today: { allowed: 60, day: { fromMs: Date.UTC(2026, 10, 28), untilMs: Date.UTC(2026, 10, 29) } } };
    const retryAtMs = (wanted: number) => judgeBudgets({ input: { nowMs, budgets: [use], estimateTokens: 1, estimateMicroCredits: wanted, canWait: false } as unknown as Walk['input'], layers: [] }).ended?.retryAtMs;
    assert.deepEqual([retryAtMs(16), retryAtMs(26)], [Date.UTC(2026, 10, 29), Date.UTC(2026, 11, 2)], 'the last day of this week, or the third of the next one');
  });

  it('stops running attempts only at hard budgets per request or task, at the narrowest of each unit', () => {
    const use = (more: Partial<Budget>, used = 0, reserved = 0) => ({ budget: { ...base, ...more }, key: 'k', used, reserved });
    assert.deepEqual(stopsAt([use({}), use({ per: 'task', mode: 'soft' })]), []);
    assert.deepEqual(stopsAt([use({ id: 'a', per: 'task' }, 300, 100), use({ id: 'b', per: 'request', limit: 700 }), use({ id: 'c', per: 'task', unit: 'tokens', limit: 9 }, 10)]),
      [{ budgetId: 'a', unit: 'credits', amount: 600 }, { budgetId: 'c', unit: 'tokens', amount: 0 }]);
  });
});

describe('a budget in words', () => {
  it('says how much, for whom and over which time', () => {
    const text = (more: Partial<Budget>) => budgetText({ ...base, limit: 100_000_000, ...more });
    assert.deepEqual([text({}), text({ per: 'everything', period: 'month' }), text({ per: 'task', period: 'life' }), text({ per: 'model', of: 'gpt-5*', period: { rollingHours: 5 } }), text({ unit: 'tokens', limit: 50_000, per: 'request', period: 'life' }), text({ per: 'everything', period: 'week', pace: 'even' })],
      ['100.00 credits per workspace and day', '100.00 credits per month', '100.00 credits per task', '100.00 credits per model (gpt-5*) in any 5 hours', '50.0 k tokens per request', '100.00 credits per week (spread evenly)']);
  });
});
