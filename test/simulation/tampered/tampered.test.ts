// The audit and a second checker that was written apart from it look at random ledgers: at untouched ones, in
// which neither may find anything, and at tampered ones, on which they must agree. What is left to the anchor
// outside of the ledger is listed by name in unseenTamperings.ts, and nothing else may pass. Where only the second
// checker's replays find something (tamperingRun.ts says which), the anchor must tell of it, and it is counted.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Directive } from '../../../src/domain/directives.ts';
import type { Correction, LedgerCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { fastFolder } from '../../support/ledger/tempLedger.ts';
import { columnTamperings, newerColumnTamperings, tamperedColumns, untamperedTables } from '../../support/tampering/columnTamperings.ts';
import { fieldTamperings } from '../../support/tampering/fieldTamperings.ts';
import { neverThere, takeCensus } from '../../support/tampering/ledgerCensus.ts';
import { jointTamperings, newerTamperings, rowTamperings } from '../../support/tampering/rowTamperings.ts';
import { judged, TamperedLedgers } from '../../support/tampering/tamperedLedgers.ts';
import { efforts } from '../../support/tampering/tampering.ts';
import type { Effort } from '../../support/tampering/tampering.ts';
import { unseenNames } from '../../support/tampering/unseenTamperings.ts';
import { disagreements, isClean, isReplayedOnly, tamperTimes, tamperUnseen } from './tamperingRun.ts';
import type { Ground } from './tamperingRun.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
/** Untouched ledgers that are looked at, and how many of them are tampered with. */
const untouched = isLong ? 1000 : 40;
const seeds = 48;
/** How many ledgers each tampering must have changed; the short run takes every ninth tampering of each effort. */
const times = isLong ? 2 : 1;
const everyNth = isLong ? 1 : 9;
/** Tampered ledgers that both proofs must have found. */
const foundMin = isLong ? 1500 : 200;

const tamperings = [...columnTamperings, ...rowTamperings, ...jointTamperings, ...fieldTamperings, ...newerTamperings, ...newerColumnTamperings];
const effortNames = Object.keys(efforts) as Effort[];

/** Every command, and every kind of directive and correction that is asked for; one that the product learns is missed by the types. */
type Asked = LedgerCommand['type'] | `correct ${Correction['kind']}` | `direct ${Exclude<Directive['kind'], 'price' | 'limit' | 'void' | 'correction'>}`;

/** What must have happened in the untouched ledgers at the least, or they prove less than they seem to. */
const mustHappen = {
  'reserve': 1000, 'reserve admit': 300, 'reserve purchased': 60, 'reserve again': 30, 'reserve budget_exceeded': 40, 'reserve consent_missing': 40, 'reserve credits_exhausted': 40, 'reserve model_unpriced': 80, 'reserve credits_owed': 8,
  'reserve wait_too_long': 5, 'reserve upstream_unreachable': 5, 'reserve runaway_paused': 10, 'reserve no_api_key': 3, 'grant': 200, 'redeem': 20, 'redeem voucher_redeemed': 2, 'redeem voucher_foreign': 5, 'settle': 250, 'begin': 40, 'recover': 8, 'upkeep': 30, 'workspace': 5,
  'correct': 45, 'correct usage': 30, 'correct refund': 5, 'correct void': 10, 'direct': 200, 'direct consent': 80, 'direct budget': 30, 'direct allowance': 15, 'direct auto-top-up': 15, 'direct voucher-issuer': 10, 'direct policy': 12, 'direct unpriced-model': 20, 'direct restored': 3, 'direct upstream': 3,
  'allowance given': 1, 'note-limit': 10, 'import': 20, 'import added': 20, 'import known': 4, 'import seen': 4,
} as const satisfies Readonly<Record<Asked, number>> & Readonly<Record<string, number>>;

/** The tamperings of one effort that this run makes, each beginning at a ledger of its own, which is the same in every run. */
const chosen = (effort: Effort) => tamperings.map((tampering, index) => ({ tampering, from: index * 7 })).filter((_, index) => (index + effortNames.indexOf(effort)) % everyNth === 0);

describe('tampered ledgers', function () {
  this.timeout(isLong ? 1_800_000 : 300_000);
  let folder = '';
  let ground: Ground;
  before(() => {
    folder = fastFolder();
    ground = { ledgers: new TamperedLedgers(folder), seeds };
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('can be tampered with in every column of every table', () => {
    const { ledgers } = ground;
    const db = new DatabaseSync(ledgers.untouched(1).path, { readOnly: true });
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`).all().map((row) => String(row['name']));
    const columns = Object.fromEntries(tables.filter((table) => !(table in untamperedTables)).map((table) => [table, db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((row) => String(row['name'])).sort()]));
    db.close();
    const tampered = Object.fromEntries(Object.entries(tamperedColumns).map(([table, { numbers, texts }]) => [table, [...numbers, ...texts].sort()]));
    assert.deepEqual(tampered, columns);
    assert.deepEqual(Object.keys(untamperedTables).filter((table) => !tables.includes(table)), []);
    assert.equal(new Set(tamperings.map((one) => one.name)).size, tamperings.length);
  });

  it(`are clean to both proofs while nobody touches them, ${untouched} of them, in which everything happens`, () => {
    const { ledgers } = ground;
    const happened = new Map<string, number>();
    const census = new Map<string, number>();
    for (let seed = 1; seed <= untouched; seed += 1) {
      const ledger = ledgers.untouched(seed);
      assert.deepEqual(judged(ledger.path), { audit: [], again: [] }, `seed ${seed}`);
      const db = new DatabaseSync(ledger.path, { readOnly: true });
      takeCensus(db, census);
      db.close();
      if (seed > seeds) ledgers.forget(seed);
      for (const [what, count] of ledger.happened) happened.set(what, (happened.get(what) ?? 0) + count);
    }
    assert.deepEqual(Object.entries(mustHappen).filter(([what, count]) => (happened.get(what) ?? 0) < count).map(([what]) => `${what}: ${happened.get(what) ?? 0}`), []);
    assert.deepEqual([...census].filter(([, count]) => count === 0).map(([kind]) => kind).sort(), Object.keys(neverThere).sort(), 'kinds of rows that no ledger had');
  });

  let foundByBoth = 0;
  let replayed = 0;
  const who: Readonly<Record<Effort, string>> = { plain: 'by somebody careless', rehashed: 'by somebody who makes all hashes fit again', refitted: 'by somebody who makes all hashes, balances, states and sums fit again' };
  for (const effort of effortNames) {
    it(`are found by both proofs when tampered with ${who[effort]}, but for what is listed`, () => {
      const unseen = unseenNames(effort);
      const verdicts = chosen(effort).flatMap(({ tampering, from }) => tamperTimes(ground, tampering, effort, { times, from }));
      assert.deepEqual(disagreements(verdicts), []);
      replayed += verdicts.filter(isReplayedOnly).length;
      // What both let pass is left to the next test, which asks the anchor.
      const missed = verdicts.filter((one) => isClean(one) && !unseen.has(one.name.slice(0, one.name.indexOf(' | '))));
      assert.deepEqual(missed.map(({ name, seed }) => `${name}, seed ${seed}`), []);
      foundByBoth += verdicts.filter((one) => one.audit.length > 0 && one.again.length > 0).length;
    });

    it(`pass both proofs ${who[effort]} just where that is listed, and the anchor tells of it`, () => {
      const unseen = unseenNames(effort);
      assert.deepEqual([...unseen.keys()].filter((name) => !tamperings.some((one) => one.name === name)), [], 'listed and not there');
      const listed = chosen(effort).filter(({ tampering: { name } }) => unseen.get(name)?.where === 'often' || isLong && unseen.get(name)?.where === 'seldom');
      // The list says what the anchor cannot tell either: that it does not tell it is asked too.
      const never = listed.filter(({ tampering, from }) => !tamperUnseen(ground, tampering, effort, { from, anchored: unseen.get(tampering.name)?.isAnchored ?? true }));
      assert.deepEqual(never.map(({ tampering }) => tampering.name), [], 'listed and always found');
    });
  }

  it(`were found by both proofs at least ${foundMin} times, and by what only the second checker replays hardly ever`, () => {
    assert.ok(foundByBoth >= foundMin, `${foundByBoth}`);
    assert.ok(replayed < foundByBoth / 50, `${replayed}`);
    console.log(`      ${foundByBoth} tampered ledgers were found by both proofs, ${replayed} by the second checker's replays alone`);
  });
});
