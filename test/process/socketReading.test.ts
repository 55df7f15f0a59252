// WebSockets whose other end reads slowly, reads nothing, or sends what is no frame: nothing is lost for the slow,
// what is kept for them is bounded, and the ledger adds up.
import assert from 'node:assert/strict';
import { recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { callBroker, sleep, until } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

describe('WebSockets that are read slowly, not at all, or written with nonsense', function () {
  this.timeout(60_000);
  let bench: SocketBench;
  beforeEach(async () => { bench = await openSocketBench(); });
  afterEach(async () => {
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
    await bench.close();
  });

  it('survives an upstream whose frames are too large, or none', async () => {
    for (const [index, bytes] of [Buffer.from('ff00ff', 'hex'), Buffer.from([0x81, 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Buffer.from([0x83, 2, 1, 2]), Buffer.from([0xc1, 2, 0x7b, 0x7d]), Buffer.from([0x81, 2, 0xff, 0xfe])].entries()) {
      bench.sockets.script = async (_message, wire) => {
        for (const frame of recordedFrames.slice(0, 2)) await wire.send(frame);
        wire.raw.write(bytes);
      };
      const client = await bench.connect();
      client.send(recordedMessage());
      const { code } = await client.closed;
      assert.ok(code === 1011 || code === 1007 || code === 1009, `${code}`);
      assert.equal(client.texts.length, 2);
      await until(async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.estimated === index + 1, 'an estimate');
    }
  });

  it('survives messages that are nested without end or hold millions of values, and carries others meanwhile', async () => {
    const running = await bench.connect();
    let goOn = () => undefined as void;
    const isAsked = new Promise<void>((resolve) => { goOn = resolve; });
    bench.sockets.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      await isAsked;
      for (const frame of recordedFrames.slice(1)) await wire.send(frame);
    };
    running.send(recordedMessage());
    await running.until(['response.created']);
    const nested = (depth: number) => `{"type":"response.create","model":"gpt-5.5","input":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const other = await bench.connect({ headers: { authorization: `Bearer ${bench.token.token}` } });
    const heard = bench.sockets.messages.length;
    for (const text of [nested(3_000_000), `{"type":"response.create","model":"gpt-5.5","input":[${'{},'.repeat(2_000_001)}1]}`]) {
      const from = other.frames().length;
      other.send(text);
      const [refused] = (await other.until(endTypes, from)).slice(-1);
      assert.deepEqual([refused.status, refused.error.code, refused.error.message.split('.')[0]], [400, 'body_broken', 'The message has more than 2,000,000 values']);
      const answer = await bench.ask({ body: text });
      assert.deepEqual([answer.status, JSON.parse(answer.bytes.toString()).error.code], [400, 'body_broken']);
    }
    assert.equal(bench.sockets.messages.length, heard);
    // One that is parsed, but too deep to be written again, is a request like any other.
    const from = other.frames().length;
    other.send(nested(200_000));
    await until(() => bench.sockets.messages.length === heard + 1, 'the deep one upstream');
    goOn();
    await running.until(endTypes);
    await other.until(endTypes, from);
    assert.equal(running.frames().at(-1).type, 'response.completed');
  });

  it('gives a slow client the whole answer although the upstream has closed long ago', async () => {
    const delta = JSON.stringify({ type: 'response.output_text.delta', delta: 'x'.repeat(100_000) });
    bench.sockets.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      for (let count = 0; count < 60; count += 1) wire.socket.send(delta);
      await wire.send(recordedFrames.at(-1) ?? '');
      wire.close(1000);
    };
    const client = await bench.connect();
    client.send(recordedMessage());
    await client.until(['response.created']);
    client.socket.pause();
    await sleep(6000);
    client.socket.resume();
    assert.deepEqual([(await client.closed).code, client.texts.length, client.texts.at(-1) === recordedFrames.at(-1)], [1000, 62, true]);
    assert.equal((await bench.newest()).attempts[0]?.measured, true);
  });

  it('cuts off a client that asks on and on and reads nothing', async () => {
    const client = await bench.connect();
    client.socket.pause();
    // Each is refused with some 700 bytes: far more than the systems between keep.
    for (let batch = 0; batch < 400; batch += 1) {
      for (let count = 0; count < 200; count += 1) client.send('{"type":"nothing.known"}');
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    await until(() => bench.sockets.open() === 0, 'the end of the upstream\'s side');
    client.socket.resume();
    assert.equal((await client.closed).code, 1008);
    assert.ok(client.texts.length < 160_000, `${client.texts.length} refusals`);
  });

  it('holds the upstream back while its client does not read, and loses nothing', async () => {
    const pieces = 400;
    const delta = JSON.stringify({ type: 'response.output_text.delta', delta: 'x'.repeat(100_000) });
    let written = 0;
    bench.sockets.script = async (_message, wire) => {
      await wire.send(recordedFrames[0] ?? '');
      for (let count = 0; count < pieces; count += 1) {
        await wire.send(delta);
        written = count + 1;
      }
      for (const frame of recordedFrames.slice(1)) await wire.send(frame);
    };
    const client = await bench.connect();
    client.send(recordedMessage());
    await client.until(['response.created']);
    client.socket.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await sleep(300);
    }
    assert.ok(written < pieces, `the upstream could write all ${pieces} pieces`);
    client.socket.resume();
    await client.until(endTypes);
    assert.deepEqual([client.texts.length, client.texts.filter((text) => text === delta).length], [recordedFrames.length + pieces, pieces]);
    assert.equal((await bench.newest()).attempts[0]?.measured, true);
  });
});
