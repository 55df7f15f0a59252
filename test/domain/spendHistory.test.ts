// What is usual is the 95th percentile of past quarter hours with work, and the present one is counted beside it.
import assert from 'node:assert/strict';
import { bucketMs } from '../../src/domain/budgets.ts';
import { addSpend, spendAt, spendBucketsMax, spendBucketsMin, spendHistory } from '../../src/domain/spendHistory.ts';

describe('the spending of a workspace', () => {
  it('says what is usual once there are enough quarter hours with work', () => {
    const costs = Array.from({ length: 100 }, (_, index) => index + 1);
    assert.equal(spendHistory(costs, 0).usualMicroCredits, 95);
    assert.equal(spendHistory(costs.slice(0, spendBucketsMin - 1), 0).usualMicroCredits, undefined);
    // Quarter hours without work say nothing about how much work costs.
    assert.equal(spendHistory([...costs.slice(0, spendBucketsMin - 1), 0, 0, 0], 0).usualMicroCredits, undefined);
  });

  it('makes a quarter hour part of the past when it is over, and only one in which something was spent', () => {
    let history = spendHistory([], 0);
    for (let quarter = 0; quarter < spendBucketsMin * 2; quarter += 1) if (quarter % 2 === 0) history = addSpend(history, 5, quarter * bucketMs);
    assert.equal(history.spentMicroCredits, 5);
    const later = spendAt(history, spendBucketsMin * 2 * bucketMs);
    assert.deepEqual([later.past.length, later.spentMicroCredits, later.usualMicroCredits], [spendBucketsMin, 0, 5]);
  });

  it('remembers a bounded past, and is not undone by a clock that is set back', () => {
    let history = spendHistory([], 0);
    for (let quarter = 0; quarter < spendBucketsMax * 2; quarter += 1) history = addSpend(history, 1, quarter * bucketMs);
    assert.equal(history.past.length, spendBucketsMax);
    assert.equal(addSpend(history, 1, 0).bucket, history.bucket);
  });
});
