// The real broker notes what the upstream changes of its limits, as its answers tell it: a model's limits first and
// when they are others, also over a restart, and a plan's window that began anew. Both proofs hold with it.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Directive } from '../../src/domain/directives.ts';
import { startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { signedIn } from '../support/process/planBench.ts';
import { recordedModel, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, openUpstream, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { checkAgain } from '../support/secondChecker.ts';
import { askBroker, callBroker, codexHeaders, makeFolder, openBench, removeFolder, until } from '../support/process/workbench.ts';

/** Answers well, with headers. */
const telling = (headers: Readonly<Record<string, string>>): Script => (request, wire) => (
  wire.write(request.line.startsWith('GET') ? wholeAnswer(404, '{}') : Buffer.concat([Buffer.from(streamHead(headers)), chunkOf(recordedStream), Buffer.from(lastChunk)])));

const limits = (requests: number, tokens: number) => telling({
  'x-ratelimit-limit-requests': String(requests), 'x-ratelimit-remaining-requests': String(requests - 1), 'x-ratelimit-limit-tokens': String(tokens), 'x-ratelimit-remaining-tokens': String(tokens - 10),
});

const limitsListed = async (broker: BrokerProcess) => (await callBroker(broker, 'happenings', { filter: 'limits', limit: 20 })).rows.flatMap((one) => (one.from === 'directive' ? [one] : []));
const limitsOf = (directive: Directive) => (directive.kind === 'limit' && 'limits' in directive.note ? directive.note.limits.map((one) => one.limit) : []);

describe('the broker and changed limits', function () {
  this.timeout(60_000);

  it('notes a model\'s limits once, and after a start what they are then beside what they were', async () => {
    const bench = await openBench({ script: limits(300, 100_000) });
    try {
      const ask = async (times: number) => { for (let index = 0; index < times; index += 1) assert.equal((await bench.ask()).status, 200); };
      await ask(2);
      assert.deepEqual(await limitsListed(bench.broker), []);
      await ask(4);
      bench.upstream.script = limits(500, 200_000);
      // Within the hour nothing more is noted, however often it changes.
      await ask(4);
      assert.deepEqual((await limitsListed(bench.broker)).map((one) => [limitsOf(one.directive), one.limitsBefore]), [[[300, 100_000], undefined]]);
      await bench.broker.kill();
      await bench.restart();
      await ask(3);
      await until(async () => (await limitsListed(bench.broker)).length === 2, 'the change is noted');
      const [newest] = await limitsListed(bench.broker);
      assert.ok(newest?.directive.kind === 'limit');
      assert.deepEqual([newest.directive.note.subject, limitsOf(newest.directive), newest.limitsBefore?.map((one) => [one.measure, one.limit, one.windowMinutes])], [recordedModel, [500, 200_000], [['requests', 300, 1], ['tokens', 100_000, 1]]]);
      assert.deepEqual((await bench.audit()).violations, []);
      await bench.broker.stop();
      assert.deepEqual(checkAgain(path.join(bench.dataDir, 'ledger.db')), []);
    } finally {
      await bench.close();
    }
  });

  it('notes that a plan\'s window began anew', async () => {
    const folder = makeFolder('limits');
    const plan = (usedPercent: number, endsInMinutes: number) => telling({
      'x-codex-primary-used-percent': String(usedPercent), 'x-codex-primary-window-minutes': '300', 'x-codex-primary-reset-at': String(Math.round(Date.now() / 1000) + endsInMinutes * 60),
    });
    const upstream = await openUpstream(plan(80, 20));
    const broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: upstream.url, args: ['--chatgpt-upstream', `${upstream.url}/backend-api/codex`] });
    try {
      const { token } = await callBroker(broker, 'token', { workspacePath: folder });
      const ask = async () => { assert.equal((await askBroker(broker, '', { path: `/w/${token}/backend-api/codex/responses`, headers: { ...codexHeaders, ...signedIn } })).status, 200); };
      for (let index = 0; index < 3; index += 1) await ask();
      upstream.script = plan(1, 300);
      for (let index = 0; index < 3; index += 1) await ask();
      await until(async () => (await limitsListed(broker)).length === 1, 'the beginning is noted');
      const [{ directive } = assert.fail()] = await limitsListed(broker);
      assert.ok(directive.kind === 'limit' && 'began' in directive.note);
      assert.match(directive.note.subject, /^ChatGPT [0-9a-f]{4}\/300$/);
      assert.ok(directive.note.began.resetsAtMs > Date.now() + 299 * 60_000);
      assert.deepEqual((await callBroker(broker, 'audit', { full: true })).violations, []);
      await broker.stop();
      assert.deepEqual(checkAgain(path.join(folder, 'data', 'ledger.db')), []);
    } finally {
      await broker.kill();
      await upstream.close();
      removeFolder(folder);
    }
  });
});
