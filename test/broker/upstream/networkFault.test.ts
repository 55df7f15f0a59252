// Each way in which an upstream cannot be reached has its own sentence.
import assert from 'node:assert/strict';
import { proxyFailure, unreachable } from '../../../src/broker/upstream/networkFault.ts';

describe('an upstream that is not reached', () => {
  const told = (code?: string, message = 'raw words') => unreachable({ label: 'up.test' }, { code, message });

  it('is told by the cause', () => {
    const sentences = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'].map((code) => { const what = told(code); assert.equal(what.code, 'upstream_unreachable'); assert.ok(what.message.endsWith(`(${code}).`)); return what.message.replace(code, ''); });
    assert.equal(new Set(sentences).size, sentences.length);
    assert.equal(told('UND_ERR_CONNECT_TIMEOUT').message, 'The upstream up.test could not be reached: it did not answer in time (UND_ERR_CONNECT_TIMEOUT).');
  });

  it('is told in the network\'s own words where the cause is another, and in none where there are none', () => {
    assert.equal(told('EWHAT', 'odd').message, 'The upstream up.test could not be reached (odd).');
    assert.equal(told(undefined, '').message, 'The upstream up.test could not be reached.');
    assert.equal(told('EWHAT', '').message, 'The upstream up.test could not be reached (EWHAT).');
    assert.equal(unreachable({ label: 'up.test' }).message, 'The upstream up.test could not be reached.');
  });

  it('has another code where it is not trusted, and where a proxy refuses', () => {
    for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) assert.equal(told(code).code, 'upstream_untrusted');
    const refused = unreachable({ label: 'up.test', via: 'proxy:8080' }, proxyFailure(502));
    assert.deepEqual([refused.code, refused.message], ['proxy_refused', 'The proxy proxy:8080 did not let the connection to up.test through (status 502).']);
    assert.equal(told('UND_ERR_INVALID_ARG', 'Proxy Authentication Required (407)').code, 'proxy_refused');
    assert.match(unreachable({ label: 'up.test', via: 'proxy:8080' }, { code: 'ECONNREFUSED' }).message, /through the proxy proxy:8080: nothing listens there/);
  });
});
