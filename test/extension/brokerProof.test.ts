// Whoever listens at the address on file must prove itself before it is given anything secret.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectedProof, lookForBroker, proofWaitMsMax, type ProofParts } from '../../src/extension/brokerProof.ts';
import { isLoopbackAddress, loopbackRequest } from '../../src/extension/loopbackHttp.ts';
import { wipeMarkFile } from '../../src/protocol/dataFiles.ts';
import { fakeControlToken, startFakeBroker, type FakeBroker } from './fakeBroker.ts';
import { manualSchedule } from './manualSchedule.ts';

describe('proof of the broker', function slowMachine() {
  this.timeout(30_000);
  let broker: FakeBroker;
  // No limit of time runs out on whoever answers.
  const parts: ProofParts = { request: loopbackRequest, schedule: manualSchedule(), newNonce: () => 'nonce-1' };
  beforeEach(async () => { broker = await startFakeBroker(); });
  afterEach(() => broker.close());

  it('finds a broker that knows the control token', async () => {
    const found = await lookForBroker(parts, broker.dataDir, false);
    assert.equal(found.kind, 'found');
    assert.ok(found.kind === 'found' && found.broker.address.url === broker.url);
  });

  it('turns down a server with a wrong proof, which is never told the token', async () => {
    for (const proof of ['', 'no', expectedProof('another token entirely', 'nonce-1'), expectedProof(fakeControlToken, 'another nonce')]) {
      broker.health.proof = () => proof;
      assert.equal((await lookForBroker(parts, broker.dataDir, false)).kind, 'none', proof);
    }
    assert.equal(broker.requests.length, 4);
    for (const request of broker.requests) {
      assert.equal(request.path, '/healthz');
      assert.ok(!JSON.stringify(request).includes(fakeControlToken));
    }
  });

  it('does not call an address that is not on loopback, whatever the file says', async () => {
    const called: string[] = [];
    for (const url of ['http://example.com:80', 'https://127.0.0.1:1', 'http://127.0.0.1.example.com:80', 'http://user:secret@127.0.0.1:9', 'http://localhost:80', 'http://127.0.0.1:9/path']) {
      writeFileSync(join(broker.dataDir, 'broker.json'), JSON.stringify({ url, pid: 1, version: '1', protocol: 3, mode: 'live' }));
      const found = await lookForBroker({ ...parts, request: (question) => { called.push(question.url); return Promise.reject(new Error('no')); } }, broker.dataDir, false);
      assert.equal(found.kind, 'none', url);
    }
    assert.deepEqual(called, []);
    assert.ok(isLoopbackAddress('http://127.0.0.1:4000/v1'));
  });

  it('names another version instead of trying to talk to it', async () => {
    broker.health.protocol = 0;
    const older = await lookForBroker(parts, broker.dataDir, false);
    assert.ok(older.kind === 'unusable' && older.problem.remedy.includes('older version'), JSON.stringify(older));
    broker.health.protocol = 7;
    const newer = await lookForBroker(parts, broker.dataDir, false);
    assert.ok(newer.kind === 'unusable' && newer.problem.remedy.startsWith('Reload this window'), JSON.stringify(newer));
  });

  it('does not take a live broker for practice', async () => {
    const found = await lookForBroker(parts, broker.dataDir, true);
    assert.ok(found.kind === 'unusable' && found.problem.code === 'data_folder_unusable');
  });

  it('asks nobody in a folder that is being wiped', async () => {
    writeFileSync(join(broker.dataDir, wipeMarkFile), 'live');
    const found = await lookForBroker(parts, broker.dataDir, false);
    assert.ok(found.kind === 'unusable' && found.problem.code === 'wipe_unfinished', JSON.stringify(found));
    assert.equal(broker.requests.length, 0);
    rmSync(join(broker.dataDir, wipeMarkFile));
    assert.equal((await lookForBroker(parts, broker.dataDir, false)).kind, 'found');
  });

  it('says that a listener which never answers is silent', async () => {
    const schedule = manualSchedule();
    const hung = createServer(() => undefined);
    await new Promise<void>((resolve) => { hung.listen(0, '127.0.0.1', resolve); });
    const url = `http://127.0.0.1:${(hung.address() as AddressInfo).port}`;
    writeFileSync(join(broker.dataDir, 'broker.json'), JSON.stringify({ url, pid: 77, version: '1', protocol: 3, mode: 'live' }));
    const looking = lookForBroker({ ...parts, schedule }, broker.dataDir, false);
    while (schedule.waiting().length === 0) await new Promise((resolve) => { setImmediate(resolve); });
    await schedule.advance(proofWaitMsMax);
    assert.deepEqual(await looking, { kind: 'silent', pid: 77 });
    hung.closeAllConnections();
    hung.close();
  });

  it('finds nothing through missing, huge or broken files', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'no-broker-'));
    assert.equal((await lookForBroker(parts, dir, false)).kind, 'none');
    writeFileSync(join(dir, 'control.token'), fakeControlToken);
    for (const text of ['', '{', '[]', '{"url":1}', `{"url":"${'x'.repeat(100_000)}"}`]) {
      writeFileSync(join(dir, 'broker.json'), text);
      assert.equal((await lookForBroker(parts, dir, false)).kind, 'none', text.slice(0, 20));
    }
    rmSync(dir, { recursive: true });
  });
});
