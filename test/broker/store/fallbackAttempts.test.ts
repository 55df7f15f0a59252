// What a fallback answers, in the ledger: its cost by its user's own prices is counted and told, no credits move, and
// both audits find such a ledger sound, and one in which credits moved for it not.
import assert from 'node:assert/strict';
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withLedger } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const price: ModelPrice = { model: 'local', version: 'own 1', rates: { input: 1_000_000, cachedInput: 1_000_000, cacheWrite: 1_000_000, output: 2_000_000 } };
const fallback = { model: 'local', at: 'localhost:11434', causes: ['balance'], estimateMicroCredits: 3000, price } as const;

describe('attempts that a fallback answers', () => {
  it('are sound to both audits where the fallback costs something by its own prices and credits are counted', () => withLedger((ledger, path) => {
    runOne(ledger, grantCommand('g1', credit));
    runOne(ledger, reserveCommand('paid-1', credit));
    const { decision } = runOne(ledger, reserveCommand('free-1', 5, { fallback }));
    assert.deepEqual([decision.outcome, decision.fallback?.model, decision.holdMicroCredits], ['admit', 'local', 0]);
    assert.deepEqual(runOne(ledger, settleCommand('free-1', { inputTokens: 700, outputTokens: 40 }, { modelServed: 'local' })), { exists: false, costMicroCredits: 780, drawnMicroCredits: 0 });
    runOne(ledger, reserveCommand('crashed-1', 5, { fallback }));
    runOne(ledger, { type: 'recover', atMs: startMs + 5000, keep: ['paid-1'] });
    const [grant] = ledger.query('balance', { nowMs: startMs }).grants;
    assert.deepEqual([grant?.remainingMicroCredits, grant?.heldMicroCredits], [credit, credit]);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    assert.deepEqual(checkAgain(path), []);
  }));

  it('are found out by both audits where credits were to be drawn for one', () => withLedger((ledger, path) => {
    runOne(ledger, grantCommand('g1', 1));
    runOne(ledger, reserveCommand('free-1', 5, { fallback }));
    runOne(ledger, settleCommand('free-1', { inputTokens: 700 }, { modelServed: 'local' }));
    tamper(path, (db) => db.exec(`UPDATE decisions SET record = json_set(record, '$.tracked', json('true'))`));
    assert.ok(ledger.query('audit', { full: true }).violations.some((one) => one.what.includes('is none that there can be')));
    assert.ok(checkAgain(path).some((one) => one.includes('a decision is none that there can be')));
  }));
});
