// An attempt ends in time whatever its upstream does: one that says nothing, one that sends a little now and then for
// ever, and one whose client does not read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Attempt, attemptMsMax, graceMs, unreadMsMax } from '../../../src/broker/upstream/attempt.ts';
import type { AttemptReport } from '../../../src/broker/upstream/attempt.ts';
import { manualClock } from '../../support/manualClock.ts';
import type { ManualClock } from '../../support/manualClock.ts';

interface World {
  readonly clock: ManualClock;
  readonly attempt: Attempt;
  readonly reports: AttemptReport[];
  /** What was done to the upstream's side: paused, resumed, aborted. */
  readonly done: string[];
  readonly controller: Parameters<Attempt['onResponseData']>[0];
  readonly answer: Promise<http.IncomingMessage>;
  readonly response: http.ServerResponse;
}

/** An attempt before a real client, with an upstream and a clock that the test plays. */
async function withAttempt(run: (world: World) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const reports: AttemptReport[] = [];
  const done: string[] = [];
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = http.get({ port: (server.address() as AddressInfo).port, agent: false });
  const answer = new Promise<http.IncomingMessage>((resolve, reject) => { request.once('response', resolve).once('error', reject); });
  answer.catch(() => undefined);
  const [, response] = await once(server, 'request') as [http.IncomingMessage, http.ServerResponse];
  const attempt = new Attempt(response, 'req_1', { answered: () => ({}), begun: () => undefined, settled: (report) => { reports.push(report); } }, clock);
  const controller = { pause: () => { done.push('pause'); }, resume: () => { done.push('resume'); }, abort: () => { done.push('abort'); } } as unknown as World['controller'];
  attempt.onRequestStart(controller);
  try {
    await run({ clock, attempt, reports, done, controller, answer, response });
  } finally {
    request.destroy();
    server.closeAllConnections();
    server.close();
  }
}

const delta = Buffer.from('event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"abcd"}\n\n');
const head = { 'content-type': 'text/event-stream' };

describe('an attempt over HTTP', () => {
  it('ends after the longest time that an answer may take, however often something comes', () => withAttempt(async ({ clock, attempt, reports, done, controller, answer }) => {
    attempt.onResponseStart(controller, 200, head);
    const stepMs = 60_000;
    for (let passedMs = 0; passedMs < attemptMsMax - stepMs; passedMs += stepMs) {
      attempt.onResponseData(controller, delta);
      clock.advance(stepMs);
    }
    assert.deepEqual([reports, done], [[], []]);
    const seen = await answer;
    const broken = once(seen.resume(), 'error');
    clock.advance(stepMs);
    const [report] = reports;
    assert.deepEqual([reports.length, report?.ending, report?.begun, report?.networkError, done], [1, 'upstream-broke', true, `no end after ${attemptMsMax / 60_000} minutes`, ['abort']]);
    assert.equal(report?.outputChars, 4 * (attemptMsMax / stepMs - 1));
    await broken;
    assert.equal(seen.complete, false, 'the client is told by a connection that ends too early');
    // What comes late changes nothing.
    attempt.onResponseData(controller, delta);
    attempt.onResponseError(controller, new Error('aborted'));
    assert.equal(reports.length, 1);
  }));

  it('ends after that time where the upstream never answers', () => withAttempt(async ({ clock, reports, done }) => {
    clock.advance(attemptMsMax);
    assert.deepEqual([reports.map((one) => [one.ending, one.begun, one.status]), done], [[['upstream-broke', false, undefined]], ['abort']]);
    await Promise.resolve();
  }));

  it('stops its upstream within two seconds after its client left, and not before it may have told its usage', () => withAttempt(async ({ clock, attempt, reports, done, controller, answer, response }) => {
    attempt.onResponseStart(controller, 200, head);
    attempt.onResponseData(controller, delta);
    const seen = await answer;
    const closed = once(response, 'close');
    seen.destroy();
    await closed;
    clock.advance(graceMs - 1);
    assert.deepEqual([reports, done.includes('abort')], [[], false]);
    clock.advance(1);
    assert.deepEqual([reports.map((one) => one.ending), done.at(-1)], [['client-left'], 'abort']);
    assert.ok(graceMs <= 2000);
  }));

  it('lets a client go that leaves its answer unread', () => withAttempt(async ({ clock, attempt, reports, done, controller, answer, response }) => {
    attempt.onResponseStart(controller, 200, head);
    (await answer).pause();
    const piece = Buffer.concat(Array.from({ length: 4000 }, () => delta));
    // Until the buffers of the connection are full, each pause is short.
    while (done.at(-1) !== 'pause') {
      attempt.onResponseData(controller, piece);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    const closed = once(response, 'close');
    clock.advance(unreadMsMax);
    await closed;
    // The upstream may still tell its usage for a moment; then it is stopped.
    clock.advance(60_000);
    assert.deepEqual([reports.map((one) => one.ending), done.at(-1)], [['client-left'], 'abort']);
  }));
});
