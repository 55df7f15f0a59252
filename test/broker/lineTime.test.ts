// A decision notes how long its attempt stood in the line for limits, apart from all else that a request waits for. The
// clock stands still until the test moves it; rules and ledger are the real ones.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { problem } from '../../src/domain/problem.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { grantCommand, settleCommand, testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

function world() {
  const clock = manualClock();
  const ledger = recordingLedger();
  return { clock, ledger, admission: new Admission({ pacer: new Pacer(() => 0.5), ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => true, changed: () => undefined }) };
}

const turn = async () => { for (let index = 0; index < 6; index += 1) await new Promise<void>((resolve) => { setImmediate(resolve); }); };

const request = (requestId: string): AdmissionRequest => ({
  facts: { requestId, receivedAtMs: noonMs, workspaceId: 'ws_a', client: 'codex_exec', model: 'gpt-test', stream: true, threadId: 't1' },
  workspaceLabel: 'shop', priority: 'agent', estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 },
  price: testPrice, estimateMicroCredits: 500_000, tier: 'standard', patienceMs: 15 * 60_000,
});

const noted = async ({ ledger }: ReturnType<typeof world>, id: string) => {
  const { waitedMs, decision } = (await ledger.query('explain', { id })) ?? assert.fail(`${id} is not in the ledger`);
  return [waitedMs, decision.inLineMs];
};

describe('how long a request stood in the line', () => {
  it('is noted for each of its attempts by itself, without the time that it ran', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 9_000_000, { atMs: noonMs }));
    await made.admission.acquire(request('r1'));
    made.admission.sent('r1', () => undefined);
    assert.deepEqual(await noted(made, 'r1'), [0, undefined]);
    made.clock.advance(2000);
    let again = made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 3000, limit: 10 });
    made.clock.advance(7000);
    await again;
    const [waited, inLine] = await noted(made, 'r1');
    assert.ok(waited !== undefined && inLine !== undefined && inLine >= 3000 && waited === inLine + 2000, `${waited} and ${inLine}`);
    made.admission.sent('r1', () => undefined);
    made.clock.advance(1000);
    again = made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 3000, limit: 10 });
    made.clock.advance(7000);
    await again;
    const [inAll, last] = await noted(made, 'r1');
    assert.ok(last !== undefined && last >= 3000 && last <= 7000 && (inAll ?? 0) > last + inLine, `${inAll} and ${last}`);
  });

  it('has nothing of a wait for credits or for an answer', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 800_000, { atMs: noonMs }));
    await made.admission.acquire(request('r1'));
    const second = made.admission.acquire(request('r2'));
    await turn();
    made.clock.advance(5 * 60_000);
    await made.ledger.command(settleCommand('r1-1', { inputTokens: 10 }, { atMs: noonMs }));
    made.admission.finished('r1', 1000);
    made.admission.recheck();
    await turn();
    await second;
    const [waited, inLine = 0] = await noted(made, 'r2');
    assert.ok((waited ?? 0) >= 5 * 60_000 && inLine < 1000, `${waited} and ${inLine}`);
  });

  it('is noted of one that gave up, too', async () => {
    const made = world();
    await made.admission.acquire(request('r1'));
    made.admission.sent('r1', () => undefined);
    const again = made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 60_000, limit: 10 });
    await turn();
    made.clock.advance(20_000);
    made.admission.cancel('r1', problem('cancelled', 'It was stopped.'));
    await again;
    assert.equal((await noted(made, 'r1'))[1], 20_000);
  });
});
