// Imported responses in the ledger: each once, none that the broker carried, in reports beside what it counted,
// for no budget and out of no grant, and with the price of their own time.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { LedgerAnchor } from '../../../src/broker/ledgerAnchor.ts';
import { rewoundProblem } from '../../../src/broker/ledgerAnchor.ts';
import { manualClock } from '../../support/manualClock.ts';
import { beginCommand, grantCommand, importCommand, oddPrice, reserveCommand, settleCommand, startMs } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFastFolder, withLedger } from '../../support/ledger/tempLedger.ts';
import { checkAgain } from '../../support/secondChecker.ts';

const quarterHourMs = 900_000;

describe('imported responses', () => {
  it('are booked once each by their key, in one command and in several', () => withLedger((ledger, path) => {
    const [one] = importCommand('resp_1').uses;
    const [two] = importCommand('resp_2').uses;
    assert.ok(one && two);
    assert.deepEqual(ledger.query('importable', { uses: [one, two, one] }), { added: 2, known: 1, seen: 0, costMicroCredits: 400_000 });
    assert.deepEqual(runOne(ledger, { type: 'import', atMs: startMs, uses: [one, one] }), { added: 1, known: 1, seen: 0, costMicroCredits: 200_000 });
    assert.deepEqual(runOne(ledger, { type: 'import', atMs: startMs, uses: [one, two] }), { added: 1, known: 1, seen: 0, costMicroCredits: 200_000 });
    assert.deepEqual(runOne(ledger, { type: 'import', atMs: startMs, uses: [two, one] }), { added: 0, known: 2, seen: 0, costMicroCredits: 0 });
    const found = ledger.query('audit', { full: true });
    assert.deepEqual([found.violations, found.imports], [[], 2]);
    assert.deepEqual(checkAgain(path), []);
  }));

  it('are passed over where the broker carried them: finished, cut off by a crash, or still being settled', () => withLedger((ledger) => {
    runOne(ledger, reserveCommand('done-1', 5000));
    runOne(ledger, settleCommand('done-1', { inputTokens: 5 }, { responseId: 'resp_done' }));
    runOne(ledger, reserveCommand('crashed-1', 5000));
    runOne(ledger, beginCommand('crashed-1'));
    runOne(ledger, { type: 'recover', atMs: startMs });
    runOne(ledger, reserveCommand('open-1', 5000));
    runOne(ledger, beginCommand('open-1'));
    for (const id of ['resp_done', 'resp_crashed-1', 'resp_open-1']) assert.deepEqual(runOne(ledger, importCommand(id)), { added: 0, known: 0, seen: 1, costMicroCredits: 0 }, id);
    assert.equal(runOne(ledger, importCommand('resp_other')).added, 1);
  }));

  it('without an id are told by their thread, their counts and about when they were', () => withLedger((ledger) => {
    const usage = { inputTokens: 900, cachedInputTokens: 100, cacheWriteTokens: 0, outputTokens: 40, reasoningTokens: 3 };
    const request = { ...reserveCommand('r-1', 5000).request, threadId: 'thread_a' };
    runOne(ledger, reserveCommand('r-1', 5000, { request }));
    runOne(ledger, settleCommand('r-1', usage));
    const [given] = importCommand('x').uses;
    assert.ok(given);
    const { responseId: _none, ...plain } = { ...given, threadId: 'thread_a', usage, atMs: startMs + 1500 };
    const seen = (more: Partial<typeof plain>) => ledger.query('importable', { uses: [{ ...plain, ...more }] }).seen;
    // What a correction adds or takes away is no response of its own.
    runOne(ledger, { type: 'correct', key: 'k1', atMs: startMs, reason: 'More was used.', what: { kind: 'usage', attemptId: 'r-1', usage: { ...usage, inputTokens: 1000 } } });
    assert.equal(seen({ usage: { inputTokens: 100, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }, atMs: startMs }), 0);
    assert.deepEqual([seen({}), seen({ threadId: 'thread_b' }), seen({ usage: { ...usage, outputTokens: 41 } }), seen({ atMs: startMs + 3_600_000 })], [1, 0, 0, 0]);
  }));

  it('count in reports, told apart there, and neither for budgets nor out of grants', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 10_000_000));
    runOne(ledger, { type: 'direct', key: 'b1', atMs: startMs, directive: { kind: 'budget', id: 'b', budget: { id: 'b', per: 'everything', unit: 'tokens', limit: 2000, period: 'life', timeZone: 'UTC', mode: 'hard' } } });
    runOne(ledger, reserveCommand('r-1', 500_000));
    runOne(ledger, settleCommand('r-1', { inputTokens: 400 }));
    const grants = ledger.query('balance', { nowMs: startMs }).grants;
    runOne(ledger, importCommand('resp_1', { usage: { inputTokens: 50_000, cachedInputTokens: 10, cacheWriteTokens: 5, outputTokens: 100, reasoningTokens: 7 } }));
    runOne(ledger, importCommand('resp_2', { model: 'gpt-odd', price: oddPrice, workspaceId: 'ws_outside' }));
    const [unpriced] = importCommand('resp_3').uses;
    assert.ok(unpriced);
    const { price: _price, model: _model, ...rest } = unpriced;
    runOne(ledger, { type: 'import', atMs: startMs, uses: [rest] });
    assert.deepEqual(ledger.query('balance', { nowMs: startMs }).grants, grants);
    assert.deepEqual(ledger.query('budgets', { nowMs: startMs })[0]?.uses.map((use) => use.used), [400]);
    assert.equal(runOne(ledger, reserveCommand('r2-1', 500_000)).decision.outcome, 'admit');
    const models = ledger.query('usage', { by: 'model', imported: true });
    assert.deepEqual(models.map((row) => [row.key, row.label, row.requests, row.inputTokens, row.unpriced, row.imported?.requests, row.imported?.inputTokens]), [
      ['gpt-test', 'gpt-test', 2, 50_400, 0, 1, 50_000], ['gpt-odd', 'gpt-odd', 1, 1000, 0, 1, 1000], ['', 'unknown model', 1, 1000, 1, 1, 1000],
    ]);
    assert.deepEqual(ledger.query('usage', { by: 'model' }).map((row) => [row.key, row.requests, row.imported]), [['gpt-test', 1, undefined]]);
    assert.deepEqual(ledger.query('usage', { by: 'workspace', imported: true }).map((row) => row.label), ['ws_a', 'outside the broker']);
    assert.deepEqual(ledger.query('usage', { by: 'kind', imported: true }).map((row) => [row.key, row.requests]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)), [['', 1], ['imported', 3]]);
    assert.deepEqual(ledger.query('usage', { by: 'model', imported: true, limit: 1 }).map((row) => row.key), ['gpt-test']);
    const history = ledger.query('history', { by: 'model', fromMs: 0, untilMs: startMs + 86_400_000, step: 'day', utcOffsets: [{ fromMs: 0, untilMs: 8_640_000_000_000_000, offsetMs: 0 }], groupsMax: 5 });
    assert.deepEqual([history.total.requests, history.imported?.requests, history.imported?.inputTokens], [1, 3, 52_000], 'beside the sums, in none of them');
    const later = { by: 'model', fromMs: startMs + 40 * 86_400_000, untilMs: startMs + 41 * 86_400_000, step: 'day', utcOffsets: [{ fromMs: 0, untilMs: 8_640_000_000_000_000, offsetMs: 0 }], groupsMax: 5 } as const;
    assert.ok(!('imported' in ledger.query('history', later)), 'only what is of its time');
    assert.match(ledger.query('explainImported', { id: 'resp_1' })?.story.join(' ') ?? '', /rollout-of-a-test\.jsonl.*would have cost 6\.3\d+ credits at the price "test 1"/);
    assert.equal(ledger.query('explainImported', { id: 'resp_9' }), null);
  }));

  it('are summed from any moment on and by local days as their rows are', () => withLedger((ledger) => {
    let round = 0;
    fc.assert(fc.property(fc.array(fc.record({ at: fc.integer({ min: 0, max: 400 * quarterHourMs }), tokens: fc.integer({ min: 1, max: 5000 }) }), { minLength: 1, maxLength: 20 }), fc.integer({ min: 0, max: 400 * quarterHourMs }), fc.integer({ min: -40, max: 40 }), (uses, since, offset) => {
      round += 1;
      const baseMs = startMs + round * 1000 * quarterHourMs;
      runOne(ledger, { type: 'import', atMs: startMs, uses: uses.flatMap(({ at, tokens }, index) => importCommand(`r${round}_${index}`, { atMs: baseMs + at, usage: { inputTokens: tokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 } }).uses) });
      const later = uses.filter(({ at }) => at >= since);
      const rows = ledger.query('usage', { by: 'model', imported: true, sinceMs: baseMs + since });
      assert.deepEqual([rows[0]?.inputTokens ?? 0, rows[0]?.requests ?? 0], [later.reduce((sum, { tokens }) => sum + tokens, 0), later.length]);
      const offsetMs = offset * quarterHourMs;
      const days = new Map<string, number>();
      for (const { at, tokens } of later) { const day = new Date(baseMs + at + offsetMs).toISOString().slice(0, 10); days.set(day, (days.get(day) ?? 0) + tokens); }
      const byDay = ledger.query('usage', { by: 'day', imported: true, sinceMs: baseMs + since, utcOffsets: [{ fromMs: 0, untilMs: 8_640_000_000_000_000, offsetMs }] });
      // The part of a quarter hour at the beginning counts to the day that its quarter hour begins in.
      assert.deepEqual(byDay.reduce((sum, row) => sum + row.inputTokens, 0), [...days.values()].reduce((sum, one) => sum + one, 0));
      if (since % quarterHourMs === 0) assert.deepEqual(byDay.map((row) => [row.key, row.inputTokens]), [...days].sort(([a], [b]) => (a < b ? -1 : 1)));
    }), { numRuns: 60 });
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
  }));
});

describe('a ledger of the third version', () => {
  const fixture = join(import.meta.dirname, 'fixtures/ledgerVersion3.db');

  it('keeps every row, its checkpoint and its anchor, and takes imports', () => withFastFolder(async (folder) => {
    assert.ok(existsSync(fixture));
    const path = join(folder, 'ledger.db');
    copyFileSync(fixture, path);
    const rowsOf = (file: string, table: string) => { const db = new DatabaseSync(file, { readOnly: true }); const rows = db.prepare(`SELECT * FROM ${table}${table.startsWith('rollup') ? ` WHERE dimension NOT IN ('branch', 'command', 'file')` : ''}`).all().map((row) => ({ ...row })); db.close(); return rows; };
    const ledger = SqliteLedger.open(path, sha256);
    for (const table of ['usage_events', 'charges', 'entries', 'directives', 'grants', 'holds', 'decisions', 'rollups', 'rollup_days']) assert.deepEqual(rowsOf(path, table), rowsOf(fixture, table), table);
    // The next proof begins where the last one ended.
    assert.equal(ledger.query('audit', { full: false }).full, false);
    for (const full of [false, true]) assert.deepEqual(ledger.query('audit', { full }).violations, []);
    const { imports: _imports, ...oldHead } = ledger.query('head', {});
    const anchor = new LedgerAnchor(folder, undefined, manualClock());
    await anchor.write(oldHead as never, false);
    const asked = { query: (type: 'stoodAt', args: never) => Promise.resolve(ledger.query(type, args)) } as never;
    assert.equal(await rewoundProblem(asked, anchor), undefined);
    await anchor.write({ ...oldHead, entries: { rows: 1, hash: 'another' } } as never, false);
    assert.equal((await rewoundProblem(asked, anchor))?.code, 'ledger_rewound');
    runOne(ledger, importCommand('resp_1'));
    for (const full of [false, true]) assert.deepEqual(ledger.query('audit', { full, keepAtMs: startMs }).violations, []);
    ledger.close();
    assert.deepEqual(checkAgain(path), []);
  }));
});
