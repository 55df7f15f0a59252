// Limits in one shape: a window that is spread over its days, and which limit is used up first.
import assert from 'node:assert/strict';
import { standOfWindow, tightestStand, type LimitFacts } from '../../src/protocol/limitStands.ts';
import { snapshotLimitRunOut } from '../../src/protocol/snapshotForecast.ts';
import type { BudgetView, WindowView } from '../../src/protocol/snapshot.ts';

const nowMs = 50_000_000;
const hourMs = 3_600_000;
const window = (id: string, remaining: number, change: Partial<WindowView> = {}): WindowView => ({ id, model: id, measure: 'percent', windowMinutes: 300, limit: 100, remaining, resetsAtMs: nowMs + hourMs, ...change });
const limits = (more: Partial<LimitFacts>): LimitFacts => ({
  atMs: nowMs, broker: { mode: 'live' }, key: { state: 'present' }, consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, windows: [], budgets: [],
  balance: { tracked: false, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] }, ...more,
});

describe('a window that is spread over its days', () => {
  it('is used up until the next of them while its share so far is', () => {
    const spread = window('a', 70, { windowMinutes: 10_080, resetsAtMs: nowMs + 100 * hourMs, shareUsedUntilMs: nowMs + 5 * hourMs });
    const stand = standOfWindow(spread, nowMs);
    assert.deepEqual([stand?.left, stand?.endsAtMs, stand?.name], [0, nowMs + 5 * hourMs, 'share so far of the limit per week of the plan a']);
    assert.deepEqual([standOfWindow({ ...spread, shareUsedUntilMs: nowMs }, nowMs)?.left, standOfWindow({ ...spread, remaining: 0 }, nowMs)?.endsAtMs], [0.7, nowMs + 100 * hourMs]);
  });
});

describe('a budget that is spread evenly', () => {
  const credit = 1_000_000;
  const view = (used: number, usedToday: number): BudgetView => ({
    id: 'b', text: '70.00 credits per week (spread evenly)', budget: { id: 'b', per: 'everything', unit: 'credits', limit: 70 * credit, period: 'week', timeZone: 'UTC', mode: 'hard', pace: 'even' }, today: { allowed: 20 * credit, day: { fromMs: nowMs - 10 * hourMs, untilMs: nowMs + 14 * hourMs } },
    uses: [{ key: '', used: used * credit, usedToday: usedToday * credit, reserved: 0, endsAtMs: nowMs + 134 * hourMs, ...(used >= 20 ? { goesOnAtMs: nowMs + 38 * hourMs } : {}) }],
  });
  const tight = (used: number, usedToday: number) => { const { name, left, endsAtMs, timeLeft } = tightestStand(limits({ budgets: [view(used, usedToday)] }), undefined, nowMs) ?? {}; return [name, left, endsAtMs, timeLeft]; };

  it('is a limit by today\'s share', () => {
    const name = 'share for today of the budget of 70.00 credits per week (spread evenly)';
    assert.deepEqual(tight(15, 5), [name, 0.5, nowMs + 14 * hourMs, undefined]);
    assert.deepEqual(tight(25, 15), [name, 0, nowMs + 38 * hourMs, undefined]);
    assert.deepEqual(tight(70, 60), ['budget of 70.00 credits per week (spread evenly)', 0, nowMs + 134 * hourMs, undefined]);
  });

  it('is never said to be used up before its time', () => {
    // Nearly all of two days' shares within half a day of the second: over pace for any other budget of a week.
    assert.equal(snapshotLimitRunOut(limits({ budgets: [view(19, 19)] }), undefined, nowMs), undefined);
    const { pace: _pace, ...budget } = view(19, 19).budget;
    const { today: _today, ...plain } = view(19, 19);
    assert.ok(snapshotLimitRunOut(limits({ budgets: [{ ...plain, budget, uses: [{ key: '', used: 40 * credit, reserved: 0, endsAtMs: Date.UTC(1970, 0, 19) }] }] }), undefined, Date.UTC(1970, 0, 13, 12)), 'which another one is');
  });
});

describe('the limit that is used up first', () => {
  it('is the one that ends soonest at its own pace, and none while all last', () => {
    const slow = window('slow', 40, { windowMinutes: 10_080, resetsAtMs: nowMs + 84 * hourMs });
    const fast = window('fast', 10, { resetsAtMs: nowMs + 2.5 * hourMs });
    const found = snapshotLimitRunOut(limits({ windows: [slow, fast] }), undefined, nowMs);
    assert.equal(found?.limit.id, 'fast');
    assert.equal(found.runsOutAtMs, nowMs + Math.round(2.5 * hourMs / 9));
    assert.equal(snapshotLimitRunOut(limits({ windows: [window('even', 60, { resetsAtMs: nowMs + 2.5 * hourMs })] }), undefined, nowMs), undefined);
  });
});
