// The quick audit of each start reads on from the last checkpoint. It must find what was done to rows written
// since, and to what it reads anew each time: what grants have left, the states of holds, the sums of the days
// since. What it does not look at: rows before the checkpoint, which the whole audit proves; requests that were
// never decided and holds of nothing, which moved nothing; other sums of the days since than those of quarter
// hours with new events; and whether somebody wrote a checkpoint that fits what was changed.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { chainNames } from '../../../src/broker/store/ledgerPort.ts';
import { withFastFolder } from '../../support/ledger/tempLedger.ts';
import { columnTamperings, newerColumnTamperings } from '../../support/tampering/columnTamperings.ts';
import { rowTamperings } from '../../support/tampering/rowTamperings.ts';
import { anchorNotices, audited, TamperedLedgers } from '../../support/tampering/tamperedLedgers.ts';
import type { TamperedLedger } from '../../support/tampering/tamperedLedgers.ts';
import type { Tampering } from '../../support/tampering/tampering.ts';
import { unseenNames } from '../../support/tampering/unseenTamperings.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;
const seeds = isLong ? 40 : 12;
const options = { steps: 54, checkpointAfter: 32 } as const;
const quarterHoursPerDay = 96;
const quarterHourMs = 900_000;

interface Checkpoint { readonly heads: Readonly<Record<string, { readonly rows: number }>>; readonly decisions: number }

/** What lies behind the checkpoint of a ledger. */
interface Newer {
  isNewer(table: string, row: Readonly<Record<string, unknown>>): boolean;
}

function newerIn(path: string): Newer {
  const db = new DatabaseSync(path, { readOnly: true });
  const checkpoint = JSON.parse(String(db.prepare('SELECT content FROM checkpoints ORDER BY sequence DESC LIMIT 1').get()?.['content'])) as Checkpoint;
  const attempts = new Set(db.prepare('SELECT attempt_id FROM decisions ORDER BY rowid LIMIT -1 OFFSET ?').all(checkpoint.decisions).map((row) => String(row['attempt_id'])));
  const older = new Set(db.prepare('SELECT request_id FROM decisions ORDER BY rowid LIMIT ?').all(checkpoint.decisions).map((row) => String(row['request_id'])));
  const touched = new Set(db.prepare('SELECT at_ms FROM usage_events WHERE sequence > ?').all(checkpoint.heads['usage_events']?.rows ?? 0).map((row) => Math.floor(Number(row['at_ms']) / quarterHourMs)));
  const touchedImports = new Set(db.prepare('SELECT at_ms FROM imports WHERE sequence > ?').all(checkpoint.heads['imports']?.rows ?? 0).map((row) => Math.floor(Number(row['at_ms']) / quarterHourMs)));
  const touchedDays = new Set([...touched].map((bucket) => Math.floor(bucket / quarterHoursPerDay)));
  db.close();
  return {
    isNewer: (table, row) => {
      if (table === 'rollups') return touched.has(Number(row['bucket']));
      if (table === 'import_sums') return touchedImports.has(Number(row['bucket']));
      if (table === 'rollup_days') return touchedDays.has(Number(row['day']));
      if (table === 'requests') return !older.has(String(row['request_id']).replace(/\W+$/, ''));
      if (table === 'decisions' || table === 'holds') return attempts.has(String(row['attempt_id']).replace(/\+$/, ''));
      return (chainNames as readonly string[]).includes(table) && Number(row['sequence']) > (checkpoint.heads[table]?.rows ?? 0);
    },
  };
}

describe('the quick audit of tampered ledgers', function () {
  this.timeout(isLong ? 900_000 : 120_000);
  const withLedgers = (run: (ledgers: TamperedLedgers) => void) => withFastFolder((folder) => run(new TamperedLedgers(folder, options)));

  /** Tampers with ledgers in turn until one was changed as asked for, and gives the name where the quick audit finds nothing. */
  function passes(ledgers: TamperedLedgers, tampering: Tampering, from: number, fits: (tampered: TamperedLedger, newer: Newer) => boolean): string[] | undefined {
    for (let step = 0; step < seeds; step += 1) {
      const seed = 1 + (from + step) % seeds;
      const tampered = ledgers.tampered(seed, tampering, 'plain');
      if (!tampered || tampered.changedTables.length === 0 || !fits(tampered, newerIn(ledgers.untouched(seed).path))) continue;
      // A last row that is cut off leaves a chain that is whole; that it was longer is what the anchor knows.
      const isFound = audited(tampered.path, false).length > 0 || / (?:entries|directives) deleted/.test(tampering.name) && anchorNotices(tampered.path, ledgers.untouched(seed).head);
      return isFound ? [] : [`${tampering.name}, seed ${seed}`];
    }
    return undefined;
  }

  it('finds nothing in untouched ones', () => withLedgers((ledgers) => {
    for (let seed = 1; seed <= seeds; seed += 1) assert.deepEqual(audited(ledgers.untouched(seed).path, false), [], `seed ${seed}`);
  }));

  it('finds every change of rows written since the checkpoint, or the anchor tells that a last row is gone; rows before it are left to the whole audit', () => withLedgers((ledgers) => {
    const unseen = unseenNames('plain');
    const isSince = ({ touchedRows }: TamperedLedger, newer: Newer) => [...touchedRows].every(([table, rows]) => rows.every((row) => newer.isNewer(table, row)));
    const asked = [...columnTamperings, ...rowTamperings, ...newerColumnTamperings].filter((one) => !unseen.has(one.name) && !/^grants[. ]/.test(one.name) && !one.name.includes(' grants ') && !one.name.includes('begun') && one.name !== 'a row of requests copied');
    const results = asked.filter((_, index) => isLong || index % 2 === 0).map((one, index) => passes(ledgers, one, index * 5, isSince));
    assert.deepEqual(results.flatMap((one) => one ?? []), []);
    const looked = results.filter((one) => one !== undefined).length;
    assert.ok(looked > results.length * 0.9, `only ${looked} of ${results.length} were made`);
  }));

  it('finds a checkpoint in which a head, or what a grant has, was or is of, is another', () => withLedgers((ledgers) => {
    const contentOf = (db: DatabaseSync) => JSON.parse(String(db.prepare('SELECT content FROM checkpoints').get()?.['content'])) as { readonly heads: Readonly<Record<string, unknown>>; readonly grants: Readonly<Record<string, unknown>> };
    const placesIn = (seed: number) => {
      const db = new DatabaseSync(ledgers.untouched(seed).path, { readOnly: true });
      const { heads, grants } = contentOf(db);
      db.close();
      return [...Object.keys(heads).flatMap((chain) => [`heads.${chain}.hash`, `heads.${chain}.rows`]), ...Object.keys(grants).flatMap((grant) => ['remaining', 'held', 'granted', 'causes', 'termsHash'].map((name) => `grants.${grant}.${name}`))];
    };
    const seed = Array.from({ length: seeds }, (_, place) => place + 1).find((one) => placesIn(one).length > 20) ?? 1;
    const places = placesIn(seed);
    assert.ok(places.length > 20, `${places.length}`);
    const missed = places.filter((place) => {
      const change: Tampering = { name: place, apply: (copy) => Number(copy.prepare(`UPDATE checkpoints SET content = json_set(content, '$.${place}', IIF(json_type(content, '$.${place}') = 'integer', content ->> '$.${place}' + 1, 'another'))`).run().changes) > 0 };
      const tampered = ledgers.tampered(seed, change, 'plain');
      return !tampered || audited(tampered.path, false).length === 0;
    });
    assert.deepEqual(missed, []);
  }));

  it('finds every change of what grants have left or reserved, of what they are, and of whether credits are held, whenever it was written', () => withLedgers((ledgers) => {
    const unseen = unseenNames('plain');
    // Whether a hold of long ago is told as posted or voided moves nothing any more, and is left to the whole audit.
    const isOpen = ({ touchedRows }: TamperedLedger) => (touchedRows.get('holds') ?? []).every((row, _index, rows) => rows.some((one) => one['state'] === 'open') && Number(row['amount']) > 0);
    const asked = columnTamperings.filter((one) => (/^grants[. ]|^holds\.state/.test(one.name)) && !unseen.has(one.name));
    const results = Array.from({ length: isLong ? 6 : 2 }, (_, round) => asked.map((one, index) => passes(ledgers, one, round * 5 + index, isOpen))).flat();
    assert.deepEqual(results.flatMap((one) => one ?? []), []);
    assert.ok(results.filter((one) => one !== undefined).length > asked.length);
  }));
});
