// A request's place in the line does not wait for the branch of its folder, which may lie on a slow disk: only what the ledger
// keeps of it does, with the time at which it was let go.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs, settled } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

function asked(requestId: string, branch: Promise<string | undefined>): AdmissionRequest {
  return {
    facts: { requestId, receivedAtMs: noonMs, workspaceId: 'ws_a', client: 'editor', model: 'gpt-test', stream: true }, branch, workspaceLabel: 'a', priority: 'interactive',
    estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 }, price: testPrice, estimateMicroCredits: 500_000, tier: 'standard', patienceMs: 60_000,
  };
}

describe('a request whose branch is still looked for', () => {
  it('takes its place in the line at once, and is decided at the time of its start under the branch that was found', async () => {
    const [clock, ledger, pacer] = [manualClock(), recordingLedger(), new Pacer(() => 0.5)];
    const admission = new Admission({ pacer, ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => false, changed: () => undefined });
    let found: (branch: string | undefined) => void = () => undefined;
    const slow = admission.acquire(asked('slow', new Promise((resolve) => { found = resolve; })));
    const quick = admission.acquire(asked('quick', Promise.resolve('main')));
    await settled();
    assert.equal(pacer.runningCount, 2, 'both were let go');
    clock.advance(90);
    found('feature');
    assert.ok('lease' in await slow && 'lease' in await quick);
    const told = Object.fromEntries(ledger.commands.flatMap((one) => (one.type === 'reserve' ? [[one.request.requestId, [one.request.branch, one.atMs - noonMs]]] : [])));
    assert.deepEqual(told, { slow: ['feature', 0], quick: ['main', 0] });
  });
});
