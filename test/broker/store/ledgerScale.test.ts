// What a long history must not cost: the audit at a start hashes only what is new, and no question of the
// dashboard, of a start or of a request goes through a whole table. Told by counts and by SQLite's own plans.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerAnchor } from '../../../src/broker/ledgerAnchor.ts';
import { LedgerKeeper } from '../../../src/broker/ledgerKeeper.ts';
import { SnapshotFeed } from '../../../src/broker/snapshotFeed.ts';
import type { LedgerStore } from '../../../src/broker/store/ledgerPort.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import type { Budget } from '../../../src/domain/budgets.ts';
import { Pacer } from '../../../src/domain/pacing.ts';
import { beginCommand, credit, grantCommand, importCommand, reserveCommand, settleCommand, startMs, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFastFolder } from '../../support/ledger/tempLedger.ts';
import { manualClock } from '../../support/manualClock.ts';

const hourMs = 3_600_000;

/** Requests from one number to before another, each held and settled. */
function work(ledger: SqliteLedger, from: number, until: number): void {
  for (let index = from; index < until; index += 1) {
    runOne(ledger, reserveCommand(`r${index}-1`, 1000));
    runOne(ledger, settleCommand(`r${index}-1`, { inputTokens: 8 }));
  }
}

describe('an audit from the last checkpoint on', () => {
  /** Hashes of an audit after so many requests that an audit has seen and so many that none has. */
  const hashesOf = (seen: number, fresh: number, full: boolean) => {
    let count = 0;
    const ledger = SqliteLedger.open(':memory:', (text) => { count += 1; return sha256(text); });
    try {
      runOne(ledger, grantCommand('g1', 1000 * credit));
      work(ledger, 0, seen);
      ledger.query('audit', { full: false, keepAtMs: startMs });
      work(ledger, seen, seen + fresh);
      count = 0;
      assert.deepEqual(ledger.query('audit', { full }).violations, []);
      return count;
    } finally {
      ledger.close();
    }
  };
  /** A decision with its hold, a usage event, a charge, and an entry that reserves and one that posts. */
  const hashesPerRequest = 5;
  const grants = 1;

  it('hashes the rows behind the checkpoint and the grants, and nothing else', () => {
    assert.equal(hashesOf(30, 0, false), grants);
    assert.equal(hashesOf(30, 7, false), 7 * hashesPerRequest + grants);
  });

  it('hashes no more after a history that is ten times as long', () => {
    assert.equal(hashesOf(300, 7, false), hashesOf(30, 7, false));
    assert.equal(hashesOf(300, 7, true) - hashesOf(30, 7, true), 270 * hashesPerRequest, 'a full one hashes all');
  });
});

const large = ['usage_events', 'charges', 'entries', 'decisions', 'holds', 'requests', 'begun', 'imports', 'import_sums'] as const;
/** Indexes of a few rows only: of what is open, and of what lies beside the grants. */
const smallIndexes = ['holds_open', 'entries_beside'];

const budgets: readonly Budget[] = [
  ...(['task', 'workspace', 'model', 'client', 'everything'] as const).flatMap((per) => (['month', 'life'] as const).map((period) => ({ per, period }))),
  { per: 'model' as const, of: 'gpt-*', period: { rollingHours: 5 } }, { per: 'request' as const, period: 'life' as const },
].flatMap((one, index) => (['credits', 'tokens'] as const).map((unit) => ({ ...one, id: `${index} ${unit}`, unit, limit: 1e12, timeZone: 'UTC', mode: 'soft' })));

/** Lets a ledger live for a moment, start anew and be looked at. @returns every statement that it was asked */
async function statementsOf(folder: string, withoutIndex?: string): Promise<{ readonly plans: ReadonlyMap<string, readonly string[]>; readonly indexes: readonly string[] }> {
  const path = join(folder, 'ledger.db');
  const asked = new Set<string>();
  const open = (file: string): SqliteLedger => SqliteLedger.open(file, sha256, 'owner', (name, options) => {
    const db = openDatabase(name, options);
    const prepare = db.prepare.bind(db);
    db.prepare = (sql, ...more) => { asked.add(sql); return prepare(sql, ...more); };
    return db;
  });
  const first = open(path);
  for (const command of [
    workspaceCommand('ws_a'), grantCommand('g1', credit), { ...grantCommand('g2', credit), expiresAtMs: startMs + hourMs },
    ...budgets.map((budget) => ({ type: 'direct' as const, key: budget.id, atMs: startMs, directive: { kind: 'budget' as const, id: budget.id, budget } })),
  ]) runOne(first, command);
  work(first, 0, 3);
  runOne(first, reserveCommand('open-1', 1000));
  runOne(first, beginCommand('open-1'));
  runOne(first, importCommand('resp_0'));
  // The very first audit of a ledger goes through all of it.
  first.query('audit', { full: false, keepAtMs: startMs });
  first.close();
  if (withoutIndex !== undefined) {
    const db = new DatabaseSync(path);
    db.exec(`DROP INDEX ${withoutIndex}`);
    db.close();
  }
  asked.clear();
  const ledger = open(path);
  try {
    await startAndLook(ledger, folder);
    // A clock that was ahead is set back: what expired by it comes back.
    assert.equal(runOne(ledger, { type: 'upkeep', atMs: startMs + 2 * hourMs }).expired, 1);
    assert.equal(runOne(ledger, { type: 'upkeep', atMs: startMs }).returned, 1);
    work(ledger, 3, 5);
    ledger.query('explain', { id: 'r4' });
    // With an id, and by its thread alone; then what both come to is proven.
    const [use] = importCommand('resp_1', { threadId: 'thread_a' }).uses;
    assert.ok(use);
    const { responseId: _id, ...plain } = use;
    runOne(ledger, importCommand('resp_1'));
    runOne(ledger, { type: 'import', atMs: startMs, uses: [{ ...plain, key: 'thread_a:1:1' }] });
    ledger.query('explainImported', { id: 'resp_1' });
    ledger.query('usage', { by: 'workspace', sinceMs: startMs, imported: true });
    ledger.query('audit', { full: false });
  } finally {
    ledger.close();
  }
  const db = new DatabaseSync(path);
  try {
    const plans = new Map([...asked].filter((sql) => /^\s*(SELECT|WITH|INSERT|UPDATE)/.test(sql))
      .map((sql) => [sql, db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row['detail']))]));
    const indexes = db.prepare(`SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`).all();
    return { plans, indexes: indexes.filter((row) => large.some((table) => table === row['tbl_name'])).map((row) => String(row['name'])) };
  } finally {
    db.close();
  }
}

/** What the broker asks at a start, and what the dashboard asks, on a ledger that a crash left with an open hold. */
async function startAndLook(ledger: SqliteLedger, folder: string): Promise<void> {
  const clock = manualClock(startMs + 60_000);
  const store: LedgerStore = { command: (command) => Promise.resolve(runOne(ledger, command)), query: (type, args) => Promise.resolve(ledger.query(type, args)), close: () => Promise.resolve() };
  const anchor = new LedgerAnchor(folder, undefined, clock);
  await anchor.write(ledger.query('head', {}), false);
  const keeper = new LedgerKeeper({ ledger: store, anchor, dataDir: folder, clock, isIdle: () => true, log: () => undefined });
  await keeper.prove();
  assert.equal(keeper.doubt, undefined);
  runOne(ledger, { type: 'recover', atMs: clock.nowMs() });
  ledger.query('samples', { limit: 500 });
  await keeper.prove();
  await keeper.start();
  const feed = new SnapshotFeed({
    ledger: store, live: () => [], pacer: new Pacer(() => 0.5), clock, utcOffsetMs: () => 0, key: () => ({ state: 'present' }), problems: () => [], openWorkspaces: () => new Set(),
    broker: { version: '0', pid: 1, startedAtMs: startMs, mode: 'practice', upstream: 'none', dataDir: folder },
  });
  const { recent, budgets: shown } = await feed.read();
  assert.equal(recent.length, 4);
  assert.equal(shown.length, budgets.length);
  await keeper.close();
}

/** The large tables that a statement goes through from end to end. */
function scansOf(sql: string, plan: readonly string[]): string[] {
  const tables = new Map<string, string>(large.map((table) => [table, table]));
  for (const [, table = '', alias = ''] of sql.matchAll(new RegExp(`\\b(?:FROM|JOIN)\\s+(${large.join('|')})\\s+(?:AS\\s+)?([a-z]\\w*)`, 'g'))) tables.set(alias, table);
  // The newest rows up to a number: read in the order of the table itself, so it ends after these.
  const isBounded = /\bORDER BY (?:\w+\.)?sequence DESC\s+LIMIT (?:\?|\d)/.test(sql) && !plan.some((step) => step.includes('TEMP B-TREE FOR ORDER BY'));
  return plan.flatMap((step) => {
    const [, name = '', index] = /^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?/.exec(step) ?? [];
    const table = tables.get(name);
    return table === undefined || isBounded || index !== undefined && smallIndexes.includes(index) ? [] : [`${table} in ${sql.replaceAll(/\s+/g, ' ')}`];
  });
}

const scansIn = (plans: ReadonlyMap<string, readonly string[]>) => [...plans].flatMap(([sql, plan]) => scansOf(sql, plan));

describe('the questions of a start, of the dashboard and of a request', () => {
  it('go through no large table from end to end', () => withFastFolder(async (folder) => {
    const { plans } = await statementsOf(folder);
    assert.deepEqual(scansIn(plans), []);
    // Every large table was asked for something, or this would prove nothing.
    for (const table of large) assert.ok([...plans].some(([sql]) => new RegExp(`\\b(?:FROM|JOIN|UPDATE)\\s+${table}\\b`).test(sql)), table);
  }));

  it('would do so without any one of the indexes', () => withFastFolder(async (folder) => {
    const { indexes } = await statementsOf(folder);
    const unused: string[] = [];
    for (const index of indexes) {
      await withFastFolder(async (place) => {
        const { plans } = await statementsOf(place, index);
        if (scansIn(plans).length === 0) unused.push(index);
      });
    }
    assert.ok(indexes.length > 5);
    assert.deepEqual(unused, []);
  }));

  it('count a budget for a family of models by the keys and the time that it is about', () => withFastFolder(async (folder) => {
    const { plans } = await statementsOf(folder);
    const family = [...plans].filter(([sql]) => sql.includes('keys.one'));
    assert.equal(family.length, 2, 'in credits and in tokens');
    for (const [, plan] of family) {
      assert.deepEqual(plan.filter((step) => /^S\w+ rollup/.test(step) && !step.includes('COVERING')), [
        'SEARCH rollups USING INDEX rollups_by_key (dimension=? AND key=? AND bucket>? AND bucket<?)', 'SEARCH rollup_days USING INDEX rollup_days_by_key (dimension=? AND key=? AND day>?)',
      ]);
    }
  }));
});
