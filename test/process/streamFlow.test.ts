// How streams flow through the real broker: a slow reader holds the upstream back, a client that
// leaves stops it, a person can stop it, and an upstream that lies or never ends harms nobody.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { recordedEvents, recordedJson, recordedRequest, recordedStream, recordedUsage } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Wire } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, explained, openBench, sleep, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const beginning = recordedEvents.slice(0, 3).join('');
const mebibyte = 1024 * 1024;
/** Only an upstream that is never stopped uses that up; how soon it is stopped is proven by a clock of its own (attempt.test.ts). */
const stopMsMax = 20_000;

describe('streams that are slow, left, stopped or endless', function () {
  this.timeout(60_000);
  let bench: Workbench;
  before(async () => { bench = await openBench({ credits: 1_000 }); });
  after(() => bench.close());

  /** Sends the beginning and then waits until the other side is gone, or says `release`. */
  function holding(): { release: () => void; begun: Promise<Wire> } {
    let release: () => void = () => undefined;
    let begin: (wire: Wire) => void = () => undefined;
    const begun = new Promise<Wire>((resolve) => { begin = resolve; });
    bench.upstream.script = async (request, wire) => {
      await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(beginning)]));
      begin(wire);
      await Promise.race([request.gone, new Promise<void>((resolve) => { release = resolve; })]);
      if (!wire.isGone()) await wire.write(Buffer.concat([chunkOf(recordedStream.subarray(Buffer.byteLength(beginning))), Buffer.from(lastChunk)]));
    };
    return { release: () => release(), begun };
  }

  /** The id of the only request that runs or waits now. */
  async function liveRequest(state: 'running' | 'waiting'): Promise<string> {
    let id = '';
    await until(async () => {
      id = (await callBroker(bench.broker, 'status', {}))[state][0]?.requestId ?? '';
      return id !== '';
    }, `a ${state} request`);
    return id;
  }

  it('holds the upstream back while its client does not read, and loses nothing', async () => {
    const piece = Buffer.from(`event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"${'x'.repeat(64 * 1024)}"}\n\n`);
    const pieces = 1_500;
    let written = 0;
    bench.upstream.script = async (_request, wire) => {
      await wire.write(streamHead());
      for (let count = 0; count < pieces && !wire.isGone(); count += 1) { await wire.write(chunkOf(piece)); written += piece.length; }
      await wire.write(Buffer.concat([chunkOf(recordedStream), Buffer.from(lastChunk)]));
    };
    const sum = createHash('sha256');
    let bytes = 0;
    let resume: () => void = () => undefined;
    const answer = bench.ask({ onResponse: (response) => {
      response.pause();
      resume = () => { response.resume(); };
      response.on('data', (chunk: Buffer) => { bytes += chunk.length; sum.update(chunk); });
      response.pause();
    } });
    let before = -1;
    await until(async () => {
      const still = written > 0 && written === before;
      before = written;
      await sleep(400);
      return still;
    }, 'the upstream standing still');
    // What the kernels' buffers of two connections and the streams between them hold, and no more.
    assert.ok(written < 40 * mebibyte, `${written} bytes were taken from the upstream although nobody reads`);
    assert.ok(written < pieces * piece.length / 2);
    resume();
    const { complete, headers } = await answer;
    const whole = createHash('sha256');
    for (let count = 0; count < pieces; count += 1) whole.update(piece);
    whole.update(recordedStream);
    assert.deepEqual([complete, bytes, sum.digest('hex')], [true, pieces * piece.length + recordedStream.length, whole.digest('hex')]);
    const told = await explained(bench.broker, String(headers['x-request-id']));
    assert.deepEqual([told.attempts[0]?.measured, told.attempts[0]?.usage?.outputTokens], [true, recordedUsage.outputTokens]);
  });

  it('stops the upstream soon after its client left, and books an estimate', async () => {
    const { begun } = holding();
    const leave = new AbortController();
    const answer = bench.ask({ signal: leave.signal });
    await begun;
    const id = await liveRequest('running');
    leave.abort();
    await answer.catch(() => undefined);
    const stopped = bench.upstream.requests.at(-1)?.gone;
    assert.ok(await Promise.race([stopped, sleep(stopMsMax).then(() => false)]), 'the upstream still runs');
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.outcome, told.attempts[0]?.measured], ['aborted', false]);
    assert.ok((told.charge?.costMicroCredits ?? 0) > 0);
    assert.equal((await bench.audit()).openHolds, 0);
  });

  it('still learns the true usage when the upstream ends within the grace', async () => {
    const { begun, release } = holding();
    const leave = new AbortController();
    const answer = bench.ask({ signal: leave.signal });
    await begun;
    const id = await liveRequest('running');
    leave.abort();
    await answer.catch(() => undefined);
    await sleep(50);
    release();
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.measured, told.attempts[0]?.usage?.inputTokens], [true, recordedUsage.inputTokens]);
  });

  it('charges nothing when the client left before the upstream answered', async () => {
    bench.upstream.script = async (request) => { await request.gone; };
    const count = bench.upstream.requests.length;
    const leave = new AbortController();
    const answer = bench.ask({ signal: leave.signal });
    await until(() => bench.upstream.requests.length > count);
    const id = await liveRequest('running');
    leave.abort();
    await answer.catch(() => undefined);
    await bench.upstream.requests.at(-1)?.gone;
    const told = await explained(bench.broker, id);
    assert.deepEqual([told.attempts[0]?.outcome, told.charge], ['aborted', null]);
  });

  it('takes a client that leaves out of the line; nothing more is sent for it', async () => {
    bench.upstream.script = (_request, wire) => wire.write(wholeAnswer(429, '{"error":{"type":"requests","code":"rate_limit_exceeded","message":"Slow down."}}', { 'retry-after': '100' }));
    const count = bench.upstream.requests.length;
    const leave = new AbortController();
    const answer = bench.ask({ signal: leave.signal, body: recordedRequest(true, { model: 'gpt-5-mini' }) });
    const id = await liveRequest('waiting');
    leave.abort();
    await answer.catch(() => undefined);
    await until(async () => (await callBroker(bench.broker, 'status', {})).waiting.length === 0, 'an empty line');
    const told = await explained(bench.broker, id);
    assert.deepEqual([bench.upstream.requests.length, told.charge, told.decision.code], [count + 1, null, 'cancelled']);
  });

  it('gives no place in the line to a client that left while its body was read', async () => {
    // The line of this model is closed since the throttle before.
    const body = gzipSync(recordedRequest(true, { model: 'gpt-5-mini', input: 'x'.repeat(40 * mebibyte) }));
    for (const pauseMs of [0, 5, 20, 60]) {
      const leave = new AbortController();
      const answer = bench.ask({ signal: leave.signal, body, headers: { 'content-encoding': 'gzip' } });
      await sleep(pauseMs);
      leave.abort();
      await answer.catch(() => undefined);
    }
    await sleep(500);
    assert.deepEqual((await callBroker(bench.broker, 'status', {})).waiting, []);
  });

  for (const [who, headers] of [['an SDK', {}], ['Codex', codexHeaders]] as const) {
    it(`lets a person stop a running request of ${who}`, async () => {
      const { begun } = holding();
      const answer = bench.ask({ headers });
      await begun;
      const id = await liveRequest('running');
      assert.deepEqual(await callBroker(bench.broker, 'cancel', { requestId: id }), { cancelled: true });
      const seen = await answer;
      assert.ok(seen.bytes.toString().startsWith(beginning));
      if (who === 'Codex') assert.match(seen.bytes.toString(), /event: response\.failed\n.*"code":"invalid_prompt".*\n\n$/);
      else assert.equal(seen.complete, false);
      assert.ok(await Promise.race([bench.upstream.requests.at(-1)?.gone, sleep(stopMsMax).then(() => false)]));
      assert.equal((await explained(bench.broker, id)).attempts[0]?.outcome, 'aborted');
    });
  }

  it('settles as soon as the usage is known, even if the upstream never ends the stream', async () => {
    bench.upstream.script = async (request, wire) => {
      await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(recordedStream)]));
      await request.gone;
    };
    const leave = new AbortController();
    let bytes = 0;
    let id = '';
    const answer = bench.ask({ signal: leave.signal, onResponse: (response) => {
      id = String(response.headers['x-request-id']);
      response.on('data', (chunk: Buffer) => { bytes += chunk.length; });
    } });
    await until(() => bytes === recordedStream.length);
    assert.equal((await explained(bench.broker, id)).attempts[0]?.measured, true);
    assert.equal((await bench.audit()).openHolds, 0);
    leave.abort();
    await answer.catch(() => undefined);
  });

  const lies: readonly [string, unknown][] = [
    ['missing', undefined], ['null', null], ['negative', { input_tokens: -1, output_tokens: 5, total_tokens: 4 }], ['no integers', { input_tokens: 1.5, output_tokens: 5, total_tokens: 6.5 }],
    ['absurdly large', { input_tokens: 1e300, output_tokens: 5, total_tokens: 1e300 }], ['texts', { input_tokens: '7', output_tokens: '5', total_tokens: '12' }],
    ['a wrong sum', { input_tokens: 7, output_tokens: 5, total_tokens: 13 }], ['more cached than input', { input_tokens: 7, input_tokens_details: { cached_tokens: 8 }, output_tokens: 5, total_tokens: 12 }],
  ];
  for (const [name, usage] of lies) {
    it(`believes no usage that cannot be true (${name}), streamed or not`, async () => {
      const told = [];
      for (const stream of [true, false]) {
        const response = { ...JSON.parse(recordedJson.toString()) as Record<string, unknown>, usage };
        const event = `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response })}\n\n`;
        bench.upstream.script = (_request, wire) => wire.write(stream
          ? Buffer.concat([Buffer.from(streamHead()), chunkOf(recordedEvents.slice(0, -1).join('') + event), Buffer.from(lastChunk)]) : wholeAnswer(200, JSON.stringify(response)));
        told.push(await bench.explain(await bench.ask({ body: recordedRequest(stream) })));
      }
      for (const one of told) {
        assert.deepEqual([one.attempts[0]?.outcome, one.attempts[0]?.measured], ['completed', false]);
        assert.ok((one.charge?.costMicroCredits ?? 0) > 0 && one.charge?.costMicroCredits === one.charge?.drawnMicroCredits);
      }
    });
  }
});
