// Proves how long overload is waited for: as long as Codex would ask by itself, over all of its requests, and no longer.
import assert from 'node:assert/strict';
import { Admission } from '../../src/broker/admission.ts';
import type { AdmissionRequest } from '../../src/broker/admissionTicket.ts';
import { endAttempt } from '../../src/broker/attemptEnd.ts';
import type { ResponsesParts } from '../../src/broker/carriedRequest.ts';
import { ResponseOwners } from '../../src/broker/responseOwners.ts';
import { overloadPauseMsMax, overloadWaitMsMax } from '../../src/domain/overload.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { RateLimitObservation } from '../../src/domain/rateWindow.ts';
import { calmWatch } from '../support/calmWatch.ts';
import { testPrice } from '../support/ledger/ledgerCommands.ts';
import { manualClock, settled } from '../support/manualClock.ts';
import { recordingLedger } from './recordingLedger.ts';

/** How one request ended: what it was asked upstream, how long it took, and what was found of its last attempt. */
interface Ended { readonly attempts: number; readonly tookMs: number; readonly isLasting: boolean }

const overloaded = { status: 529, body: '{"error":{"code":"server_error"}}', kind: 'overloaded' };
const invalid = { status: 400, body: '{"error":{"type":"invalid_request_error","message":"There is no such tool."}}', kind: undefined };
const broken = { status: 500, body: '{}', kind: undefined };

/** An upstream that refuses every attempt, as overloaded unless told otherwise, and clients that ask it through admission and the end of attempts. */
function refusingWorld(refusal: typeof overloaded | typeof invalid = overloaded) {
  const clock = manualClock();
  const ledger = recordingLedger();
  const pacer = new Pacer(() => 1);
  const told: RateLimitObservation[] = [];
  const admission = new Admission({ limitsTold: (observation) => told.push(observation), pacer, ledger, clock, watch: calmWatch, unsafe: () => undefined, canAsk: () => false, changed: () => undefined });
  const nothing = () => undefined;
  const parts: ResponsesParts = {
    admission, ledger, clock, watch: calmWatch, settle: (command) => ledger.command(command), upstreamAnswered: nothing, changed: nothing, log: nothing, owners: new ResponseOwners({ ledger, log: nothing }),
    prices: () => testPrice,
  } as Partial<ResponsesParts> as ResponsesParts;
  let made = 0;
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let result: { readonly value: T } | undefined;
    void promise.then((value) => { result = { value }; });
    for (let turn = 0; turn < 2_000 && !result; turn += 1) {
      await settled();
      if (!result) clock.advance(100);
    }
    assert.ok(result, 'it came to an end');
    return result.value;
  };
  const request = async (headers: Readonly<Record<string, string>> = {}): Promise<Ended> => {
    const requestId = `r${made += 1}`;
    const startedMs = clock.monotonicMs();
    const one: AdmissionRequest = {
      facts: { requestId, receivedAtMs: clock.nowMs(), workspaceId: 'w', client: 'codex', model: 'gpt-test', stream: true }, workspaceLabel: 'w', priority: 'agent', price: testPrice,
      estimate: { inputTokens: 1000, certainInputTokens: 300, holdInputTokens: 1000, outputTokens: 500, likelyOutputTokens: 300 }, estimateMicroCredits: 0, tier: 'standard', patienceMs: 900_000,
    };
    let admitted = await until(admission.acquire(one));
    for (let attempts = 1; ; attempts += 1) {
      assert.ok('lease' in admitted, JSON.stringify(admitted));
      admission.sent(requestId, nothing);
      const kept = { status: refusal.status, headers, body: Buffer.from(refusal.body), foreign: false };
      const { comeBack, fault, isLastingOverload } = endAttempt(parts, one, admitted.lease, { ending: 'rejected', begun: false, outputChars: 0, status: refusal.status, durationMs: 5, kept }, { isGone: false, canReconnect: true });
      await settled();
      if (!comeBack) {
        assert.equal(fault?.kind === 'overloaded' ? fault.kind : undefined, refusal.kind);
        return { attempts, tookMs: clock.monotonicMs() - startedMs, isLasting: isLastingOverload === true };
      }
      assert.equal(comeBack.kind, 'throttle');
      admitted = await until(admission.throttled(requestId, comeBack));
    }
  };
  return { clock, pacer, request, told };
}

describe('the end of an attempt', () => {
  it('waits for overload as long as Codex would ask, asks less often, and then tells that it lasts', async () => {
    const { clock, request } = refusingWorld();
    let [attempts, requests] = [0, 0];
    for (let isLasting = false; !isLasting; requests += 1) {
      const ended = await request();
      ({ isLasting } = ended);
      attempts += ended.attempts;
      assert.ok(ended.attempts <= 4 && requests < 5, JSON.stringify(ended));
    }
    assert.ok(clock.monotonicMs() >= overloadWaitMsMax && clock.monotonicMs() <= overloadWaitMsMax + overloadPauseMsMax, `${clock.monotonicMs()}`);
    assert.ok(attempts < 15, `${attempts}`);
    assert.deepEqual(await request(), { attempts: 1, tookMs: 0, isLasting: true }, 'others are told at once');
  });

  it('waits again for another overload, and does not take it for an upstream that is down', async () => {
    const { clock, request } = refusingWorld();
    const first = await request();
    assert.deepEqual([first.attempts, first.isLasting], [4, false]);
    for (let requests = 0; requests < 10; requests += 1) await request();
    const { tookMs } = await request();
    assert.equal(tookMs, 0, 'no circuit is open');
    clock.advance(120_000);
    const later = await request();
    assert.deepEqual([later.attempts, later.isLasting], [4, false]);
  });

  it('takes in what a refusal for another reason tells of limits, and counts it as no answer', async () => {
    const { pacer, clock, request, told } = refusingWorld(invalid);
    await request({ 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '12', 'x-ratelimit-limit-tokens': '100,000', 'x-ratelimit-remaining-tokens': '44,000' });
    const left = () => pacer.windows(clock.monotonicMs()).map(({ measure, limit, remaining }) => [measure, limit, remaining]);
    assert.deepEqual(left(), [['requests', 60, 12], ['tokens', 100_000, 44_000]]);
    assert.deepEqual(told.at(-1)?.requests, { limit: 60, remaining: 12 }, 'it is noted like any other');
    await request();
    assert.deepEqual(left().map(([, , remaining]) => remaining), [11, 44_000], 'one without figures is counted as a request');
  });

  it('keeps to the pauses that are told', async () => {
    const { request } = refusingWorld();
    const { attempts, tookMs } = await request({ 'retry-after': '9' });
    assert.ok(attempts === 4 && tookMs >= 27_000 && tookMs < 29_000, `${attempts} ${tookMs}`);
  });

  it('leaves what a failing upstream counted at its door subtracted, and gives back what a refused request takes nowhere', async () => {
    for (const [refusal, used] of [[broken, undefined], [invalid, 0]] as const) {
      const { pacer, request } = refusingWorld(refusal);
      const ended: (number | undefined)[] = [];
      const finished = pacer.finished.bind(pacer);
      pacer.finished = (id, usedTokens, nowMs) => { ended.push(usedTokens); finished(id, usedTokens, nowMs); };
      await request();
      assert.deepEqual(ended, [used], `${refusal.status}`);
    }
  });
});
