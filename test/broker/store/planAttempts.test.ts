// What a plan pays for, in the ledger: tokens are counted and no credits move, however the attempt ends, and
// both audits would see it if any did.
import assert from 'node:assert/strict';
import { beginCommand, credit, grantCommand, reserveCommand, settleCommand, startMs, testPrice } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withLedger } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const plan = { because: 'The plan pays for it.' };
const onPlan = (attemptId: string) => reserveCommand(attemptId, undefined, { plan, price: testPrice });
const covered = { chargeable: false, freeReason: 'The plan paid.' } as const;

describe('attempts that a plan pays for', () => {
  it('are counted in tokens and take nothing, also after a crash', () => withLedger((ledger, path) => {
    runOne(ledger, grantCommand('g1', 10 * credit));
    for (const [id, unit, limit] of [['tokens', 'tokens', 10_000], ['credits', 'credits', 1]] as const) {
      runOne(ledger, { type: 'direct', key: id, atMs: startMs, directive: { kind: 'budget', id, budget: { id, per: 'everything', unit, limit, period: 'life', timeZone: 'UTC', mode: 'hard' } } });
    }
    for (const id of ['a-1', 'b-1', 'c-1', 'd-1']) {
      const { decision } = runOne(ledger, onPlan(id));
      assert.deepEqual([decision.outcome, decision.coveredBy, decision.slices, decision.holdMicroCredits, decision.budgets?.map((one) => one.budgetId)], ['admit', 'plan', [], 0, ['tokens']]);
      assert.deepEqual(decision.layers.map((one) => `${one.layer} ${one.verdict}`), ['safety passed', 'budgets passed', 'limits passed', 'included passed', 'promotional skipped', 'purchased skipped']);
    }
    runOne(ledger, settleCommand('a-1', { inputTokens: 700, outputTokens: 40 }, covered));
    runOne(ledger, settleCommand('b-1', {}, { ...covered, outcome: 'rejected' }));
    runOne(ledger, beginCommand('c-1'));
    runOne(ledger, { type: 'recover', atMs: startMs + 5000 });
    const { grants } = ledger.query('balance', { nowMs: startMs });
    assert.deepEqual([grants[0]?.remainingMicroCredits, grants[0]?.heldMicroCredits], [10 * credit, 0]);
    const [row] = ledger.query('usage', { by: 'model' });
    // What a crash cut off after its beginning counts with what its input was estimated at.
    assert.deepEqual([row?.requests, row?.inputTokens, row?.outputTokens, row?.costMicroCredits, row?.unpriced, row?.estimated], [4, 1700, 40, 0, 0, 0]);
    assert.deepEqual(ledger.query('budgets', { nowMs: startMs }).map((one) => one.uses[0]?.used ?? 0).toSorted((a, b) => a - b), [0, 1740]);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    assert.deepEqual(checkAgain(path), []);
    assert.equal(runOne(ledger, reserveCommand('e-1', 10)).decision.code, 'budget_exceeded');
  }));

  it('are found out by both audits where one is charged after all', () => withLedger((ledger, path) => {
    runOne(ledger, onPlan('a-1'));
    runOne(ledger, settleCommand('a-1', { inputTokens: 700 }));
    assert.ok(ledger.query('audit', { full: true }).violations.some((one) => one.what.includes('a plan paid for attempt a-1')));
    assert.ok(checkAgain(path).some((one) => one.includes('what a plan paid')));
  }));

  it('are found out by both audits where credits were paid and it says that it was free', () => withLedger((ledger, path) => {
    runOne(ledger, reserveCommand('a-1', undefined, { price: testPrice, unpricedRule: 'allow' }));
    runOne(ledger, settleCommand('a-1', { inputTokens: 700 }, covered));
    assert.ok(ledger.query('audit', { full: true }).violations.some((one) => one.what.includes('told as free')));
    assert.ok(checkAgain(path).some((one) => one.includes('a free one has tokens')));
  }));
});
