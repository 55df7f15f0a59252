// What a ledger with a long history costs: the audit at a start, each question of the dashboard, reports, and
// a hold and its settlement beside those of an empty ledger. Everything runs on a copy of the kept file.
import { constants, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { bucketMs } from '../../src/domain/budgets.ts';
import type { Budget } from '../../src/domain/budgets.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { LedgerAnchor } from '../../src/broker/ledgerAnchor.ts';
import { LedgerKeeper } from '../../src/broker/ledgerKeeper.ts';
import { SnapshotFeed } from '../../src/broker/snapshotFeed.ts';
import type { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { manualClock } from '../support/manualClock.ts';
import { seededRandom } from '../support/seededRandom.ts';
import { medianOf, medianTaken, taken } from './benchNumbers.ts';
import type { Taken } from './benchNumbers.ts';
import { builtLedger, openWithConnection } from './builtLedger.ts';
import type { BuildOptions } from './builtLedger.ts';
import { benchBeginning, benchReserve, benchSettle, historyDays, historyEndMs, workspaceIds } from './ledgerHistory.ts';
import { LocalStore } from './localStore.ts';

/** One line of the report; a goal is in milliseconds by the clock. */
export interface ScaleLine extends Taken { readonly what: string; readonly goalMs?: number }

/** A hold or a settlement on the large ledger, and on an empty one. */
export interface LatencyLine { readonly what: string; readonly large: Taken; readonly empty: Taken }

/** What came out. */
export interface ScaleResult {
  readonly requests: number;
  readonly bytesPerRequest: number;
  readonly starts: readonly ScaleLine[];
  readonly dashboard: readonly ScaleLine[];
  readonly reports: readonly ScaleLine[];
  readonly latency: readonly LatencyLine[];
}

/** What is measured beside how the ledger is built. */
export interface ScaleOptions extends BuildOptions { readonly fullAudit: boolean }

/** Goals: the audit at a start, and each question that the dashboard asks. A broker leaves a checkpoint when it stops and every ten minutes in which nothing waits. */
const startMsMax = 2000;
const usuallyBehindMax = 10_000;
const dashboardMsMax = 50;
const latencyRounds = 300;
const dayMs = 86_400_000;
const plenty = 1_000_000_000_000_000;

/** Measures all of it. */
export async function measureScale(options: ScaleOptions): Promise<ScaleResult> {
  const { log, requests, folder } = options;
  const kept = await builtLedger(options);
  const place = mkdtempSync(join(folder, 'scale-'));
  try {
    const path = join(place, 'ledger.db');
    copyFileSync(kept, path, constants.COPYFILE_FICLONE);
    const starts = await measureStarts(path, place, options);
    const { ledger } = openWithConnection(path);
    try {
      log('measuring: the dashboard');
      const dashboard = await measureDashboard(ledger);
      log('measuring: reports');
      const reports = await measureReports(ledger);
      log('measuring: holds and settlements');
      const latency = await measureLatency(ledger, join(place, 'empty.db'));
      return { requests, bytesPerRequest: Math.round(statSync(kept).size / requests), starts, dashboard, reports, latency };
    } finally {
      ledger.close();
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Starts as the broker does: it opens the ledger, lets the keeper prove it and resolves what was left, so many requests behind the last checkpoint. */
async function measureStarts(path: string, place: string, { requests, log, fullAudit }: ScaleOptions): Promise<ScaleLine[]> {
  const lines: ScaleLine[] = [];
  for (const [back, behind] of [0, 1000, 100_000].filter((one) => one < requests).entries()) {
    log(`measuring: a start, ${behind} requests behind`);
    const times: Taken[] = [];
    for (let round = 0; round < (behind > 1000 ? 3 : 5); round += 1) {
      times.push(await taken(async () => {
        // A temporary table stands before the real one: the newer checkpoints are not seen, and the file stays as it is.
        const { ledger } = openWithConnection(path, (db) => { hideCheckpoints(db, back); });
        await prove(ledger, place);
        // What the broker asks next: what a crash left open, and what the estimator learns from again.
        ledger.runGroup([{ type: 'recover', atMs: historyEndMs }]);
        ledger.query('workspaces', {});
        ledger.query('samples', { limit: 500 });
        ledger.close();
      }));
    }
    lines.push({ what: `start, ${behind} requests behind`, ...medianOf(times), ...(behind > usuallyBehindMax ? {} : { goalMs: startMsMax }) });
  }
  if (!fullAudit) return lines;
  log('measuring: the full audit');
  const { ledger } = openWithConnection(path);
  const { value, ...took } = await taken(() => ledger.query('audit', { full: true }));
  ledger.close();
  const [wrong] = value.violations;
  if (wrong) throw new Error(`the ledger does not add up: ${wrong.what}`);
  return [...lines, { what: 'full audit', ...took }];
}

function hideCheckpoints(db: DatabaseSync, newest: number): void {
  db.exec(`CREATE TEMP TABLE checkpoints AS SELECT * FROM main.checkpoints ORDER BY sequence LIMIT (SELECT COUNT(*) - ${newest} FROM main.checkpoints)`);
}

async function prove(ledger: SqliteLedger, dataDir: string): Promise<void> {
  const clock = manualClock(historyEndMs);
  const store = new LocalStore(ledger);
  const anchor = new LedgerAnchor(dataDir, undefined, clock);
  await anchor.write(await store.query('head', {}), false);
  const keeper = new LedgerKeeper({ ledger: store, anchor, dataDir, clock, isIdle: () => true, log: () => undefined });
  await keeper.prove();
  if (keeper.doubt) throw new Error(keeper.doubt.message);
}

/** Every question of a snapshot, as the broker's own feed asks them, with ten budgets. */
async function measureDashboard(ledger: SqliteLedger): Promise<ScaleLine[]> {
  layDownBudgets(ledger);
  const asked = new Map<string, Taken[]>();
  const store = new LocalStore(ledger, (question, took) => { asked.set(question, [...asked.get(question) ?? [], took]); });
  const feed = new SnapshotFeed({
    ledger: store, live: () => [], pacer: new Pacer(() => 0.5), clock: manualClock(historyEndMs), utcOffsetMs: () => 0, key: () => ({ state: 'present' }),
    broker: { version: '0', pid: 1, startedAtMs: historyEndMs, mode: 'practice', upstream: 'none', dataDir: '' }, openWorkspaces: () => new Set(), problems: () => [],
  });
  await feed.read();
  asked.clear();
  const whole = await medianTaken(() => feed.read());
  return [{ what: 'whole snapshot', ...whole, goalMs: dashboardMsMax }, ...[...asked].map(([what, times]) => ({ what: `  ${what}`, ...medianOf(times), goalMs: dashboardMsMax }))];
}

/** Five kinds of budgets, over a month and for ever. */
const tenBudgets: readonly Budget[] = (['task', 'workspace', 'model', 'client', 'everything'] as const).flatMap((per) => (['month', 'life'] as const).map((period): Budget => (
  { id: `${per} ${period}`, per, unit: period === 'month' ? 'credits' : 'tokens', limit: plenty, period, timeZone: 'Europe/Berlin', mode: 'soft' })));

function layDownBudgets(ledger: SqliteLedger): void {
  ledger.runGroup(tenBudgets.map((budget) => ({ type: 'direct', key: `bench ${budget.id}`, atMs: historyEndMs, directive: { kind: 'budget', id: budget.id, budget } })));
}

/** What people and programs ask beside the dashboard. */
async function measureReports(ledger: SqliteLedger): Promise<ScaleLine[]> {
  const lines: ScaleLine[] = [];
  const since = { 'today': historyEndMs - historyEndMs % dayMs, '90 days': historyEndMs - historyDays * dayMs + bucketMs / 3, 'all': 0 } as const;
  for (const by of ['day', 'model', 'workspace', 'client', 'kind', 'thread'] as const) {
    for (const [span, sinceMs] of Object.entries(since)) {
      // A line for each of twenty thousand threads is a file for a program, not a question of the dashboard.
      const isShown = by !== 'thread' || span === 'today';
      lines.push({ what: `usage by ${by}, ${span}`, ...await medianTaken(() => ledger.query('usage', { by, sinceMs })), ...(isShown ? { goalMs: dashboardMsMax } : {}) });
    }
  }
  lines.push({ what: 'usage by thread, all, the 20 dearest', ...await medianTaken(() => ledger.query('usage', { by: 'thread', sinceMs: 0, limit: 20 })) });
  const { rows } = ledger.query('export', { set: 'requests', after: Math.floor(ledger.query('health', {}).usageEvents / 2), limit: 50, sinceMs: 0 });
  const ids = rows.map((row) => String(row['request_id']));
  let next = 0;
  lines.push({ what: 'explain', ...await medianTaken(() => { next += 1; return ledger.query('explain', { id: ids[next % ids.length] ?? '' }); }), goalMs: dashboardMsMax });
  for (const set of ['requests', 'charges', 'entries'] as const) lines.push({ what: `export, 2,000 ${set}`, ...await medianTaken(() => ledger.query('export', { set, after: 1000, limit: 2000, sinceMs: 0 })) });
  lines.push({ what: 'export, the last hour\'s requests', ...await medianTaken(() => ledger.query('export', { set: 'requests', after: 0, limit: 2000, sinceMs: historyEndMs - 3_600_000 })) });
  return lines;
}

/** Single holds and settlements on the large ledger and on an empty one, in turn, both with the ten budgets. */
async function measureLatency(large: SqliteLedger, emptyPath: string): Promise<LatencyLine[]> {
  const { ledger: empty } = openWithConnection(emptyPath);
  empty.runGroup([...benchBeginning(historyEndMs, plenty)]);
  layDownBudgets(empty);
  large.runGroup([{ type: 'grant', grantId: 'grant_bench', key: 'bench', kind: 'purchased', amountMicroCredits: plenty, atMs: historyEndMs, consent: { scope: 'ask' } }]);
  const found = { reserve: { large: [] as Taken[], empty: [] as Taken[] }, settle: { large: [] as Taken[], empty: [] as Taken[] } };
  for (let round = 0; round < latencyRounds; round += 1) {
    for (const [name, ledger] of [['large', large], ['empty', empty]] as const) {
      const random = seededRandom(round);
      const reserve = benchReserve(random, { atMs: historyEndMs + round * 1000, workspaceId: workspaceIds[round % workspaceIds.length] ?? '', threadId: `thread ${round % 50}`, client: 'codex_exec' });
      const settle = benchSettle(random, reserve, reserve.atMs + 900);
      const [held, settled] = [await taken(() => ledger.runGroup([reserve])), await taken(() => ledger.runGroup([settle]))];
      if (![...held.value, ...settled.value].every((outcome) => outcome.ok)) throw new Error(`a hold or its settlement was refused: ${JSON.stringify(held.value)}`);
      // What is compiled and cached in the first rounds is the same for both.
      if (round < latencyRounds / 10) continue;
      found.reserve[name].push(held);
      found.settle[name].push(settled);
    }
  }
  empty.close();
  return (['reserve', 'settle'] as const).map((what) => ({ what: `${what}, with ten budgets`, large: medianOf(found[what].large), empty: medianOf(found[what].empty) }));
}
