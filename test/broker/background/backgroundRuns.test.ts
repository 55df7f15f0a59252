// Responses in the background, by a clock in the test's hands: asked for in growing steps and not for ever, each
// ended once, whoever learns of it first.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { backgroundMsMax, BackgroundRuns, runsMax } from '../../../src/broker/background/backgroundRuns.ts';
import type { BackgroundRun } from '../../../src/broker/background/backgroundRuns.ts';
import { resumedRun } from '../../../src/broker/background/takeOver.ts';
import type { EndedReport } from '../../../src/broker/upstream/attempt.ts';
import { apiKeyCredential } from '../../../src/broker/upstream/credential.ts';
import { networkOf } from '../../../src/broker/upstream/network.ts';
import { upstreamTarget } from '../../../src/broker/upstream/upstreamTarget.ts';
import { manualClock, noonMs } from '../../support/manualClock.ts';
import type { ManualClock } from '../../support/manualClock.ts';

interface World {
  readonly runs: BackgroundRuns;
  readonly clock: ManualClock;
  /** What the upstream was asked, and what it says: a status and a body. */
  readonly asked: string[];
  says: (asked: string) => readonly [number, unknown];
  readonly ended: [string, EndedReport][];
  /** Lets so much time pass and waits until the questions in it were answered. */
  pass(ms: number): Promise<void>;
}

const running = (id: string) => [200, { id, status: 'in_progress', usage: null }] as const;
const usage = { input_tokens: 5, output_tokens: 7, total_tokens: 12 };
const run = (id: string, startedAtMs = noonMs): BackgroundRun => resumedRun({
  attemptId: `req_${id}-1`, number: 1, waitedMs: 0, openedAtMs: startedAtMs, responseId: id, tier: 'standard', estimatedInputTokens: 10, estimatedOutputTokens: 20,
  workspaceLabel: 'w', holdMicroCredits: 0, facts: { requestId: `req_${id}`, receivedAtMs: startedAtMs, workspaceId: 'w', client: 'c', model: 'm', stream: false },
});

async function withWorld(test: (world: World) => Promise<void>): Promise<void> {
  const clock = manualClock();
  let answered = 0;
  const upstream = http.createServer((message, response) => {
    const what = `${message.method} ${message.url}`;
    world.asked.push(what);
    const [status, body] = world.says(what);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body), () => { answered += 1; });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const target = upstreamTarget(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, networkOf({ env: {} }));
  const runs = new BackgroundRuns({ target, credential: () => apiKeyCredential('sk', target), clock, end: ({ responseId }, report) => world.ended.push([responseId, report]), log: () => undefined });
  const world: World = {
    runs, clock, asked: [], says: () => running('resp_1'), ended: [],
    pass: async (ms) => {
      clock.advance(ms);
      // A question is over when its time-out is not waited for any more.
      while (clock.pendingMs.some((left) => left === 30_000) || answered < world.asked.length) await new Promise((resolve) => { setTimeout(resolve, 2); });
    },
  };
  try {
    await test(world);
  } finally {
    runs.close();
    await target.close();
    upstream.closeAllConnections();
    upstream.close();
  }
}

describe('responses in the background', () => {
  it('are asked for in growing steps, with the broker\'s own key, until they are over', () => withWorld(async (world) => {
    world.runs.add(run('resp_1'));
    assert.ok(world.runs.has('req_resp_1') && world.runs.size === 1);
    const steps: number[] = [];
    for (let step = 0; step < 14; step += 1) {
      const [next = 0] = world.clock.pendingMs;
      steps.push(next);
      await world.pass(next);
    }
    assert.deepEqual(steps.slice(0, 4), [2000, 3000, 4500, 6750]);
    assert.deepEqual(steps.slice(-3), [60_000, 60_000, 60_000]);
    assert.deepEqual([...new Set(world.asked)], ['GET /v1/responses/resp_1']);
    world.says = () => [200, { id: 'resp_1', status: 'completed', model: 'm', usage }];
    await world.pass(60_000);
    const [[id, report] = []] = world.ended;
    assert.deepEqual([world.ended.length, id, report?.terminal, report?.ending, report?.response?.usage?.outputTokens, world.runs.size, world.clock.pendingMs], [1, 'resp_1', 'completed', 'finished', 7, 0, []]);
  }));

  it('end once, whoever learns of it first', () => withWorld((world) => {
    world.runs.add(run('resp_1'));
    world.runs.told('resp_2', { status: 'completed', usagePlausible: false });
    world.runs.told('resp_1', { status: 'in_progress', usagePlausible: false });
    assert.equal(world.ended.length, 0);
    world.runs.told('resp_1', { status: 'failed', usagePlausible: false });
    world.runs.told('resp_1', { status: 'completed', usagePlausible: false });
    world.runs.lost('resp_1', 'x');
    assert.deepEqual(world.ended.map(([, report]) => report.terminal), ['failed']);
    return Promise.resolve();
  }));

  it('go on while the upstream is lost, refuses or has faults', () => withWorld(async (world) => {
    world.runs.add(run('resp_1'));
    for (const answer of [[500, {}], [401, {}], [429, {}], [200, 'no response'], [404, {}], [404, {}], [200, { status: 'queued' }], [404, {}], [404, {}]] as const) {
      world.says = () => answer;
      await world.pass(world.clock.pendingMs[0] ?? 0);
    }
    assert.deepEqual([world.asked.length, world.ended.length], [9, 0]);
    world.says = () => [404, {}];
    await world.pass(60_000);
    assert.deepEqual(world.ended.map(([, report]) => [report.ending, report.begun, report.stopped]), [['upstream-broke', true, 'The upstream does not know the response any more.']]);
  }));

  it('are given up after a named time by the wall clock, those of an earlier life too', () => withWorld(async (world) => {
    world.runs.add(run('resp_1', noonMs - backgroundMsMax + 1));
    await world.pass(2000);
    assert.deepEqual(world.ended.map(([, report]) => [report.ending, report.stopped]), [['upstream-broke', 'The response told no end within 6 hours.']]);
    world.runs.add(run('resp_1', noonMs - 2 * backgroundMsMax));
    world.says = () => [200, { status: 'completed', usage }];
    await world.pass(2000);
    assert.equal(world.ended[1]?.[1].terminal, 'completed', 'what it tells at the last question still counts');
  }));

  it('are stopped at the upstream, and say why', () => withWorld(async (world) => {
    world.runs.add(run('resp_1'));
    world.says = () => [200, { id: 'resp_1', status: 'cancelled', usage: null }];
    await world.runs.stop('resp_1', 'A person stopped it.');
    assert.deepEqual([world.asked, world.ended.map(([, report]) => [report.ending, report.terminal, report.stopped])], [['POST /v1/responses/resp_1/cancel'], [['client-left', undefined, 'A person stopped it.']]]);
    world.runs.add(run('resp_1'));
    world.says = () => [200, { id: 'resp_1', status: 'cancelled', usage }];
    await world.runs.stop('resp_1', 'x');
    assert.deepEqual([world.ended[1]?.[1].terminal, world.ended[1]?.[1].response?.usage?.inputTokens], ['incomplete', 5]);
    world.runs.add(run('resp_1'));
    world.says = (asked) => (asked.startsWith('POST') ? [409, {}] : [200, { status: 'completed', usage }]);
    await world.runs.stop('resp_1', 'x');
    assert.equal(world.ended.length, 2, 'it was over already; the next question tells');
    await world.pass(2000);
    assert.equal(world.ended[2]?.[1].terminal, 'completed');
  }));

  it('are settled by what clients have been given of them, where no usage tells more', () => withWorld((world) => {
    world.runs.add({ ...run('resp_1'), outputChars: 40 });
    world.runs.given('resp_1', 900);
    world.runs.given('resp_1', 30);
    world.runs.given('resp_2', 5000);
    world.runs.told('resp_1', { status: 'cancelled', usagePlausible: false });
    assert.deepEqual(world.ended.map(([, report]) => [report.ending, report.outputChars]), [['client-left', 900]]);
    return Promise.resolve();
  }));

  it('leave no hold behind where an upstream gives one id twice', () => withWorld(async (world) => {
    world.runs.add(run('resp_1'));
    world.runs.add({ ...run('resp_1'), outputChars: 7 });
    assert.deepEqual([world.runs.size, world.ended.map(([, report]) => [report.ending, report.outputChars])], [1, [['upstream-broke', 0]]]);
    world.says = () => [200, { status: 'completed', usage }];
    await world.pass(2000);
    assert.deepEqual([world.ended.length, world.ended[1]?.[1].terminal, world.clock.pendingMs], [2, 'completed', []]);
  }));

  it('are not watched without bound, and not at all by a broker that ends', () => withWorld((world) => {
    for (let index = 0; index <= runsMax; index += 1) world.runs.add(run(`resp_${index}`));
    assert.deepEqual([world.runs.size, world.ended.length, world.ended[0]?.[0]], [runsMax, 1, `resp_${runsMax}`]);
    world.runs.close();
    world.runs.add(run('resp_x'));
    world.runs.told('resp_1', { status: 'completed', usagePlausible: false });
    assert.deepEqual([world.runs.size, world.ended.length, world.clock.pendingMs], [0, 1, []]);
    return Promise.resolve();
  }));
});
