// Only listed headers cross the broker; no credential of a client goes upstream and nothing of the
// upstream's own session comes back.
import assert from 'node:assert/strict';
import { clientHeaders, upstreamHeaders } from '../../../src/broker/upstream/headerLists.ts';

describe('headers to the upstream', () => {
  it('are those on the list, with the broker\'s own key', () => {
    const out = upstreamHeaders({
      authorization: 'Bearer workspace-token', cookie: 'a=b', host: '127.0.0.1:1', connection: 'keep-alive, x-secret', 'x-secret': 's', 'proxy-authorization': 'p', 'transfer-encoding': 'chunked', te: 'trailers', origin: 'x',
      'x-api-key': 'k', 'x-forwarded-for': '1.2.3.4', 'content-length': '999', 'accept-encoding': 'gzip, br', 'content-encoding': 'zstd', 'content-type': 'application/json', accept: 'text/event-stream', 'user-agent': 'codex_exec/0.169.0',
      'x-codex-turn-metadata': '{}', 'x-openai-internal-x': '1', 'x-stainless-lang': 'js', 'thread-id': 't', 'openai-beta': 'b', upgrade: 'websocket', expect: '100-continue',
    }, { authorization: 'Bearer sk-real' }, 12);
    assert.deepEqual(Object.keys(out).sort(), ['accept', 'accept-encoding', 'authorization', 'content-encoding', 'content-length', 'content-type', 'openai-beta', 'thread-id', 'user-agent', 'x-codex-turn-metadata', 'x-openai-internal-x', 'x-stainless-lang']);
    assert.deepEqual([out['authorization'], out['content-length'], out['accept-encoding'], out['content-encoding']], ['Bearer sk-real', '12', 'identity', 'zstd']);
  });

  it('are none of those between a client and the broker, whatever list their names would fit', () => {
    const own = { 'x-codex-broker-command': 'ask', 'x-codex-broker-file': 'src%2Fa.ts', 'x-codex-broker-later': 'x' };
    assert.deepEqual(Object.keys(upstreamHeaders({ ...own, 'x-codex-window-id': 'w' }, {}, undefined)).sort(), ['accept-encoding', 'x-codex-window-id']);
  });

  it('have no length without a body', () => {
    assert.equal(upstreamHeaders({}, {}, undefined)['content-length'], undefined);
  });
});

describe('headers to the client', () => {
  it('are those on the list; the upstream\'s request id goes on under another name', () => {
    const out = clientHeaders({
      'content-type': 'application/json', 'x-request-id': 'req_up', 'set-cookie': ['a=b'], connection: 'close', 'transfer-encoding': 'chunked', location: 'https://evil.test', 'www-authenticate': 'Bearer', 'alt-svc': 'h3', 'strict-transport-security': 'x',
      'x-ratelimit-limit-requests': '5', 'x-codex-primary-used-percent': '4', 'openai-processing-ms': '3', 'retry-after-ms': '9', 'keep-alive': 'x', server: 'cloudflare', 'access-control-allow-origin': '*', trailer: 'x', missing: undefined,
    }, 'req_own');
    assert.deepEqual(out, {
      'content-type': 'application/json', 'x-upstream-request-id': 'req_up', 'x-request-id': 'req_own', 'x-ratelimit-limit-requests': '5', 'x-codex-primary-used-percent': '4', 'openai-processing-ms': '3', 'retry-after-ms': '9',
    });
  });
});
