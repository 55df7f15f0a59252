// The dashboard's headline speaks of the same limit as the status bar, in the same state.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { WindowView } from '../../src/protocol/snapshot.ts';
import { tightText } from '../../src/webview/tightestText.ts';
import { budgetRows } from '../../src/webview/budgetText.ts';
import { sampleBudget } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';

const own = 'ws_billing-service';
const place = { locale: 'en', timeZone: 'UTC' };
const dayMs = 86_400_000;
const week = (remaining: number, endsInMs = 3 * dayMs): WindowView => ({ id: 'w', model: 'gpt-6.1-sol', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining, resetsAtMs: sampleNowMs + endsInMs });
const budget = (used: number, endsInMs = 3 * dayMs) => sampleBudget({ id: 'b' }, { key: '', used: used * 1_000_000, reserved: 0, endsAtMs: sampleNowMs + endsInMs });
const tight = (windows: readonly WindowView[], budgets = [budget(0)]) => tightText(sampleSnapshot({ windows, budgets }), own, sampleNowMs, 'left', place);

describe('tightest limit in words', () => {
  it('may be a budget, and is none that is fine or whose time is over', () => {
    assert.deepEqual([tight([week(20)], [budget(97)])?.title, tight([week(20)], [budget(97)])?.amount], ['Budget of 100.00 credits per week', '3.00']);
    assert.equal(tight([week(20)])?.title, 'Requests per week · gpt-6.1-sol', 'with the model whose limit it is');
    assert.equal(tight([week(95)]), undefined);
    assert.equal(tight([week(0, -1)]), undefined);
  });

  it('says what its moment is, and when it is used up at its pace', () => {
    const over = tight([week(20)]);
    assert.deepEqual([over?.ends, over?.ahead], ['resets Fri 20 Nov 14:25 · in 3 d', 'at its pace until about Wed 18 Nov 14:25']);
    assert.match(tight([week(20)], [budget(97)])?.ends ?? '', /^resets Fri 20 Nov /);
    assert.match(tight([week(95)], [budget(90)])?.ahead ?? '', /^at its pace until about /);
    assert.equal(tight([week(0)])?.ahead, undefined);
  });

  it('speaks of today\'s share of a budget that is spread evenly', () => {
    const spread = { ...budget(38), budget: { ...budget(38).budget, pace: 'even' as const }, today: { allowed: 40_000_000, day: { fromMs: sampleNowMs - 1, untilMs: Date.UTC(2026, 10, 18) } } };
    const shown = tight([], [{ ...spread, uses: [{ ...spread.uses[0]!, usedToday: 18_000_000 }] }]);
    assert.deepEqual(shown, { title: 'Today\'s share of the budget of 100.00 credits per week (spread evenly)', amount: '2.00', of: 'left · 10 %', pace: '2.00 left for today', ends: 'resets Wed 18 Nov 00:00' });
    const full = tight([], [{ ...spread, uses: [{ ...spread.uses[0]!, used: 40_000_000, usedToday: 20_000_000 }] }]);
    assert.deepEqual([full?.amount, full?.pace, full?.ends], ['0.00', 'used up for today', 'resets Wed 18 Nov 00:00']);
  });

  it('is the one of the status bar, whatever is used', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 6 }), (remaining, used, days) => {
      const snapshot = sampleSnapshot({ windows: [week(remaining, days * dayMs)], budgets: [budget(used, days * dayMs)] });
      const { limit } = meterInput('connected', snapshot, { show: 'left', unit: 'credits', locale: 'en' }, own).snapshot ?? {};
      const text = tightText(snapshot, own, sampleNowMs, 'left', place);
      assert.equal(text !== undefined, limit !== undefined && limit.level !== 'ok');
      if (text) assert.equal(text.title.startsWith('Budget'), limit?.kind === 'budget');
      const [row] = budgetRows(snapshot, own, sampleNowMs, 'left', place);
      if (limit?.kind === 'budget') assert.equal(row?.level === 'fine', limit.level === 'ok', 'its row warns when the status bar does');
    }));
  });
});
