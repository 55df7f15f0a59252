// The table of the API: which addresses there are, what of them goes on, and that nothing else of a request's
// text ever becomes a part of an upstream address.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { apiCallsOf, isResponseId } from '../../src/broker/apiRoutes.ts';
import { passedCallsOf } from '../../src/broker/passThrough.ts';

const asked = (target: string) => {
  const [path = '', query = ''] = target.split('?');
  return apiCallsOf(path, new URLSearchParams(query));
};
/** Method and what becomes of it, in a few words. */
const told = (target: string) => (asked(target) ?? []).map((call) => `${call.method} ${call.kind === 'metered' ? call.dialect : call.path}`);

describe('the table of the API', () => {
  it('has what costs tokens', () => {
    assert.deepEqual(['/v1/responses/compact', '/v1/chat/completions', '/v1/embeddings'].map(told), [['POST compact'], ['POST chat'], ['POST embeddings']]);
  });

  it('has what is free, and knows which response it is about', () => {
    assert.deepEqual(told('/v1/responses/resp_1'), ['GET /responses/resp_1', 'DELETE /responses/resp_1']);
    assert.deepEqual(told('/v1/responses/resp_1/cancel'), ['POST /responses/resp_1/cancel']);
    assert.deepEqual(told('/v1/responses/resp_1/input_items'), ['GET /responses/resp_1/input_items']);
    assert.deepEqual(told('/v1/responses/input_tokens'), ['POST /responses/input_tokens']);
    assert.deepEqual(told('/v1/models/ft:gpt-4o:org::a1'), ['GET /models/ft:gpt-4o:org::a1']);
    assert.deepEqual(['/v1/responses/resp_1', '/v1/responses/resp_1/cancel', '/v1/responses/resp_1/input_items'].map((target) => asked(target)?.map((call) => (call.kind === 'free' ? call.responseId : ''))),
      [['resp_1', 'resp_1'], ['resp_1'], [undefined]]);
  });

  it('knows of which response anything is asked for, so that only its own workspace may', () => {
    const of = (target: string) => (asked(target) ?? passedCallsOf(target, '', ['/v1/responses', '/v1/files']))?.map((call) => (call.kind === 'free' ? call.ofResponse : ''));
    assert.deepEqual(['/v1/responses/resp_1', '/v1/responses/resp_1/cancel', '/v1/responses/resp_1/input_items'].map(of), [['resp_1', 'resp_1'], ['resp_1'], ['resp_1']]);
    // What a setting opens is no way around it.
    assert.deepEqual(['/v1/responses/resp_1/events', '/v1/responses/resp_1/a/b', '/v1/responses/input_tokens', '/v1/files/resp_1', '/v1/responses/resp_'].map((target) => of(target)?.[0]), ['resp_1', 'resp_1', undefined, undefined, undefined]);
  });

  it('lets only listed parameters of their own shape go on', () => {
    assert.equal(told('/v1/responses/resp_1?stream=true&starting_after=12&api_base=x&include=a%0d%0ab')[0], 'GET /responses/resp_1?stream=true&starting_after=12');
    assert.equal(told('/v1/responses/resp_1?stream=yes&starting_after=-1&__proto__=x&constructor=y')[0], 'GET /responses/resp_1');
    assert.equal(told('/v1/responses/resp_1?include[]=message.output_text.logprobs&include[]=reasoning.encrypted_content')[0],
      'GET /responses/resp_1?include%5B%5D=message.output_text.logprobs&include%5B%5D=reasoning.encrypted_content');
    assert.equal(told('/v1/responses/resp_1/input_items?limit=20&order=asc&after=msg_1&order=up')[0], 'GET /responses/resp_1/input_items?limit=20&order=asc&after=msg_1');
  });

  it('has nothing else', () => {
    for (const target of ['', '/', '/v1', '/v1/', '/v1/responses', '/v1/responses/', '/v1/responses/compact/', '/v1/responses/x', '/v1/responses/resp_', '/v1/responses/resp_1/', '/v1/responses/resp_1/cancel/x', '/v1/responses/resp_a.b', '/v1/chat', '/v1/chat/completions/1',
      '/v1/models/', '/v1/models/a/b', '/v1/models/..', '/v1/models/.hidden', '/v2/chat/completions', '/chat/completions', 'v1/chat/completions', `/v1/responses/resp_${'a'.repeat(300)}`]) assert.equal(asked(target), undefined, target);
  });

  it('makes no upstream address out of anything but plain names', () => {
    const part = fc.oneof(fc.constantFrom('/v1', '/responses', '/resp_1', '/cancel', '/models', '..', '//', '%2e', '@evil', '?stream=true', '&include=', '\r\n', '#'), fc.string());
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      for (const call of asked(`/v1${parts.join('')}`) ?? []) if (call.kind === 'free') assert.match(call.path, /^\/(?:responses|models)(?:\/[\w.:-]+)*(?:\?[\w.%=&-]+)?$/);
    }), { numRuns: 2000 });
  });

  it('knows the id of a response', () => {
    assert.deepEqual(['resp_1a-b', 'resp_', 'resp_a/b', 'chatcmpl-1', '', `resp_${'a'.repeat(241)}`].map(isResponseId), [true, false, false, false, false, false]);
  });
});
