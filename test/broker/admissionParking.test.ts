// Requests that wait outside of the line: for credits that others hold, and for a person's answer. The clock
// stands still until the test moves it; the ledger is the real one.
import assert from 'node:assert/strict';
import { Admission, answerWaitMsMax } from '../../src/broker/admission.ts';
import type { Admitted, AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import type { PersonAnswer } from '../../src/broker/personAnswer.ts';
import { refusalMsMax } from '../../src/domain/answerGate.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { problem } from '../../src/domain/problem.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { grantCommand, settleCommand, testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

function world() {
  const clock = manualClock();
  const ledger = recordingLedger();
  const pacer = new Pacer(() => 0.5);
  const made = { windowOpen: true };
  const admission = new Admission({ pacer, ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => made.windowOpen, changed: () => undefined });
  return { clock, ledger, pacer, admission, made };
}

type World = ReturnType<typeof world>;

function request(requestId: string, more: Partial<AdmissionRequest> & { readonly threadId?: string; readonly workspaceId?: string } = {}): AdmissionRequest {
  const { threadId, workspaceId = 'ws_a', ...rest } = more;
  return {
    facts: { requestId, receivedAtMs: noonMs, workspaceId, client: 'codex_exec', model: 'gpt-test', stream: true, ...(threadId === undefined ? {} : { threadId }) },
    workspaceLabel: workspaceId, priority: 'agent', estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 },
    price: testPrice, estimateMicroCredits: 500_000, tier: 'standard', patienceMs: 15 * 60_000, ...rest,
  };
}

const turn = async () => { for (let index = 0; index < 5; index += 1) await new Promise<void>((resolve) => { setImmediate(resolve); }); };
const bought = (world: World, amount = 5_000_000) => world.ledger.command(grantCommand('bought', amount, { kind: 'purchased', atMs: noonMs }));
const settled = (attemptId: string) => settleCommand(attemptId, { inputTokens: 1000 }, { atMs: noonMs });

/** Where a promise has got to. */
function watched(promise: Promise<Admitted>): { admitted?: Admitted } {
  const seen: { admitted?: Admitted } = {};
  void promise.then((admitted) => { seen.admitted = admitted; });
  return seen;
}

const stateOf = (one: { admitted?: Admitted }) => (one.admitted === undefined ? 'waits' : 'lease' in one.admitted ? 'runs' : one.admitted.refused.code);

describe('a request that waits for credits that others hold', () => {
  async function crowded(): Promise<World & { readonly first: { admitted?: Admitted }; readonly second: { admitted?: Admitted } }> {
    const made = world();
    await made.ledger.command(grantCommand('g1', 800_000, { atMs: noonMs }));
    const first = watched(made.admission.acquire(request('r1')));
    await turn();
    const second = watched(made.admission.acquire(request('r2')));
    await turn();
    return { ...made, first, second };
  }

  it('goes on when another request brought credits that are added by themselves', async () => {
    const { admission, ledger, clock, second } = await crowded();
    await ledger.command({ type: 'direct', key: 'c', atMs: noonMs, directive: { kind: 'consent', consent: { scope: 'everywhere', of: '', answer: 'allow' } } });
    await ledger.command({ type: 'direct', key: 't', atMs: noonMs, directive: { kind: 'auto-top-up', rule: { belowMicroCredits: 1, amountMicroCredits: 2_000_000, capMicroCredits: 4_000_000, timeZone: 'UTC' } } });
    assert.equal(stateOf(second), 'waits');
    const third = watched(admission.acquire(request('r3', { estimateMicroCredits: 900_000 })));
    await turn();
    // Nothing is known of the model yet, so few go at once.
    clock.advance(refusalMsMax);
    await turn();
    assert.deepEqual([stateOf(third), stateOf(second)], ['runs', 'runs']);
  });

  it('is no refusal: it goes on when they give back what they did not use', async () => {
    const { admission, ledger, first, second, pacer } = await crowded();
    assert.deepEqual([stateOf(first), stateOf(second)], ['runs', 'waits']);
    assert.deepEqual(admission.live().map((one) => [one.state, one.parked?.for]), [['running', undefined], ['parked', 'credits']]);
    assert.equal(pacer.runningCount, 1, 'its place upstream is free for others');
    await ledger.command(settled('r1-1'));
    admission.finished('r1', 1000);
    admission.recheck();
    await turn();
    assert.equal(stateOf(second), 'runs');
    const { decision } = (await ledger.query('explain', { id: 'r2' })) ?? {};
    assert.equal(decision?.outcome, 'admit');
    assert.equal((await ledger.query('audit', { full: true })).violations.length, 0);
  });

  it('goes on when credits are added', async () => {
    const { admission, ledger, second } = await crowded();
    await ledger.command(grantCommand('g2', 800_000, { atMs: noonMs }));
    admission.recheck();
    await turn();
    assert.equal(stateOf(second), 'runs');
  });

  it('is parked again while it still does not fit, and refused when its client bears no more', async () => {
    const { admission, clock, second, ledger } = await crowded();
    admission.recheck();
    await turn();
    assert.deepEqual([stateOf(second), admission.live().length], ['waits', 2]);
    clock.advance(15 * 60_000 - 600);
    await turn();
    assert.equal(stateOf(second), 'waits');
    clock.advance(200);
    await turn();
    assert.equal(stateOf(second), 'credits_exhausted');
    assert.equal((await ledger.query('explain', { id: 'r2' }))?.decision.outcome, 'refuse');
  });

  it('leaves when its client does, or when a person stops it', async () => {
    for (const stop of ['left', 'cancel'] as const) {
      const { admission, second } = await crowded();
      admission[stop]('r2', problem('cancelled', 'It was stopped.'));
      await turn();
      assert.equal(stateOf(second), 'cancelled');
      assert.equal(admission.live().length, 1);
    }
  });

  it('does not wait where nothing is reserved that could come back', async () => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 400_000, { atMs: noonMs }));
    assert.deepEqual(stateOf({ admitted: await made.admission.acquire(request('r1')) }), 'credits_exhausted');
  });
});

describe('a request that waits for an answer', () => {
  const asked = async (made: World, one = request('r1', { threadId: 't1' })) => {
    const seen = watched(made.admission.acquire(one));
    await turn();
    return seen;
  };

  it('touches no purchased credits before it, and goes on with it', async () => {
    for (const [answer, later] of [['once', 'waits'], ['task', 'runs'], ['workspace', 'runs'], ['always', 'runs']] as const) {
      const made = world();
      await bought(made);
      const first = await asked(made);
      assert.deepEqual([stateOf(first), made.admission.live()[0]?.parked?.for], ['waits', 'consent']);
      assert.equal((await made.ledger.query('balance', { nowMs: noonMs })).grants[0]?.heldMicroCredits, 0);
      made.clock.advance(4000);
      assert.equal(await made.admission.answer('r1', answer, `key-${answer}`), true);
      await turn();
      assert.equal(stateOf(first), 'runs', answer);
      const told = await made.ledger.query('explain', { id: 'r1' });
      assert.deepEqual(told?.decision.answered, { kind: 'consent', answer, afterMs: 4000 });
      assert.ok(told?.story.some((sentence) => sentence.includes(`answered "${answer}" after 4.0 s`)), told?.story.join('\n'));
      assert.equal(stateOf(await asked(made, request('r2', { threadId: 't1' }))), later, answer);
    }
  });

  it('gives a task only what was given to the task, and a workspace only what was given to it', async () => {
    const made = world();
    await bought(made);
    await asked(made);
    await made.admission.answer('r1', 'task', 'k');
    assert.equal(stateOf(await asked(made, request('r2', { threadId: 't2' }))), 'waits');
    await made.admission.answer('r2', 'workspace', 'k2');
    await turn();
    assert.equal(stateOf(await asked(made, request('r3', { threadId: 't3', workspaceId: 'ws_b' }))), 'waits');
  });

  it('is refused by a no, and so is what comes after without being asked', async () => {
    const made = world();
    await bought(made);
    const first = await asked(made);
    await made.admission.answer('r1', 'never', 'k');
    await turn();
    assert.equal(stateOf(first), 'consent_missing');
    assert.equal(stateOf(await asked(made, request('r2'))), 'consent_missing');
  });

  it('is refused when nobody answers in time, and the record says so', async () => {
    const made = world();
    await bought(made);
    const first = await asked(made);
    made.clock.advance(answerWaitMsMax - 1);
    await turn();
    assert.equal(stateOf(first), 'waits');
    made.clock.advance(1);
    await turn();
    assert.equal(stateOf(first), 'consent_missing');
    assert.match((await made.ledger.query('explain', { id: 'r1' }))?.decision.message ?? '', /nobody answered within 600 s/);
  });

  it('goes on without one when permission comes another way, one answer for all that asked the same', async () => {
    const made = world();
    await bought(made);
    const all = [await asked(made), await asked(made, request('r2')), await asked(made, request('r3'))];
    await made.admission.answer('r2', 'workspace', 'k');
    await turn();
    made.clock.advance(refusalMsMax);
    await turn();
    assert.deepEqual(all.map(stateOf), ['runs', 'runs', 'runs']);
  });

  it('is asked nothing where nobody is there: the policy decides, and that is to refuse', async () => {
    const made = world();
    made.made.windowOpen = false;
    await bought(made);
    assert.equal(stateOf(await asked(made)), 'consent_missing');
    await made.ledger.command({ type: 'direct', key: 'p', atMs: noonMs, directive: { kind: 'policy', name: 'unattended', value: 'allow' } });
    assert.equal(stateOf(await asked(made, request('r2'))), 'runs');
  });

  it('is not asked for a client that left while its hold was decided, the first time or again', async () => {
    for (const again of [false, true]) {
      const made = world();
      await bought(made);
      if (again) await asked(made);
      let open = () => undefined as void;
      made.ledger.gate = new Promise((resolve) => { open = resolve; });
      const seen = again ? undefined : await asked(made);
      if (again) made.admission.recheck();
      await turn();
      assert.deepEqual(made.admission.live().map((one) => one.state), ['running'], 'it is being decided');
      made.admission.left('r1', problem('cancelled', 'The client left.'));
      made.ledger.gate = undefined;
      open();
      await turn();
      assert.deepEqual([made.admission.live(), made.pacer.runningCount + made.pacer.waitingCount], [[], 0]);
      if (seen) assert.equal(stateOf(seen), 'cancelled');
      assert.equal(await made.admission.answer('r1', 'once', 'k'), false);
      assert.equal((await made.ledger.query('balance', { nowMs: noonMs })).grants[0]?.heldMicroCredits, 0);
    }
  });

  it('does not come back into the line when its client leaves at the moment of a recheck', async () => {
    const made = world();
    await bought(made);
    const first = await asked(made);
    made.admission.recheck();
    made.admission.left('r1', problem('cancelled', 'The client left.'));
    await turn();
    assert.deepEqual([stateOf(first), made.admission.live(), made.pacer.runningCount + made.pacer.waitingCount], ['cancelled', [], 0]);
  });

  it('takes no answer that nobody asked for', async () => {
    const made = world();
    await bought(made);
    assert.equal(await made.admission.answer('r1', 'always', 'k'), false);
    await asked(made, request('r1', { patienceMs: 500 }));
    assert.equal(await made.admission.answer('r1', 'always', 'k'), false, 'a client that bears no wait is not asked for');
    assert.deepEqual((await made.ledger.query('balance', { nowMs: noonMs })).directives.consents, []);
  });
});

describe('a model without a price', () => {
  const unpriced = (requestId: string): AdmissionRequest => {
    const { price: _price, estimateMicroCredits: _estimate, ...rest } = request(requestId);
    return { ...rest, ceiling: { price: { ...testPrice, model: 'ceiling', version: 'ceiling' }, estimateMicroCredits: 900_000 } };
  };
  const withRule = async (value: 'refuse' | 'ask' | 'ceiling' | 'allow') => {
    const made = world();
    await made.ledger.command(grantCommand('g1', 5_000_000, { atMs: noonMs }));
    await made.ledger.command({ type: 'direct', key: 'p', atMs: noonMs, directive: { kind: 'policy', name: 'unpriced', value } });
    return made;
  };
  const come = async (made: World, id: string) => {
    const seen = watched(made.admission.acquire(unpriced(id)));
    await turn();
    return seen;
  };

  it('is refused, let through, or held and charged at the ceiling price, as the policy says', async () => {
    assert.equal(stateOf(await come(await withRule('refuse'), 'r1')), 'model_unpriced');
    assert.equal(stateOf(await come(await withRule('allow'), 'r1')), 'runs');
    const made = await withRule('ceiling');
    assert.equal(stateOf(await come(made, 'r1')), 'runs');
    assert.equal((await made.ledger.query('balance', { nowMs: noonMs })).grants[0]?.heldMicroCredits, 900_000);
    await made.ledger.command(settled('r1-1'));
    const told = await made.ledger.query('explain', { id: 'r1' });
    assert.deepEqual([told?.charge?.priceVersion, told?.charge?.costMicroCredits], ['ceiling', 125_000]);
  });

  it('is asked about: once is once, always is for this model, never is never', async () => {
    const results: [PersonAnswer, string, string][] = [['once', 'runs', 'waits'], ['always', 'runs', 'runs'], ['never', 'model_unpriced', 'model_unpriced']];
    for (const [answer, now, later] of results) {
      const made = await withRule('ask');
      const first = await come(made, 'r1');
      assert.deepEqual([stateOf(first), made.admission.live()[0]?.parked?.for], ['waits', 'unpriced']);
      await made.admission.answer('r1', answer, 'k');
      await turn();
      assert.deepEqual([stateOf(first), stateOf(await come(made, 'r2'))], [now, later], answer);
    }
  });
});
