// A limit of a ChatGPT plan that belongs to one model, through the real broker: once it is used up its model's requests are told so at
// once, in Codex's own words and without asking the upstream, while other models go on. The sign-in is made up.
import assert from 'node:assert/strict';
import path from 'node:path';
import { startBroker } from '../support/process/brokerProgram.ts';
import { exchange } from '../support/process/httpExchange.ts';
import { signedIn } from '../support/process/planBench.ts';
import { recordedModel, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, openUpstream, streamHead } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, makeFolder, removeFolder } from '../support/process/workbench.ts';

describe('a limit of one model of a plan', function () {
  this.timeout(60_000);

  it('ends that model\'s requests once it is used up, and is shown under its name', async () => {
    const resetAt = Math.ceil(Date.now() / 1000) + 3_600;
    const family = (prefix: string, percent: number) => ({ [`x-${prefix}-primary-used-percent`]: String(percent), [`x-${prefix}-primary-window-minutes`]: '300', [`x-${prefix}-primary-reset-at`]: String(resetAt) });
    const upstream = await openUpstream(async (request, wire) => {
      const isOwn = request.body.includes('"sonic-model"');
      await wire.write(streamHead(isOwn ? { 'x-codex-active-limit': 'codex_bengalfox', ...family('codex', 100), ...family('codex-bengalfox', 100), 'x-codex-bengalfox-limit-name': 'Sonic' } : { 'x-codex-active-limit': 'premium', ...family('codex', 30) }));
      await wire.write(chunkOf(recordedStream));
      await wire.write(lastChunk);
    });
    const folder = makeFolder('model-limits');
    const broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: upstream.url, args: ['--chatgpt-upstream', `${upstream.url}/backend-api/codex`] });
    try {
      const { token } = await callBroker(broker, 'token', { workspacePath: folder });
      const ask = (model: string) => exchange(`${broker.url}/w/${token}/backend-api/codex/responses`, {
        headers: { ...codexHeaders, ...signedIn, 'content-type': 'application/json' }, body: recordedRequest().replace(`"${recordedModel}"`, `"${model}"`),
      });
      const asked = () => upstream.requests.filter(({ line }) => line.startsWith('POST')).length;
      assert.deepEqual([(await ask(recordedModel)).status, (await ask('sonic-model')).status, asked()], [200, 200, 2]);
      const refused = await ask('sonic-model');
      const { error } = JSON.parse(refused.bytes.toString('utf8')) as { error: { type: string; resets_at: number; message: string } };
      assert.deepEqual([refused.status, error.type, error.resets_at, asked()], [429, 'usage_limit_reached', resetAt, 2]);
      assert.match(error.message, /limit Sonic in the ChatGPT plan is used up; models that it is not for go on/);
      assert.deepEqual([(await ask(recordedModel)).status, asked()], [200, 3]);
      const { windows } = await callBroker(broker, 'status', {});
      const shown = windows.filter(({ measure }) => measure === 'percent').map(({ model, remaining, ofPlan }) => [model.replace(/ \w{4}$/, ''), remaining, ofPlan?.models]);
      assert.deepEqual(shown, [['ChatGPT', 70, undefined], ['Sonic', 0, ['sonic-model']]]);
    } finally {
      await broker.kill();
      await upstream.close();
      removeFolder(folder);
    }
  });
});
