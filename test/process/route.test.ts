// A routed configuration outlives the broker that it was written under: the port stays over kills and
// restarts, also when it was chosen before any broker ran, and the address reaches the right workspace.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import path from 'node:path';
import { runBroker, startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { exchange } from '../support/process/httpExchange.ts';
import { answerWell, recordedRequest } from '../support/process/recordedStream.ts';
import { openUpstream } from '../support/process/scriptedUpstream.ts';
import type { ScriptedUpstream } from '../support/process/scriptedUpstream.ts';
import { callBroker, codexHeaders, makeFolder, removeFolder } from '../support/process/workbench.ts';

describe('a routed configuration', function () {
  this.timeout(60_000);
  let folder: string;
  let upstream: ScriptedUpstream;
  let broker: BrokerProcess | undefined;
  const dataDir = () => path.join(folder, 'data');
  const codexHome = () => path.join(folder, 'codex');
  const config = () => path.join(codexHome(), 'config.toml');
  beforeEach(async () => {
    folder = makeFolder('route');
    mkdirSync(codexHome());
    writeFileSync(config(), '# mine\nmodel = "m"\n');
    upstream = await openUpstream(answerWell);
  });
  afterEach(async () => {
    await broker?.kill();
    broker = undefined;
    await upstream.close();
    removeFolder(folder);
  });
  const start = async () => (broker = await startBroker({ dataDir: dataDir(), upstream: upstream.url }));
  const route = (...args: string[]) => runBroker(['route', '--data', dataDir(), '--codex-home', codexHome(), ...args], { cwd: folder });
  const address = () => /^openai_base_url = "([^"]+)"/m.exec(readFileSync(config(), 'utf8'))?.[1] ?? '';
  /** Sends what Codex would, by the address in the file and with a credential of Codex's own. */
  const ask = () => exchange(`${address()}/responses`, { body: recordedRequest(), headers: { ...codexHeaders, 'authorization': 'Bearer sk-of-codex', 'content-type': 'application/json' } });
  const listening = (port: number) => new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

  it('holds over a kill and a restart, and is counted for its workspace', async () => {
    const first = await start();
    const done = await route('--yes', '--workspace', path.join(folder, 'shop'));
    assert.equal(done.code, 0, done.stderr);
    assert.equal(Number(new URL(address()).port), first.port);
    assert.equal((await ask()).status, 200);
    await first.kill();
    const waiting = await route('--status');
    assert.deepEqual([waiting.code, /No broker is running now; Codex waits until one does\./.test(waiting.stdout)], [0, true]);
    const second = await start();
    assert.equal(second.port, first.port);
    assert.equal((await ask()).status, 200);
    assert.equal(await second.stop(), 0);
    const third = await start();
    assert.equal((await ask()).status, 200);
    const usage = await callBroker(third, 'usage', { by: 'workspace' });
    assert.deepEqual(usage.rows.map((row) => [row.label, row.requests]), [['shop', 3]]);
    assert.equal(upstream.requests.every((one) => one.headers['authorization'] !== 'Bearer sk-of-codex'), true, 'Codex\'s own credential stays here');
    assert.match((await route('--status')).stdout, /The broker runs there\.\n$/);
    const undone = await route('--undo');
    assert.deepEqual([undone.code, readFileSync(config(), 'utf8')], [0, '# mine\nmodel = "m"\n']);
  });

  it('can be written before any broker ran', async () => {
    const silent = await route();
    assert.deepEqual([silent.code, readFileSync(config(), 'utf8')], [2, '# mine\nmodel = "m"\n']);
    assert.match(silent.stdout, /\n\+openai_base_url = /);
    assert.equal((await route('--yes', '--json')).code, 0);
    await start();
    assert.equal((await ask()).status, 200);
  });

  it('tells when another program has the port, and holds again once that is gone', async () => {
    const { port, stop } = await start();
    await route('--yes');
    await stop();
    const other = await listening(port);
    try {
      const elsewhere = await start();
      assert.notEqual(elsewhere.port, port);
      assert.match((await route('--status')).stdout, new RegExp(`routed to port ${port} .*The broker listens on port ${elsewhere.port}, because another program has its own port`));
      await elsewhere.stop();
    } finally {
      await new Promise((resolve) => { other.close(resolve); });
    }
    assert.equal((await start()).port, port);
    assert.equal((await ask()).status, 200);
  });
});
