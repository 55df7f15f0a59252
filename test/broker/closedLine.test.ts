// What a request hears of a limit that is known to stay closed for longer than its client waits: at once, by whoever
// it was closed, also where it waits already; but nothing of limits that may open sooner, or that were another key's.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { Admitted, AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { KeyStore } from '../../src/broker/keyStore.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { Throttle } from '../../src/domain/throttle.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

const hourMs = 3_600_000;
const turn = async () => { for (let index = 0; index < 5; index += 1) await new Promise<void>((resolve) => { setImmediate(resolve); }); };

function world() {
  const clock = manualClock();
  const ledger = recordingLedger();
  const admission = new Admission({ pacer: new Pacer(() => 0.5), ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => false, changed: () => undefined });
  /** Where a request has got to. */
  const come = async (requestId: string, more: Partial<AdmissionRequest> = {}) => {
    const seen: { admitted?: Admitted } = {};
    void admission.acquire({
      facts: { requestId, receivedAtMs: noonMs, workspaceId: 'w', client: 'codex_exec', model: 'gpt-test', stream: true }, workspaceLabel: 'w', priority: 'agent', price: testPrice, estimateMicroCredits: 0, tier: 'standard',
      estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 }, patienceMs: 15 * 60_000, ...more,
    }).then((admitted) => { seen.admitted = admitted; });
    await turn();
    return seen;
  };
  const send = async (requestId: string) => {
    assert.equal(stateOf(await come(requestId)), 'runs');
    admission.sent(requestId, () => undefined);
  };
  const refuse = async (requestId: string, throttle: Throttle) => {
    const refused = await admission.throttled(requestId, throttle);
    assert.ok('refused' in refused);
    return refused.refused;
  };
  return { clock, admission, come, send, refuse };
}

const stateOf = ({ admitted }: { admitted?: Admitted }) => (admitted === undefined ? 'waits' : 'refused' in admitted ? admitted.refused.code : admitted.lease.fallback ? 'fallback' : 'runs');

describe('a limit that stays closed for longer than a client waits', () => {
  for (const [name, throttle] of [['a pause', { measure: 'requests', retryAfterMs: hourMs }], ['a limit per day', { measure: 'requests', perDay: true, limit: 24, retryAfterMs: hourMs }]] as const) {
    it(`is said at once to whoever comes later, in the same words: ${name}`, async () => {
      const made = world();
      await made.send('r1');
      const first = await made.refuse('r1', throttle);
      assert.equal(first.code, 'wait_too_long');
      made.clock.advance(10_000);
      const { admitted } = await made.come('r2');
      assert.ok(admitted && 'refused' in admitted);
      assert.deepEqual([admitted.refused.code, admitted.refused.message], ['wait_too_long', first.message]);
      assert.ok(Math.abs((admitted.refused.retryAtMs ?? 0) - (noonMs + hourMs)) < 1000);
      assert.equal(stateOf(await made.come('r3', { patienceMs: 2 * hourMs })), 'waits', 'who has the patience');
      const fallback = { model: 'llama', at: 'localhost:11434', causes: ['window' as const], estimateMicroCredits: 0, price: testPrice };
      assert.equal(stateOf(await made.come('r4', { fallback })), 'fallback');
    });
  }

  it('is said at once to those that wait already, whether or not the refused client is still there', async () => {
    for (const isThere of [true, false]) {
      const made = world();
      await made.send('r1');
      made.admission.answered('r1', { requests: { limit: 2, remaining: 0, resetMs: 60_000 } });
      made.admission.finished('r1', 10);
      made.clock.advance(30_000);
      await made.send('r2');
      const second = await made.come('r3');
      assert.equal(stateOf(second), 'waits');
      if (isThere) await made.refuse('r2', { measure: 'requests', retryAfterMs: hourMs });
      else made.admission.turnedAway('r2', { measure: 'requests', retryAfterMs: hourMs });
      await turn();
      assert.equal(stateOf(second), 'wait_too_long');
      assert.deepEqual(made.admission.live(), []);
    }
  });

  it('is none where it refills, nor where images are refused and none are brought', async () => {
    const made = world();
    await made.send('r1');
    made.admission.answered('r1', { requests: { limit: 100, remaining: 0, resetMs: 24 * hourMs } });
    assert.equal(stateOf(await made.come('r2', { patienceMs: 60_000 })), 'waits');
    const other = world();
    await other.send('r1');
    await other.refuse('r1', { measure: 'images', retryAfterMs: hourMs });
    assert.equal(stateOf(await other.come('r2')), 'runs');
  });

  it('is none where what runs may give back its part of a day', async () => {
    const made = world();
    await made.send('r1');
    made.admission.answered('r1', {});
    await made.send('r2');
    await made.refuse('r2', { measure: 'tokens', perDay: true, limit: 24_000, requested: 1000, retryAfterMs: hourMs });
    assert.equal(stateOf(await made.come('r3')), 'waits');
  });

  it('is none once another key is used, also where the last one is refused only then', async () => {
    const made = world();
    const keys = new KeyStore(undefined, made.clock, () => made.admission.keyReplaced());
    keys.use('sk-first-key', 'window');
    await made.send('r1');
    await made.send('late');
    await made.refuse('r1', { measure: 'requests', retryAfterMs: hourMs });
    keys.use('sk-first-key', 'window');
    assert.equal(stateOf(await made.come('r2')), 'wait_too_long', 'the same key again');
    const patient = await made.come('r3', { patienceMs: 2 * hourMs });
    made.clock.advance(1000);
    keys.use('sk-other-key', 'window');
    made.admission.turnedAway('late', { measure: 'requests', retryAfterMs: hourMs });
    made.clock.advance(1000);
    await turn();
    assert.equal(stateOf(patient), 'runs');
    made.admission.finished('r3', 10);
    assert.equal(stateOf(await made.come('r4')), 'runs');
  });
});
