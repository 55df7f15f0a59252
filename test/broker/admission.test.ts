// The way from a request to a lease, with a clock that stands still until the test moves it: waiting,
// deciding, throttles, people who stop requests, clients who leave, and a ledger that fails.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { Admitted, AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { refusalMsMax, unansweredMin } from '../../src/domain/answerGate.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { problem, type Problem } from '../../src/domain/problem.ts';
import { grantCommand, testPrice } from '../support/ledger/ledgerCommands.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { manualClock, noonMs, type ManualClock } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';
import type { RecordingLedger } from './recordingLedger.ts';

interface World { readonly admission: Admission; readonly ledger: RecordingLedger; readonly clock: ManualClock; readonly pacer: Pacer; unsafe: Problem | undefined; windowOpen: boolean; changes: number }

function world(): World {
  const clock = manualClock();
  const ledger = recordingLedger();
  const pacer = new Pacer(() => 0.5);
  const made: World = {
    admission: new Admission({ pacer, ledger, clock, watch: calmWatch, unsafe: () => made.unsafe, canAsk: () => made.windowOpen, changed: () => { made.changes += 1; } }), ledger, clock, pacer, unsafe: undefined, windowOpen: false, changes: 0,
  };
  return made;
}

function request(requestId: string, more: Partial<AdmissionRequest> & { readonly workspaceId?: string } = {}): AdmissionRequest {
  const { workspaceId = 'ws_a', ...rest } = more;
  return {
    facts: { requestId, receivedAtMs: noonMs, workspaceId, client: 'codex_exec', model: 'gpt-test', stream: true }, workspaceLabel: workspaceId, priority: 'agent',
    estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 }, price: testPrice, estimateMicroCredits: 500_000, tier: 'standard', patienceMs: 60_000, ...rest,
  };
}

/** Lets everything run that only waits for other promises. */
const turn = () => new Promise<void>((resolve) => { setImmediate(resolve); });

function leaseOf(admitted: Admitted) {
  assert.ok('lease' in admitted, JSON.stringify(admitted));
  return admitted.lease;
}

function refusalOf(admitted: Admitted): Problem {
  assert.ok('refused' in admitted, JSON.stringify(admitted));
  return admitted.refused;
}

/** What a promise has come to by now; undefined while it waits. */
async function soFar(promise: Promise<Admitted>): Promise<Admitted | undefined> {
  await turn();
  return Promise.race([promise, turn().then(() => undefined)]);
}

/** Four requests run, as many as may while nothing is known of the upstream's limits; few at once, until a refusal of theirs would have come. */
async function fill(made: World): Promise<void> {
  for (let index = 0; index < 4; index += 1) {
    leaseOf(await made.admission.acquire(request(`busy${index}`, { workspaceId: 'ws_busy' })));
    if (index % unansweredMin === unansweredMin - 1) made.clock.advance(refusalMsMax);
  }
}

describe('admission', () => {
  it('gives a lease with a hold that is in the ledger before', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 2_000_000));
    const lease = leaseOf(await made.admission.acquire(request('r1')));
    assert.deepEqual([lease.attemptId, lease.number, lease.waitedMs, lease.holdMicroCredits], ['r1-1', 1, 0, 500_000]);
    assert.equal((await made.ledger.query('balance', { nowMs: noonMs })).grants[0]?.heldMicroCredits, 500_000);
    assert.deepEqual(made.admission.live().map((one) => [one.request.facts.requestId, one.state, one.holdMicroCredits]), [['r1', 'running', 500_000]]);
    assert.ok(made.changes > 0);
    made.admission.finished('r1', 900);
    assert.deepEqual(made.admission.live(), []);
  });

  it('is unsafe before everything else: refuses without asking for room, and records it', async () => {
    const made = world();
    made.unsafe = problem('no_api_key', 'No key is stored.');
    assert.equal(refusalOf(await made.admission.acquire(request('r1'))).code, 'no_api_key');
    const told = await made.ledger.query('explain', { id: 'r1' });
    assert.deepEqual([told?.decision.outcome, told?.decision.code, told?.decision.layers.at(-1)?.layer], ['refuse', 'no_api_key', 'safety']);
    assert.equal(made.pacer.runningCount + made.pacer.waitingCount, 0);
  });

  it('asks again whether it is safe when the wait is over', async () => {
    const made = world();
    await fill(made);
    const waiting = made.admission.acquire(request('late'));
    assert.equal(await soFar(waiting), undefined);
    made.unsafe = problem('no_api_key', 'The key was forgotten.');
    made.admission.finished('busy0', 10);
    assert.equal(refusalOf(await waiting).code, 'no_api_key');
    assert.equal(made.pacer.runningCount, 3);
  });

  it('lets the workspaces take turns, whoever came first', async () => {
    const made = world();
    await fill(made);
    const order: string[] = [];
    const ask = (id: string, workspaceId: string) => { void made.admission.acquire(request(id, { workspaceId })).then((admitted) => { leaseOf(admitted); order.push(id); }); };
    for (const id of ['a1', 'a2', 'a3', 'a4']) ask(id, 'ws_a');
    ask('b1', 'ws_b');
    await turn();
    assert.equal(order.length, 0);
    assert.deepEqual(made.admission.live().filter((one) => one.state === 'waiting').length, 5);
    for (let round = 0; round < 4; round += 1) {
      made.admission.finished(`busy${round}`, 10);
      made.clock.advance(refusalMsMax);
      await turn();
    }
    assert.equal(order.length, 4);
    assert.ok(order.indexOf('b1') <= 1, order.join(' '));
  });

  it('lets an interactive request pass agents that wait', async () => {
    const made = world();
    await fill(made);
    const agent = made.admission.acquire(request('agent'));
    const person = made.admission.acquire(request('person', { priority: 'interactive', workspaceId: 'ws_b' }));
    made.admission.finished('busy0', 10);
    leaseOf(await person);
    assert.equal(await soFar(agent), undefined);
  });

  it('refuses when the client would not wait any longer, and records how long it did', async () => {
    const made = world();
    await fill(made);
    const waiting = made.admission.acquire(request('r1', { patienceMs: 5000 }));
    await turn();
    made.clock.advance(4999);
    assert.equal(await soFar(waiting), undefined);
    made.clock.advance(1);
    const refused = refusalOf(await waiting);
    assert.equal(refused.code, 'wait_too_long');
    assert.ok(refused.message.includes('codex_exec'), refused.message);
    const told = await made.ledger.query('explain', { id: 'r1' });
    assert.deepEqual([told?.waitedMs, told?.decision.code, told?.attempts[0]?.outcome], [5000, 'wait_too_long', 'refused']);
    assert.equal(made.admission.live().length, 4);
    assert.equal(made.pacer.waitingCount, 0);
  });

  it('measures patience by a clock that nobody sets', async () => {
    const made = world();
    await fill(made);
    const waiting = made.admission.acquire(request('r1', { patienceMs: 5000 }));
    made.clock.jumpWall(86_400_000);
    assert.equal(await soFar(waiting), undefined);
    made.admission.finished('busy1', 10);
    assert.equal(leaseOf(await waiting).waitedMs, 0);
  });

  it('lets a limit refill by a clock that nobody sets', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1')));
    made.admission.sent('r1', () => undefined);
    made.admission.answered('r1', { requests: { limit: 60, remaining: 0, resetMs: 60_000 } });
    made.admission.finished('r1', 10);
    const waiting = made.admission.acquire(request('r2'));
    made.clock.jumpWall(-86_400_000);
    const behind = made.admission.acquire(request('r3'));
    made.clock.advance(1000);
    assert.equal(leaseOf((await soFar(waiting)) ?? { refused: problem('internal', 'It still waits.') }).number, 1);
    made.clock.jumpWall(2 * 86_400_000);
    assert.equal(await soFar(behind), undefined, 'nor does a clock that is set forward open it');
    made.clock.advance(1000);
    assert.equal(leaseOf((await soFar(behind)) ?? { refused: problem('internal', 'It still waits.') }).number, 1);
  });

  it('says in the time of the wall when to come back', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1', { patienceMs: 10_000 })));
    made.admission.sent('r1', () => undefined);
    made.clock.advance(500);
    made.clock.jumpWall(-86_400_000);
    const refused = refusalOf(await made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 60_000 }));
    assert.equal(refused.retryAtMs, made.clock.nowMs() + 60_000);
  });

  it('asks pacing about a request alone when it comes and when it gives up, not about the whole line', async () => {
    const made = world();
    made.pacer.waiting = () => assert.fail('the whole line was walked');
    await fill(made);
    const waiting = [1, 2].map((number) => made.admission.acquire(request(`r${number}`, { patienceMs: number * 5000 })));
    await turn();
    made.clock.advance(5000);
    const refused = refusalOf(await (waiting[0] ?? assert.fail()));
    assert.match(refused.message, /4 requests to gpt-test are running/);
    made.admission.finished('busy0', 10);
    leaseOf(await (waiting[1] ?? assert.fail()));
    assert.match((await made.ledger.query('explain', { id: 'r2' }))?.decision.layers.find((layer) => layer.layer === 'limits')?.because ?? '', /It waited 5\.0 s: 1 request to gpt-test is ahead of it/);
  });

  it('stops a waiting request when a person says so, and a client that leaves', async () => {
    const made = world();
    await fill(made);
    const first = made.admission.acquire(request('r1'));
    const second = made.admission.acquire(request('r2'));
    await turn();
    assert.equal(made.admission.cancel('r1', problem('cancelled', 'A person stopped it.')), true);
    assert.equal(refusalOf(await first).code, 'cancelled');
    made.admission.left('r2', problem('cancelled', 'The client left.'));
    assert.equal(refusalOf(await second).message, 'The client left.');
    assert.deepEqual([made.admission.cancel('r1', problem('cancelled', 'Again.')), made.admission.cancel('ghost', problem('cancelled', 'Never.'))], [false, false]);
    assert.equal((await made.ledger.query('explain', { id: 'r2' }))?.decision.code, 'cancelled');
    assert.equal(made.pacer.waitingCount, 0);
  });

  it('stops a running request through its attempt, and does not let a client that left end it', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1')));
    const told: string[] = [];
    made.admission.sent('r1', (why) => told.push(why.code));
    made.admission.left('r1', problem('cancelled', 'The client left.'));
    assert.deepEqual(told, []);
    assert.equal(made.admission.cancel('r1', problem('cancelled', 'A person stopped it.')), true);
    assert.deepEqual(told, ['cancelled']);
  });

  it('remembers a stop that comes while the hold is being written', async () => {
    const made = world();
    let open = () => undefined as void;
    made.ledger.gate = new Promise((resolve) => { open = resolve; });
    const deciding = made.admission.acquire(request('r1'));
    await turn();
    assert.equal(made.admission.cancel('r1', problem('cancelled', 'A person stopped it.')), true);
    open();
    leaseOf(await deciding);
    const told: string[] = [];
    made.admission.sent('r1', (why) => told.push(why.message));
    assert.deepEqual(told, ['A person stopped it.']);
  });

  it('sends a throttled request again with a new attempt once the upstream has room', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 2_000_000));
    leaseOf(await made.admission.acquire(request('r1')));
    made.admission.sent('r1', () => undefined);
    const again = made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 3000, limit: 10 });
    assert.equal(await soFar(again), undefined);
    assert.deepEqual(made.admission.live().map((one) => [one.state, one.holdMicroCredits]), [['waiting', 0]]);
    made.clock.advance(2000);
    assert.equal(await soFar(again), undefined);
    made.clock.advance(5000);
    const lease = leaseOf(await again);
    assert.deepEqual([lease.attemptId, lease.number], ['r1-2', 2]);
    assert.ok(lease.waitedMs >= 3000);
  });

  it('says at once when the upstream opens later than the client can wait', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1', { patienceMs: 10_000 })));
    made.admission.sent('r1', () => undefined);
    const refused = refusalOf(await made.admission.throttled('r1', { measure: 'requests', retryAfterMs: 60_000 }));
    assert.equal(refused.code, 'wait_too_long');
    assert.ok((refused.retryAtMs ?? 0) >= noonMs + 60_000);
    assert.deepEqual(made.admission.live(), []);
    assert.equal(made.clock.pendingMs.filter((ms) => ms <= 10_000).length, 0);
  });

  it('gives the place in the line back when the decision is no', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 100));
    const refused = refusalOf(await made.admission.acquire(request('r1')));
    assert.equal(refused.code, 'credits_exhausted');
    assert.ok(refused.remedy.includes('credits add'));
    assert.equal(made.pacer.runningCount, 0);
    assert.deepEqual(made.admission.live(), []);
  });

  it('fails closed: without a durable hold there is no lease, and the next one is not blocked', async () => {
    const made = world();
    made.ledger.failing = 'reserve';
    for (let index = 0; index < 6; index += 1) assert.equal(refusalOf(await made.admission.acquire(request(`r${index}`))).code, 'ledger_full');
    assert.equal(made.pacer.runningCount, 0);
    made.ledger.failing = undefined;
    leaseOf(await made.admission.acquire(request('r9')));
  });

  it('refuses what can never fit, by what is certain of its size only', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1')));
    made.admission.sent('r1', () => undefined);
    made.admission.answered('r1', { tokens: { limit: 1000, remaining: 900, resetMs: 100 }, requests: { limit: 10, remaining: 9, resetMs: 100 } });
    made.admission.finished('r1', 100);
    const estimate = { inputTokens: 5000, holdInputTokens: 5000, outputTokens: 10, likelyOutputTokens: 10 };
    const refused = refusalOf(await made.admission.acquire(request('r2', { estimate: { ...estimate, certainInputTokens: 1001 } })));
    assert.equal(refused.code, 'too_large_for_limit');
    const perhaps = made.admission.acquire(request('r3', { estimate: { ...estimate, certainInputTokens: 900 } }));
    made.clock.advance(60_000);
    const outcome = await soFar(perhaps);
    assert.ok(!outcome || 'lease' in outcome || outcome.refused.code !== 'too_large_for_limit', JSON.stringify(outcome));
  });

  it('tells the ledger which tier was asked for', async () => {
    const made = world();
    leaseOf(await made.admission.acquire(request('r1', { tier: 'flex' })));
    const reserve = made.ledger.commands.find((one) => one.type === 'reserve');
    assert.equal(reserve?.type === 'reserve' ? reserve.tier : undefined, 'flex');
  });
});
