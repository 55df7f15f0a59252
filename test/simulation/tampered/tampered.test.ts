// The audit and a second checker that was written apart from it look at random ledgers: at untouched ones, in
// which neither may find anything, and at tampered ones, on which they must agree. What is left to the anchor
// outside of the ledger is listed by name in unseenTamperings.ts, and nothing else may pass.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { withFastFolder } from '../../support/ledger/tempLedger.ts';
import { columnTamperings, tamperedColumns, untamperedTables } from '../../support/tampering/columnTamperings.ts';
import { jointTamperings, rowTamperings } from '../../support/tampering/rowTamperings.ts';
import { judged, TamperedLedgers } from '../../support/tampering/tamperedLedgers.ts';
import { efforts } from '../../support/tampering/tampering.ts';
import type { Effort, Tampering } from '../../support/tampering/tampering.ts';
import { unseenNames } from '../../support/tampering/unseenTamperings.ts';
import { disagreements, isClean, isReplayedOnly, tamperTimes, tamperUnseen } from './tamperingRun.ts';
import type { Ground } from './tamperingRun.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
/** Untouched ledgers that are looked at, and how many of them are tampered with. */
const untouched = isLong ? 1000 : 60;
const seeds = isLong ? 48 : 24;
/** How many ledgers each tampering must have changed; the short run takes every third tampering of each effort. */
const times = isLong ? 2 : 1;
const everyNth = isLong ? 1 : 3;
/** Tampered ledgers that both proofs must have found. */
const foundMin = isLong ? 1500 : 250;

const tamperings = [...columnTamperings, ...rowTamperings, ...jointTamperings];
const effortNames = Object.keys(efforts) as Effort[];

/** What must have happened in the untouched ledgers at the least, or they prove less than they seem to. */
const mustHappen = {
  grant: 200, 'reserve admit': 300, 'reserve purchased': 60, settle: 250, begin: 40, recover: 8, upkeep: 30, 'reserve again': 30, 'reserve budget_exceeded': 40, 'reserve consent_missing': 40, 'reserve credits_exhausted': 40,
  'reserve model_unpriced': 80, 'reserve credits_owed': 8, 'reserve wait_too_long': 5, 'correct usage': 30, 'correct refund': 5, 'correct void': 10, 'direct consent': 80, 'direct budget': 30, 'direct allowance': 15, 'direct policy': 12,
  'direct unpriced-model': 20, 'allowance given': 1,
} as const;

/** The tamperings of one effort that this run makes. */
const chosen = (effort: Effort) => tamperings.filter((_, index) => (index + effortNames.indexOf(effort)) % everyNth === 0);

describe('tampered ledgers', function () {
  this.timeout(isLong ? 1_800_000 : 300_000);
  const onGround = (run: (ground: Ground) => void) => withFastFolder((folder) => run({ ledgers: new TamperedLedgers(folder), seeds }));

  it('can be tampered with in every column of every table', () => onGround(({ ledgers }) => {
    const db = new DatabaseSync(ledgers.untouched(1).path, { readOnly: true });
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`).all().map((row) => String(row['name']));
    const columns = Object.fromEntries(tables.filter((table) => !(table in untamperedTables)).map((table) => [table, db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((row) => String(row['name'])).sort()]));
    db.close();
    const tampered = Object.fromEntries(Object.entries(tamperedColumns).map(([table, { numbers, texts }]) => [table, [...numbers, ...texts].sort()]));
    assert.deepEqual(tampered, columns);
    assert.deepEqual(Object.keys(untamperedTables).filter((table) => !tables.includes(table)), []);
    assert.equal(new Set(tamperings.map((one) => one.name)).size, tamperings.length);
  }));

  it(`are clean to both proofs while nobody touches them, ${untouched} of them, in which everything happens`, () => onGround(({ ledgers }) => {
    const happened = new Map<string, number>();
    for (let seed = 1; seed <= untouched; seed += 1) {
      const ledger = ledgers.untouched(seed);
      assert.deepEqual(judged(ledger.path), { audit: [], again: [] }, `seed ${seed}`);
      for (const [what, count] of ledger.happened) happened.set(what, (happened.get(what) ?? 0) + count);
    }
    assert.deepEqual(Object.entries(mustHappen).filter(([what, count]) => (happened.get(what) ?? 0) < count).map(([what]) => `${what}: ${happened.get(what) ?? 0}`), []);
  }));

  let found = 0;
  let replayed = 0;
  const judge: Readonly<Record<Effort, string>> = { plain: 'by somebody careless', rehashed: 'by somebody who makes all hashes fit again', refitted: 'by somebody who makes all hashes, balances, states and sums fit again' };
  for (const effort of effortNames) {
    it(`are found by both proofs when tampered with ${judge[effort]}, but for what is listed`, () => onGround((ground) => {
      const unseen = unseenNames(effort);
      const verdicts = chosen(effort).flatMap((tampering, index) => tamperTimes(ground, tampering, effort, { times, from: index * 7 }));
      assert.deepEqual(disagreements(verdicts), []);
      replayed += verdicts.filter(isReplayedOnly).length;
      // What both let pass is left to the next test, which asks the anchor.
      const missed = verdicts.filter((one) => isClean(one) && !unseen.has(one.name.slice(0, one.name.indexOf(' | '))));
      assert.deepEqual(missed.map(({ name, seed }) => `${name}, seed ${seed}`), []);
      found += verdicts.filter((one) => one.audit.length > 0 && one.again.length > 0).length;
    }));

    it(`pass both proofs ${judge[effort]} just where that is listed, and the anchor tells of it`, () => onGround((ground) => {
      const unseen = unseenNames(effort);
      assert.deepEqual([...unseen.keys()].filter((name) => !tamperings.some((one) => one.name === name)), [], 'listed and not there');
      const listed = chosen(effort).filter((one) => unseen.has(one.name) && (isLong || unseen.get(one.name)?.isSeldom === false));
      // The list says what the anchor cannot tell either: that it does not tell it is asked too.
      const passes = (tampering: Tampering, index: number) => tamperUnseen(ground, tampering, effort, { from: index * 7, anchored: unseen.get(tampering.name)?.isAnchored ?? true });
      assert.deepEqual(listed.filter((one, index) => !passes(one, index)).map((one) => one.name), [], 'listed and always found');
    }));
  }

  it(`were found by both proofs at least ${foundMin} times, and by the second checker's replay of budgets alone hardly ever`, () => {
    assert.ok(found >= foundMin, `${found}`);
    assert.ok(replayed < found / 50, `${replayed}`);
    console.log(`      ${found} tampered ledgers were found by both proofs, ${replayed} by the replay of budgets alone`);
  });
});
