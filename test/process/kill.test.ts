// SIGKILL of the real broker: at named points of a request's life, which the scripted upstream makes
// reachable, and at random moments under load. After each one the ledger proves itself, nothing stays
// reserved, no acknowledged credit is lost and nothing is charged twice.
import assert from 'node:assert/strict';
import { startAndKill } from '../support/process/brokerProgram.ts';
import { recovered, topUp } from '../support/process/afterKill.ts';
import type { TopUp } from '../support/process/afterKill.ts';
import { begunAndOpen, untilBooked } from '../support/process/bookedRows.ts';
import { answerWell, recordedEvents, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { canTrace } from '../support/process/systemCallKiller.ts';
import { callBroker, explained, openBench, sleep, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const firstCredits = 10_000;

describe('the broker, killed at a point of a request\'s life', function () {
  this.timeout(60_000);
  let bench: Workbench;
  /** All top-ups beside the bench's own. */
  const topUps: TopUp[] = [];
  before(async () => { bench = await openBench({ credits: firstCredits }); });
  after(() => bench.close());

  /** Sends a request to an upstream that writes so much and then is silent, and kills the broker once the ledger tells of it. */
  async function killWhen(written: readonly (Buffer | string)[], booked?: 'begun' | 'usage'): Promise<string> {
    let arrived: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => { arrived = resolve; });
    bench.upstream.script = async (request, wire) => {
      for (const bytes of written) await wire.write(bytes);
      arrived();
      await request.gone;
    };
    const answer = bench.ask().catch(() => undefined);
    await reached;
    const { running } = await callBroker(bench.broker, 'status', {});
    const id = running[0]?.requestId ?? (await callBroker(bench.broker, 'status', {})).recent[0]?.requestId ?? '';
    if (booked) await untilBooked(bench.dataDir, booked, id);
    await bench.broker.kill();
    await answer;
    return id;
  }

  const head = streamHead();
  const upTo = (events: number) => chunkOf(recordedEvents.slice(0, events).join(''));
  const points: readonly [string, readonly (Buffer | string)[], 'free' | 'estimated'][] = [
    ['before the upstream answers', [], 'free'],
    ['after the headers', [head], 'estimated'],
    ['after the response was created', [head, upTo(1)], 'estimated'],
    ['between two pieces of output', [head, upTo(3)], 'estimated'],
    ['in the middle of the terminal event', [head, upTo(5), chunkOf((recordedEvents[5] ?? '').slice(0, 80))], 'estimated'],
  ];
  for (const [name, written, cost] of points) {
    it(`${name}: the request is ${cost} afterwards`, async () => {
      const id = await killWhen(written, cost === 'free' ? undefined : 'begun');
      await recovered(bench, firstCredits, topUps, undefined, name);
      const told = await explained(bench.broker, id);
      assert.deepEqual([told.attempts.length, told.attempts[0]?.outcome, told.attempts[0]?.measured], [1, 'crashed', false]);
      if (cost === 'free') assert.equal(told.charge, null);
      else assert.ok((told.charge?.costMicroCredits ?? 0) > 0 && told.charge?.costMicroCredits === told.charge?.drawnMicroCredits);
    });
  }

  it('after the terminal event, before the stream ended: charged once, as reported', async () => {
    const id = await killWhen([head, chunkOf(recordedStream)], 'usage');
    const { total } = await recovered(bench, firstCredits, topUps);
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured, told.entries.filter((one) => one.kind === 'post').length], ['completed', true, 1]);
    assert.ok(total.costMicroCredits >= (told.charge?.costMicroCredits ?? Infinity));
  });

  it('while a request waits in line after a throttle: nothing is charged for it', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(429, '{"error":{"type":"requests","code":"rate_limit_exceeded","message":"Slow down."}}', { 'retry-after': '60' }));
    const answer = bench.ask({ body: recordedRequest(true, { model: 'gpt-5-mini' }) }).catch(() => undefined);
    let id = '';
    await until(async () => {
      id = (await callBroker(bench.broker, 'status', {})).waiting[0]?.requestId ?? '';
      return id !== '';
    }, 'a waiting request');
    await bench.broker.kill();
    await answer;
    await recovered(bench, firstCredits, topUps);
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.charge, told.attempts.map((one) => one.outcome)], [null, ['rejected']]);
  });

  it('right after a top-up was acknowledged: it is there, once', async () => {
    for (const key of ['first', 'second', 'third']) {
      await topUp(bench, topUps, key, 7);
      await bench.broker.kill();
      assert.equal(topUps.at(-1)?.acknowledged, true);
      await recovered(bench, firstCredits, topUps, undefined, key);
    }
  });

  it('during recovery itself, again and again: each hold is resolved once', async () => {
    bench.upstream.script = async (request, wire) => {
      await wire.write(Buffer.concat([Buffer.from(head), upTo(2)]));
      await request.gone;
    };
    // The first answers open the line for more at once.
    const answers = Array.from({ length: 12 }, () => bench.ask().catch(() => undefined));
    await until(() => begunAndOpen(bench.dataDir) >= 4, 'several requests that have begun');
    const running = begunAndOpen(bench.dataDir);
    await bench.broker.kill();
    await Promise.all(answers);
    for (const afterMs of [90, 120, 150, 180, 210, 240, 280, 330, 400, 500]) await startAndKill(bench.dataDir, afterMs);
    bench.upstream.script = answerWell;
    const usage = await recovered(bench, firstCredits, topUps, undefined, 'recovery');
    assert.ok(usage.total.estimated >= running, `${running} were running, ${usage.total.estimated} are estimated`);
    assert.equal((await bench.ask()).complete, true);
  });
});

describe('the broker, killed at random moments under load', function () {
  const kills = isLong ? 400 : canTrace ? 16 : 80;
  this.timeout(kills * 10_000);
  const clients = 8;
  let bench: Workbench;
  before(async () => { bench = await openBench({ credits: firstCredits }); });
  after(() => bench.close());

  /** Streams that take their time, every other one so long that it is surely noted as begun before a kill meets it. */
  const unhurried: Script = async (_request, wire, index) => {
    await wire.write(head);
    for (const event of recordedEvents) {
      await sleep(index % 2 === 0 ? 4 : 24);
      await wire.write(chunkOf(event));
    }
    await wire.write(lastChunk);
  };
  const head = streamHead();

  it(`keeps every promise over ${kills} kills`, async () => {
    bench.upstream.script = unhurried;
    const seed = Date.now() % 2_147_483_647;
    let state = seed;
    const random = () => { state = state * 48_271 % 2_147_483_647; return state / 2_147_483_647; };
    const topUps: TopUp[] = [];
    let completed = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const about = `kill ${kill} of seed ${seed}`;
      let stopped = false;
      const client = async () => {
        while (!stopped) {
          const answer = await bench.ask({ body: recordedRequest(random() < 0.8) }).catch(() => undefined);
          if (answer?.complete) completed += 1;
          else await sleep(5);
        }
      };
      const loops = Array.from({ length: clients }, client);
      const wishes = topUp(bench, topUps, `top-up ${kill}`, 1);
      // Every other kill waits until work got done first, however slow the machine is.
      const wanted = kill % 2 === 0 ? 0 : completed + 3 + Math.floor(random() * 6);
      await sleep(20 + random() * 250);
      while (completed < wanted) await sleep(5);
      const settled = random() < 0.5 ? await callBroker(bench.broker, 'usage', { by: 'model' }) : undefined;
      stopped = true;
      await bench.broker.kill();
      await Promise.all([...loops, wishes]);
      await recovered(bench, firstCredits, topUps, settled, about);
    }
    assert.ok(completed > kills, `${completed} requests ended well between the kills`);
    const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
    assert.ok(total.estimated > 0 && total.costMicroCredits > 0);
  });
});
