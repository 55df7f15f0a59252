// The audit finds every single change of a ledger: each column of each row of each set, a row that is
// gone, doubled or moved, a forged hash. The ledgers are made by the real store in random worlds.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuditFindings } from '../../../src/domain/audit/auditLedger.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { beginCommand, grantCommand, importCommand, oddPrice, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, tamper, withFastFolder } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] !== undefined;

/** Tables whose every column is proven; registered workspaces and answers about consent may change. */
const proven = ['usage_events', 'charges', 'entries', 'directives', 'decisions', 'holds', 'grants', 'requests', 'imports'] as const;

type Row = Record<string, number | string | null>;

/** A ledger with something of everything: tracked and not, free, refused, failed, overdrawn, expired, crashed, still open. */
function makeLedger(path: string): void {
  const ledger = SqliteLedger.open(path, sha256);
  runOne(ledger, reserveCommand('early-1', 1000));
  runOne(ledger, grantCommand('g1', 300_000, { expiresAtMs: startMs + 50_000, note: 'first' }));
  runOne(ledger, grantCommand('g2', 900_000, { kind: 'purchased', consent: { scope: 'everywhere' } }));
  runOne(ledger, settleCommand('early-1', { inputTokens: 77 }));
  for (let index = 0; index < 6; index += 1) {
    runOne(ledger, reserveCommand(`r${index}-1`, 90_000 + index));
    if (index === 1) runOne(ledger, settleCommand('r1-1', {}, { outcome: 'rejected', chargeable: false, freeReason: 'Refused upstream.', status: 429, upstreamRequestId: 'req_up' }));
    else if (index < 4) runOne(ledger, settleCommand(`r${index}-1`, { inputTokens: 700 + 200 * index, cachedInputTokens: 100, cacheWriteTokens: 30, outputTokens: 40, reasoningTokens: 9 }, { firstByteMs: 40, responseId: `resp_${index}`, notice: 'A notice.', modelServed: 'gpt-test' }));
  }
  runOne(ledger, reserveCommand('odd-1', 5000, { price: oddPrice, tier: 'fast' }));
  runOne(ledger, beginCommand('odd-1'));
  runOne(ledger, settleCommand('odd-1', { inputTokens: 7 }, { tier: 'fast' }));
  runOne(ledger, reserveCommand('much-1', 90_000_000));
  runOne(ledger, grantCommand('g3', 5000, { expiresAtMs: startMs + 55_000 }));
  runOne(ledger, { type: 'upkeep', atMs: startMs + 60_000 });
  runOne(ledger, reserveCommand('last-1', 95_000_000));
  runOne(ledger, { type: 'direct', key: 'b1', atMs: startMs, directive: { kind: 'budget', id: 'b', budget: { id: 'b', per: 'workspace', unit: 'credits', limit: 9_000_000, period: 'week', timeZone: 'UTC', mode: 'hard' } } });
  runOne(ledger, { type: 'correct', key: 'back', atMs: startMs + 61_000, reason: 'A mistake.', what: { kind: 'refund', attemptId: 'r2-1', microCredits: 1000 } });
  runOne(ledger, { type: 'correct', key: 'more', atMs: startMs + 62_000, reason: 'Reconciled.', what: { kind: 'usage', attemptId: 'r3-1', usage: { inputTokens: 1400, cachedInputTokens: 100, cacheWriteTokens: 30, outputTokens: 41, reasoningTokens: 9 } } });
  runOne(ledger, reserveCommand('lost-1', 5000));
  runOne(ledger, settleCommand('lost-1', {}, { outcome: 'broken', chargeable: false, measured: false, freeReason: 'Lost.', exposed: true }));
  runOne(ledger, { type: 'correct', key: 'taken', atMs: startMs + 63_000, reason: 'Disputed.', what: { kind: 'void', grantId: 'g2', disputed: true } });
  runOne(ledger, grantCommand('g4', 2_000_000, { kind: 'purchased' }));
  for (let index = 0; index < 8; index += 1) runOne(ledger, importCommand(`resp_around_${index}`, { atMs: startMs + index * 700_000, ...(index % 3 === 0 ? {} : { price: oddPrice, model: 'gpt-odd' }), ...(index === 4 ? { threadId: 'thread_a', clientVersion: '0.140.0' } : {}) }));
  // What an audit has seen cannot vanish any more, the last rows included.
  ledger.query('audit', { full: true, keepAtMs: startMs + 64_000 });
  ledger.close();
}

function findings(path: string): AuditFindings {
  const ledger = SqliteLedger.open(path, sha256);
  try {
    return ledger.query('audit', { full: true });
  } finally {
    ledger.close();
  }
}

function rowsOf(path: string, table: string): Row[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(`SELECT rowid AS row_number, * FROM ${table} ORDER BY rowid`).all() as Row[];
  } finally {
    db.close();
  }
}

/** A value that is another one of the same kind. */
function another(value: number | string | null, column: string): number | string {
  if (column === 'state') return value === 'posted' ? 'voided' : value === 'voided' ? 'open' : 'voided';
  // The place of a row is unique; a neighbour's would be refused by the table itself.
  if (typeof value === 'number') return value + (/^(sequence|ordinal)$/.test(column) ? 1000 : 1);
  if (value === null) return /_ms$|^status$/.test(column) ? 5 : 'something';
  if (value === '[]') return '[{"what":"input","tokens":1,"microCreditsPerMillion":1}]';
  if (/^(record|price|terms)$/.test(column)) return value.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
  return `${value}x`;
}

describe('the audit', function () {
  this.timeout(120_000);
  /** Changes a copy of a ledger and gives what the audit says of it. */
  const afterChange = (folder: string, change: (db: DatabaseSync) => void): AuditFindings | 'unreadable' => {
    const copy = join(folder, 'copy.db');
    copyFileSync(join(folder, 'ledger.db'), copy);
    tamper(copy, change);
    try {
      return findings(copy);
    } catch {
      // A change that makes a row unreadable is found by that.
      return 'unreadable';
    }
  };
  const isFound = (found: AuditFindings | 'unreadable') => found === 'unreadable' || found.violations.length > 0;
  const withMade = (run: (folder: string, path: string) => void) => withFastFolder((folder) => {
    const path = join(folder, 'ledger.db');
    makeLedger(path);
    run(folder, path);
  });

  it('finds nothing in a sound ledger that has something of everything', () => withMade((folder, path) => {
    const found = findings(path);
    assert.deepEqual(found.violations, []);
    assert.deepEqual([found.openHolds, found.charges], [2, 7]);
    assert.deepEqual(checkAgain(path), []);
    assert.deepEqual(afterChange(folder, () => undefined), found);
    const kinds = new Set(rowsOf(path, 'entries').map((row) => row['kind']));
    assert.deepEqual(kinds, new Set(['expire', 'grant', 'overage', 'post', 'refund', 'reserve', 'void']));
  }));

  for (const table of proven) {
    it(`finds a change of any column of any row of ${table}`, () => withMade((folder, path) => {
      const rows = rowsOf(path, table);
      const chosen = isLong ? rows : rows.filter((_, index) => index < 3 || index >= rows.length - 3 || index % 4 === 0);
      assert.ok(chosen.length > 1);
      const missed: string[] = [];
      for (const row of chosen) {
        for (const [column, value] of Object.entries(row)) {
          if (column === 'row_number') continue;
          const found = afterChange(folder, (db) => { db.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(another(value, column), row['row_number'] ?? null); });
          if (!isFound(found)) missed.push(`${column} of row ${row['row_number']}`);
        }
      }
      assert.deepEqual(missed, []);
    }));

    it(`finds that a row of ${table} is gone, the last one too`, () => withMade((folder, path) => {
      const missed = rowsOf(path, table).filter((row) => !isFound(afterChange(folder, (db) => { db.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run(row['row_number'] ?? null); })));
      assert.deepEqual(missed, []);
    }));
  }

  it('finds a change of any sum of the rollups, a row that is gone, and one that nothing explains', () => withMade((folder, path) => {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare('SELECT * FROM rollups').all() as Row[];
    db.close();
    const missed: string[] = [];
    for (const row of rows) {
      const where = `dimension = '${row['dimension']}' AND key = '${row['key']}' AND bucket = ${row['bucket']}`;
      for (const column of Object.keys(row).filter((name) => !['dimension', 'key'].includes(name))) {
        if (!isFound(afterChange(folder, (copy) => { copy.exec(`UPDATE rollups SET ${column} = ${column} + 1 WHERE ${where}`); }))) missed.push(`${column} where ${where}`);
      }
      if (!isFound(afterChange(folder, (copy) => { copy.exec(`DELETE FROM rollups WHERE ${where}`); }))) missed.push(where);
    }
    assert.deepEqual(missed, []);
  }));

  it('finds a change of any sum of imported responses, a row that is gone, and one that nothing explains', () => withMade((folder, path) => {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare('SELECT * FROM import_sums').all() as Row[];
    db.close();
    assert.ok(rows.length > 20);
    const missed: string[] = [];
    for (const [index, row] of rows.filter((_, place) => isLong || place % 5 === 0).entries()) {
      const where = `dimension = '${row['dimension']}' AND key = '${row['key']}' AND bucket = ${row['bucket']}`;
      const changes = Object.keys(row).filter((name) => !['dimension', 'key'].includes(name)).map((name) => `UPDATE import_sums SET ${name} = ${name} + 1000 WHERE ${where}`);
      for (const change of [...changes, `UPDATE import_sums SET key = key || 'x' WHERE ${where}`, `DELETE FROM import_sums WHERE ${where}`]) {
        if (!isFound(afterChange(folder, (copy) => { copy.exec(change); }))) missed.push(change);
        if (index === 0) assert.notDeepEqual(checkAgain(join(folder, 'copy.db')), [], `the second checker misses: ${change}`);
      }
    }
    assert.deepEqual(missed, []);
  }));

  for (const table of ['usage_events', 'charges', 'entries', 'directives', 'imports'] as const) {
    it(`finds doubled and swapped rows of ${table}`, () => withMade((folder, path) => {
      const rows = rowsOf(path, table).map((row) => Number(row['sequence']));
      const last = rows.at(-1) ?? 0;
      const columns = Object.keys(rowsOf(path, table)[0] ?? {}).filter((name) => name !== 'row_number' && name !== 'sequence').join(', ');
      for (const sequence of rows) {
        const doubled = afterChange(folder, (db) => {
          // Without its uniqueness the table takes the row a second time, as a careless repair would.
          db.exec(`CREATE TABLE loose AS SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE loose RENAME TO ${table}`);
          db.exec(`INSERT INTO ${table} (sequence, ${columns}) SELECT ${last + 1}, ${columns} FROM ${table} WHERE sequence = ${sequence}`);
        });
        assert.ok(isFound(doubled), `${sequence} doubled`);
        if (sequence === last) continue;
        const swapped = afterChange(folder, (db) => {
          db.exec(`UPDATE ${table} SET sequence = -1 WHERE sequence = ${sequence}; UPDATE ${table} SET sequence = ${sequence} WHERE sequence = ${sequence + 1}; UPDATE ${table} SET sequence = ${sequence + 1} WHERE sequence = -1`);
        });
        assert.ok(isFound(swapped), `${sequence} swapped`);
      }
    }));

    it(`finds a forged hash of ${table} that the next row does not name`, () => withMade((folder, path) => {
      for (const row of rowsOf(path, table)) {
        const found = afterChange(folder, (db) => { db.prepare(`UPDATE ${table} SET hash = ? WHERE rowid = ?`).run(sha256(String(row['hash'])), row['row_number'] ?? null); });
        assert.ok(isFound(found), String(row['id']));
      }
    }));
  }

  it('names the promise that is broken', () => withMade((folder) => {
    const invariantsAfter = (sql: string) => {
      const found = afterChange(folder, (db) => { db.exec(sql); });
      return found === 'unreadable' ? ['unreadable'] : [...new Set(found.violations.map((one) => one.invariant))];
    };
    assert.deepEqual(invariantsAfter('UPDATE grants SET remaining = remaining + 1'), ['I6']);
    assert.deepEqual(invariantsAfter(`UPDATE holds SET state = 'voided' WHERE attempt_id = 'r0-1'`), ['I12']);
    assert.deepEqual(invariantsAfter(`UPDATE entries SET hash = 'x' WHERE sequence = 1`), ['I9']);
    assert.ok(invariantsAfter('DELETE FROM charges WHERE sequence = 1').includes('I12'));
    assert.ok(invariantsAfter(`UPDATE entries SET amount = amount - 5 WHERE kind = 'grant'`).includes('I8'));
  }));

  it('is joined by a second checker wherever sums, balances or joins are touched', () => withMade((folder) => {
    for (const sql of ['UPDATE grants SET remaining = remaining - 1', 'UPDATE grants SET held = held + 1', 'DELETE FROM entries WHERE sequence = 4', 'UPDATE entries SET amount = amount - 1 WHERE sequence = 1',
      'UPDATE entries SET balance_after = balance_after + 1 WHERE sequence = 5', 'DELETE FROM usage_events WHERE sequence = 2', 'UPDATE charges SET cost = cost + 1', 'UPDATE charges SET drawn = drawn + 1',
      `UPDATE holds SET state = 'voided' WHERE state = 'open'`, `UPDATE holds SET amount = amount + 1`, 'DELETE FROM charges WHERE sequence = 2', 'UPDATE charges SET uncovered = 9 WHERE sequence = 2', 'UPDATE usage_events SET output_tokens = output_tokens + 1', 'UPDATE imports SET cost = cost + 1', 'UPDATE imports SET output_tokens = output_tokens + 1', 'DELETE FROM imports WHERE sequence = 3', `UPDATE imports SET response_id = 'another'`]) {
      assert.ok(isFound(afterChange(folder, (db) => { db.exec(sql); })), `the audit misses: ${sql}`);
      assert.notDeepEqual(checkAgain(join(folder, 'copy.db')), [], `the second checker misses: ${sql}`);
    }
  }));
});
