// The automatic top-up's form: amounts as the locale writes them, and the first thing that is wrong beside its field.
import assert from 'node:assert/strict';
import { autoTopUpDraft, ruleOf } from '../../src/webview/autoTopUpDraft.ts';

const rule = { belowMicroCredits: 12_500_000, amountMicroCredits: 1_000_000_000, capMicroCredits: 2_000_000_000, timeZone: 'Europe/Berlin' };

describe('automatic top-up draft', () => {
  it('begins with the rule in the signs of the locale, and leaves it as it is', () => {
    assert.deepEqual(autoTopUpDraft(rule, 'de'), { below: '12,5', add: '1000', cap: '2000' });
    for (const locale of ['en', 'de', 'fr']) assert.deepEqual(ruleOf(autoTopUpDraft(rule, locale), rule.timeZone, locale), { rule });
  });

  it('reads what is typed as the locale writes it', () => {
    assert.deepEqual(ruleOf({ below: '12,5', add: '1.000', cap: '2.000,00' }, rule.timeZone, 'de'), { rule });
    assert.deepEqual(ruleOf({ below: '12,5', add: '1.0', cap: '2000' }, rule.timeZone, 'de'), { wrong: 'Type credits above 0, such as 1.000 or 12,5.', field: 'add' });
    assert.deepEqual(ruleOf({ below: '0', add: '1', cap: '2' }, rule.timeZone, 'en'), { wrong: 'Type credits above 0, such as 1,000 or 12.5.', field: 'below' });
  });

  it('names the field in which an amount does not fit the others', () => {
    const field = (add: string, cap: string) => { const read = ruleOf({ below: '10', add, cap }, 'UTC', 'en'); return 'wrong' in read ? [read.field, read.wrong] : []; };
    const wrong = 'Add at least as many as the first field says, and no more than the most in a month.';
    assert.deepEqual([field('9', '200'), field('50', '49'), field('10', '10')], [['add', wrong], ['cap', wrong], []]);
  });
});
