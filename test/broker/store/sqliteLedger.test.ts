// The embedded ledger on its own thread of control: the contract, and the questions that reports ask
// of it. What happens to damaged files and full disks is tested beside this.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { offsetSpans } from '../../../src/domain/localDays.ts';
import { ProblemError } from '../../../src/domain/problem.ts';
import type { LedgerCommand, LedgerCommandResults } from '../../../src/broker/store/ledgerCommands.ts';
import type { LedgerStore } from '../../../src/broker/store/ledgerPort.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { grantCommand, reserveCommand, settleCommand, startMs, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withLedger } from '../../support/ledger/tempLedger.ts';
import { describeDirectiveContract } from './directiveContract.ts';
import { describeLedgerContract } from './ledgerContract.ts';

/** The synchronous ledger behind the port; commands that are given in one turn make one group. */
function direct(ledger: SqliteLedger): LedgerStore {
  let group: { command: LedgerCommand; resolve: (value: never) => void; reject: (error: Error) => void }[] = [];
  const flush = () => {
    const given = group;
    group = [];
    const outcomes = ledger.runGroup(given.map((one) => one.command));
    given.forEach((one, index) => {
      const outcome = outcomes[index];
      if (outcome?.ok) one.resolve(outcome.value as never);
      else one.reject(outcome ? new ProblemError(outcome.problem) : new Error('no outcome'));
    });
  };
  return {
    command: <C extends LedgerCommand>(command: C) => new Promise<LedgerCommandResults[C['type']]>((resolve, reject) => {
      group.push({ command, resolve, reject });
      if (group.length === 1) queueMicrotask(flush);
    }),
    query: (type, args) => Promise.resolve(ledger.query(type, args)),
    close: () => Promise.resolve(ledger.close()),
  };
}

describeLedgerContract('SqliteLedger', (path) => Promise.resolve(direct(SqliteLedger.open(path, sha256))));
describeDirectiveContract('SqliteLedger', (path) => Promise.resolve(direct(SqliteLedger.open(path, sha256))));

describe('SqliteLedger', () => {
  it('keeps everything when it is opened again', () => withLedger((ledger, path) => {
    runOne(ledger, grantCommand('g1', 1_000_000));
    runOne(ledger, reserveCommand('r1-1', 250_000));
    const again = SqliteLedger.open(path, sha256);
    assert.equal(again.query('balance', { nowMs: startMs }).grants[0]?.heldMicroCredits, 250_000);
    again.close();
  }));

  it('leaves the other commands of a group alone when one of them fails', () => withLedger((ledger) => {
    const outcomes = ledger.runGroup([grantCommand('g1', 5_000_000), settleCommand('ghost-1', { inputTokens: 1 }), reserveCommand('r1-1', 1000), settleCommand('r1-1', { inputTokens: 8 })]);
    assert.deepEqual(outcomes.map((one) => one.ok), [true, false, true, true]);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    assert.equal(ledger.query('balance', { nowMs: startMs }).grants[0]?.remainingMicroCredits, 4_999_000);
  }));

  it('counts a request once, also when its second attempt ends before its first', () => withLedger((ledger) => {
    for (const name of ['r1-1', 'r1-2', 'r2-1']) runOne(ledger, reserveCommand(name, undefined, { unpricedRule: 'allow' }));
    for (const name of ['r1-2', 'r1-1', 'r2-1']) runOne(ledger, settleCommand(name, { inputTokens: 5 }));
    assert.deepEqual(ledger.query('usage', { by: 'model', sinceMs: 0 }).map((row) => [row.requests, row.inputTokens]), [[2, 15]]);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
  }));

  it('sums usage by day in local time, by model, workspace, client and thread', () => withLedger((ledger) => {
    runOne(ledger, workspaceCommand('ws_a'));
    const hourMs = 3_600_000;
    // With two hours to add, 21:30 UTC is 23:30 of the same local day and 22:30 UTC is 0:30 of the next.
    const times = [Date.UTC(2026, 10, 22, 21, 30), Date.UTC(2026, 10, 22, 22, 30), Date.UTC(2026, 10, 22, 23, 30)];
    times.forEach((atMs, index) => {
      const reserve = reserveCommand(`r${index}-1`, 1000, { atMs });
      runOne(ledger, { ...reserve, request: { ...reserve.request, ...(index === 0 ? {} : { threadId: 'thread-1' }) } });
      runOne(ledger, settleCommand(`r${index}-1`, { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 10, reasoningTokens: 4 }, { atMs, measured: index !== 2 }));
    });
    const by = (name: 'day' | 'model' | 'workspace' | 'client' | 'thread', utcOffsetMs?: number) => ledger.query('usage', { by: name, ...(utcOffsetMs === undefined ? {} : { utcOffsets: offsetSpans(0, 0, () => utcOffsetMs) }) }).map((row) => [row.key, row.requests, row.inputTokens, row.estimated]);
    assert.deepEqual(by('day'), [['2026-11-22', 3, 3000, 1]]);
    assert.deepEqual(by('day', 2 * hourMs), [['2026-11-22', 1, 1000, 0], ['2026-11-23', 2, 2000, 1]]);
    assert.deepEqual(by('day', -22 * hourMs), [['2026-11-21', 1, 1000, 0], ['2026-11-22', 2, 2000, 1]]);
    assert.deepEqual(by('thread'), [['thread-1', 2, 2000, 1], ['', 1, 1000, 0]]);
    const [row] = ledger.query('usage', { by: 'workspace' });
    // 600 in at 125, 400 cached at 12.5, 10 out at 750: 87,500 for each of three.
    assert.deepEqual([row?.label, row?.cachedInputTokens, row?.reasoningTokens, row?.costMicroCredits, row?.unpriced], ['ws_a', 1200, 12, 262_500, 0]);
    assert.deepEqual(ledger.query('usage', { by: 'model', sinceMs: times[2] ?? 0 }).map((one) => one.requests), [1]);
  }));

  it('counts each event to the local day of its own time, also after clocks were set', () => withLedger((ledger) => {
    const hourMs = 3_600_000;
    const changeMs = Date.UTC(2026, 9, 25, 1);
    const summer = (atMs: number) => (atMs < changeMs ? 2 : 1) * hourMs;
    // Half past midnight in summer time, half past eleven in the evening in winter time, one request of two attempts across the change.
    const times: [string, number][] = [['r1-1', Date.UTC(2026, 9, 19, 22, 30)], ['r2-1', Date.UTC(2026, 9, 26, 22, 30)], ['r3-1', changeMs - 1], ['r3-2', changeMs]];
    for (const [attemptId, atMs] of times) {
      runOne(ledger, reserveCommand(attemptId, 1000, { atMs }));
      runOne(ledger, settleCommand(attemptId, { inputTokens: 10 }, { atMs }));
    }
    const rows = ledger.query('usage', { by: 'day', utcOffsets: offsetSpans(0, Date.UTC(2026, 10, 22), summer) });
    assert.deepEqual(rows.map((row) => [row.key, row.requests, row.inputTokens]), [['2026-10-20', 1, 10], ['2026-10-25', 1, 20], ['2026-10-26', 1, 10]]);
  }));

  it('tells a request by its own id and by its attempt\'s, and knows nothing of others', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 10_000_000));
    const first = reserveCommand('r1-1', 1_000_000, { limits: { waitedMs: 2500, because: 'It waited.' } });
    runOne(ledger, first);
    runOne(ledger, settleCommand('r1-1', {}, { outcome: 'rejected', chargeable: false, freeReason: 'Throttled.', status: 429 }));
    runOne(ledger, { ...reserveCommand('r1-2', 1_000_000), limits: { waitedMs: 4000, because: 'It waited.' } });
    runOne(ledger, settleCommand('r1-2', { inputTokens: 1000, outputTokens: 100 }));
    const told = ledger.query('explain', { id: 'r1' });
    assert.deepEqual(ledger.query('explain', { id: 'r1-1' }), told);
    assert.equal(ledger.query('explain', { id: 'r2' }), null);
    assert.deepEqual(told?.attempts.map((one) => [one.number, one.outcome, one.status]), [[1, 'rejected', 429], [2, 'completed', 200]]);
    assert.equal(told?.waitedMs, 4000);
    assert.deepEqual([told?.charge?.costMicroCredits, told?.charge?.formula], [200_000, '(1000 input × 125 + 100 output × 750) ÷ 1,000,000 = 0.2 credits']);
    assert.deepEqual(told?.entries.map((entry) => entry.kind), ['grant', 'reserve', 'void', 'reserve', 'post'].slice(1));
    const story = told?.story.join(' ') ?? '';
    for (const part of ['It waited 4.0 s', 'turned it away 1 time for', '0.200000 credits were drawn; 0.800000 of the reservation came back', 'Reserved 1.000000 of 10.000000 free promotional credits']) assert.ok(story.includes(part), `${part}: ${story}`);
  }));

  it('tells a refused request with its reason and remedy', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 1000));
    runOne(ledger, reserveCommand('r1-1', 2000));
    const told = ledger.query('explain', { id: 'r1' });
    assert.equal(told?.decision.code, 'credits_exhausted');
    assert.deepEqual([told?.charge, told?.entries], [null, []]);
    assert.ok(told?.story.some((line) => line.includes('It was refused (credits_exhausted)')));
    assert.ok(told?.story.some((line) => line.includes('codex-broker credits add')));
  }));

  it('says of a free charge of a tracked request that it cost nothing, not that nobody counts', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 1_000_000));
    runOne(ledger, reserveCommand('r1-1', 2000));
    runOne(ledger, settleCommand('r1-1', {}));
    const story = ledger.query('explain', { id: 'r1' })?.story.join(' ') ?? '';
    assert.ok(!story.includes('not tracked'), story);
    assert.ok(story.includes('0.002000 of the reservation came back'), story);
  }));

  it('keeps the last few checkpoints, and none where nothing has happened', () => withLedger((ledger, path) => {
    const kept = () => {
      const db = new DatabaseSync(path, { readOnly: true });
      const rows = db.prepare('SELECT sequence FROM checkpoints ORDER BY sequence').all();
      db.close();
      return rows.map((row) => row['sequence']);
    };
    for (let count = 0; count < 3; count += 1) ledger.query('audit', { full: false, keepAtMs: startMs + count });
    assert.deepEqual(kept(), [1]);
    for (let count = 0; count < 4; count += 1) {
      runOne(ledger, grantCommand(`g${count}`, 1000));
      ledger.query('audit', { full: false, keepAtMs: startMs });
    }
    assert.deepEqual(kept(), [3, 4, 5]);
    assert.deepEqual(ledger.query('audit', { full: false }).violations, []);
  }));

  it('asks SQLite for full synchronisation and keeps rows that are append-only', () => withLedger((ledger, path) => {
    runOne(ledger, grantCommand('g1', 1_000_000));
    const other = new DatabaseSync(path);
    for (const table of ['usage_events', 'charges', 'entries', 'decisions', 'requests', 'begun', 'directives']) {
      const triggers = other.prepare(`SELECT COUNT(*) AS n FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?`).get(table);
      assert.equal(triggers?.['n'], 2, table);
    }
    assert.throws(() => other.exec('UPDATE entries SET amount = 2'), /append-only/);
    ledger.query('audit', { full: false, keepAtMs: startMs });
    assert.throws(() => other.exec(`UPDATE checkpoints SET content = '{}'`), /never changed/);
    assert.throws(() => other.exec('DELETE FROM entries'), /append-only/);
    assert.equal(other.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
    other.close();
    assert.equal(ledger.query('balance', { nowMs: startMs }).grants[0]?.createdAtMs, startMs);
  }));
});
