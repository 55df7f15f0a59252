// Streams of chat completions in the shapes that OpenAI's API reference shows: the same facts wherever the bytes are cut,
// and never a use that was not reported.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChatNotes } from '../../src/protocol/chatNotes.ts';
import { SseScanner } from '../../src/protocol/sseScanner.ts';

const head = '"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-5.5-2026-04-23","service_tier":"default","system_fingerprint":"fp_44709d6fcb"';
const chunk = (rest: string) => `data: {${head},${rest}}\n\n`;
const piece = (delta: string, reason = 'null') => chunk(`"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]`);
const usage = '"usage":{"prompt_tokens":1117,"completion_tokens":46,"total_tokens":1163,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":12,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}';
const said = piece('{"role":"assistant","content":"","refusal":null}') + piece('{"content":"Grüße, "}') + piece('{"content":"\\u4e16\\u754c \u{1F600}"}');
const call = piece('{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":""}}]}') + piece('{"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\":1}"}}]}');
const done = 'data: [DONE]\n\n';
const used = { inputTokens: 1117, cachedInputTokens: 1024, cacheWriteTokens: 0, outputTokens: 46, reasoningTokens: 12 };

const bytesOf = (text: string) => new TextEncoder().encode(text);
function scanned(chunks: readonly Uint8Array[]) {
  const scanner = new SseScanner(undefined, new ChatNotes());
  for (const one of chunks) {
    const lent = one.slice();
    scanner.push(lent);
    lent.fill(0x20);
  }
  scanner.end();
  const { bytes: _bytes, ...found } = scanner.findings;
  return found;
}
const found = (text: string) => scanned([bytesOf(text)]);

const streams: Readonly<Record<string, string>> = {
  'with usage': said + piece('{}', '"stop"') + chunk(`"choices":[],${usage}`) + done,
  'without usage': said + piece('{}', '"stop"') + done,
  'with a tool call': said + call + piece('{}', '"tool_calls"') + chunk(`"choices":[],${usage}`) + done,
  'cut off by its limit': said + piece('{}', '"length"') + chunk(`"choices":[],${usage}`) + done,
  'with usage in every chunk': said.replaceAll('"choices"', `${usage.replace('"completion_tokens":46,"total_tokens":1163', '"completion_tokens":15,"total_tokens":1132')},"choices"`) + chunk(`"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],${usage}`) + done,
  'with line ends of another kind and comments': (`: keep-alive\n\n${said}${piece('{}', '"stop"')}${chunk(`"choices":[],${usage}`)}${done}`).replaceAll('\n', '\r\n'),
  'that fails': `${said}data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n`,
};

describe('streams of chat completions', () => {
  it('tell what was used, who served and how it ended', () => {
    const { terminal, responseId, deltaCharacters } = found(streams['with usage'] ?? '');
    assert.deepEqual(terminal, { type: 'response.completed', facts: { id: responseId, model: 'gpt-5.5-2026-04-23', serviceTier: 'default', status: 'completed', usage: used, usagePlausible: true } });
    assert.deepEqual([responseId, deltaCharacters], ['chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG', 'Grüße, 世界 \u{1F600}'.length]);
    assert.deepEqual(found(streams['with usage in every chunk'] ?? '').terminal?.facts.usage, used, 'the newest usage is the whole');
    assert.equal(found(streams['cut off by its limit'] ?? '').terminal?.type, 'response.incomplete');
    assert.deepEqual(found(streams['with a tool call'] ?? '').deltaCharacters, 'Grüße, 世界 \u{1F600}'.length + '{"a":1}'.length);
  });

  it('are complete without usage, which then is unknown', () => {
    const { terminal } = found(streams['without usage'] ?? '');
    assert.deepEqual([terminal?.type, terminal?.facts.usage, terminal?.facts.usagePlausible], ['response.completed', undefined, false]);
  });

  it('are complete without their last line where they told everything, and else are not', () => {
    assert.deepEqual(found((streams['with usage'] ?? '').replace(done, '')).terminal?.facts.usage, used);
    assert.equal(found((streams['without usage'] ?? '').replace(done, '')).terminal, undefined);
    assert.equal(found(said + chunk(`"choices":[],${usage}`)).terminal, undefined, 'no reason was told');
  });

  it('tell why they failed', () => {
    const { terminal } = found(streams['that fails'] ?? '');
    assert.deepEqual([terminal?.type, terminal?.facts.errorCode, terminal?.facts.errorMessage], ['response.failed', 'server_error', 'The server had an error']);
  });

  for (const [name, text] of Object.entries(streams)) {
    it(`${name}: says the same wherever it is cut in two, and byte by byte`, () => {
      const bytes = bytesOf(text);
      const expected = scanned([bytes]);
      for (let at = 0; at <= bytes.length; at += 1) assert.deepEqual(scanned([bytes.subarray(0, at), bytes.subarray(at)]), expected, `cut at ${at}`);
      assert.deepEqual(scanned([...bytes].map((byte) => Uint8Array.of(byte))), expected);
    });

    it(`${name}: never tells a use that had not come when it breaks off`, () => {
      const bytes = bytesOf(text);
      for (let at = 0; at <= bytes.length; at += 1) {
        const told = scanned([bytes.subarray(0, at)]).terminal?.facts.usage;
        if (told) assert.deepEqual(told, used, `broken off at ${at}`);
      }
    });
  }

  it('never throw, whatever the bytes are', () => {
    const part = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom('data: [DONE]', '\n\n', 'data: {"choices":[null,5,{"delta":[]}]}', 'data: {"usage":{"prompt_tokens":-1}}', 'data: {"error":{}}', 'data:').map(bytesOf));
    fc.assert(fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      assert.deepEqual(scanned(parts), scanned(parts.flatMap((each) => [...each]).map((byte) => Uint8Array.of(byte))));
    }));
  });
});
