// The automatic top-up on a real ledger: it adds once for each crossing, for requests that would lack credits, never
// over its cap however the clock is set, and both proofs of the ledger agree with it.
import assert from 'node:assert/strict';
import type { AutoTopUp } from '../../../src/domain/autoTopUp.ts';
import type { ReserveCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withLedger } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const rule: AutoTopUp = { belowMicroCredits: 10 * credit, amountMicroCredits: 50 * credit, capMicroCredits: 120 * credit, timeZone: 'UTC' };
const novemberMs = Date.UTC(2026, 10, 1);
const decemberMs = Date.UTC(2026, 11, 1);
let keys = 0;
const lay = (ledger: SqliteLedger, more: Partial<AutoTopUp> | null = {}, atMs = startMs) => runOne(ledger, { type: 'direct', key: `rule-${keys += 1}`, atMs, directive: { kind: 'auto-top-up', rule: more && { ...rule, ...more } } });
const allow = (ledger: SqliteLedger) => runOne(ledger, { type: 'direct', key: `allow-${keys += 1}`, atMs: startMs, directive: { kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'allow' } } });
const additions = (ledger: SqliteLedger, nowMs = startMs) => ledger.query('balance', { nowMs }).grants.filter((one) => one.source === 'auto');
const upkeep = (ledger: SqliteLedger, atMs = startMs) => runOne(ledger, { type: 'upkeep', atMs }).granted;
const ask = (ledger: SqliteLedger, id: string, credits: number, more: Partial<ReserveCommand> = {}) => runOne(ledger, reserveCommand(id, credits * credit, more)).decision;
/** Uses up so many credits. */
const spend = (ledger: SqliteLedger, id: string, credits: number, atMs = startMs) => {
  // Longer inputs cost twice as much.
  for (let left = credits, part = 1; left > 0; left -= 30, part += 1) {
    const attemptId = `${id.replace('-1', `part${part}`)}-1`;
    assert.equal(ask(ledger, attemptId, Math.min(left, 30), { atMs }).outcome, 'admit');
    runOne(ledger, settleCommand(attemptId, { inputTokens: Math.min(left, 30) * 8000 }, { atMs }));
  }
};

/** Lets the rule add two times. */
const addTwice = (ledger: SqliteLedger) => {
  runOne(ledger, grantCommand('g', 5 * credit));
  allow(ledger);
  lay(ledger);
  upkeep(ledger);
  spend(ledger, 'r1-1', 50);
  upkeep(ledger);
  assert.equal(additions(ledger).length, 2);
};

/** Runs something with a ledger and has it proven twice. */
function proven(run: (ledger: SqliteLedger, path: string) => void): Promise<void> {
  let file = '';
  return withLedger((ledger, path) => {
    file = path;
    run(ledger, path);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    assert.deepEqual(checkAgain(file), []);
  });
}

describe('the automatic top-up of a ledger', () => {
  it('does nothing unless it is set, and nothing before the first credits', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 5 * credit));
    assert.deepEqual([upkeep(ledger), additions(ledger).length, ledger.query('balance', { nowMs: startMs }).upkeepAtMs], [0, 0, undefined]);
    lay(ledger);
    lay(ledger, null);
    assert.equal(upkeep(ledger), 0);
  }).then(() => proven((ledger) => {
    lay(ledger);
    assert.deepEqual([upkeep(ledger), ask(ledger, 'r1-1', 3).outcome, additions(ledger).length], [0, 'admit', 0]);
  })));

  it('adds once when less than its threshold is left, as purchased credits with a key of their own', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    lay(ledger);
    assert.equal(upkeep(ledger), 0);
    spend(ledger, 'r1-1', 10);
    assert.deepEqual([upkeep(ledger), additions(ledger).length], [0, 0], 'exactly the threshold is enough');
    spend(ledger, 'r2-1', 1);
    assert.equal(ledger.query('balance', { nowMs: startMs }).upkeepAtMs, startMs, 'whoever looks has it booked');
    assert.deepEqual([upkeep(ledger), upkeep(ledger), upkeep(ledger)], [1, 0, 0]);
    const [one, ...more] = additions(ledger);
    assert.deepEqual([one?.kind, one?.amountMicroCredits, one?.remainingMicroCredits, one?.expiresAtMs, more.length], ['purchased', 50 * credit, 50 * credit, undefined, 0]);
    assert.deepEqual(ledger.query('balance', { nowMs: startMs }).topUps, { rule, addedMicroCredits: 50 * credit, fromMs: novemberMs, untilMs: decemberMs });
    const [row] = ledger.query('happenings', { filter: 'credits', limit: 1 }).rows;
    assert.deepEqual(row?.from === 'entry' && [row.row.kind, row.row.source, row.row.grantKind], ['grant', 'auto', 'purchased']);
  }));

  it('is given before a decision, so that the next request finds it', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    allow(ledger);
    lay(ledger);
    spend(ledger, 'r1-1', 15);
    assert.deepEqual(ask(ledger, 'r2-1', 6).slices.map((slice) => slice.microCredits / credit), [5, 1]);
    assert.equal(additions(ledger).length, 1);
  }));

  it('carries a request that would lack credits, although more than the threshold is left', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    allow(ledger);
    lay(ledger);
    const decision = ask(ledger, 'r1-1', 90);
    assert.deepEqual([decision.outcome, decision.slices.map((slice) => slice.microCredits / credit)], ['admit', [20, 50, 20]]);
    assert.equal(additions(ledger).length, 2);
    // The same command again, as after a lost answer, adds nothing more.
    assert.equal(runOne(ledger, reserveCommand('r1-1', 90 * credit)).exists, true);
    assert.equal(additions(ledger).length, 2);
  }));

  it('asks first, and adds only with the answer', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    lay(ledger);
    const asked = ask(ledger, 'r1-1', 30, { canAsk: true });
    assert.deepEqual([asked.outcome, asked.question, additions(ledger).length], ['ask', 'consent', 0]);
    assert.deepEqual([ledger.query('decide', reserveCommand('r1-1', 30 * credit)).code, additions(ledger).length], ['consent_missing', 0]);
    assert.equal(ask(ledger, 'r2-1', 30).code, 'consent_missing', 'where nobody can be asked it is refused, and nothing is added');
    assert.equal(additions(ledger).length, 0);
    allow(ledger);
    assert.deepEqual([ask(ledger, 'r1-1', 30, { canAsk: true }).outcome, additions(ledger).length], ['admit', 1]);
  }));

  it('stops at its cap with a refusal that says so, and goes on with the next month', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    allow(ledger);
    lay(ledger);
    spend(ledger, 'r1-1', 110);
    assert.deepEqual([additions(ledger).length, ledger.query('balance', { nowMs: startMs }).upkeepAtMs], [2, undefined]);
    const refused = ask(ledger, 'r2-1', 15);
    assert.deepEqual([refused.outcome, refused.code, additions(ledger).length], ['refuse', 'credits_exhausted', 2]);
    assert.match(refused.message ?? '', /has added 100\.00 of its 120\.00 credits this month/);
    spend(ledger, 'r3-1', 5);
    assert.equal(ledger.query('balance', { nowMs: startMs }).upkeepAtMs, decemberMs);
    assert.deepEqual([upkeep(ledger, decemberMs - 1), upkeep(ledger, decemberMs), upkeep(ledger, decemberMs)], [0, 1, 0]);
    assert.equal(ask(ledger, 'r4-1', 15, { atMs: decemberMs }).outcome, 'admit');
  }));

  it('gives no month twice, whatever the clock, the time zone or the amount is set to', () => proven((ledger) => {
    addTwice(ledger);
    spend(ledger, 'r2-1', 50);
    assert.equal(additions(ledger).length, 2);
    // Ahead by a month and back: what was added there is the other month's.
    assert.deepEqual([upkeep(ledger, decemberMs), upkeep(ledger), upkeep(ledger, startMs - 86_400_000)], [1, 0, 0]);
    spend(ledger, 'r3-1', 50, decemberMs);
    assert.equal(upkeep(ledger), 0);
    lay(ledger, { timeZone: 'Asia/Beirut' });
    assert.equal(upkeep(ledger), 0);
    lay(ledger, { amountMicroCredits: 20 * credit });
    assert.deepEqual([upkeep(ledger), upkeep(ledger)], [1, 0], 'a smaller amount still fits under the cap, once');
    spend(ledger, 'r4-1', 20);
    assert.equal(upkeep(ledger), 0);
    assert.equal(ledger.query('balance', { nowMs: startMs }).topUps?.addedMicroCredits, 120 * credit);
  }));

  it('leaves a debt to a person', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 20 * credit));
    spend(ledger, 'r1-1', 15);
    runOne(ledger, { type: 'correct', key: 'void', atMs: startMs, reason: 'disputed', what: { kind: 'void', grantId: 'g', disputed: true } });
    lay(ledger);
    assert.deepEqual([upkeep(ledger), ask(ledger, 'r2-1', 1).code, additions(ledger).length], [0, 'credits_owed', 0]);
  }));

  it('has its additions taken back like any others, and they still count for the cap', () => proven((ledger) => {
    runOne(ledger, grantCommand('g', 5 * credit));
    lay(ledger, { capMicroCredits: 50 * credit });
    upkeep(ledger);
    const [one] = additions(ledger);
    runOne(ledger, { type: 'correct', key: 'void', atMs: startMs, reason: 'by hand', what: { kind: 'void', grantId: one?.id ?? '', disputed: false } });
    assert.equal(upkeep(ledger), 0);
  }));

  it('refuses a rule that cannot hold, and keys that are its own', () => proven((ledger) => {
    const wrong = runOne(ledger, { type: 'direct', key: 'k', atMs: startMs, directive: { kind: 'auto-top-up', rule: { ...rule, capMicroCredits: credit } } });
    assert.ok('problem' in wrong && wrong.problem.code === 'argument_invalid');
    const taken = runOne(ledger, grantCommand('x', credit, { key: `auto top-up ${novemberMs} 1` }));
    assert.ok('problem' in taken && taken.problem.code === 'argument_invalid');
  }));

  /** What the rule is said to have been when somebody changed the file. */
  const forgeries: readonly (readonly [string, string, string, RegExp, RegExp])[] = [
    ['with a cap that they went over', '"capMicroCredits":120000000', '"capMicroCredits":60000000', /more than any automatic top-up may add/, /no automatic top-up can have added/],
    ['of another amount', '"amountMicroCredits":50000000', '"amountMicroCredits":60000000', /more than any automatic top-up may add/, /no automatic top-up can have added/],
    ['with a threshold that was not reached', '"belowMicroCredits":10000000', '"belowMicroCredits":1', /although nothing called for it/, /nobody needed the automatic top-up/],
    ['in another time zone', '"timeZone":"UTC"', '"timeZone":"Asia/Tokyo"', /more than any automatic top-up may add/, /no automatic top-up can have added/],
  ];
  for (const [what, from, to, found, foundAgain] of forgeries) {
    it(`is proven: both audits find additions that a rule ${what} made`, () => withLedger((ledger, path) => {
      addTwice(ledger);
      ledger.close();
      tamper(path, (db) => { db.prepare(`UPDATE directives SET content = replace(content, ?, ?) WHERE kind = 'auto-top-up'`).run(from, to); });
      const forged = SqliteLedger.open(path, sha256, 'reader');
      const { violations } = forged.query('audit', { full: true });
      forged.close();
      assert.ok(violations.some((one) => found.test(one.what)), JSON.stringify(violations));
      assert.ok(checkAgain(path).some((one) => foundAgain.test(one)), JSON.stringify(checkAgain(path)));
    }));
  }
});
