// Proves which class of the line a request belongs to by what it asks for and who asks.
import assert from 'node:assert/strict';
import { admissionRequest } from '../../src/broker/requestEstimate.ts';
import { Estimator } from '../../src/domain/estimator.ts';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';
import { readClient } from '../../src/protocol/requestEnvelope.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { noonMs } from '../support/manualClock.ts';

const parts = { estimator: new Estimator(), prices: () => testPrice, ceilingPrice: () => testPrice };
const codex: Readonly<Record<string, string>> = { 'user-agent': 'codex_exec/0.169.0', 'originator': 'codex_exec' };

/** The class of a request with a body, from Codex or from an SDK. */
function classOf(body: Record<string, unknown>, headers: Readonly<Record<string, string>> = {}): string {
  const text = JSON.stringify({ model: 'm', input: 'hi', ...body });
  const envelope = readEnvelope(text);
  assert.ok('model' in envelope);
  const workspace = { workspaceId: 'w', label: 'w' } as Parameters<typeof admissionRequest>[1]['workspace'];
  return admissionRequest(parts, { envelope, client: readClient((name) => headers[name]), workspace, requestId: 'r', receivedAtMs: noonMs, bodyBytes: text.length }).priority;
}

describe('the class of a request', () => {
  it('is a person\'s for SDKs and an agent\'s for Codex', () => {
    assert.deepEqual([classOf({}), classOf({}, codex)], ['interactive', 'agent']);
    assert.deepEqual([classOf({ service_tier: 'default' }), classOf({ service_tier: 'priority' }, codex)], ['interactive', 'agent']);
  });

  it('is the last one for what is ordered to be cheap and slow, or goes on in the background, whoever asks', () => {
    for (const headers of [{}, codex]) {
      assert.equal(classOf({ service_tier: 'flex' }, headers), 'batch');
      assert.equal(classOf({ background: true }, headers), 'batch');
      assert.notEqual(classOf({ background: false }, headers), 'batch');
    }
  });
});
