// Requests of each API are read to the same few facts, and what cannot be served is told in a sentence.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';
import { stepPrints } from '../../src/protocol/stepPrint.ts';

const read = (dialect: Parameters<typeof readEnvelope>[1], body: unknown) => readEnvelope(typeof body === 'string' ? body : JSON.stringify(body), dialect);

describe('the envelope of other APIs', () => {
  it('is read from a chat', () => {
    const messages = [{ role: 'system', content: 'be brief' }, { role: 'user', content: [{ type: 'text', text: 'what is this' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } }] }];
    const envelope = read('chat', { model: 'gpt-5.5', messages, stream: true, stream_options: { include_usage: true }, max_completion_tokens: 300, service_tier: 'flex', reasoning_effort: 'high', prompt_cache_key: 'k' });
    assert.ok(!('broken' in envelope));
    const { size, prints, ...facts } = envelope;
    assert.deepEqual(facts, { model: 'gpt-5.5', stream: true, maxOutputTokens: 300, serviceTier: 'flex', effort: 'high', promptCacheKey: 'k' });
    assert.deepEqual([size.images, size.continues, prints], [1, undefined, stepPrints({ messages })]);
    assert.ok((size.textTokens ?? 0) >= 5 && (size.textTokens ?? 0) < 30, JSON.stringify(size));
  });

  it('takes the older limit of a chat, and counts its answers', () => {
    const envelope = read('chat', { model: 'm', messages: [], max_tokens: 50, n: 3 });
    assert.deepEqual('broken' in envelope ? envelope : [envelope.maxOutputTokens, envelope.answers, envelope.stream], [50, 3, false]);
    const single = read('chat', { model: 'm', messages: [], n: 1, max_completion_tokens: null });
    assert.deepEqual('broken' in single ? single : [single.maxOutputTokens, single.answers], [undefined, undefined]);
  });

  it('is read from embeddings, of text and of tokens; nothing is written', () => {
    const sizeOf = (input: unknown) => { const envelope = read('embeddings', { model: 'e', input }); return 'broken' in envelope ? envelope : [envelope.maxOutputTokens, envelope.size.textTokens]; };
    assert.deepEqual(sizeOf([1, 2, 3]), [0, 3]);
    assert.deepEqual(sizeOf([[1, 2], [3]]), [0, 3]);
    const [, text] = sizeOf('some words to embed') as number[];
    const [, texts] = sizeOf(['some words to embed', 'some words to embed']) as number[];
    assert.ok(text !== undefined && texts !== undefined && text >= 4 && texts > text && texts <= 2 * text);
  });

  it('is that of the Responses API for a compaction', () => {
    const body = { model: 'm', instructions: 'x', input: [{ role: 'user', content: 'hello' }], previous_response_id: 'resp_1' };
    assert.deepEqual(read('compact', body), read('responses', body));
  });

  it('says what is wrong', () => {
    const broken = (dialect: Parameters<typeof readEnvelope>[1], body: unknown) => { const envelope = read(dialect, body); return 'broken' in envelope ? envelope.broken : undefined; };
    for (const dialect of ['responses', 'compact', 'chat', 'embeddings'] as const) {
      for (const body of ['', '{', '[]', 'null', '"x"', {}, { model: 5 }, { model: '\u0000' }]) assert.match(broken(dialect, body) ?? '', /^The body .*\.$/, `${dialect} ${JSON.stringify(body)}`);
    }
    for (const more of [{ stream: 'yes' }, { max_completion_tokens: 0 }, { max_tokens: 1.5 }, { n: -1 }, { n: '2' }]) assert.match(broken('chat', { model: 'm', ...more }) ?? '', /^The value of "/);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom('chat', 'embeddings', 'compact', 'responses'), (one, other, dialect) => {
      assert.equal(typeof read(dialect, { model: 'm', messages: one, input: one, n: other, max_tokens: other, tools: other, stream_options: one }), 'object');
    }));
  });
});
