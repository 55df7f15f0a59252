// Proves that requests are read as Codex and the SDKs really send them (headers and bodies as
// recorded from Codex 0.169.0 and openai-node 7.57.0), and that hostile ones are told apart or cleaned.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';
import { originHeaders } from '../../src/protocol/originHeaders.ts';
import { patienceCodexMs, patienceOtherMs, readClient } from '../../src/protocol/requestEnvelope.ts';
import { stepPrints } from '../../src/protocol/stepPrint.ts';

const headers = (all: Record<string, string>) => (name: string) => all[name];

describe('request envelope', () => {
  it('reads a Codex body', () => {
    assert.deepEqual(readEnvelope(JSON.stringify({
      model: 'gpt-5.5', stream: true, input: [], reasoning: { effort: 'medium' }, store: false, prompt_cache_key: '01a2', service_tier: 'fast', max_output_tokens: 500, background: false,
    })), { model: 'gpt-5.5', stream: true, maxOutputTokens: 500, serviceTier: 'fast', effort: 'medium', promptCacheKey: '01a2', background: false, size: { textBytes: 0, textTokens: 0 } });
    assert.deepEqual(readEnvelope('{"model":"gpt-5.5","input":"hi","max_output_tokens":null}'), { model: 'gpt-5.5', stream: false, size: { textBytes: 6, textTokens: 5 }, prints: stepPrints({ input: 'hi' }) });
  });

  it('reads which command and file a client names, cleaned, bounded and never trusted', () => {
    const read = (all: Record<string, string>) => { const { command, file } = readClient(headers(all)); return [command, file]; };
    assert.deepEqual(read({}), [undefined, undefined]);
    assert.deepEqual(read({ 'x-codex-broker-command': 'ask', 'x-codex-broker-file': 'src%2F%C3%BCn%C3%B6.ts' }), ['ask', 'src/ünö.ts']);
    assert.deepEqual(read({ 'x-codex-broker-command': ' a\u0000\u202Eb ', 'x-codex-broker-file': 'a%0A%00%E2%80%AEb' }), ['ab', 'ab']);
    assert.deepEqual(read({ 'x-codex-broker-command': '', 'x-codex-broker-file': '%00' }), [undefined, undefined]);
    assert.deepEqual(read({ 'x-codex-broker-file': '%E0%A4%A' }), [undefined, undefined], 'not percent-encoded');
    assert.deepEqual(read({ 'x-codex-broker-command': 'c'.repeat(5000), 'x-codex-broker-file': 'f'.repeat(5000) }).map((one) => one?.length), [200, 200]);
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (file) => {
      const [, told] = read(originHeaders({ file }));
      assert.ok(told === undefined || told.length <= 200);
      if (/^[\w/ .-]{1,200}$/.test(file) && file.trim() === file) assert.equal(told, file);
    }));
  });

  it('says what is broken', () => {
    const broken = (body: string) => { const read = readEnvelope(body); return 'broken' in read ? read.broken : undefined; };
    assert.match(broken('{') ?? '', /not valid JSON/);
    assert.match(broken('[]') ?? '', /not a JSON object/);
    assert.match(broken('{}') ?? '', /no model/);
    assert.match(broken('{"model":5}') ?? '', /no model/);
    assert.match(broken('{"model":"a","stream":"yes"}') ?? '', /stream/);
    for (const max of ['-1', '1.5', '"9"', '0']) assert.match(broken(`{"model":"a","max_output_tokens":${max}}`) ?? '', /max_output_tokens/);
  });

  it('knows a request that cannot but make an image', () => {
    const tools = [{ type: 'image_generation' }];
    const makes = (more: Record<string, unknown>) => { const read = readEnvelope(JSON.stringify({ model: 'm', input: 'x', ...more })); return 'model' in read && read.makesImage === true; };
    assert.ok(makes({ tools, tool_choice: 'required' }));
    assert.ok(makes({ tools: [...tools, { type: 'web_search' }], tool_choice: { type: 'image_generation' } }));
    for (const more of [{}, { tools }, { tools, tool_choice: 'auto' }, { tools: [...tools, { type: 'web_search' }], tool_choice: 'required' }, { tools: 'x', tool_choice: { type: 'image_generation' } }]) assert.ok(!makes(more), JSON.stringify(more));
  });

  it('knows Codex by its own headers', () => {
    assert.deepEqual(readClient(headers({
      originator: 'codex_exec', 'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)', 'thread-id': '01a2', 'session-id': '01a1',
      'x-codex-turn-metadata': '{"installation_id":"b43d","turn_id":"turn-7","request_kind":"compaction"}',
    })), { name: 'codex_exec', version: '0.169.0', threadId: '01a2', turnId: 'turn-7', requestKind: 'compaction', isCodex: true, patienceMs: patienceCodexMs });
    const review = readClient(headers({ originator: 'codex_vscode', 'session-id': '01a1', 'x-openai-subagent': 'review', 'x-codex-turn-metadata': '{"request_kind":"turn"}' }));
    assert.equal(review.name, 'codex_vscode');
    assert.equal(review.requestKind, 'review');
    assert.equal(review.threadId, '01a1');
    assert.equal(readClient(headers({ originator: 'my_editor', 'user-agent': 'my_editor/0.169.0 (Debian)', 'x-codex-window-id': '01a2:0' })).isCodex, true, 'an app-server client');
  });

  it('knows the SDKs and others by their user agent', () => {
    assert.deepEqual(readClient(headers({ 'user-agent': 'OpenAI/JS 7.57.0' })), { name: 'openai-node', version: '7.57.0', isCodex: false, patienceMs: patienceOtherMs });
    assert.equal(readClient(headers({ 'user-agent': 'AsyncOpenAI/Python 2.1.0' })).name, 'openai-python');
    assert.deepEqual(readClient(headers({ 'user-agent': 'curl/8.5.0' })), { name: 'curl', version: '8.5.0', isCodex: false, patienceMs: patienceOtherMs });
    assert.equal(readClient(headers({})).name, 'unknown');
    assert.equal(readClient(headers({ 'x-codex-turn-metadata': '{broken' })).isCodex, false);
  });

  it('bounds and cleans everything a client claims', () => {
    const claim = fc.string({ unit: 'binary', maxLength: 1000 });
    fc.assert(fc.property(claim, claim, claim, (one, two, three) => {
      const facts = readClient(headers({ originator: one, 'user-agent': two, 'thread-id': three, 'x-codex-turn-metadata': JSON.stringify({ turn_id: one, request_kind: two }) }));
      const envelope = readEnvelope(JSON.stringify({ model: one, prompt_cache_key: two, service_tier: three }));
      for (const value of [...Object.values(facts), ...Object.values(envelope)]) {
        if (typeof value !== 'string') continue;
        assert.ok(value.length <= 200 && value.length > 0);
        assert.doesNotMatch(value, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }
    }));
  });
});
