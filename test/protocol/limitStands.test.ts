// Limits in one shape: a window that is spread over its days, and which limit is used up first.
import assert from 'node:assert/strict';
import { standOfWindow } from '../../src/protocol/limitStands.ts';
import { snapshotLimitRunOut } from '../../src/protocol/snapshotForecast.ts';
import type { WindowView } from '../../src/protocol/snapshot.ts';

const nowMs = 50_000_000;
const hourMs = 3_600_000;
const window = (id: string, remaining: number, change: Partial<WindowView> = {}): WindowView => ({ id, model: id, measure: 'percent', windowMinutes: 300, limit: 100, remaining, resetsAtMs: nowMs + hourMs, ...change });

describe('a window that is spread over its days', () => {
  it('is used up until the next of them while its share so far is', () => {
    const spread = window('a', 70, { windowMinutes: 10_080, resetsAtMs: nowMs + 100 * hourMs, shareUsedUntilMs: nowMs + 5 * hourMs });
    const stand = standOfWindow(spread, nowMs);
    assert.deepEqual([stand?.left, stand?.endsAtMs, stand?.name], [0, nowMs + 5 * hourMs, 'share so far of the limit per week of the plan a']);
    assert.deepEqual([standOfWindow({ ...spread, shareUsedUntilMs: nowMs }, nowMs)?.left, standOfWindow({ ...spread, remaining: 0 }, nowMs)?.endsAtMs], [0.7, nowMs + 100 * hourMs]);
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
