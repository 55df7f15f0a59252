// The door reads heads only: exact host, no web page, one framing, a fixed table of targets, tokens
// compared whole. The bad inputs are those that other local servers fell for.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { checkAccess, isControlToken, routeOf, workspaceOfToken } from '../../src/broker/accessCheck.ts';
import { tokenHash } from '../../src/broker/dataFolder.ts';

const port = 4321;
const token = 'T'.repeat(43);

/** A request as far as its head is read. */
function head(url: string, headers: Readonly<Record<string, string>> = {}, raw?: readonly string[]): IncomingMessage {
  const all = { host: `127.0.0.1:${port}`, ...headers };
  return { url, httpVersion: '1.1', headers: all, rawHeaders: raw ?? Object.entries(all).flat() } as unknown as IncomingMessage;
}

const problemOf = (message: IncomingMessage) => { const access = checkAccess(message, port); return 'problem' in access ? access.problem.code : undefined; };

describe('the host', () => {
  it('is this broker\'s own address and nothing like it', () => {
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) assert.equal(problemOf(head('/healthz', { host })), undefined, host);
    const bad = ['', 'evil.test', `127.0.0.1.evil.test:${port}`, `localhost.evil.test:${port}`, `localhost:${port}.evil`, `127.0.0.1:${port}@evil`, `0.0.0.0:${port}`, `127.1:${port}`, '2130706433', '0x7f000001',
      `[::ffff:127.0.0.1]:${port}`, `LOCALHOST:${port}`, `localhost.:${port}`, '127.0.0.1:1', '127.0.0.1', ` 127.0.0.1:${port}`, `127.0.0.1:${port}\t`, `127.0.0.1:٤٣٢١`];
    for (const host of bad) assert.equal(problemOf(head('/healthz', { host })), 'host_forbidden', JSON.stringify(host));
  });

  it('is named exactly once', () => {
    const own = `127.0.0.1:${port}`;
    assert.equal(problemOf(head('/healthz', {}, [])), 'host_forbidden');
    assert.equal(problemOf(head('/healthz', {}, ['Host', own, 'host', 'evil.test'])), 'host_forbidden');
    assert.equal(problemOf(head('/healthz', {}, ['HOST', own])), undefined);
  });
});

describe('web pages and odd framings', () => {
  it('are turned away', () => {
    for (const origin of ['https://evil.test', 'null', '', `http://127.0.0.1:${port}`]) assert.equal(problemOf(head('/healthz', { origin })), 'origin_forbidden');
    for (const site of ['cross-site', 'same-origin', 'same-site']) assert.equal(problemOf(head('/healthz', { 'sec-fetch-site': site })), 'origin_forbidden');
    assert.equal(problemOf(head('/healthz', { 'sec-fetch-site': 'none' })), undefined);
    for (const coding of ['xchunked', 'chunked, identity', 'gzip', '']) assert.equal(problemOf(head('/v1/responses', { 'transfer-encoding': coding })), 'framing_forbidden', coding);
    assert.equal(problemOf(head('/v1/responses', { 'transfer-encoding': 'Chunked' })), undefined);
    assert.equal(problemOf(Object.assign(head('/healthz'), { httpVersion: '1.0' })), 'framing_forbidden');
  });
});

describe('the target', () => {
  it('is one of a fixed table', () => {
    const nonce = 'n'.repeat(24);
    assert.deepEqual(routeOf('/v1/responses'), { route: { kind: 'responses' } });
    assert.deepEqual(routeOf(`/w/${token}/v1/responses`), { route: { kind: 'responses' }, pathToken: token });
    assert.deepEqual(routeOf(`/w/${token}/from/task/v1/responses`), { route: { kind: 'responses' }, pathToken: token, command: 'task' });
    assert.deepEqual(routeOf(`/w/${token}/from/task/backend-api/codex/responses`), { route: { kind: 'responses', onPlan: true }, pathToken: token, command: 'task' });
    for (const none of ['/from/task/v1/responses', `/w/${token}/from/v1/responses`, `/w/${token}/from//v1/responses`, `/w/${token}/from/Task/v1/responses`, `/w/${token}/from/${'a'.repeat(33)}/v1/responses`, `/w/${token}/from/task/healthz`, `/w/${token}/from/a/from/b/v1/responses`]) assert.equal(routeOf(none), undefined, none);
    assert.deepEqual(routeOf('/v1/models?client_version=0.169.0'), { route: { kind: 'models', clientVersion: '0.169.0' } });
    assert.deepEqual(routeOf(`/w/${token}/v1/models?client_version=0.1%26x`), { route: { kind: 'models' }, pathToken: token });
    assert.deepEqual(routeOf(`/healthz?nonce=${nonce}`), { route: { kind: 'health', nonce } });
    assert.deepEqual(routeOf('/healthz?nonce=short'), { route: { kind: 'health' } });
    assert.deepEqual(routeOf('/broker/v1/creditsAdd'), { route: { kind: 'control', method: 'creditsAdd' } });
    assert.deepEqual(routeOf('/broker/v1/live'), { route: { kind: 'live' } });
    assert.deepEqual(routeOf(`/w/${token}/v1/chat/completions`), { route: { kind: 'api', calls: [{ kind: 'metered', method: 'POST', dialect: 'chat' }] }, pathToken: token });
  });

  it('is nothing else', () => {
    const bad = ['', '*', '/', 'http://evil/v1/responses', '//evil/v1/responses', '/\\evil', '/v1/responses@evil', '/v1/../admin', '/v1/%2e%2e/', '/v1%2fresponses', '/v1/responses%00', '/v1/responses;x', '/v1/responses/',
      '/v1/responses/x', '/V1/responses', '/v1//responses', '/v1/responses#x', '/v1/\u010D\u010Aresponses', `/w/short/v1/responses`, `/w/${token}/healthz`, `/w/${token}/broker/v1/status`, `/w/${token}`, `/w/${token}/w/${token}/v1/responses`,
      '/broker/v1/', '/broker/v1/a/b', '/broker/v2/status', `/broker/v1/${'a'.repeat(41)}`, `/v1/responses?${'a'.repeat(3000)}`, '/v1/responses ', ' /v1/responses', '/v1/responses?x=<y>'];
    for (const target of bad) assert.equal(routeOf(target), undefined, JSON.stringify(target));
    assert.equal(problemOf(head('/admin')), 'unknown_route');
    assert.equal(problemOf(Object.assign(head('/'), { url: undefined })), 'unknown_route');
  });

  it('may be one that a setting opens, but never one of the broker\'s own', () => {
    const opened = ['/v1/files', '/v1/responses'];
    const pathsOf = (target: string) => { const route = routeOf(target, opened)?.route; return route?.kind === 'api' ? route.calls.map((call) => (call.kind === 'free' ? call.path : call.dialect)) : route?.kind; };
    assert.deepEqual(pathsOf('/v1/files/file-1/content?limit=2&after=x'), Array.from({ length: 3 }, () => '/files/file-1/content?limit=2&after=x'));
    assert.deepEqual([pathsOf('/v1/responses'), pathsOf('/v1/responses/compact'), pathsOf('/v1/responses/resp_1/cancel')], ['responses', ['compact'], ['/responses/resp_1/cancel']], 'what the table has stays as it is');
    for (const target of ['/v1/filesystem', '/v1/other', '/v1/files/../x', '/v1/files/%2e%2e/x', '/v1/files/.hidden', '/v1/files//x', '/v1/files/', `/v1/files/${'a'.repeat(300)}`, '/broker/v1/status/x', '/files']) assert.equal(routeOf(target, opened), undefined, target);
    assert.equal(routeOf('/broker/v1/status', ['/broker'])?.route.kind, 'control');
  });

  it('is never read into anything but the table, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string().map((text) => `/v1/responses${text}`)), (target) => {
      const found = routeOf(target);
      if (found) assert.match(target, /^\/(?:w\/[\w-]{20,100}\/)?(?:v1\/(?:responses|models)|healthz|broker\/v1\/[A-Za-z]+)(?:\?|$)/);
    }));
  });
});

describe('tokens', () => {
  const workspaces = [{ id: 'a', tokenHash: tokenHash(token) }, { id: 'b', tokenHash: tokenHash('other') }];
  const tokenOf = (message: IncomingMessage) => { const access = checkAccess(message, port); return 'problem' in access ? undefined : access.token; };

  it('come as a bearer or in the path; the path wins', () => {
    assert.equal(tokenOf(head('/v1/responses', { authorization: `Bearer ${token}` })), token);
    assert.equal(tokenOf(head('/v1/responses', { authorization: `bearer ${token}` })), token);
    assert.equal(tokenOf(head(`/w/${token}/v1/responses`, { authorization: 'Bearer sk-users-own' })), token);
    for (const authorization of ['', 'Bearer', 'Bearer ', `Basic ${token}`, `Bearer  ${token}`, `Bearer ${token} x`, `Bearer ${'x'.repeat(513)}`, token]) assert.equal(tokenOf(head('/v1/responses', { authorization })), undefined, authorization);
  });

  it('name a workspace only when they are exactly its own', () => {
    assert.equal(workspaceOfToken(token, workspaces)?.id, 'a');
    for (const wrong of [undefined, '', `${token} `, token.slice(1), token.toLowerCase(), tokenHash(token)]) assert.equal(workspaceOfToken(wrong, workspaces), undefined);
    assert.equal(workspaceOfToken(token, []), undefined);
  });

  it('open control only when they are the control token', () => {
    assert.deepEqual([isControlToken('secret', 'secret'), isControlToken('secre', 'secret'), isControlToken('', 'secret'), isControlToken(undefined, 'secret')], [true, false, false, false]);
  });
});
