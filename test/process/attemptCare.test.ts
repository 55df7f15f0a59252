// What the broker does for an attempt beyond relaying it, against a scripted upstream: estimates
// stay below their hold, compressed answers are measured, dead connections are tried again, and
// neither a refusal nor a stream that never ends keeps a request.
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { circleRounds } from '../../src/domain/runawayGuard.ts';
import { untilBooked } from '../support/process/bookedRows.ts';
import { recordedJson, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, headOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { callBroker, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

describe('care for an attempt', () => {
  let bench: Workbench;
  before(async () => { bench = await openBench({ serve: { runawayGuard: true } }); });
  after(() => bench.close());
  const answering = (script: Script) => { bench.upstream.script = script; };
  const streaming = (bytes: Buffer, headers: Readonly<Record<string, string>> = {}) => answering(async (_request, wire) => {
    await wire.write(streamHead(headers));
    await wire.write(chunkOf(bytes));
    await wire.write(lastChunk);
  });

  it('charges an estimate by the tier and price of its hold, never above it', async () => {
    const lying = recordedStream.toString('utf8').replace(/"usage":\{"input_tokens".*?\},"error"/, '"usage":null,"service_tier":"priority","error"');
    assert.ok(lying.includes('"usage":null,"service_tier":"priority"'));
    streaming(Buffer.from(lying));
    const told = await bench.explain(await bench.ask());
    assert.deepEqual([told.attempts[0]?.measured, told.charge?.tier], [false, 'standard']);
    assert.ok(told.charge && told.charge.costMicroCredits <= told.decision.holdMicroCredits);
  });

  for (const [name, pack] of [['gzip', zlib.gzipSync], ['br', zlib.brotliCompressSync], ['deflate', zlib.deflateSync], ['zstd', zlib.zstdCompressSync]] as const) {
    it(`measures an answer that came as ${name} though plain was asked for, and passes its bytes on`, async () => {
      streaming(recordedStream);
      const plain = await bench.explain(await bench.ask());
      const packed = pack(recordedStream);
      streaming(packed, { 'content-encoding': name });
      const answer = await bench.ask();
      assert.ok(answer.bytes.equals(packed));
      assert.equal(answer.headers['content-encoding'], name);
      const told = await bench.explain(answer);
      assert.deepEqual([told.attempts[0]?.measured, told.attempts[0]?.outcome, told.charge?.costMicroCredits], [true, 'completed', plain.charge?.costMicroCredits]);
      const packedJson = pack(Buffer.from(recordedJson));
      answering(async (_request, wire) => { await wire.write(wholeAnswer(200, packedJson, { 'content-type': 'application/json', 'content-encoding': name })); });
      const whole = await bench.explain(await bench.ask({ body: recordedRequest(false) }));
      assert.deepEqual([whole.attempts[0]?.measured, whole.charge?.costMicroCredits], [true, plain.charge?.costMicroCredits]);
    });
  }

  it('reads the type of content whatever its case', async () => {
    answering(async (_request, wire) => {
      await wire.write(headOf(200, { 'content-type': 'Text/Event-Stream', 'transfer-encoding': 'chunked' }));
      await wire.write(chunkOf(recordedStream));
      await wire.write(lastChunk);
    });
    assert.equal((await bench.explain(await bench.ask())).attempts[0]?.measured, true);
  });

  it('sends again, with a hold of its own, when a kept connection turns out to be dead', async () => {
    streaming(recordedStream);
    await bench.ask();
    let resets = 0;
    answering(async (_request, wire) => {
      if (resets === 0) { resets += 1; wire.reset(); return; }
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedStream));
      await wire.write(lastChunk);
    });
    const answer = await bench.ask();
    assert.equal(answer.status, 200);
    const told = await bench.explain(answer);
    assert.deepEqual(told.attempts.map((one) => [one.outcome, one.measured]), [['broken', false], ['completed', true]]);
    assert.equal((await bench.audit()).openHolds, 0);
  });

  it('tries a dead upstream twice and then says that it cannot be reached', async () => {
    const from = bench.upstream.requests.length;
    answering((_request, wire) => { wire.reset(); });
    const answer = await bench.ask();
    assert.deepEqual([answer.status, bench.upstream.requests.length - from], [502, 2]);
  });

  it('counts nothing of a limit for an upstream that it never reached', async () => {
    const limit = 60_000;
    const announced = { 'x-ratelimit-limit-tokens': String(limit), 'x-ratelimit-remaining-tokens': String(limit), 'x-ratelimit-reset-tokens': '1ms' };
    const gone = await openBench({ script: async (_request, wire) => { await wire.write(Buffer.concat([Buffer.from(streamHead(announced)), chunkOf(recordedStream), Buffer.from(lastChunk)])); } });
    try {
      assert.equal((await gone.ask()).status, 200);
      await gone.upstream.close();
      const large = recordedRequest(true, { input: 'how large is it? '.repeat(4000) });
      for (let attempt = 0; attempt < 2; attempt += 1) assert.equal((await gone.ask({ body: large })).status, 502);
      const { windows } = await callBroker(gone.broker, 'status', {});
      const left = windows.find(({ measure }) => measure === 'tokens')?.remaining ?? 0;
      // Each of them was expected to take a quarter of it.
      assert.ok(left > limit * 0.9, `${left} of ${limit} tokens are left`);
    } finally {
      await gone.close();
    }
  });

  it('does not wait for a refusal that never ends', async () => {
    answering(async (_request, wire) => {
      await wire.write(headOf(400, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }));
      while (!wire.isGone()) {
        await wire.write(chunkOf(Buffer.alloc(8192, 32)));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const answer = await bench.ask();
    assert.deepEqual([answer.status, (await bench.audit()).openHolds], [400, 0]);
  });

  it('ends a stream whose upstream goes on behind the terminal event', async () => {
    answering(async (_request, wire) => {
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedStream));
      while (!wire.isGone()) {
        await wire.write(chunkOf(Buffer.from(': still here\n\n')));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const answer = await bench.ask();
    assert.equal(answer.status, 200);
    assert.ok(answer.bytes.subarray(0, recordedStream.length).equals(recordedStream));
    assert.equal((await bench.explain(answer)).attempts[0]?.measured, true);
    await until(async () => (await callBroker(bench.broker, 'status', {})).running.length === 0);
  });

  it('notes the response\'s id with a request that lasts, for the case that the broker dies', async () => {
    const cut = recordedStream.indexOf('event: response.output_text.delta');
    answering(async (_request, wire) => {
      await wire.write(streamHead());
      await wire.write(chunkOf(recordedStream.subarray(0, cut)));
    });
    const lost = bench.ask().catch(() => undefined);
    let id: string | undefined;
    await until(async () => { id = (await callBroker(bench.broker, 'status', {})).running[0]?.requestId; return id !== undefined; }, 'a running request');
    await untilBooked(bench.dataDir, 'begun', id ?? '');
    await bench.broker.kill();
    await lost;
    const db = new DatabaseSync(path.join(bench.dataDir, 'ledger.db'), { readOnly: true });
    const row = db.prepare('SELECT response_id FROM begun WHERE attempt_id = ?').get(`${id}-1`);
    db.close();
    assert.match(String(row?.['response_id']), /^resp_/);
    await bench.restart();
    assert.deepEqual([(await bench.audit()).ok, (await bench.audit()).openHolds], [true, 0]);
  });

  it('takes no request that was refused, by the upstream or by the broker, for a round of a circle', async () => {
    const input = [{ type: 'function_call', call_id: 'c1', name: 'shell', arguments: '{"command":["ls"]}' }, { type: 'function_call_output', call_id: 'c1', output: 'a b c' }];
    const thread = { headers: { 'thread-id': 'a thread that asks again' }, body: JSON.stringify({ ...JSON.parse(recordedRequest()) as object, input }) };
    answering(async (_request, wire) => { await wire.write(wholeAnswer(400, '{"error":{"message":"It cannot be.","type":"invalid_request_error"}}', { 'content-type': 'application/json' })); });
    for (let round = 0; round <= circleRounds.slow; round += 1) assert.equal((await bench.ask(thread)).status, 400);
    await callBroker(bench.broker, 'budgetSet', { budget: { id: 'none', limit: 1, unit: 'tokens', mode: 'hard', per: 'everything', period: 'life', timeZone: 'UTC' } });
    for (let round = 0; round <= circleRounds.slow; round += 1) assert.equal((await bench.ask(thread)).status, 402);
    await callBroker(bench.broker, 'budgetRemove', { id: 'none' });
    streaming(recordedStream);
    const told = await bench.explain(await bench.ask(thread));
    const safetyOf = ({ decision }: typeof told) => decision.layers.filter((one) => one.layer === 'safety').map((one) => one.verdict);
    assert.deepEqual(safetyOf(told), ['passed']);
    // What was answered each time is another matter.
    for (let round = 1; round < circleRounds.slow; round += 1) await bench.ask(thread);
    assert.deepEqual(safetyOf(await bench.explain(await bench.ask(thread))), ['waited']);
  });
});
