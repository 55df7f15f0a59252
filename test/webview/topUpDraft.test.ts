// The top-up form's rules: which texts are amounts, what the button and the result say. No page is
// drawn here; test/webview/browser clicks the form itself.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problem } from '../../src/domain/problem.ts';
import { addedText, averageCost, balanceAfter, draftAmount, notAddedText, presetsUsd, requestsBought, submitLabel, topUpMicroCreditsMax } from '../../src/webview/topUpDraft.ts';
import { sampleSnapshot } from './sampleSnapshot.ts';

const { balance } = sampleSnapshot();

describe('top-up draft', () => {
  it('reads US dollars exactly', () => {
    assert.deepEqual(draftAmount('10', 'en'), { microCredits: 250_000_000 });
    assert.deepEqual(draftAmount(' $12.50 ', 'en'), { microCredits: 312_500_000 });
    assert.deepEqual(draftAmount('0.04', 'en'), { microCredits: 1_000_000 });
    assert.deepEqual(draftAmount('500', 'en'), { microCredits: topUpMicroCreditsMax });
  });

  it('says what is wrong with any other text', () => {
    for (const text of ['', '0', '0.03', '500.01', '-5', '1e3', '1.234', '10,50', 'ten', '∞']) {
      const amount = draftAmount(text, 'en');
      assert.ok('wrong' in amount && amount.wrong.endsWith('.'), text);
      assert.equal(submitLabel(amount, 'en'), 'Add credits');
    }
  });

  it('reads and asks for what is typed in German as German writes it', () => {
    assert.deepEqual([draftAmount('12,50', 'de'), draftAmount('12,50 $', 'de')], [{ microCredits: 312_500_000 }, { microCredits: 312_500_000 }]);
    for (const text of ['12.50', '1.000', '1,000']) assert.ok('wrong' in draftAmount(text, 'de'), text);
    const asked = draftAmount('1.00', 'de');
    assert.match('wrong' in asked ? asked.wrong : '', /such as 12,50; 0,04/);
  });

  it('turns every cent of the range into whole microcredits', () => {
    fc.assert(fc.property(fc.integer({ min: 4, max: 50_000 }), (cents) => {
      assert.deepEqual(draftAmount((cents / 100).toFixed(2), 'en'), { microCredits: cents * 250_000 });
    }));
  });

  it('names the button after its result', () => {
    assert.deepEqual(presetsUsd.map((usd) => submitLabel(draftAmount(String(usd), 'en'), 'en')), [
      'Add 125.00 credits ($5.00)', 'Add 250.00 credits ($10.00)', 'Add 625.00 credits ($25.00)', 'Add 1,250.00 credits ($50.00)',
    ]);
  });

  it('computes the balance after, from nothing when it was untracked', () => {
    assert.equal(balanceAfter(balance, 5), balance.balanceMicroCredits + 5);
    assert.equal(submitLabel(draftAmount('10', 'en'), 'en', true), 'Add another 250.00 credits ($10.00)');
    assert.equal(balanceAfter({ ...balance, tracked: false }, 5), 5);
  });

  it('reports a result, a repeated one and a failure', () => {
    const grant = { ...balance.grants[0]!, amountMicroCredits: 250_000_000 };
    const after = { ...balance, balanceMicroCredits: 592_180_000 };
    assert.equal(addedText({ grant, created: true, balance: after }, 'en'), '250.00 credits added. Balance 592.18.');
    assert.match(addedText({ grant, created: false, balance: after }, 'en'), /nothing was added twice\. Balance 592\.18\.$/);
    assert.equal(notAddedText(problem('ledger_full', 'The disk is full.')), 'The disk is full. Free some space on the disk that holds the data folder; the broker goes on by itself.');
    assert.match(notAddedText(problem('broker_unreachable', 'It did not answer.')), /Trying again with the same amount cannot add it twice\.$/);
  });

  it('estimates what it buys from the average of today', () => {
    const { recent, today } = sampleSnapshot();
    const average = averageCost({ recent, today });
    // Nine requests, one of which failed and cost nothing: it must not make the others look cheaper.
    assert.deepEqual(average, { microCredits: Math.round(today.total.costMicroCredits / 8), requests: 8, isWholeDay: true });
    assert.equal(requestsBought(250_000_000, average, 'en'), '108 requests at today\'s average (2.30)');
    assert.equal(requestsBought(12_500_000_000, average, 'en'), '5,438 requests at today\'s average (2.30)');
    assert.equal(requestsBought(250_000_000, undefined, 'en'), undefined);
    assert.equal(requestsBought(1, { microCredits: 2, requests: 1, isWholeDay: true }, 'en'), undefined);
  });

  it('leaves other days out of the average, and says when it knows only the last requests of today', () => {
    const { recent, today } = sampleSnapshot();
    const [newest, second] = recent;
    const yesterday = { ...second!, atMs: today.dayStartMs - 1 };
    assert.deepEqual(averageCost({ recent: [newest!, yesterday], today }), { microCredits: newest!.costMicroCredits, requests: 1, isWholeDay: false });
    assert.equal(averageCost({ recent: [yesterday], today }), undefined);
    assert.equal(requestsBought(250_000_000, averageCost({ recent: [newest!, second!], today }), 'en')?.replace(/\(.*/, ''), '89 requests at the average of the last 2 ');
  });
});
