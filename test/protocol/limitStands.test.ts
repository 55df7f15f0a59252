// When everything that is used up has begun anew: only then is a task that a limit stopped worth another try.
import assert from 'node:assert/strict';
import { blockedUntilMs, standOfWindow } from '../../src/protocol/limitStands.ts';
import { snapshotLimitRunOut } from '../../src/protocol/snapshotForecast.ts';
import type { WindowView } from '../../src/protocol/snapshot.ts';
import { budgetFixture } from '../extension/snapshotFixture.ts';

const nowMs = 50_000_000;
const hourMs = 3_600_000;
const window = (id: string, remaining: number, change: Partial<WindowView> = {}): WindowView => ({ id, model: id, measure: 'percent', windowMinutes: 300, limit: 100, remaining, resetsAtMs: nowMs + hourMs, ...change });
const until = (windows: readonly WindowView[], budgets: Parameters<typeof blockedUntilMs>[0]['budgets'] = []) => blockedUntilMs({ windows: [...windows], budgets }, undefined, nowMs);

describe('the end of what is used up', () => {
  it('is the last reset of all that is used up', () => {
    assert.equal(until([window('a', 0), window('b', 0, { windowMinutes: 10_080, resetsAtMs: nowMs + 30 * hourMs }), window('c', 40, { resetsAtMs: nowMs + 90 * hourMs })]), nowMs + 30 * hourMs);
  });

  it('is not known where nothing is used up, where it never begins anew, or where its time is over', () => {
    assert.equal(until([]), undefined);
    assert.equal(until([window('a', 1)]), undefined);
    assert.equal(until([window('a', 0, { resetsAtMs: nowMs })]), undefined);
    const { resetsAtMs: _unknown, ...endless } = window('a', 0);
    assert.equal(until([endless, window('b', 0)]), undefined);
  });

  it('is the next day of a window that is spread over its days, while its share so far is used', () => {
    const spread = window('a', 70, { windowMinutes: 10_080, resetsAtMs: nowMs + 100 * hourMs, shareUsedUntilMs: nowMs + 5 * hourMs });
    assert.equal(until([spread]), nowMs + 5 * hourMs);
    assert.equal(standOfWindow(spread, nowMs)?.name, 'share so far of the limit per week of the plan a');
    assert.equal(until([{ ...spread, shareUsedUntilMs: nowMs }]), undefined);
    assert.equal(until([{ ...spread, remaining: 0 }]), nowMs + 100 * hourMs, 'used up altogether');
  });

  it('counts hard budgets over everything, and no soft ones', () => {
    assert.equal(until([], [budgetFixture(100)]), 400_000_000);
    assert.equal(until([], [budgetFixture(99)]), undefined);
    assert.equal(until([], [budgetFixture(100, { mode: 'soft' })]), undefined);
  });
});

describe('the limit that is used up first', () => {
  it('is the one that ends soonest at its own pace, and none while all last', () => {
    const slow = window('slow', 40, { windowMinutes: 10_080, resetsAtMs: nowMs + 84 * hourMs });
    const fast = window('fast', 10, { resetsAtMs: nowMs + 2.5 * hourMs });
    const found = snapshotLimitRunOut({ windows: [slow, fast], budgets: [] }, undefined, nowMs);
    assert.equal(found?.limit.id, 'fast');
    assert.equal(found.runsOutAtMs, nowMs + Math.round(2.5 * hourMs / 9));
    assert.equal(snapshotLimitRunOut({ windows: [window('even', 60, { resetsAtMs: nowMs + 2.5 * hourMs })], budgets: [] }, undefined, nowMs), undefined);
  });
});
