// SIGKILL of the real broker while answers come over WebSockets: at named points of a request's life, and at
// random moments under load. After each one the ledger proves itself, nothing stays reserved and nothing is
// charged twice. Ending it properly lets answers end, and tells clients to come again.
import assert from 'node:assert/strict';
import { recovered } from '../support/process/afterKill.ts';
import { untilBooked } from '../support/process/bookedRows.ts';
import { recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import type { SocketScript } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { callBroker, explained, sleep, until } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

const kills = process.env['CODEX_BROKER_TEST_LONG'] === '1' ? 100 : 8;
const firstCredits = 10_000;

describe('the broker, killed while an answer comes over a WebSocket', function () {
  this.timeout(60_000 + kills * 10_000);
  let bench: SocketBench;
  before(async () => { bench = await openSocketBench({ credits: firstCredits }); });
  after(() => bench.close());

  /** Sends a request to an upstream that does so much and then is silent, and kills the broker once the ledger tells of it. */
  async function killWhen(script: SocketScript, booked?: 'begun' | 'usage', more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    let arrived: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => { arrived = resolve; });
    bench.sockets.script = async (message, wire, index) => {
      await script(message, wire, index);
      arrived();
    };
    const client = await bench.connect();
    client.send(recordedMessage(more));
    await reached;
    const { running } = await callBroker(bench.broker, 'status', {});
    const id = running[0]?.requestId ?? (await callBroker(bench.broker, 'status', {})).recent[0]?.requestId ?? '';
    if (booked) await untilBooked(bench.dataDir, booked, id);
    await bench.broker.kill();
    assert.equal((await client.closed).code, 1006);
    return id;
  }

  const upTo = (frames: number): SocketScript => async (_message, wire) => {
    for (const frame of recordedFrames.slice(0, frames)) await wire.send(frame);
  };
  const points: readonly [string, SocketScript, 'free' | 'estimated'][] = [
    ['before the upstream answers', upTo(0), 'free'], ['after the response was created', upTo(1), 'estimated'], ['between two pieces of output', upTo(3), 'estimated'],
    ['in the middle of the terminal event', async (message, wire, index) => { await upTo(5)(message, wire, index); await wire.begin(recordedFrames[5] ?? '', 80); }, 'estimated'],
  ];
  for (const [name, script, cost] of points) {
    it(`${name}: the request is ${cost} afterwards`, async () => {
      const id = await killWhen(script, cost === 'free' ? undefined : 'begun');
      await recovered(bench, firstCredits, [], undefined, name);
      const told = await explained(bench.broker, id);
      assert.deepEqual([told.attempts.length, told.attempts[0]?.outcome, told.attempts[0]?.measured], [1, 'crashed', false]);
      if (cost === 'free') assert.equal(told.charge, null);
      else assert.ok((told.charge?.costMicroCredits ?? 0) > 0 && told.charge?.costMicroCredits === told.charge?.drawnMicroCredits);
    });
  }

  it('after the terminal event: charged once, as reported', async () => {
    const id = await killWhen(upTo(recordedFrames.length), 'usage');
    await recovered(bench, firstCredits, []);
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured, told.entries.filter((one) => one.kind === 'post').length], ['completed', true, 1]);
  });

  it('while a prewarm is answered: it costs nothing', async () => {
    const id = await killWhen(upTo(1), 'begun', { generate: false });
    await recovered(bench, firstCredits, []);
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.outcome, told.charge?.costMicroCredits ?? 0], ['crashed', 0]);
  });

  it('keeps every promise over many kills at random moments', async () => {
    const seed = Date.now() % 2_147_483_647;
    let state = seed;
    const random = () => { state = state * 48_271 % 2_147_483_647; return state / 2_147_483_647; };
    bench.sockets.script = async (_message, wire, index) => {
      for (const frame of recordedFrames) {
        await sleep(index % 2 === 0 ? 2 : 20);
        await wire.send(frame.replaceAll(/resp_\w+/g, `resp_${index}`));
      }
    };
    let completed = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      let stopped = false;
      const lane = async () => {
        while (!stopped) {
          const client = await bench.connect().catch(() => undefined);
          // One connection serves several turns.
          for (let turn = 0; client && turn < 3 && !stopped; turn += 1) {
            const from = client.texts.length;
            client.send(recordedMessage());
            if ((await client.until(endTypes, from)).at(-1)?.type === 'response.completed') completed += 1;
          }
          if (client) client.socket.close(1000);
          else await sleep(5);
        }
      };
      const lanes = Array.from({ length: 6 }, lane);
      // Every other kill waits until requests ended well since the last, however slow the machine is.
      const wanted = kill % 2 === 0 ? 0 : completed + 3 + Math.floor(random() * 4);
      await sleep(100 + random() * 300);
      while (completed < wanted) await sleep(5);
      const settled = random() < 0.5 ? await callBroker(bench.broker, 'usage', { by: 'model' }) : undefined;
      stopped = true;
      await bench.broker.kill();
      await Promise.all(lanes);
      await recovered(bench, firstCredits, [], settled, `kill ${kill} of seed ${seed}`);
    }
    assert.ok(completed > kills, `${completed} requests ended well between the kills`);
  });
});

describe('the broker, asked to end while WebSockets are open', function () {
  this.timeout(60_000);
  let bench: SocketBench;
  beforeEach(async () => { bench = await openSocketBench({ credits: firstCredits }); });
  afterEach(() => bench.close());

  it('closes idle ones at once, lets an answer end, and tells clients to come again', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    bench.sockets.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      await held;
      for (const frame of recordedFrames.slice(1)) await wire.send(frame);
    };
    const [idle, busy] = [await bench.connect(), await bench.connect()];
    busy.send(recordedMessage());
    await busy.until(['response.created']);
    const ended = bench.broker.stop();
    assert.equal((await idle.closed).code, 1012);
    assert.equal(busy.texts.length, 1);
    release();
    assert.equal((await busy.until(endTypes)).at(-1).type, 'response.completed');
    assert.deepEqual([(await busy.closed).code, await ended], [1012, 0]);
    await bench.restart();
    assert.deepEqual([(await bench.audit()).ok, (await callBroker(bench.broker, 'usage', { by: 'model' })).total.estimated], [true, 0]);
  });

  it('cuts an answer that does not end in time, and books what had come', async () => {
    bench.sockets.script = async (_message, wire) => {
      for (const frame of recordedFrames.slice(0, 3)) await wire.send(frame);
      await wire.gone;
    };
    const client = await bench.connect();
    client.send(recordedMessage());
    await until(() => client.texts.length === 3);
    const ended = bench.broker.stop();
    assert.equal((await client.closed).code, 1012);
    assert.equal(await ended, 0);
    await bench.restart();
    const told = await bench.newest();
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured, (await bench.audit()).openHolds], ['aborted', false, 0]);
  });
});
