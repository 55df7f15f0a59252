// Requests of a task that got out of hand, from their arrival to the answer: slowed down, asked about, let go on or
// stopped. The clock stands still until the test moves it; guard, rules and ledger are the real ones.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { Admitted, AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { RunawayWatch } from '../../src/broker/runawayWatch.ts';
import { circleRounds, slowedFirst, slowMs } from '../../src/domain/runawayGuard.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { bucketMs } from '../../src/domain/budgets.ts';
import { grantCommand, reserveCommand, settleCommand, testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

function world(canAsk = true, isOn = true) {
  const clock = manualClock();
  const ledger = recordingLedger();
  const watch = new RunawayWatch({ ledger, clock, isOn, log: () => undefined });
  const admission = new Admission({ pacer: new Pacer(() => 0.5), ledger, clock, watch, unsafe: () => undefined, canAsk: () => canAsk, changed: () => undefined });
  return { clock, ledger, watch, admission };
}

type World = ReturnType<typeof world>;

const prints = { inTask: 'the same failure', knowsCalls: true, isWork: true, alone: 'x' };
const turn = async () => { for (let index = 0; index < 8; index += 1) await new Promise<void>((resolve) => { setImmediate(resolve); }); };

function request(requestId: string, threadId = 'thread 1', more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    facts: { requestId, receivedAtMs: noonMs, workspaceId: 'ws_a', client: 'codex_exec', model: 'gpt-test', stream: true, threadId },
    workspaceLabel: 'shop', priority: 'agent', estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 },
    price: testPrice, estimateMicroCredits: 500_000, tier: 'standard', patienceMs: 15 * 60_000, prints, ...more,
  };
}

/** Sends a request and looks at what became of it after a while. */
async function send({ admission, clock, watch }: World, one: AdmissionRequest, afterMs: number = slowMs.longest): Promise<{ state: string; admitted?: Admitted }> {
  const seen: { state: string; admitted?: Admitted } = { state: 'waits' };
  void admission.acquire(one).then((admitted) => {
    Object.assign(seen, { admitted, state: 'lease' in admitted ? 'runs' : admitted.refused.code });
    if ('lease' in admitted) { admission.finished(one.facts.requestId, 100); watch.ended(one, 10, false); }
  });
  await turn();
  if (seen.state === 'waits') clock.advance(afterMs);
  await turn();
  return seen;
}

/** Goes round until the guard asks. */
async function stuck(made: World, threadId?: string): Promise<void> {
  for (let round = 0; round < circleRounds.ask; round += 1) assert.equal((await send(made, request(`${threadId ?? ''}r${round}`, threadId))).state, 'runs');
}

describe('a task that goes round in circles', () => {
  it('is slowed down first, and the decision says why', async () => {
    const made = world();
    for (let round = 0; round < circleRounds.slow; round += 1) assert.equal((await send(made, request(`r${round}`), 0)).state, 'runs');
    const slow = await send(made, request('slow'), 0);
    assert.equal(slow.state, 'waits');
    assert.deepEqual(made.admission.live().map(({ state, parked }) => [state, parked?.for]), [['parked', 'slow']]);
    made.admission.recheck();
    await turn();
    assert.equal(slow.state, 'waits', 'what frees credits does not end the pause');
    made.clock.advance(slowMs.first);
    await turn();
    assert.equal(slow.state, 'runs');
    const told = await made.ledger.query('explain', { id: 'slow' });
    assert.match(told?.decision.layers[0]?.because ?? '', /the same result 11 times in a row, after 11 requests\. It was slowed down/);
    assert.match(told?.decision.layers.find((one) => one.layer === 'limits')?.because ?? '', /waited 1\.0 s: Its task is slowed down/);
  });

  it('leaves its pause when the client does', async () => {
    const made = world();
    for (let round = 0; round < circleRounds.slow; round += 1) await send(made, request(`r${round}`), 0);
    const slow = await send(made, request('slow'), 0);
    made.admission.left('slow', { code: 'cancelled', message: 'The client left.', remedy: '' });
    await turn();
    assert.equal(slow.state, 'cancelled');
    assert.deepEqual(made.admission.live(), []);
  });

  it('is asked about after that, and goes on with the answer', async () => {
    const made = world();
    await stuck(made);
    const asked = await send(made, request('asked'));
    const [waiting] = made.admission.live();
    assert.deepEqual([asked.state, waiting?.parked?.for], ['waits', 'runaway']);
    assert.match(waiting?.parked?.because ?? '', /It looks like a circle/);
    assert.equal(await made.admission.answer('asked', 'task', 'k1'), true);
    await turn();
    assert.equal(asked.state, 'runs');
    assert.equal((await send(made, request('next'), 0)).state, 'runs');
    const told = await made.ledger.query('explain', { id: 'asked' });
    assert.match(told?.story.join(' ') ?? '', /A person was asked whether its task may go on, and answered "task"/);
  });

  it('asks again with the next request where only one was let through', async () => {
    const made = world();
    await stuck(made);
    await send(made, request('asked'));
    await made.admission.answer('asked', 'once', 'k1');
    await turn();
    assert.equal((await send(made, request('next'))).state, 'waits');
    assert.equal(made.admission.live()[0]?.parked?.for, 'runaway');
  });

  it('is stopped by a word, without further questions, until it is released', async () => {
    const made = world();
    await stuck(made);
    const asked = await send(made, request('asked'));
    await made.admission.answer('asked', 'never', 'k1');
    await turn();
    assert.equal(asked.state, 'runaway_paused');
    assert.equal((await send(made, request('next'), 0)).state, 'runaway_paused');
    assert.equal((await send(made, request('other', 'thread 2'), 0)).state, 'runs');
    made.watch.release('ws_b');
    assert.equal((await send(made, request('still'), 0)).state, 'runaway_paused');
    made.watch.release('ws_a');
    assert.equal((await send(made, request('released'), 0)).state, 'runs');
  });

  it('is refused where nobody can be asked, or nobody answers', async () => {
    const headless = world(false);
    await stuck(headless);
    assert.equal((await send(headless, request('refused'))).state, 'runaway_paused');
    const patient = world();
    await stuck(patient);
    const asked = await send(patient, request('asked'));
    patient.clock.advance(11 * 60_000);
    await turn();
    assert.equal(asked.state, 'runaway_paused');
  });

  it('is no matter where the guard is off', async () => {
    const made = world(true, false);
    await stuck(made);
    assert.equal((await send(made, request('next'), 0)).state, 'runs');
  });

  it('is one matter, and purchased credits another', async () => {
    const made = world();
    await made.ledger.command(grantCommand('bought', 50_000_000, { kind: 'purchased', atMs: noonMs, consent: { scope: 'ask' } }));
    for (let round = 0; round <= circleRounds.ask; round += 1) made.watch.judge(request(`r${round}`));
    const asked = await send(made, request('asked'));
    assert.equal(made.admission.live()[0]?.parked?.for, 'runaway');
    await made.admission.answer('asked', 'task', 'k1');
    await turn();
    assert.deepEqual([asked.state, made.admission.live()[0]?.parked?.for], ['waits', 'consent']);
    await made.admission.answer('asked', 'once', 'k2');
    await turn();
    assert.equal(asked.state, 'runs');
  });
});

describe('what is usual in a workspace', () => {
  it('comes from the ledger, and a storm against it is asked about', async () => {
    const made = world();
    for (let quarter = 40; quarter > 0; quarter -= 1) {
      const atMs = noonMs - quarter * bucketMs;
      await made.ledger.command(reserveCommand(`old${quarter}-1`, 1_000_000, { atMs }));
      await made.ledger.command(settleCommand(`old${quarter}-1`, { inputTokens: 1000 }, { atMs }));
    }
    const usual = (await made.ledger.query('pastSpend', { workspaceId: 'ws_a', limit: 400 }));
    assert.equal(usual.length, 40);
    made.watch.judge(request('first', 't'));
    await turn();
    for (let index = 0; index < 30; index += 1) made.watch.spent(request('storm'), 10_000_000);
    const found = Array.from({ length: slowedFirst + 1 }, (_, index) => made.watch.judge(request('next', `another thread ${index}`)));
    assert.deepEqual(found.map((one) => [one?.kind, one?.action]), [...Array.from({ length: slowedFirst }, () => ['spike', 'slow']), ['spike', 'ask']]);
    assert.match(found[0]?.because ?? '', /spent 300\.00|300\.00 credits in this quarter hour/);
  });

  it('is that of the other workspaces while a workspace is new', async () => {
    const made = world();
    for (let quarter = 40; quarter > 0; quarter -= 1) {
      const atMs = noonMs - quarter * bucketMs;
      await made.ledger.command(reserveCommand(`old${quarter}-1`, 1_000_000, { atMs }));
      await made.ledger.command(settleCommand(`old${quarter}-1`, { inputTokens: 1000 }, { atMs }));
    }
    assert.equal((await made.ledger.query('pastSpend', { workspaceId: 'ws_new', isOthers: true, limit: 400 })).length, 40);
    assert.deepEqual(await made.ledger.query('pastSpend', { workspaceId: 'ws_a', isOthers: true, limit: 400 }), []);
    const elsewhere = (id: string): AdmissionRequest => ({ ...request(id, 't'), facts: { ...request(id, 't').facts, workspaceId: 'ws_new' } });
    made.watch.judge(elsewhere('first'));
    await turn();
    for (let index = 0; index < 30; index += 1) made.watch.spent(elsewhere('storm'), 30_000_000);
    const found = made.watch.judge(elsewhere('next'));
    assert.deepEqual([found?.kind, found?.action], ['spike', 'slow']);
    assert.match(found?.because ?? '', /This workspace is new and spent 900\.00 credits in this quarter hour; in 95 of 100 with work the other workspaces spent at most/);
  });

  it('slows down first what would empty the balance, then asks', async () => {
    const made = world();
    await made.ledger.command(grantCommand('all', 1_200_000_000, { atMs: noonMs }));
    for (let quarter = 40; quarter > 0; quarter -= 1) {
      const atMs = noonMs - quarter * bucketMs;
      await made.ledger.command(reserveCommand(`old${quarter}-1`, 1_000_000, { atMs }));
      await made.ledger.command(settleCommand(`old${quarter}-1`, { inputTokens: 1000 }, { atMs }));
    }
    made.watch.judge(request('first', 't'));
    await turn();
    for (let index = 0; index < 30; index += 1) made.watch.spent(request('storm'), 30_000_000);
    const found = Array.from({ length: slowedFirst + 1 }, (_, index) => made.watch.judge(request('next', `thread ${index}`)));
    assert.deepEqual(found.map((one) => [one?.kind, one?.action, one?.waitMs]), [['burn', 'slow', 1000], ['burn', 'slow', 2000], ['burn', 'slow', 4000], ['burn', 'ask', 8000]]);
  });
});
