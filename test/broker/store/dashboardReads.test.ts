// What the dashboard's history, ledger and event pages read, held against the rows themselves: sums by step and group
// against the events counted one by one, pages against the whole list, savings against charges computed twice.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import type { ReserveCommand, SettleCommand } from '../../../src/broker/store/ledgerCommands.ts';
import { readEntryPage } from '../../../src/broker/store/entryPages.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { chargeFor } from '../../../src/domain/pricing.ts';
import type { PriceTier } from '../../../src/domain/pricing.ts';
import { noTokens } from '../../../src/domain/tokenUsage.ts';
import { historyGroupings, historyOfSteps } from '../../../src/protocol/history.ts';
import type { HistoryGrouping } from '../../../src/protocol/history.ts';
import type { EntryFilter, Happening, LedgerRow } from '../../../src/protocol/ledgerPages.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs, testPrice, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import { runOne } from '../../support/ledger/tempLedger.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Five hours and three quarters east of UTC, where days begin on a quarter hour of their own. */
const offsetMs = 5.75 * hourMs;
const utcOffsets = [{ fromMs: -8_640_000_000_000_000, untilMs: 8_640_000_000_000_000, offsetMs }];
const firstDayMs = Math.floor((startMs + offsetMs) / dayMs) * dayMs - offsetMs;
const days = 6;
const tiers: readonly PriceTier[] = ['standard', 'flex', 'fast'];

interface Made { readonly atMs: number; readonly settle: SettleCommand; readonly reserve: ReserveCommand }

/** A ledger with requests of several workspaces, models, clients and threads over some days. */
function madeLedger(count: number): { readonly ledger: SqliteLedger; readonly db: DatabaseSync; readonly made: readonly Made[]; readonly untilMs: number } {
  const random = seededRandom(11);
  let db: DatabaseSync | undefined;
  const ledger = SqliteLedger.open(':memory:', sha256, 'owner', (file, options) => { db = openDatabase(file, options); return db; });
  assert.ok(db);
  for (const name of ['ws_a', 'ws_b', 'ws_c']) runOne(ledger, workspaceCommand(name));
  runOne(ledger, grantCommand('g1', 100_000 * credit, { note: 'Welcome 50% more', atMs: firstDayMs }));
  const made = Array.from({ length: count }, (_, index): Made => {
    const atMs = firstDayMs + Math.floor(index * days * dayMs / count);
    const cached = random.next() < 0.7 ? Math.floor(random.next() * 200_000) : 0;
    const reserve = reserveCommand(`req_${String(index).padStart(6, '0')}abc-1`, 500 * credit, {
      atMs, request: { requestId: `req_${String(index).padStart(6, '0')}abc`, receivedAtMs: atMs, workspaceId: random.pick(['ws_a', 'ws_a', 'ws_b', 'ws_c']), client: random.pick(['codex_exec', 'codex_vscode', 'sdk']), model: random.pick(['gpt-a', 'gpt-b', 'gpt-c', 'gpt-d', 'gpt-e', 'gpt-f']), threadId: `thread-${Math.floor(random.next() * 80)}`, stream: true,
        ...(index % 3 === 0 ? {} : { branch: index % 3 === 1 ? 'main' : `feature/${index % 11}` }), ...(index % 4 === 0 ? { command: 'ask', file: `src/part ${index % 13}.ts` } : index % 4 === 1 ? { command: 'task' } : {}) },
    });
    const settle = settleCommand(reserve.attemptId, { inputTokens: cached + Math.floor(random.next() * 100_000), cachedInputTokens: cached, outputTokens: Math.floor(random.next() * 5000), reasoningTokens: 0 }, { atMs: atMs + 1000, tier: random.pick(tiers) });
    return { atMs: atMs + 1000, reserve, settle };
  });
  for (const { reserve, settle } of made) {
    assert.ok(!('problem' in runOne(ledger, reserve)));
    runOne(ledger, settle);
  }
  return { ledger, db, made, untilMs: firstDayMs + days * dayMs - 1 };
}

const costOf = ({ settle }: Made) => chargeFor(settle.usage, testPrice, settle.tier).costMicroCredits;
const keyOf = ({ reserve: { request } }: Made, by: HistoryGrouping) => ({ model: request.model, workspace: request.workspaceId, client: request.client, thread: request.threadId ?? '', kind: '', command: request.command ?? '',
  branch: request.branch === undefined ? '' : `${request.workspaceId} ${request.branch}`, file: request.file === undefined ? '' : `${request.workspaceId} ${request.file}` })[by];
const dayOf = (atMs: number) => Math.floor((atMs + offsetMs - (firstDayMs + offsetMs)) / dayMs);

describe('the history of the dashboard', () => {
  const { ledger, made, untilMs } = madeLedger(1500);
  after(() => ledger.close());
  const history = (by: HistoryGrouping, groupsMax = 50, fromMs = firstDayMs, step: 'day' | 'hour' = 'day') => ledger.query('history', { by, fromMs, untilMs, step, utcOffsets, groupsMax });

  for (const by of historyGroupings) {
    it(`sums by ${by} and by local day what the events say`, () => {
      const told = history(by, 5);
      const costs = new Map<string, number>();
      for (const one of made) costs.set(keyOf(one, by), (costs.get(keyOf(one, by)) ?? 0) + costOf(one));
      assert.equal(told.groupCount, costs.size);
      const dearest = [...costs].sort(([, a], [, b]) => b - a).slice(0, 5);
      assert.deepEqual(told.groups.map((group) => [group.key, group.costMicroCredits]), dearest);
      assert.deepEqual(told.steps.map((step) => step.costMicroCredits), Array.from({ length: days }, (_, day) => made.filter((one) => dayOf(one.atMs) === day).reduce((sum, one) => sum + costOf(one), 0)));
      assert.deepEqual(told.costs, told.groups.slice(0, 4).map((group) => Array.from({ length: days }, (_, day) => made.filter((one) => dayOf(one.atMs) === day && keyOf(one, by) === group.key).reduce((sum, one) => sum + costOf(one), 0))));
      const listed = told.groups.reduce((sum, group) => sum + group.costMicroCredits, 0) + (told.rest?.costMicroCredits ?? 0);
      assert.equal(listed, told.total.costMicroCredits);
      assert.equal(told.total.requests, made.length);
      assert.equal(told.rest === undefined, costs.size <= 5);
    });
  }

  it('tells branches and files of two workspaces apart, with the names of both', () => {
    const told = history('branch').groups.filter((group) => group.key.endsWith(' main'));
    assert.deepEqual(Object.fromEntries(told.map((group) => [group.key, group.label])), Object.fromEntries(ledger.query('usage', { by: 'workspace' }).map(({ key, label }) => [`${key} main`, `${label} · main`])));
    assert.ok(history('file').groups.some((group) => group.key === 'ws_a src/part 0.ts' && group.label.endsWith(' · src/part 0.ts')));
    assert.equal(history('branch').groups.find((group) => group.key === '')?.label, 'no branch known');
    // One workspace's own history has the same keys and names.
    const own = ledger.query('workspaceUsage', { by: 'branch', workspaceId: 'ws_a', fromMs: firstDayMs, untilMs: untilMs + 1 });
    assert.deepEqual(own.filter((row) => row.key.endsWith(' main')).map((row) => [row.key, row.costMicroCredits]), told.filter((group) => group.key.startsWith('ws_a ')).map((group) => [group.key, group.costMicroCredits]));
  });

  it('counts each quarter hour to the day of its own time where clocks are set', () => {
    const changeMs = firstDayMs + 2 * dayMs + 3 * hourMs;
    const spans = [{ ...utcOffsets[0]!, untilMs: changeMs }, { fromMs: changeMs, untilMs: 8_640_000_000_000_000, offsetMs: offsetMs - hourMs }];
    const told = ledger.query('history', { by: 'model', fromMs: firstDayMs, untilMs, step: 'day', utcOffsets: spans, groupsMax: 50 });
    const dayThen = (atMs: number) => Math.floor((atMs + (atMs < changeMs ? offsetMs : offsetMs - hourMs) - (firstDayMs + offsetMs)) / dayMs);
    assert.deepEqual(told.steps.map((step) => step.requests), Array.from({ length: told.steps.length }, (_, day) => made.filter((one) => dayThen(one.atMs) === day).length));
    assert.equal(told.costs.flat().reduce((sum, cost) => sum + cost, 0), told.groups.slice(0, 4).reduce((sum, group) => sum + group.costMicroCredits, 0));
  });

  it('goes by local hours, and leaves no hour out', () => {
    const fromMs = firstDayMs + (days - 1) * dayMs;
    const told = history('model', 50, fromMs, 'hour');
    assert.equal(told.steps.length, 24);
    assert.equal(told.steps[0]?.key, `${new Date(fromMs + offsetMs).toISOString().slice(0, 10)}T00`);
    assert.equal(told.steps.reduce((sum, step) => sum + step.requests, 0), made.filter((one) => one.atMs >= fromMs).length);
  });

  it('says of one workspace, day by day, the same as of all of them together', () => {
    const steps = Array.from({ length: days }, (_, day) => ({
      key: new Date(firstDayMs + offsetMs + day * dayMs).toISOString().slice(0, 10),
      rows: ['ws_a', 'ws_b', 'ws_c'].flatMap((workspaceId) => ledger.query('workspaceUsage', { by: 'client', workspaceId, fromMs: firstDayMs + day * dayMs, untilMs: firstDayMs + (day + 1) * dayMs })),
    }));
    assert.deepEqual(historyOfSteps(steps), history('client'));
  });

  it('gives what the cache saved: each charge with and without it, at its own tier', () => {
    const span = { fromMs: firstDayMs, untilMs: untilMs + 1 };
    const saved = (some: readonly Made[]) => some.reduce((sum, { settle: { usage, tier } }) => {
      const exact = (input: typeof usage) => chargeFor(input, testPrice, tier).terms.reduce((cost, term) => cost + BigInt(term.tokens) * BigInt(term.microCreditsPerMillion) * BigInt(term.multiplier?.numerator ?? 1) * 2n / BigInt(term.multiplier?.denominator ?? 1), 0n);
      return sum + exact({ ...noTokens, ...usage, cachedInputTokens: 0 }) - exact(usage);
    }, 0n);
    const rounded = (numerator: bigint) => Number((numerator + 1_000_000n) / 2_000_000n);
    assert.deepEqual(ledger.query('cacheSaving', span), { savedMicroCredits: rounded(saved(made)), cachedInputTokens: made.reduce((sum, one) => sum + one.settle.usage.cachedInputTokens, 0) });
    const own = made.filter((one) => one.reserve.request.workspaceId === 'ws_b');
    assert.equal(ledger.query('cacheSaving', { ...span, workspaceId: 'ws_b' }).savedMicroCredits, rounded(saved(own)));
    assert.ok(made.some((one) => one.settle.usage.inputTokens > 272_000), 'some had the rates of long requests');
  });
});

describe('the entries page by page', () => {
  const { ledger, made, db } = madeLedger(300);
  after(() => ledger.close());
  type Asked = Parameters<typeof ledger.query<'entryPage'>>[1];
  const all = (asked: Omit<Asked, 'limit' | 'kind'> & { kind?: EntryFilter }, limit = 40): LedgerRow[] => {
    const rows: LedgerRow[] = [];
    for (let before: number | undefined, pages = 0; ; pages += 1) {
      assert.ok(pages < 50, 'it ends');
      const page = ledger.query('entryPage', { kind: 'all', ...asked, limit, ...(before === undefined ? {} : { before }) });
      rows.push(...page.rows);
      if (page.next === undefined) return rows;
      before = page.next;
    }
  };

  it('lists every entry once, the newest first, with whose it was', () => {
    const rows = all({});
    assert.deepEqual(rows.map((row) => row.sequence), ledger.query('entries', { limit: 10_000 }).map((entry) => entry.sequence));
    const first = rows.at(-1);
    assert.deepEqual([first?.grantKind, first?.note, first?.workspaceLabel], ['promotional', 'Welcome 50% more', undefined]);
    const newest = made.at(-1)!.reserve.request;
    assert.deepEqual([rows[0]?.workspaceLabel, rows[0]?.client, rows[0]?.model, rows[0]?.requestId], [newest.workspaceId, newest.client, newest.model, newest.requestId]);
  });

  it('keeps what moves the balance, one workspace, one span of time', () => {
    assert.equal(all({ kind: 'moves' }).length, made.length + 1);
    assert.equal(all({ kind: 'grants' }).length, 1);
    assert.equal(all({ kind: 'corrections' }).length, 0);
    assert.equal(all({ kind: 'moves', workspaceId: 'ws_c' }).length, made.filter((one) => one.reserve.request.workspaceId === 'ws_c').length);
    const span = { fromMs: firstDayMs + dayMs, untilMs: firstDayMs + 2 * dayMs };
    const within = made.filter((one) => one.atMs >= span.fromMs && one.atMs < span.untilMs).map((one) => one.reserve.request.requestId);
    assert.deepEqual(all({ kind: 'moves', ...span }).map((row) => row.requestId).reverse(), within);
  });

  it('finds by id, model, client, workspace and note, and takes signs of a pattern as they are', () => {
    const wanted = made[77]!.reserve.request;
    assert.deepEqual(all({ search: wanted.requestId }).map((row) => row.kind), ['post', 'reserve']);
    assert.deepEqual(all({ search: ` ${wanted.requestId.slice(0, 10).toUpperCase()} ` }).map((row) => row.requestId), [wanted.requestId, wanted.requestId]);
    assert.equal(all({ kind: 'moves', search: 'GPT-E' }).length, made.filter((one) => one.reserve.request.model === 'gpt-e').length);
    assert.equal(all({ kind: 'moves', search: 'vscode', workspaceId: 'ws_a' }).length, made.filter((one) => one.reserve.request.client === 'codex_vscode' && one.reserve.request.workspaceId === 'ws_a').length);
    assert.equal(all({ search: '50% more' }).length, 1);
    for (const search of ['5_% more', '50%% more', '\\', `'; DROP TABLE entries; --`]) assert.deepEqual(all({ search }), [], search);
  });

  it('looks at a bounded number of rows for one page, and says where it stopped', () => {
    const newest = ledger.query('entries', { limit: 1 })[0]!.sequence;
    const asked = { kind: 'all', limit: 10, search: 'gpt-test-of-nobody' } as const;
    assert.deepEqual(readEntryPage(db, asked, 100), { rows: [], next: newest - 99 });
    assert.deepEqual(readEntryPage(db, { ...asked, before: newest - 99 }, 100), { rows: [], next: newest - 199 });
    assert.deepEqual(readEntryPage(db, { ...asked, before: 50 }, 100), { rows: [] });
    assert.deepEqual(readEntryPage(db, { kind: 'all', limit: 3, before: 50 }, 2).rows.map((row) => row.sequence), [49, 48]);
    assert.equal(readEntryPage(db, { kind: 'all', limit: 3, before: 50 }, 100).next, 47);
  });
});

describe('what happened to credits and rules', () => {
  it('is told page by page, the newest first, with the price before and the names of workspaces', () => {
    const ledger = SqliteLedger.open(':memory:', sha256);
    runOne(ledger, workspaceCommand('ws_a'));
    const budget = { id: 'week', per: 'everything', unit: 'credits', limit: 100 * credit, period: 'week', timeZone: 'UTC', mode: 'hard' } as const;
    runOne(ledger, grantCommand('g1', 5 * credit, { kind: 'purchased', consent: { scope: 'workspace', workspaceId: 'ws_a' } }));
    runOne(ledger, { type: 'direct', key: 'd1', atMs: startMs + 1, directive: { kind: 'budget', id: 'week', budget } });
    runOne(ledger, reserveCommand('r1-1', 1000, { atMs: startMs + 2 }));
    runOne(ledger, reserveCommand('r2-1', 1000, { atMs: startMs + 3, price: { ...testPrice, rates: { ...testPrice.rates, input: 1 } } }));
    const told: Happening[] = [];
    for (let before: Parameters<typeof ledger.query<'happenings'>>[1]['before']; ;) {
      const page = ledger.query('happenings', { filter: 'all', limit: 2, ...(before ? { before } : {}) });
      told.push(...page.rows);
      before = page.next;
      if (!before) break;
    }
    assert.deepEqual(told.map((one) => (one.from === 'entry' ? one.row.kind : one.directive.kind)), ['price', 'price', 'budget', 'grant', 'consent']);
    const [newest, first] = told;
    assert.ok(newest?.from === 'directive' && first?.from === 'directive' && newest.directive.kind === 'price');
    assert.deepEqual([newest.before?.rates.input, newest.directive.price.rates.input, first.before], [testPrice.rates.input, 1, undefined]);
    const consent = told.at(-1);
    assert.equal(consent?.from === 'directive' ? consent.workspaceLabel : undefined, 'ws_a');
    const kinds = (filter: 'credits' | 'rules' | 'prices' | 'corrections') => ledger.query('happenings', { filter, limit: 100 }).rows.length;
    assert.deepEqual([kinds('credits'), kinds('rules'), kinds('prices'), kinds('corrections')], [1, 2, 2, 0]);
    ledger.close();
  });
});

describe('the course of what is left', () => {
  it('goes from a budget\'s limit down to what is left now, beside even use', () => {
    const { ledger, made } = madeLedger(200);
    const nowMs = firstDayMs + days * dayMs;
    const budget = { id: 'month', per: 'workspace', unit: 'credits', limit: 100_000 * credit, period: 'month', timeZone: 'UTC', mode: 'soft' } as const;
    runOne(ledger, { type: 'direct', key: 'd1', atMs: nowMs, directive: { kind: 'budget', id: 'month', budget } });
    const course = ledger.query('course', { nowMs, fromMs: firstDayMs, budgetId: 'month', key: 'ws_a' });
    assert.ok(course);
    const used = made.filter((one) => one.reserve.request.workspaceId === 'ws_a').reduce((sum, one) => sum + costOf(one), 0);
    assert.deepEqual([course.fromMs, course.untilMs, course.ideal], [Date.UTC(2026, 10, 1), Date.UTC(2026, 11, 1), { atStart: budget.limit, atEnd: 0 }]);
    assert.deepEqual([course.left[0], course.left.at(-1)], [{ atMs: course.fromMs, amount: budget.limit }, { atMs: nowMs, amount: budget.limit - used }]);
    assert.ok(course.left.every((one, index) => index === 0 || one.amount <= course.left[index - 1]!.amount && one.atMs > course.left[index - 1]!.atMs));
    assert.ok(course.left.length <= 152);
    assert.equal(ledger.query('course', { nowMs, fromMs: 0, budgetId: 'none' }), null);
    ledger.close();
  });

  it('follows the balance over a range, and over an allowance\'s period with even use of what it gave', () => {
    const { ledger, made } = madeLedger(200);
    const nowMs = firstDayMs + days * dayMs;
    const plain = ledger.query('course', { nowMs, fromMs: firstDayMs + dayMs });
    const spent = (untilMs: number) => made.filter((one) => one.atMs <= untilMs).reduce((sum, one) => sum + costOf(one), 0);
    assert.ok(plain);
    for (const { atMs, amount } of plain.left) assert.equal(amount, 100_000 * credit - spent(atMs));
    assert.equal(plain.ideal, undefined);
    const allowance = { id: 'weekly', kind: 'included', amountMicroCredits: 250 * credit, every: 'week', timeZone: 'UTC', priority: 50 } as const;
    runOne(ledger, { type: 'direct', key: 'd1', atMs: nowMs, directive: { kind: 'allowance', id: 'weekly', allowance } });
    runOne(ledger, { type: 'upkeep', atMs: nowMs });
    const course = ledger.query('course', { nowMs, fromMs: 0 });
    const balance = 100_250 * credit - spent(nowMs);
    assert.deepEqual([course?.left.at(-1)?.amount, course?.ideal], [balance, { atStart: balance, atEnd: balance - 250 * credit }]);
    ledger.close();
  });
});

describe('the questions that the dashboard asks on demand', () => {
  it('go through no table of requests from end to end', () => {
    const asked = new Set<string>();
    let db: DatabaseSync | undefined;
    const ledger = SqliteLedger.open(':memory:', sha256, 'owner', (file, options) => {
      const opened = openDatabase(file, options);
      const prepare = opened.prepare.bind(opened);
      opened.prepare = (sql) => {
        asked.add(sql);
        return prepare(sql);
      };
      db = opened;
      return opened;
    });
    runOne(ledger, grantCommand('g1', 5 * credit));
    runOne(ledger, reserveCommand('req_r1-1', 1000));
    runOne(ledger, settleCommand('req_r1-1', { inputTokens: 8 }));
    runOne(ledger, { type: 'direct', key: 'd1', atMs: startMs, directive: { kind: 'budget', id: 'week', budget: { id: 'week', per: 'everything', unit: 'credits', limit: 1, period: 'week', timeZone: 'UTC', mode: 'soft' } } });
    asked.clear();
    const span = { fromMs: startMs - dayMs, untilMs: startMs + dayMs };
    for (const by of historyGroupings) {
      for (const step of ['day', 'hour'] as const) ledger.query('history', { by, ...span, step, utcOffsets, groupsMax: 1 });
      ledger.query('workspaceUsage', { by, workspaceId: 'ws_a', ...span });
    }
    ledger.query('cacheSaving', span);
    for (const kind of ['all', 'moves', 'grants', 'corrections'] as const) for (const search of ['', 'a', 'req_r1-1x', 'req_r1']) ledger.query('entryPage', { kind, limit: 50, search, ...span });
    for (const filter of ['all', 'credits', 'rules', 'prices', 'corrections'] as const) {
      ledger.query('happenings', { filter, limit: 50 });
      ledger.query('happenings', { filter, limit: 50, workspaceId: 'ws_a', fromMs: startMs });
    }
    ledger.query('course', { nowMs: startMs, fromMs: startMs - dayMs });
    ledger.query('course', { nowMs: startMs, fromMs: startMs - dayMs, budgetId: 'week' });
    const plans = [...asked].map((sql) => ({ sql, steps: db!.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row['detail'])) }));
    // Entries without a request are few, and have an index of their own; directives and grants are few.
    const scans = plans.flatMap(({ sql, steps }) => steps.filter((step) => /^SCAN (?:[euchro]|r0|h0|rollups|rollup_days|usage_events|entries|charges|holds|requests|decisions)\b/.test(step) && !/USING (?:COVERING )?INDEX entries_by_grant/.test(step)).map((step) => `${step} in ${sql}`));
    assert.deepEqual(scans, []);
    assert.ok(plans.length > 25, 'all of them were looked at');
    ledger.close();
  });
});
