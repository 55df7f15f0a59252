// Texts that are no whole characters: whatever a client, a repository or an upstream calls itself, the ledger goes on to add up.
import assert from 'node:assert/strict';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { storable } from '../../../src/broker/store/storable.ts';
import { clean } from '../../../src/protocol/clientText.ts';
import { readable, text } from '../../../src/protocol/responseUsage.ts';
import { grantCommand, reserveCommand, settleCommand, workspaceCommand } from '../../support/ledger/ledgerCommands.ts';
import { runOne, withFolder } from '../../support/ledger/tempLedger.ts';

const half = '\ud83d';
const cutThrough = `${'a'.repeat(199)}🙂`;

describe('texts that are stored', () => {
  it('are whole characters everywhere, and the same object where they were', () => {
    const fine = { a: 'ä🙂', b: [1, 'x', { c: null }], d: undefined };
    assert.equal(storable(fine), fine);
    const bad = { a: `x${half}`, b: [1, half, { c: `${half}y` }], d: undefined };
    assert.deepEqual(storable(bad), { a: 'x\ufffd', b: [1, '\ufffd', { c: '\ufffdy' }], d: undefined });
    assert.equal(bad.a, `x${half}`, 'what was given stays as it is');
  });

  it('are whole characters when they were cut', () => {
    for (const cut of [clean(cutThrough), text(cutThrough), readable(cutThrough)]) assert.ok(cut?.isWellFormed() && cut.length === 200, cut);
  });

  it('hold what was hashed, wherever half a character came from, also after the next opening', () => withFolder((folder) => {
    const path = `${folder}/ledger.db`;
    const odd = `b${half}`;
    const ledger = SqliteLedger.open(path, sha256);
    runOne(ledger, workspaceCommand('ws_a'));
    runOne(ledger, grantCommand('g1', 9_000_000, { note: odd }));
    const request = (requestId: string) => ({ ...reserveCommand(requestId, 1).request, requestId, client: odd, threadId: odd, turnId: odd, model: odd, branch: odd, command: odd, file: odd });
    runOne(ledger, reserveCommand('req_1-1', 400_000, { request: request('req_1') }));
    runOne(ledger, settleCommand('req_1-1', { inputTokens: 1000, outputTokens: 100 }, { modelServed: odd, upstreamRequestId: odd, responseId: odd }));
    // One that is refused, since its model has no price.
    runOne(ledger, reserveCommand('req_2-1', undefined, { request: request('req_2') }));
    assert.deepEqual(ledger.query('audit', { full: true }).violations, []);
    ledger.close();
    const again = SqliteLedger.open(path, sha256);
    assert.deepEqual(again.query('audit', { full: true }).violations, []);
    again.close();
  }));
});
