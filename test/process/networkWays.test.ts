// How the broker's connections leave the computer: through a proxy, over TLS with an authority of one's own, and
// over HTTP/2; and what a client is told when one of these does not work.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openProxy } from '../support/process/connectProxy.ts';
import type { ConnectProxy } from '../support/process/connectProxy.ts';
import { jsonOf } from '../support/process/httpExchange.ts';
import { answerWell, recordedRequest, recordedStream } from '../support/process/recordedStream.ts';
import { openUpstream, streamHead, chunkOf, lastChunk } from '../support/process/scriptedUpstream.ts';
import type { ScriptedUpstream } from '../support/process/scriptedUpstream.ts';
import { openSocketUpstream } from '../support/process/scriptedSocketUpstream.ts';
import type { ScriptedSocketUpstream } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { openTlsFront } from '../support/process/tlsFront.ts';
import type { TlsFront } from '../support/process/tlsFront.ts';
import { callBroker, codexHeaders, makeFolder, removeFolder, until } from '../support/process/workbench.ts';
import { endTypes, UpgradeRefused } from '../support/socketClient.ts';
import { testAuthority } from '../support/testCertificates.ts';

const authority = testAuthority();
const leaf = authority.leaf(['upstream.test', 'localhost']);

describe('connections to the upstream', function () {
  this.timeout(60_000);
  let bench: SocketBench;
  let upstream: ScriptedUpstream;
  let socketUpstream: ScriptedSocketUpstream;
  let folder: string;
  let caFile: string;
  const closing: { close(): Promise<void> }[] = [];
  const closed = <T extends { close(): Promise<void> }>(one: T): T => { closing.push(one); return one; };
  const serve = async (url: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) => { bench = closed(await openSocketBench({ serve: { upstream: url, env, args } })); };
  const problems = async () => (await callBroker(bench.broker, 'status', {})).problems.map((one) => one.code);
  const refusal = async (): Promise<{ code: string; message: string }> => jsonOf(await bench.ask()).error;
  /** The log once it tells of something: lines are written in batches. */
  const logTells = async (what: RegExp): Promise<string> => {
    const logged = () => readFileSync(path.join(bench.dataDir, 'broker.log'), 'utf8');
    await until(() => what.test(logged()));
    return logged();
  };

  beforeEach(async () => {
    folder = makeFolder('network');
    caFile = path.join(folder, 'ca.pem');
    writeFileSync(caFile, `an authority\n${authority.cert}`);
    upstream = closed(await openUpstream(answerWell));
    socketUpstream = closed(await openSocketUpstream());
  });
  afterEach(async () => {
    for (const one of closing.splice(0).reverse()) await one.close();
    removeFolder(folder);
  });

  describe('through a proxy', () => {
    let proxy: ConnectProxy;
    let front: TlsFront;
    const proxyUrl = (login = '') => `http://${login}127.0.0.1:${proxy.port}`;

    it('carry requests, with the name and password that it wants and that nobody else sees', async () => {
      proxy = closed(await openProxy({ login: 'me:hunter2/' }));
      front = closed(await openTlsFront(upstream.port, leaf));
      await serve(`https://upstream.test:${front.port}`, { HTTPS_PROXY: proxyUrl('me:hunter2%2F@') }, ['--ca', caFile]);
      const answer = await bench.ask({ headers: codexHeaders });
      assert.deepEqual([answer.status, answer.bytes], [200, recordedStream]);
      assert.equal((await bench.ask()).status, 200);
      assert.deepEqual(proxy.asked, [`CONNECT upstream.test:${front.port}`], 'and the connection is kept');
      assert.ok(upstream.requests.every((one) => one.headers['proxy-authorization'] === undefined));
      assert.ok(!(await logTells(/"msg":"settled"/)).includes('hunter2') && !JSON.stringify(await callBroker(bench.broker, 'status', {})).includes('hunter2'));
    });

    it('carry WebSockets', async () => {
      proxy = closed(await openProxy({ login: 'me:hunter2' }));
      front = closed(await openTlsFront(Number(new URL(socketUpstream.url).port), leaf));
      await serve(`https://upstream.test:${front.port}`, { https_proxy: proxyUrl('me:hunter2@'), NODE_EXTRA_CA_CERTS: caFile });
      const client = await bench.connect();
      client.send(recordedMessage());
      assert.equal((await client.until(endTypes)).at(-1).type, 'response.completed');
      assert.deepEqual(proxy.asked, [`CONNECT upstream.test:${front.port}`]);
    });

    it('carry plain requests and WebSockets too, and none that NO_PROXY names', async () => {
      proxy = closed(await openProxy());
      await serve(`http://upstream.test:${upstream.port}`, { ALL_PROXY: `127.0.0.1:${proxy.port}` });
      assert.deepEqual((await bench.ask()).bytes, recordedStream);
      assert.deepEqual(proxy.asked, [`POST http://upstream.test:${upstream.port}/v1/responses`]);
      await bench.broker.stop();
      await bench.restart({ upstream: upstream.url, env: { ALL_PROXY: `127.0.0.1:${proxy.port}` } });
      assert.equal((await bench.ask()).status, 200, 'and none that goes to this computer');
      await bench.broker.stop();
      await bench.restart({ upstream: `http://upstream.test:${upstream.port}`, env: { ALL_PROXY: `127.0.0.1:${proxy.port}`, NO_PROXY: '.test' } });
      assert.match((await refusal()).message, /its name is not known|no name server answers/);
      assert.equal(proxy.asked.length, 1);
    });

    it('are refused by it with a sentence that names it, over HTTP and WebSockets', async () => {
      proxy = closed(await openProxy({ login: 'me:hunter2' }));
      await serve('https://upstream.test', { HTTPS_PROXY: proxyUrl('me:wrong@') });
      const { code, message } = await refusal();
      assert.equal(code, 'proxy_refused');
      assert.match(message, /The proxy 127\.0\.0\.1:\d+ did not let the connection to upstream\.test through \(status 407: it wants a name and a password\)/);
      assert.ok(!message.includes('wrong'));
      const told = (await bench.ask({ headers: codexHeaders })).bytes.toString('utf8');
      assert.match(told, /"code":"invalid_prompt".*status 407/, 'Codex hears the sentence and does not come back');
      await assert.rejects(bench.connect(), (error) => error instanceof UpgradeRefused && error.status === 426 && error.body.includes('status 407'));
      assert.deepEqual(await problems(), ['proxy_refused']);
    });

    it('are refused by it for other reasons, and told apart from a proxy that is not there', async () => {
      proxy = closed(await openProxy({ refuses: 403 }));
      await serve('https://upstream.test', { HTTPS_PROXY: proxyUrl() });
      assert.match((await refusal()).message, /status 403\).*NO_PROXY/);
      await assert.rejects(bench.connect(), (error) => error instanceof UpgradeRefused && error.status === 426 && error.body.includes('status 403'));
      await closing.splice(closing.indexOf(proxy), 1)[0]?.close();
      const { code, message } = await refusal();
      assert.deepEqual([code, /upstream\.test could not be reached through the proxy 127\.0\.0\.1:\d+: nothing listens there/.test(message)], ['upstream_unreachable', true], message);
    });

    it('are not made where it is of a kind that cannot be used', async () => {
      await assert.rejects(serve('https://upstream.test', { ALL_PROXY: 'socks5://me:hunter2@127.0.0.1:1' }), (error) => error instanceof Error && error.message.includes('argument_invalid') && error.message.includes('ALL_PROXY') && !error.message.includes('hunter2'));
    });
  });

  describe('over TLS', () => {
    it('trust an authority that a variable or the option names, and no other', async () => {
      const front = closed(await openTlsFront(upstream.port, leaf));
      await serve(`https://localhost:${front.port}`);
      const { code, message } = await refusal();
      assert.equal(code, 'upstream_untrusted');
      assert.match(message, /certificate is not trusted.*--ca FILE/);
      assert.deepEqual([await problems(), upstream.requests.length], [['upstream_untrusted'], 0], 'and nothing was sent');
      await assert.rejects(bench.connect(), (error) => error instanceof UpgradeRefused && error.status === 426 && error.body.includes('not trusted'));
      for (const more of [{ args: ['--ca', caFile] }, { env: { SSL_CERT_FILE: caFile } }, { env: { CODEX_CA_CERTIFICATE: caFile } }, { env: { NODE_EXTRA_CA_CERTS: caFile } }]) {
        await bench.broker.stop();
        await bench.restart({ args: [], env: {}, ...more });
        assert.deepEqual((await bench.ask()).bytes, recordedStream, JSON.stringify(more));
      }
      assert.deepEqual(await problems(), []);
    });

    it('trust no certificate that is for another name or has expired, and say which', async () => {
      const front = closed(await openTlsFront(upstream.port, authority.leaf(['other.test'])));
      await serve(`https://localhost:${front.port}`, {}, ['--ca', caFile]);
      assert.match((await refusal()).message, /its certificate is for another name/);
      const old = closed(await openTlsFront(upstream.port, authority.leaf(['localhost'], 0.5)));
      await bench.broker.stop();
      await bench.restart({ upstream: `https://localhost:${old.port}` });
      assert.match((await refusal()).message, /its certificate has expired.*clock/);
      assert.equal(upstream.requests.length, 0);
    });

    it('say which file holds no certificates', async () => {
      const empty = path.join(folder, 'empty.pem');
      writeFileSync(empty, 'nothing');
      await assert.rejects(serve(upstream.url, {}, ['--ca', empty]), /empty\.pem cannot be used \(there is no certificate in it\).*argument_invalid/s);
      await serve(upstream.url, { SSL_CERT_FILE: path.join(folder, 'missing.pem') });
      await logTells(/"from":"SSL_CERT_FILE".*"why":"ENOENT","msg":"certificates-unreadable"/);
    });

    it('share one connection where the upstream speaks HTTP/2, and end each stream as it ended', async () => {
      const front = closed(await openTlsFront(upstream.port, leaf, ['h2', 'http/1.1']));
      await serve(`https://localhost:${front.port}`, {}, ['--ca', caFile]);
      const answers = await Promise.all(Array.from({ length: 12 }, () => bench.ask()));
      assert.ok(answers.every((one) => one.status === 200 && one.bytes.equals(recordedStream)));
      assert.deepEqual([front.protocols, upstream.requests.length], [['h2'], 12]);
      assert.ok(upstream.requests.every((one) => one.body.toString('utf8') === recordedRequest()));
      upstream.script = async (_request, wire) => {
        await wire.write(streamHead());
        await wire.write(chunkOf(recordedStream.subarray(0, 300)));
        wire.reset();
      };
      const cut = await bench.ask();
      assert.deepEqual([cut.complete, (await bench.explain(cut)).attempts.at(-1)?.outcome], [false, 'broken'], 'a stream that breaks is seen to break');
      upstream.script = answerWell;
      assert.equal((await bench.ask()).status, 200);
      await until(async () => (await bench.audit()).openHolds === 0);
      assert.deepEqual((await bench.audit()).violations, []);
    });

    for (const way of ['directly', 'through a proxy'] as const) it(`send a request again that an HTTP/2 connection did not take, being retired or refusing it, while others on it go on: ${way}`, async () => {
      const front = closed(await openTlsFront(upstream.port, leaf, ['h2', 'http/1.1']));
      const proxy = closed(await openProxy());
      await (way === 'directly' ? serve(`https://localhost:${front.port}`, {}, ['--ca', caFile])
        : serve(`https://upstream.test:${front.port}`, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }, ['--ca', caFile]));
      let goOn = () => undefined as void;
      const held = new Promise<void>((resolve) => { goOn = resolve; });
      upstream.script = async (_request, wire) => {
        await wire.write(streamHead());
        await wire.write(chunkOf(recordedStream.subarray(0, 300)));
        await held;
        await wire.write(chunkOf(recordedStream.subarray(300)));
        await wire.write(lastChunk);
      };
      const long = bench.ask();
      await until(() => upstream.requests.length === 1);
      upstream.script = answerWell;
      for (const how of ['refuse', 'retire'] as const) {
        front.turnAwayNext(how);
        const again = await bench.ask();
        assert.deepEqual([again.status, again.bytes.equals(recordedStream)], [200, true], again.bytes.toString('utf8').slice(0, 300));
        assert.deepEqual((await bench.explain(again)).attempts.map((one) => one.outcome), ['broken', 'completed']);
      }
      goOn();
      assert.ok((await long).bytes.equals(recordedStream));
      assert.deepEqual(front.protocols, ['h2', 'h2']);
      await until(async () => (await bench.audit()).openHolds === 0);
    });
  });

  it('are told apart when nothing listens and when the name is unknown', async () => {
    const { port } = upstream;
    await closing.splice(closing.indexOf(upstream), 1)[0]?.close();
    await serve(`http://127.0.0.1:${port}`);
    const { code, message } = await refusal();
    assert.deepEqual([code, /could not be reached: nothing listens there \(ECONNREFUSED\)/.test(message)], ['upstream_unreachable', true], message);
  });
});
