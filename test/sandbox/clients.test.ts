// The sandbox in front of the clients that it must satisfy: OpenAI's own SDK, and the real Codex
// command line, which has to leave a real file behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import type { Json } from './asking.ts';

let sandbox: Sandbox;
const openai = (more: { maxRetries?: number; apiKey?: string } = {}) => new OpenAI({ apiKey: 'sk-sandbox', baseURL: `${sandbox.url}/v1`, ...more });

describe('OpenAI\'s SDK against the sandbox', function () {
  this.timeout(30_000);

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 }, faults: [{ match: { promptIncludes: 'once more', times: 1 }, do: { kind: 'throttle', retryAfterMs: 10 } }] } });
  });
  afterEach(() => sandbox.close());

  it('gets a whole response', async () => {
    const response = await openai().responses.create({ model: 'gpt-5.5', input: 'say hi', reasoning: { effort: 'low' } });
    assert.match(response.output_text, /say hi$/);
    assert.equal(response.usage?.output_tokens_details.reasoning_tokens, 64);
  });

  it('gets a stream, and its helper puts the same response together from the pieces', async () => {
    const stream = openai().responses.stream({ model: 'gpt-5.5', input: 'say hi' });
    let text = '';
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
    const final = await stream.finalResponse();
    assert.equal(final.output_text, text);
    assert.equal(final.usage?.total_tokens, (final.usage?.input_tokens ?? 0) + (final.usage?.output_tokens ?? 0));
  });

  it('understands a call of a function', async () => {
    const parameters = { type: 'object', properties: { path: { type: 'string' }, content: { type: 'string' } }, required: ['path', 'content'], additionalProperties: false };
    const stream = openai().responses.stream({ model: 'gpt-5.5', input: 'create hello.txt with the text hi', tools: [{ type: 'function', name: 'write_file', strict: true, parameters }] });
    const [call] = (await stream.finalResponse()).output;
    assert.ok(call?.type === 'function_call');
    assert.deepEqual(JSON.parse(call.arguments), { path: 'hello.txt', content: 'hi\n' });
  });

  it('throws its own errors, and tries again after a throttle', async () => {
    await assert.rejects(openai().responses.create({ model: 'none', input: 'x' }), OpenAI.NotFoundError);
    await assert.rejects(openai({ apiKey: 'sk-revoked' }).responses.create({ model: 'gpt-5.5', input: 'x' }), OpenAI.AuthenticationError);
    const response = await openai().responses.create({ model: 'gpt-5.5', input: 'once more' });
    assert.equal(response.status, 'completed');
    assert.deepEqual(sandbox.meter.attempts.slice(-2).map((request) => request.status), [429, 200]);
  });

  it('lists models', async () => {
    const ids = [];
    for await (const model of openai().models.list()) ids.push(model.id);
    assert.ok(ids.includes('gpt-6.1-sol') && ids.includes('sandbox-unpriced'));
  });
});

describe('the Codex command line against the sandbox', function () {
  this.timeout(120_000);
  let folder: string;
  const codex = fileURLToPath(new URL('../../node_modules/@openai/codex/bin/codex.js', import.meta.url));

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 } } });
    folder = mkdtempSync(path.join(tmpdir(), 'sandbox-codex-'));
    for (const name of ['home', 'work']) mkdirSync(path.join(folder, name));
    // Without these, Codex also calls services that have nothing to do with the model.
    writeFileSync(path.join(folder, 'home', 'config.toml'), '[analytics]\nenabled = false\n[features]\napps = false\nplugins = false\nremote_plugin = false\n[otel]\nmetrics_exporter = "none"\n');
  });
  afterEach(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const exec = async (model: string, prompt: string) => {
    const child = spawn(process.execPath, [codex, 'exec', '--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-m', model, '-c', `openai_base_url="${sandbox.url}/v1"`, prompt], {
      cwd: path.join(folder, 'work'), stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], HOME: folder, CODEX_HOME: path.join(folder, 'home'), CODEX_API_KEY: 'sk-sandbox', NO_PROXY: '127.0.0.1' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = await once(child, 'close') as [number | null];
    return { code, events: output.trim().split('\n').map((line) => JSON.parse(line) as Record<string, Json>) };
  };
  const file = () => path.join(folder, 'work', 'hello.txt');

  // One model of each way in which Codex offers its tools, over a WebSocket, and one over HTTP.
  for (const [model, offered] of [['gpt-6.1-sol', true], ['gpt-5.5', true], ['gpt-5-mini', true], ['gpt-6.1-sol', false]] as const) {
    it(`really writes a file with ${model} over ${offered ? 'a WebSocket' : 'HTTP'}, and reports the usage that the sandbox counted`, async () => {
      await sandbox.close();
      sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 }, webSocket: { offered } } });
      const { code, events } = await exec(model, 'create hello.txt with the text hi');
      assert.equal(code, 0);
      assert.equal(readFileSync(file(), 'utf8'), 'hi\n');
      assert.match(events.filter((event) => event['item']?.type === 'agent_message').at(-1)?.['item'].text, /^Done: /);
      const { totals, attempts } = sandbox.meter;
      assert.deepEqual(attempts.filter((request) => !request.isPrewarm).map((request) => request.status), [200, 200]);
      assert.deepEqual(events.find((event) => event['type'] === 'turn.completed')?.['usage'], {
        input_tokens: totals.inputTokens, cached_input_tokens: totals.cachedInputTokens, cache_write_input_tokens: totals.cacheWriteTokens,
        output_tokens: totals.outputTokens, reasoning_output_tokens: totals.reasoningTokens,
      });
    });
  }

  it('leaves a file alone that was there before', async () => {
    writeFileSync(file(), 'mine');
    const { code, events } = await exec('gpt-6.1-sol', 'create hello.txt with the text hi');
    assert.equal(code, 0);
    assert.equal(readFileSync(file(), 'utf8'), 'mine');
    assert.match(events.filter((event) => event['item']?.type === 'agent_message').at(-1)?.['item'].text, /reported a problem/);
  });

  it('only answers when nothing is to be written', async () => {
    const { code, events } = await exec('gpt-5.5', 'say hi');
    assert.equal(code, 0);
    assert.match(events.filter((event) => event['item']?.type === 'agent_message').at(-1)?.['item'].text, /practice mode.*say hi$/s);
    assert.equal(existsSync(file()), false);
  });
});
