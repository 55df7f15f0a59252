// A web page in a real Chromium tries every way that a page has to reach the broker, with the right address and even
// with a workspace's token and the control token in its hands: nothing is read, changed or sent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { controlTokenOf } from '../../support/process/brokerProgram.ts';
import { callBroker, openBench } from '../../support/process/workbench.ts';
import type { Workbench } from '../../support/process/workbench.ts';

/** What the page is told, and what came of each of its ways: `read` where it could look into an answer. */
interface Target { readonly url: string; readonly token: string; readonly controlToken: string }

/** Runs in the page. Every way ends by itself within a few seconds. */
async function attack({ url, token, controlToken }: Target): Promise<Record<string, string>> {
  const grant = JSON.stringify({ amountMicroCredits: 5_000_000, kind: 'promotional', key: 'evil', consent: { scope: 'ask' } });
  const ask = `${url}/w/${token}/v1/responses`;
  const body = JSON.stringify({ model: 'gpt-5.5', input: 'x' });
  const told: Record<string, string> = {};
  const tried = async (name: string, way: () => Promise<string>) => {
    const late = new Promise<string>((resolve) => { setTimeout(() => resolve('nothing'), 3000); });
    told[name] = await Promise.race([way().catch(() => 'failed'), late]);
  };
  const fetched = (address: string, init: RequestInit) => async () => { const answer = await fetch(address, init); return answer.type === 'opaque' ? 'opaque' : `read ${answer.status}`; };
  const element = (tag: 'img' | 'script' | 'link' | 'iframe', address: string) => () => new Promise<string>((resolve) => {
    const one = document.createElement(tag);
    one.addEventListener('load', () => resolve(tag === 'iframe' ? 'loaded' : 'read'));
    one.addEventListener('error', () => resolve('failed'));
    if (one instanceof HTMLLinkElement) { one.rel = 'stylesheet'; one.href = address; } else one.src = address;
    document.body.append(one);
  });
  await Promise.all([
    tried('health', fetched(`${url}/healthz`, {})),
    tried('models', fetched(`${url}/w/${token}/v1/models`, {})),
    tried('a response', fetched(ask, { method: 'POST', body, headers: { 'content-type': 'application/json' } })),
    tried('a simple response', fetched(ask, { method: 'POST', body, mode: 'no-cors' })),
    tried('a call', fetched(`${url}/broker/v1/creditsAdd`, { method: 'POST', body: grant, headers: { authorization: `Bearer ${controlToken}` } })),
    tried('a simple call', fetched(`${url}/broker/v1/creditsAdd`, { method: 'POST', body: grant, mode: 'no-cors' })),
    tried('a preflight', fetched(`${url}/broker/v1/shutdown`, { method: 'PUT', headers: { 'x-any': '1' } })),
    tried('a beacon', async () => { navigator.sendBeacon(ask, body); return 'sent'; }),
    tried('an image', element('img', `${url}/w/${token}/v1/models`)),
    tried('a script', element('script', `${url}/w/${token}/v1/models`)),
    tried('a style', element('link', `${url}/healthz`)),
    tried('an event source', () => new Promise((resolve) => { const source = new EventSource(`${url}/w/${token}/v1/responses/resp_1?stream=true`); source.addEventListener('open', () => resolve('read')); source.addEventListener('error', () => { source.close(); resolve('failed'); }); })),
    ...[`/w/${token}/v1/responses`, '/broker/v1/live'].map((place) => tried(`a WebSocket to ${place.slice(0, 3)}`, () => new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http:', 'ws:')}${place}`, ['bearer', controlToken]);
      socket.addEventListener('open', () => resolve('read'));
      socket.addEventListener('error', () => resolve('failed'));
    }))),
    tried('a form', () => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.name = 'target';
      document.body.append(frame);
      const form = Object.assign(document.createElement('form'), { method: 'POST', action: ask, target: 'target', enctype: 'text/plain' });
      form.append(Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '}' }));
      document.body.append(form);
      frame.addEventListener('load', () => resolve('sent'));
      form.submit();
    })),
  ]);
  return told;
}

describe('a web page', function () {
  this.timeout(60_000);
  let bench: Workbench;
  before(async () => { bench = await openBench({ serve: { args: ['--pass-through', '/v1/files'] } }); });
  after(() => bench.close());

  it('reads, changes and sends nothing, whatever it knows and however it asks', async () => {
    const target: Target = { url: bench.broker.url, token: bench.token.token, controlToken: controlTokenOf(bench.dataDir) };
    const before = await callBroker(bench.broker, 'status', {});
    const site = createServer((_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>any page</title><body></body>'); });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    const browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--host-resolver-rules=MAP rebound.test 127.0.0.1'] });
    try {
      const page = await browser.newPage();
      // Another port, another name of this computer, and a name whose owner let it point here.
      for (const host of ['127.0.0.1', 'localhost', 'rebound.test']) {
        await page.goto(`http://${host}:${port}/`);
        const told = await page.evaluate(attack, target);
        assert.equal(Object.keys(told).length, 15);
        for (const [way, outcome] of Object.entries(told)) assert.doesNotMatch(outcome, /^read/, `${way} from ${host}`);
      }
      // Under that name the broker itself is of the page's own origin, and is asked without one.
      const port2 = new URL(bench.broker.url).port;
      const rebound = await page.goto(`http://rebound.test:${port2}/w/${target.token}/v1/models`);
      assert.equal(rebound?.status(), 421);
      for (const place of [`/w/${target.token}/v1/models`, '/healthz']) {
        const status = await page.evaluate(async (path) => (await fetch(path)).status, place);
        assert.ok(status === 421 || status === 403, `${status}`);
      }
    } finally {
      await browser.close();
      site.close();
      site.closeAllConnections();
    }
    const after = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([bench.upstream.requests.length, after.balance, after.recent, after.unmetered], [0, before.balance, before.recent, undefined]);
    // The same address serves who is no page.
    assert.equal((await bench.ask()).status, 200);
  });
});
