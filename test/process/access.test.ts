// Attacks on the door of the real broker with raw sockets: foreign hosts, web pages, odd targets,
// broken framing, wrong tokens. Each is refused with the status that it deserves, and the upstream
// sees not one byte.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { WebSocket } from 'ws';
import { controlTokenOf } from '../support/process/brokerProgram.ts';
import { exchange, jsonOf, rawExchange, statusesOf } from '../support/process/httpExchange.ts';
import { recordedRequest } from '../support/process/recordedStream.ts';
import { askBroker, openBench } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

describe('the door of the broker', function () {
  this.timeout(60_000);
  let bench: Workbench;
  let port: number;
  let auth: string;
  before(async () => {
    bench = await openBench();
    port = bench.broker.port;
    auth = `authorization: Bearer ${bench.token.token}\r\n`;
  });
  after(() => bench.close());
  afterEach(() => { assert.equal(bench.upstream.bytesSeen(), 0, 'the upstream was reached'); });

  const body = recordedRequest();
  const length = `content-length: ${Buffer.byteLength(body)}\r\n`;
  /** A good request but for what is replaced. */
  const raw = (parts: { line?: string; host?: string; head?: string; body?: string }) =>
    `${parts.line ?? 'POST /v1/responses HTTP/1.1'}\r\n${parts.host ?? `host: 127.0.0.1:${port}\r\n`}${auth}${parts.head ?? length}\r\n${parts.body ?? body}`;

  it('asks for its own host, exactly', async () => {
    const foreign = [
      '', 'evil.test', `127.0.0.1.evil.test:${port}`, 'localhost.evil.test', `localhost:${port}.evil`, `127.0.0.1:${port}@evil`, `0.0.0.0:${port}`, `127.1:${port}`, '2130706433',
      `2130706433:${port}`, '0x7f000001', `[::ffff:127.0.0.1]:${port}`, `LOCALHOST:${port}`, `localhost.:${port}`, `127.0.0.1.:${port}`, `127.0.0.1:${port + 1}`, '127.0.0.1', `127.0.0.1:0${port}`,
      `127.0.0.1:${port}, evil.test`, `\u00b927.0.0.1:${port}`, `user@127.0.0.1:${port}`, `127.0.0.1:${port}/`,
    ];
    for (const host of foreign) {
      const [status] = statusesOf(await rawExchange(port, raw({ host: `host: ${host}\r\n` })));
      assert.ok(status === 421 || status === 400, `"${host}" got ${status}`);
    }
    const twice = await rawExchange(port, raw({ host: `host: 127.0.0.1:${port}\r\nhost: 127.0.0.1:${port}\r\n` }));
    assert.deepEqual(statusesOf(twice), [421]);
    assert.deepEqual(statusesOf(await rawExchange(port, raw({ host: '' }))), [400]);
  });

  it('answers its own three names', async () => {
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      assert.deepEqual(statusesOf(await rawExchange(port, `GET /healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`)), [200]);
    }
  });

  it('refuses whatever comes from a web page, on every route, and never allows another origin', async () => {
    const pages = ['origin: https://evil.test', 'origin: null', `origin: http://127.0.0.1:${port}`, 'origin: ', 'sec-fetch-site: cross-site', 'sec-fetch-site: same-origin', 'sec-fetch-site: same-site', 'origin: vscode-webview://x'];
    for (const page of pages) {
      for (const line of ['POST /v1/responses', `POST /w/${bench.token.token}/v1/responses`, 'GET /v1/models', 'POST /broker/v1/status', 'GET /healthz', 'OPTIONS /v1/responses']) {
        const text = await rawExchange(port, raw({ line: `${line} HTTP/1.1`, head: `${page}\r\n${length}` }));
        assert.deepEqual(statusesOf(text), [403], `${line} with ${page}`);
        assert.doesNotMatch(text, /access-control/i);
      }
    }
  });

  it('knows only its own targets', async () => {
    const targets = [
      `http://evil.test/v1/responses`, `http://127.0.0.1:${port}/v1/responses`, '//evil.test/v1/responses', '/\\evil.test', '/v1/responses@evil', '/v1/../broker/v1/status', '/v1/%2e%2e/', '/v1%2fresponses',
      '/v1/responses%00', '/v1/responses;x', '/v1/responses/', '/v1//responses', '/V1/responses', '/v2/responses', '/v1/responses/compact/x', '/v1/chat', '/v1/audio/speech', '/v1/files', '/v1/embeddings/', '/v1/responses/resp_1/else', '/v1/responses/resp_1%2f..', '/v1/responses/other_1/cancel', '/v1/responses#x', '/', '*',
      '/broker/v1/constructor', '/broker/v1/__proto__', '/broker/v1/hasOwnProperty', `/w/${'x'.repeat(43)}/healthz`, `/w/${'x'.repeat(43)}/broker/v1/status`, '/w//v1/responses', `/${'a'.repeat(20_000)}`, '/v1/models/a/b',
    ];
    for (const target of targets) {
      const [status] = statusesOf(await rawExchange(port, raw({ line: `POST ${target} HTTP/1.1` })));
      assert.ok(status !== undefined && [400, 401, 404].includes(status), `${target} got ${status}`);
    }
    assert.deepEqual(statusesOf(await rawExchange(port, raw({ line: `POST /${'a'.repeat(70_000)} HTTP/1.1` }))), [400]);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'QUERY']) {
      assert.deepEqual(statusesOf(await rawExchange(port, raw({ line: `${method} /v1/responses HTTP/1.1` }))), [405], method);
    }
    for (const target of ['/v1/responses', '/v1/models', '/v1/responses/resp_1', '/v1/chat/completions']) {
      assert.match(await rawExchange(port, raw({ line: `HEAD ${target} HTTP/1.1`, body: '', head: '' })), /^HTTP\/1\.1 200 [\s\S]*allow: (?:GET|POST)[\s\S]*\r\n\r\n$/, target);
    }
    assert.deepEqual(statusesOf(await rawExchange(port, raw({ line: 'PUT /v1/responses/resp_1 HTTP/1.1' }))), [405]);
    assert.deepEqual(statusesOf(await rawExchange(port, `CONNECT 127.0.0.1:${bench.upstream.port} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${auth}\r\n`)), []);
  });

  it('sends nothing for a request whose framing can be read in two ways', async () => {
    const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const framings: [string, string, string?][] = [
      ['both length and chunks', `${length}transfer-encoding: chunked\r\n`, chunked], ['chunked twice', 'transfer-encoding: chunked, chunked\r\n', chunked], ['chunked then identity', 'transfer-encoding: chunked, identity\r\n', chunked],
      ['an unknown coding', 'transfer-encoding: xchunked\r\n', chunked], ['gzip under chunked', 'transfer-encoding: gzip, chunked\r\n', chunked], ['two transfer headers', 'transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n', chunked],
      ['a tab in the coding', 'transfer-encoding:\x0bchunked\r\n', chunked], ['two lengths', `${length}content-length: 3\r\n`], ['a negative length', 'content-length: -5\r\n'], ['a signed length', 'content-length: +5\r\n'], ['a hex length', 'content-length: 0x5\r\n'],
      ['a huge length', 'content-length: 99999999999999999999\r\n'], ['a length list', 'content-length: 5, 5\r\n'], ['a bare line feed', `${length}x-a: 1\nx-b: 2\r\n`], ['a folded header', `${length}x-a: 1\r\n folded\r\n`], ['a space before the colon', `${length}x-a : 1\r\n`],
      ['a zero byte', `${length}x-a: 1\0\r\n`], ['a bare return', `${length}x-a: 1\rx-b: 2\r\n`], ['a bad chunk size', 'transfer-encoding: chunked\r\n', `zz\r\n${body}\r\n0\r\n\r\n`], ['an endless chunk extension', 'transfer-encoding: chunked\r\n', `5;${'a'.repeat(40_000)}\r\n`],
      ['headers without end', `${length}x-a: ${'a'.repeat(40_000)}\r\n`],
    ];
    for (const [name, head, sent] of framings) {
      const statuses = statusesOf(await rawExchange(port, raw({ head, ...(sent === undefined ? {} : { body: sent }) })));
      assert.ok(statuses.length <= 1 && statuses.every((status) => status >= 400 && status < 500), `${name} got ${statuses.join()}`);
      assert.equal(bench.upstream.bytesSeen(), 0, name);
    }
    for (const version of ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', '']) {
      const statuses = statusesOf(await rawExchange(port, raw({ line: `POST /v1/responses ${version}`.trim() })));
      assert.ok(statuses.every((status) => status >= 400), `${version} got ${statuses.join()}`);
    }
    assert.ok(statusesOf(await rawExchange(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).every((status) => status === 400));
  });

  it('does not take what follows a refused request for a request of its own', async () => {
    const smuggled = `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${auth}${length}\r\n${body}`;
    const text = await rawExchange(port, `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${auth}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
    assert.deepEqual(statusesOf(text), [400]);
  });

  it('lets nobody in without a token of its own', async () => {
    const { token } = bench.token;
    const control = controlTokenOf(bench.dataDir);
    const wrong = ['', token.slice(0, -1), `${token}x`, token.toLowerCase(), `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, control, 'x'.repeat(43), "' OR 1=1 --", 'null', 'undefined', '__proto__'];
    for (const presented of wrong) {
      for (const headers of [{ authorization: `Bearer ${presented}` }, { authorization: presented }, { 'x-api-key': presented }, { authorization: `Basic ${Buffer.from(`x:${presented}`).toString('base64')}` }]) {
        const answer = await exchange(`${bench.broker.url}/v1/responses`, { headers, body });
        assert.deepEqual([answer.status, jsonOf(answer).error.code], [401, 'unknown_token']);
        assert.ok(presented.length < 8 || !answer.bytes.includes(presented));
      }
      assert.ok([401, 404].includes((await exchange(`${bench.broker.url}/w/${encodeURIComponent(presented)}/v1/responses`, { body })).status));
      assert.equal((await exchange(`${bench.broker.url}/v1/models`, { method: 'GET', headers: { authorization: `Bearer ${presented}` } })).status, 401);
    }
    assert.equal((await exchange(`${bench.broker.url}/v1/responses`, { body })).status, 401);
    assert.ok([401, 400].includes((await askBroker(bench.broker, 'x'.repeat(20_000), { body })).status));
  });

  it('lets nobody call it without the control token', async () => {
    for (const method of ['status', 'token', 'creditsAdd', 'creditsList', 'usage', 'explain', 'audit', 'setApiKey', 'forgetApiKey', 'cancel', 'shutdown', 'nothing']) {
      for (const presented of [bench.token.token, '', 'x'.repeat(43)]) {
        const answer = await exchange(`${bench.broker.url}/broker/v1/${method}`, { headers: { authorization: `Bearer ${presented}` }, body: '{}' });
        assert.deepEqual([answer.status, jsonOf(answer).error.code], [401, 'control_token_wrong']);
      }
    }
    const known = { authorization: `Bearer ${controlTokenOf(bench.dataDir)}` };
    for (const [sent, code] of [['{', 'body_broken'], ['[]', 'argument_invalid'], ['{"__proto__":{"x":1},"more":1}', 'argument_invalid'], ['"x"', 'argument_invalid']] as const) {
      const answer = await exchange(`${bench.broker.url}/broker/v1/creditsList`, { headers: known, body: sent });
      assert.deepEqual([answer.status, jsonOf(answer).error.code], [400, code]);
    }
    assert.equal(jsonOf(await exchange(`${bench.broker.url}/broker/v1/nothing`, { headers: known, body: '{}' })).error.code, 'unknown_route');
  });

  it('lets no WebSocket in without a token of its own, nor one of a web page', async () => {
    const upgrade = (target: string, more = '') =>
      rawExchange(port, `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${more}connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    const control = `authorization: Bearer ${controlTokenOf(bench.dataDir)}\r\n`;
    for (const target of ['/v1/responses', `/w/${'x'.repeat(43)}/v1/responses`]) assert.deepEqual(statusesOf(await upgrade(target)), [401]);
    // Codex goes to HTTP at once where it hears 426, and is told there what is wrong.
    assert.deepEqual(statusesOf(await upgrade(`/w/${'x'.repeat(43)}/v1/responses`, 'originator: codex_exec\r\n')), [426]);
    for (const more of [control, `authorization: Bearer ${'x'.repeat(43)}\r\n`]) assert.deepEqual(statusesOf(await upgrade('/v1/responses', more)), [401]);
    for (const more of ['origin: https://evil.test\r\n', 'origin: null\r\n', 'sec-fetch-site: cross-site\r\n']) assert.deepEqual(statusesOf(await upgrade(`/w/${bench.token.token}/v1/responses`, more)), [403]);
    assert.deepEqual(statusesOf(await upgrade('/v1/models', auth)), [404]);
    assert.deepEqual(statusesOf(await rawExchange(port, `GET /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${auth}connection: Upgrade\r\nupgrade: h2c\r\n\r\n`)), [405]);
    assert.deepEqual(statusesOf(await rawExchange(port, `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${auth}connection: Upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n`)), [400]);
    assert.deepEqual(statusesOf(await upgrade('/broker/v1/live')), [401]);
    assert.deepEqual(statusesOf(await upgrade('/broker/v1/live', auth)), [401]);
    assert.deepEqual(statusesOf(await upgrade('/broker/v1/live', `${control}origin: https://evil.test\r\n`)), [403]);
    assert.deepEqual(statusesOf(await upgrade('/elsewhere', control)), [404]);
    assert.deepEqual(statusesOf(await upgrade('/broker/v1/live', control)), [101]);
    assert.deepEqual(statusesOf(await rawExchange(port, `GET /broker/v1/live HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${control}connection: Upgrade\r\nupgrade: h2c\r\n\r\n`)), [405]);
  });

  it('survives a window that sends nonsense', async () => {
    for (const nonsense of ['not json', '[]', '{"m":"__proto__","a":[],"i":"1","t":"q"}', '{"t":"q","m":"constructor","a":[{}],"i":"2"}', 'x'.repeat(2_000_000)]) {
      const live = new WebSocket(`ws://127.0.0.1:${port}/broker/v1/live`, { headers: { authorization: `Bearer ${controlTokenOf(bench.dataDir)}` } });
      await new Promise<void>((resolve, reject) => { live.once('open', resolve); live.once('error', reject); });
      live.on('error', () => undefined);
      live.send(nonsense);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      live.terminate();
    }
    assert.equal((await exchange(`${bench.broker.url}/healthz`, { method: 'GET' })).status, 200);
    assert.equal(bench.broker.complaint(), '');
  });

  it('listens on the loopback alone, and keeps its secrets to its user', async () => {
    const others = await new Promise<string>((resolve) => {
      const socket = net.connect(port, '127.0.0.2').once('connect', () => { socket.destroy(); resolve('open'); }).once('error', () => resolve('closed'));
    });
    assert.equal(others, 'closed');
    if (process.platform === 'win32') return;
    assert.equal(statSync(bench.dataDir).mode & 0o777, 0o700);
    for (const name of ['control.token', 'workspace.key', 'broker.json']) assert.equal(statSync(path.join(bench.dataDir, name)).mode & 0o777, 0o600, name);
  });
});
