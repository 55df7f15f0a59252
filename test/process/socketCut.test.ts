// An answer over a WebSocket that is cut between and inside of its frames, by the upstream and by the client,
// beside the same answer over HTTP: both end in the ledger in the same way, once, and nothing stays reserved.
import assert from 'node:assert/strict';
import { recordedEvents, recordedModel, recordedUsage } from '../support/process/recordedStream.ts';
import { recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import type { SocketWire } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import type { explained } from '../support/process/workbench.ts';
import { callBroker, codexHeaders, until } from '../support/process/workbench.ts';

type Told = Awaited<ReturnType<typeof explained>>;

/** What of an end must not depend on what carried the answer. */
const endOf = (told: Told) => told.attempts.map(({ outcome, measured, usage, freeReason, exposureMicroCredits }) => [outcome, measured, usage, freeReason, exposureMicroCredits, told.charge?.costMicroCredits]);

const terminal = recordedFrames.at(-1) ?? '';
const last = recordedFrames.length - 1;

describe('an answer over a WebSocket that is cut', function () {
  this.timeout(120_000);
  let bench: SocketBench;
  let newest: string | undefined;
  beforeEach(async () => {
    bench = await openSocketBench({ credits: 100_000 });
    newest = undefined;
  });
  afterEach(() => bench.close());

  const next = async () => {
    const told = await bench.newest(newest);
    newest = told.id;
    return told;
  };
  const proven = async () => {
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0]);
    assert.equal((await callBroker(bench.broker, 'creditsList', {})).heldMicroCredits, 0);
  };
  /** Asks once over each transport, with an upstream that cuts both in the same place. */
  async function both(frames: number, cut: (wire: SocketWire) => Promise<void> | void): Promise<{ readonly socket: Told; readonly http: Told; readonly texts: readonly string[]; readonly code: number }> {
    bench.sockets.script = async (_message, wire) => {
      for (const frame of recordedFrames.slice(0, frames)) await wire.send(frame);
      await cut(wire);
    };
    bench.sockets.answerHttp = (_request, response) => {
      if (frames === 0) { response.destroy(); return; }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(recordedEvents.slice(0, frames).join(''), () => response.destroy());
    };
    await bench.ask({ headers: codexHeaders }).catch(() => undefined);
    const http = await next();
    const client = await bench.connect();
    client.send(recordedMessage());
    const { code } = await client.closed;
    return { http, socket: await next(), texts: client.texts, code };
  }

  const hows: readonly [string, number, (wire: SocketWire) => Promise<void> | void][] = [
    ['a reset', 1011, (wire) => wire.reset()], ['a close that says something broke', 1011, (wire) => wire.close(1011, 'trouble')], ['a close that says nothing is wrong', 1000, (wire) => wire.close(1000)],
    ['a restart', 1012, (wire) => wire.close(1012, 'back soon')], ['half a frame', 1011, async (wire) => { await wire.begin(terminal, 200); wire.reset(); }],
    ['a binary frame', 1011, (wire) => { wire.socket.send(Buffer.from(terminal), { binary: true }); }],
  ];
  for (const [name, code, cut] of hows) {
    it(`ends like one over HTTP, by ${name} behind each frame`, async () => {
      for (let frames = 1; frames <= recordedFrames.length; frames += 1) {
        const seen = await both(frames, cut);
        assert.deepEqual(endOf(seen.socket), endOf(seen.http), `${frames} frames`);
        assert.equal(seen.socket.attempts[0]?.measured, frames === recordedFrames.length, `${frames} frames`);
        assert.deepEqual(seen.texts, recordedFrames.slice(0, frames));
        assert.equal(seen.code, code);
      }
      await proven();
    });
  }

  it('is free where nothing of the answer had come, and notes what the upstream may have billed', async () => {
    for (const [, , cut] of hows) {
      const seen = await both(0, cut);
      // Over HTTP a kept connection that is dead is tried once more; each attempt ends in the same way.
      assert.deepEqual(endOf(seen.socket)[0], endOf(seen.http).at(-1));
      assert.deepEqual([seen.socket.charge, seen.socket.attempts[0]?.outcome, seen.texts], [null, 'broken', []]);
      assert.ok((seen.socket.attempts[0]?.exposureMicroCredits ?? 0) > 0);
    }
    await proven();
  });

  it('is measured exactly when its last frame came whole, wherever that is cut or sliced', async () => {
    for (let bytes = 0; bytes < terminal.length; bytes += 29) {
      const { socket } = await both(last, async (wire) => { await wire.begin(terminal, bytes); wire.reset(); });
      assert.deepEqual([socket.attempts[0]?.outcome, socket.attempts[0]?.measured], ['broken', false], `cut behind byte ${bytes}`);
      const { socket: whole } = await both(last, async (wire) => {
        await new Promise<void>((resolve) => { wire.socket.send(terminal.slice(0, bytes), { fin: false }, () => resolve()); });
        await wire.send(terminal.slice(bytes));
        wire.close(1000);
      });
      assert.deepEqual(whole.attempts[0]?.usage, { ...recordedUsage, cacheWriteTokens: 0 }, `sliced behind byte ${bytes}`);
    }
    await proven();
  });

  it('stops the upstream when the client leaves, and books what had come', async () => {
    for (let frames = 0; frames < recordedFrames.length; frames += 1) {
      bench.sockets.script = async (_message, wire) => {
        for (const frame of recordedFrames.slice(0, frames)) await wire.send(frame);
        await wire.gone;
      };
      const client = await bench.connect();
      const sent = bench.sockets.messages.length;
      client.send(recordedMessage());
      await until(() => bench.sockets.messages.length > sent && client.texts.length === frames, `${frames} frames`);
      if (frames % 2 === 0) client.socket.terminate();
      else client.socket.close(1000);
      const told = await next();
      assert.equal(told.attempts[0]?.outcome, 'aborted', `${frames} frames`);
      assert.equal(told.charge === null, frames === 0, `${frames} frames`);
      await until(() => bench.sockets.open() === 0, 'the upstream\'s end');
    }
    await proven();
  });

  it('still learns the true usage when the upstream ends within the grace', async () => {
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => { leave = resolve; });
    bench.sockets.script = async (_message, wire) => {
      for (const frame of recordedFrames.slice(0, last)) await wire.send(frame);
      await left;
      await wire.send(terminal);
    };
    const client = await bench.connect();
    client.send(recordedMessage());
    await until(() => client.texts.length === last);
    client.socket.terminate();
    await client.closed;
    leave();
    const told = await next();
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured, told.model], ['completed', true, recordedModel]);
    await until(() => bench.sockets.open() === 0, 'the upstream\'s end');
    await proven();
  });

  it('ends in the same way when the upstream says error in the middle', async () => {
    const vague = JSON.stringify({ type: 'error', code: 'server_error', message: 'boom', param: null });
    const clear = JSON.stringify({ type: 'error', status: 500, error: { code: 'server_error', message: 'boom' } });
    bench.sockets.script = async (message, wire) => {
      for (const frame of recordedFrames.slice(0, 4)) await wire.send(frame);
      await wire.send(message.json.input === 'vague' ? vague : clear);
    };
    bench.sockets.answerHttp = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${recordedEvents.slice(0, 4).join('')}event: error\ndata: ${vague}\n\n`);
    };
    await bench.ask();
    const http = await next();
    const client = await bench.connect();
    for (const [input, error, times] of [['clear', clear, 1], ['clear', clear, 2], ['vague', vague, 1]] as const) {
      client.send(recordedMessage({ input }));
      await until(() => client.texts.filter((text) => text === error).length === times, 'the error');
      const socket = await next();
      assert.deepEqual([socket.attempts[0]?.outcome, socket.attempts[0]?.measured, socket.attempts[0]?.usage?.outputTokens], ['broken', false, http.attempts[0]?.usage?.outputTokens]);
    }
    // One that names its status leaves the connection as it is; Codex would pass over the other one and wait.
    assert.equal((await client.closed).code, 1011);
    await proven();
  });
});
