// What attempts sent and where to, held against what was made: each way and place by itself, refused and unsent attempts left out,
// lost ones with their estimate, and the host by the note that held when an attempt was let go.
import assert from 'node:assert/strict';
import type { ReserveCommand, SettleCommand } from '../../../src/broker/store/ledgerCommands.ts';
import type { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { unsentReason } from '../../../src/domain/settlement.ts';
import type { SentRow } from '../../../src/protocol/sentReport.ts';
import { credit, grantCommand, reserveCommand, settleCommand, startMs, testPrice, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withLedger } from '../../support/ledger/tempLedger.ts';

const span = { fromMs: startMs, untilMs: startMs + 86_400_000 };
const price = { ...testPrice, model: 'local' };
const fallback = { model: 'local', at: 'localhost:11434', causes: ['balance'], estimateMicroCredits: 0, price } as const;
const learnt = { basis: '{}' };

function noteUpstream(ledger: SqliteLedger, atMs: number, key: string): void {
  runOne(ledger, { type: 'direct', key: `note ${atMs} ${key}`, atMs, directive: { kind: 'upstream', at: { key, login: 'chatgpt.com' } } });
}

function attempt(ledger: SqliteLedger, id: string, reserve: Partial<ReserveCommand> = {}, usage: Parameters<typeof settleCommand>[1] = { inputTokens: 700, outputTokens: 40 }, settle: Partial<SettleCommand> = {}): void {
  const { decision } = runOne(ledger, reserveCommand(id, 10, { ...learnt, ...reserve }));
  if (decision.outcome === 'admit') runOne(ledger, settleCommand(id, usage, settle));
}

const short = (rows: readonly SentRow[]) => rows.map(({ way, at, workspaceId, requests, attempts, inputTokens, outputTokens, uncountedInputTokens }) => [way, at, workspaceId, requests, attempts, inputTokens, outputTokens, uncountedInputTokens].join(' ')).toSorted();

describe('what was sent', () => {
  it('is told by way, place and workspace; what was not sent is left out', () => withLedger((ledger) => {
    runOne(ledger, workspaceCommand('ws_a'));
    runOne(ledger, grantCommand('g1', 10 * credit));
    noteUpstream(ledger, startMs - 1000, 'api.openai.com');
    attempt(ledger, 'a-1', {}, {}, { outcome: 'rejected', chargeable: false, freeReason: 'The upstream refused the request; it reported no tokens.', status: 429 });
    attempt(ledger, 'a-2');
    attempt(ledger, 'b-1');
    attempt(ledger, 'unsent-1', {}, {}, { outcome: 'aborted', chargeable: false, measured: false, freeReason: unsentReason });
    attempt(ledger, 'refused-1', { unsafe: { code: 'no_api_key', message: 'None.', remedy: 'Set one.' } });
    attempt(ledger, 'plan-1', { plan: { because: 'The plan pays.' } }, { inputTokens: 50, outputTokens: 5 }, { chargeable: false, freeReason: 'The plan paid.' });
    attempt(ledger, 'local-1', { fallback, estimateMicroCredits: 50 * credit }, { inputTokens: 60, outputTokens: 6 }, { modelServed: 'local' });
    attempt(ledger, 'other-1', { request: { ...reserveCommand('other-1', 1).request, workspaceId: 'ws_b' } });
    assert.deepEqual(short(ledger.query('sent', span)), [
      'fallback localhost:11434 ws_a 1 1 60 6 0',
      'key api.openai.com ws_a 2 3 1400 80 1000',
      'key api.openai.com ws_b 1 1 700 40 0',
      'login chatgpt.com ws_a 1 1 50 5 0',
    ]);
    const before = ledger.query('sent', span);
    runOne(ledger, { type: 'correct', key: 'c1', atMs: startMs + 5000, reason: 'It was less.', what: { kind: 'usage', attemptId: 'b-1', usage: { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 } } });
    assert.deepEqual(ledger.query('sent', span), before, 'a correction tells nothing of what was sent');
    assert.deepEqual(ledger.query('sent', { fromMs: startMs + 1001, untilMs: span.untilMs }), []);
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
  }));

  it('is told with the host that was noted when it was let go, and without one from before the first note', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 10 * credit));
    attempt(ledger, 'early-1');
    noteUpstream(ledger, startMs + 2000, 'api.openai.com');
    attempt(ledger, 'first-1', { atMs: startMs + 2000 }, {}, { atMs: startMs + 9000 });
    noteUpstream(ledger, startMs + 5000, 'my-azure.example');
    attempt(ledger, 'second-1', { atMs: startMs + 6000 }, {}, { atMs: startMs + 7000 });
    assert.deepEqual(ledger.query('sent', span).map((row) => `${row.at} ${row.requests}`).toSorted(), ['api.openai.com 1', 'my-azure.example 1', 'undefined 1']);
    assert.deepEqual(ledger.query('upstreams', {}).map((one) => one.at.key), ['api.openai.com', 'my-azure.example']);
    assert.deepEqual(ledger.query('happenings', { filter: 'all', limit: 50 }).rows.filter((one) => one.from === 'directive' && one.directive.kind !== 'price'), [], 'no event for people');
  }));

  it('tells the host that was noted last, also where the clock was ahead before', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 10 * credit));
    noteUpstream(ledger, startMs + 10_000, 'old.example');
    noteUpstream(ledger, startMs + 2000, 'new.example');
    attempt(ledger, 'x-1', { atMs: startMs + 3000 }, {}, { atMs: startMs + 3500 });
    attempt(ledger, 'x-2', { atMs: startMs + 20_000 }, {}, { atMs: startMs + 21_000 });
    assert.deepEqual(ledger.query('sent', span).map((row) => [row.at, row.attempts]), [['new.example', 2]]);
  }));

  it('sums the workspaces beyond the first hundred', () => withLedger((ledger) => {
    runOne(ledger, grantCommand('g1', 100 * credit));
    for (let index = 0; index < 103; index += 1) attempt(ledger, `w${index}-1`, { request: { ...reserveCommand(`w${index}-1`, 1).request, workspaceId: `ws_${String(index).padStart(3, '0')}` } });
    const rows = ledger.query('sent', span);
    assert.equal(rows.length, 101);
    assert.deepEqual([rows.at(-1)?.workspaceId, rows.at(-1)?.requests, rows.reduce((sum, one) => sum + one.inputTokens, 0)], ['', 3, 103 * 700]);
  }));
});
