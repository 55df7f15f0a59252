// Base URLs become fixed addresses: the version is added where none is, and nothing else is touched.
import assert from 'node:assert/strict';
import { ProblemError } from '../../../src/domain/problem.ts';
import { keyHead, openAiUpstream, upstreamAddress } from '../../../src/broker/upstream/upstreamAddress.ts';

describe('the address of an upstream', () => {
  const of = (url: string) => { const { origin, paths } = upstreamAddress(url); return origin + paths.responses; };

  it('gets a version where it names none', () => {
    assert.equal(of(openAiUpstream), 'https://api.openai.com/v1/responses');
    assert.equal(of('https://api.openai.com'), 'https://api.openai.com/v1/responses');
    assert.equal(of('https://api.openai.com/v1/'), 'https://api.openai.com/v1/responses');
    assert.equal(of('http://127.0.0.1:4000/w/token'), 'http://127.0.0.1:4000/w/token/v1/responses');
    assert.equal(of('https://gateway.test/openai/v1ai'), 'https://gateway.test/openai/v1ai/v1/responses');
  });

  it('keeps a path that names one, wherever it does, and a query', () => {
    assert.equal(of('https://host.test/openai/v1'), 'https://host.test/openai/v1/responses');
    assert.equal(of('https://gateway.test/v1/account/name/openai'), 'https://gateway.test/v1/account/name/openai/responses');
    assert.equal(of('https://host.test/v1beta/openai'), 'https://host.test/v1beta/openai/responses');
    assert.equal(of('https://chatgpt.com/backend-api/codex'), 'https://chatgpt.com/backend-api/codex/responses');
    assert.equal(of('https://name.openai.azure.com/openai/v1?api-version=preview'), 'https://name.openai.azure.com/openai/v1/responses?api-version=preview');
    assert.deepEqual(['/chat/completions', '/responses/resp_1?stream=true'].map((below) => [upstreamAddress('https://host.test/openai/v1?api-version=preview').pathOf(below), upstreamAddress('https://host.test').pathOf(below)]),
      [['/openai/v1/chat/completions?api-version=preview', '/v1/chat/completions'], ['/openai/v1/responses/resp_1?api-version=preview&stream=true', '/v1/responses/resp_1?stream=true']]);
    assert.equal(upstreamAddress('https://host.test/openai/v1?api-version=preview').paths.models, '/openai/v1/models?api-version=preview');
  });

  it('is the same over a WebSocket', () => {
    assert.equal(upstreamAddress('https://name.openai.azure.com/openai/v1?a=b').socketUrl, 'wss://name.openai.azure.com/openai/v1/responses?a=b');
    assert.equal(upstreamAddress('http://[::1]:8080').socketUrl, 'ws://[::1]:8080/v1/responses');
  });

  it('says how the key is shown', () => {
    const head = (url: string) => keyHead(upstreamAddress(url), 'k');
    assert.deepEqual(head('https://name.openai.azure.com/openai/v1'), { 'api-key': 'k' });
    assert.deepEqual(head('https://name.services.ai.azure.com/openai/v1'), { 'api-key': 'k' });
    assert.deepEqual(head('https://openai.azure.com.evil.test/v1'), { authorization: 'Bearer k' });
    assert.deepEqual(head(openAiUpstream), { authorization: 'Bearer k' });
  });

  it('is refused where it is none, and a secret in it is not repeated', () => {
    for (const url of ['', 'api.openai.com', 'ftp://host.test', 'https://name:hunter2@host.test/v1', 'https://hunter2@host.test', 'https://host.test/#hunter2', 'name:hunter2@host.test', 'https://name:hunter2@:99999/?key=hunter2']) {
      assert.throws(() => upstreamAddress(url), (error) => error instanceof ProblemError && error.problem.code === 'argument_invalid' && !error.message.includes('hunter2'), url);
    }
  });
});
