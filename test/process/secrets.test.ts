// Prompts, replies, keys, tokens and sign-ins stay where they belong: after everything that can go wrong with requests,
// none of them stands in any file of the data folder, in what the program said, or in what any call tells.
import assert from 'node:assert/strict';
import { controlTokenOf, runBroker } from '../support/process/brokerProgram.ts';
import { filesIn } from '../support/process/filesIn.ts';
import { recordedRequest } from '../support/process/recordedStream.ts';
import { recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import type { Script } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

const prompt = 'canary-prompt-q7Zt4Lm2';
const reply = 'canary-reply-w8Xs5Kn3';
const key = 'sk-canary-key-0p1o2i3u4y5t';
const signIn = 'canary-sign-in-9a8s7d6f5g4h';

const usage = { input_tokens: 12, output_tokens: 7, total_tokens: 19 };
const responseOf = (more: object = {}) => JSON.stringify({ id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-5.5', output: [{ type: 'message', content: [{ type: 'output_text', text: reply }] }], usage, ...more });
const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const begun = event('response.created', { response: { id: 'resp_1', status: 'in_progress' } }) + event('response.output_text.delta', { delta: reply });
const streamed = (...events: string[]) => Buffer.concat([Buffer.from(streamHead()), ...events.map((one) => chunkOf(one)), Buffer.from(lastChunk)]);
/** Words of an upstream that says back what it was given. */
const echo = `Cannot do "${prompt}" for ${key}`;

const scripts: Readonly<Record<string, Script>> = {
  'an answer': (_request, wire) => wire.write(wholeAnswer(200, responseOf())),
  'a stream': (_request, wire) => wire.write(streamed(begun, event('response.completed', { response: JSON.parse(responseOf()) as object }))),
  'a failed stream': (_request, wire) => wire.write(streamed(begun, event('response.failed', { response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: echo } } }))),
  'a stream that breaks off': async (_request, wire) => { await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(begun)])); wire.reset(); },
  'a refusal': (_request, wire) => wire.write(wholeAnswer(400, JSON.stringify({ error: { code: 'invalid_prompt', message: echo } }))),
  'a refused key': (_request, wire) => wire.write(wholeAnswer(401, JSON.stringify({ error: { code: 'invalid_api_key', message: `Incorrect API key provided: ${key}` } }))),
  'a fault': (_request, wire) => wire.write(wholeAnswer(500, JSON.stringify({ error: { message: echo } }))),
  'a login page': (_request, wire) => wire.write(wholeAnswer(200, `<html>${echo}</html>`, { 'content-type': 'text/html' })),
  'a redirect': (_request, wire) => wire.write(wholeAnswer(307, '', { location: `http://127.0.0.1:9/?${prompt}&${key}` })),
  'nothing': (_request, wire) => wire.reset(),
};

describe('what is secret', function () {
  this.timeout(90_000);

  /** What must stand nowhere, in each form in which it might. The tokens have files of their own, which say nothing else. */
  const secretsOf = (bench: Workbench) => [prompt, reply, key, signIn, bench.token.token, controlTokenOf(bench.dataDir)];
  function assertNowhere(bench: Workbench, told: Readonly<Record<string, string>>, complaint: string): void {
    const files = filesIn(bench.dataDir);
    assert.ok(files.some(([name]) => name === 'broker.log') && files.some(([name]) => name.startsWith('ledger.db')));
    for (const secret of secretsOf(bench)) {
      for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
        for (const [name, bytes] of files) if (!['control.token', 'workspace.key'].includes(name)) assert.ok(!bytes.includes(form), `${name} holds ${form}`);
        for (const [name, text] of Object.entries({ ...told, complaint })) assert.ok(!text.includes(form), `${name} tells ${form}`);
      }
    }
  }
  /** What the calls tell that windows and commands are painted from. */
  async function toldBy(bench: Workbench, requestIds: readonly string[]): Promise<Record<string, string>> {
    const told: Record<string, string> = {};
    for (const [name, value] of [
      ['status', await callBroker(bench.broker, 'status', {})], ['usage', await callBroker(bench.broker, 'usage', { by: 'model' })], ['insights', await callBroker(bench.broker, 'insights', {})], ['health', await callBroker(bench.broker, 'health', {})],
    ] as const) told[name] = JSON.stringify(value);
    for (const id of requestIds) told[`explain ${id}`] = JSON.stringify(await callBroker(bench.broker, 'explain', { id }));
    for (const set of ['requests', 'charges', 'entries', 'directives']) told[`export ${set}`] = (await runBroker(['export', '--set', set, '--format', 'jsonl', '--data', bench.dataDir])).stdout;
    for (const args of [['doctor', '--no-keychain'], ['status'], ['audit', '--full', '--no-keychain']]) { const { stdout, stderr } = await runBroker([...args, '--data', bench.dataDir]); told[args[0] ?? ''] = stdout + stderr; }
    return told;
  }

  it('is in no file, log or report after everything that can go wrong over HTTP', async () => {
    const bench = await openBench({ serve: { apiKey: key, args: ['--pass-through', '/v1/files'] } });
    try {
      const ids: string[] = [];
      const body = (stream: boolean) => recordedRequest(stream, { input: prompt, instructions: prompt, metadata: { note: prompt } });
      for (const script of Object.values(scripts)) {
        bench.upstream.script = script;
        for (const [stream, headers] of [[true, codexHeaders], [true, {}], [false, {}]] as const) {
          const answer = await bench.ask({ body: body(stream), headers }).catch(() => undefined);
          const id = answer?.headers['x-request-id'];
          if (typeof id === 'string') ids.push(id);
        }
        await bench.ask({ path: '/v1/chat/completions', body: JSON.stringify({ model: 'gpt-5.5', messages: [{ role: 'user', content: prompt }] }) }).catch(() => undefined);
        await bench.ask({ path: '/v1/files', body: prompt }).catch(() => undefined);
        await bench.ask({ path: `/w/${bench.token.token}/backend-api/codex/responses`, body: body(true), headers: { authorization: `Bearer ${signIn}` } }).catch(() => undefined);
      }
      for (const broken of [`{"model":"${prompt}`, `{"input":"${prompt}"}`, prompt]) await bench.ask({ body: broken });
      await until(async () => (await bench.audit()).openHolds === 0, 'the end of every hold');
      const known = (await callBroker(bench.broker, 'status', {})).recent.map((one) => one.requestId);
      assert.ok(known.length >= 20 && ids.length >= 20);
      assertNowhere(bench, await toldBy(bench, known), bench.broker.complaint());
      assert.equal(await bench.broker.stop(), 0);
      assertNowhere(bench, {}, bench.broker.complaint());
    } finally {
      await bench.close();
    }
  });

  it('is in no file, log or report after everything that can go wrong over a WebSocket, and after a kill', async () => {
    const bench = await openSocketBench({ serve: { apiKey: key } });
    try {
      const delta = JSON.stringify({ type: 'response.output_text.delta', delta: echo });
      const answers: readonly (readonly string[])[] = [
        recordedFrames.map((frame) => frame.replaceAll(/"delta":"[^"]*"/g, `"delta":"${reply}"`)), [JSON.stringify({ type: 'error', status: 400, error: { code: 'invalid_prompt', message: echo } })],
        [recordedFrames[0] ?? '', JSON.stringify({ type: 'response.failed', response: { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: echo } } })], [delta],
      ];
      for (const frames of answers) {
        bench.sockets.script = async (_message, wire) => {
          for (const frame of frames) await wire.send(frame);
          if (frames[0] === delta) wire.raw.destroy();
        };
        for (const headers of [codexHeaders, {}]) {
          const client = await bench.connect({ headers: { authorization: `Bearer ${bench.token.token}`, ...headers } });
          client.send(recordedMessage({ input: prompt, instructions: prompt }));
          await Promise.race([client.until(endTypes), client.closed]);
        }
      }
      await until(async () => (await bench.audit()).openHolds === 0, 'the end of every hold');
      const known = (await callBroker(bench.broker, 'status', {})).recent.map((one) => one.requestId);
      assert.ok(known.length >= 6);
      assertNowhere(bench, await toldBy(bench, known), bench.broker.complaint());
      bench.sockets.script = async (_message, wire) => { await wire.send(recordedFrames[0] ?? ''); };
      const left = await bench.connect();
      left.send(recordedMessage({ input: prompt }));
      await left.until(['response.created']);
      await bench.broker.kill();
      assertNowhere(bench, {}, bench.broker.complaint());
    } finally {
      await bench.close();
    }
  });
});
