// Which proxy a connection takes, in every form that NO_PROXY has.
import assert from 'node:assert/strict';
import { chooseProxy } from '../../../src/broker/upstream/proxyChoice.ts';
import type { Env } from '../../../src/broker/upstream/proxyChoice.ts';

const proxied = (url: string, env: Env) => { const choice = chooseProxy(new URL(url), env); return choice.kind === 'proxy' ? choice.url.host : choice.kind; };

describe('the choice of a proxy', () => {
  it('goes by the kind of address, small letters first', () => {
    const env = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2', ALL_PROXY: 'http://a:3' };
    assert.deepEqual([proxied('https://x.test', env), proxied('http://x.test', env)], ['s:1', 'p:2']);
    assert.equal(proxied('https://x.test', { ...env, https_proxy: 'http://small:4' }), 'small:4');
    assert.deepEqual([proxied('https://x.test', { all_proxy: 'a:3' }), proxied('http://x.test', { ALL_PROXY: 'https://a:3' })], ['a:3', 'a:3']);
    assert.equal(proxied('https://x.test', { HTTP_PROXY: 'http://p:2', HTTPS_PROXY: '' }), 'direct');
  });

  it('keeps name and password', () => {
    const choice = chooseProxy(new URL('https://x.test'), { HTTPS_PROXY: 'me:pass%40word@proxy:8080' });
    assert.equal(choice.kind === 'proxy' && choice.url.password, 'pass%40word');
  });

  it('is none for this computer, whatever is set', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '[::1]', 'localhost', 'LOCALHOST.', 'api.localhost']) assert.equal(proxied(`http://${host}:9`, { HTTP_PROXY: 'http://p:1', ALL_PROXY: 'http://p:1' }), 'direct', host);
    for (const host of ['127.0.0.1.evil.test', 'notlocalhost', '[::2]', '128.0.0.1']) assert.equal(proxied(`http://${host}:9`, { HTTP_PROXY: 'http://p:1' }), 'p:1', host);
  });

  it('heeds NO_PROXY', () => {
    const spares = (url: string, noProxy: string) => proxied(url, { ALL_PROXY: 'http://p:1', NO_PROXY: noProxy }) === 'direct';
    const yes: readonly (readonly [string, string])[] = [
      ['https://api.x.test', '*'], ['https://api.x.test', 'api.x.test'], ['https://api.x.test', 'other, x.test'], ['https://api.x.test', 'a b .x.test'], ['https://api.x.test', '*.x.test'], ['https://x.test', '.x.test'],
      ['https://API.x.test', 'api.X.test'], ['https://api.x.test.', 'api.x.test'], ['https://api.x.test', 'api.x.test.'], ['https://api.x.test', 'api.x.test:443'], ['http://api.x.test', 'x.test:80'], ['https://api.x.test:8443', '*:8443'],
      ['http://10.1.2.3', '10.1.2.3'], ['http://10.1.2.3', '10.0.0.0/8'], ['http://10.1.2.3:81', '10.1.2.3:81'], ['http://[fd00::1]', 'fd00::1'], ['http://[fd00::1]', '[fd00::1]'], ['http://[fd00::1]:81', '[fd00::1]:81'], ['http://[fd00::1]', 'fd00::/8'],
    ];
    for (const [url, noProxy] of yes) assert.ok(spares(url, noProxy), `${url} ${noProxy}`);
    const no: readonly (readonly [string, string])[] = [
      ['https://api.x.test', ''], ['https://api.x.test', 'y.test'], ['https://apix.test', 'x.test'], ['https://x.test', '*.x.test'], ['https://api.x.test', 'api.x.test:80'], ['https://x.test.evil', 'x.test'],
      ['http://10.1.2.3', '10.1.2.4'], ['http://11.1.2.3', '10.0.0.0/8'], ['http://10.1.2.3', '10.0.0.0/99'], ['http://[fd00::2]', 'fd00::1'], ['http://[fd00::1]:81', '[fd00::1]:82'], ['http://10.1.2.3', '2.3'],
    ];
    for (const [url, noProxy] of no) assert.ok(!spares(url, noProxy), `${url} ${noProxy}`);
    assert.equal(proxied('https://x.test', { ALL_PROXY: 'http://p:1', NO_PROXY: 'x.test', no_proxy: 'y.test' }), 'p:1');
  });

  it('says what it cannot use, without name and password', () => {
    const told = chooseProxy(new URL('https://x.test'), { ALL_PROXY: 'socks5://me:hunter2@proxy:1080' });
    assert.ok(told.kind === 'unusable' && told.from === 'ALL_PROXY' && told.because.includes('socks5://…@proxy:1080') && !told.because.includes('hunter2'));
    assert.equal(chooseProxy(new URL('https://x.test'), { HTTPS_PROXY: 'http://' }).kind, 'unusable');
  });
});
