// Taking a data folder: somebody who holds it for a moment is waited for, a broker that comes up in
// the meantime is found, and somebody who keeps it is given up on after a bound.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prepareDataFolder, proofOf, writeBrokerAddress } from '../../src/broker/dataFolder.ts';
import { findOrHold, holdWaitMsMax, lookForBroker } from '../../src/broker/runningBroker.ts';
import { acquireLease } from '../../src/broker/store/lease.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock } from '../support/manualClock.ts';

/** A clock that goes on by so much at each look at it, and tells how often that was. */
function lookedAt(stepMs: number, looked: (times: number) => void = () => undefined) {
  const clock = manualClock();
  let times = 0;
  return { ...clock, monotonicMs: () => { times += 1; looked(times); clock.advance(stepMs); return clock.monotonicMs(); } };
}

describe('taking a data folder', () => {
  it('succeeds at once where nobody has it', () => withFolder(async (folder) => {
    const held = await findOrHold(folder, lookedAt(holdWaitMsMax));
    assert.ok(held && 'lease' in held);
    assert.equal(acquireLease(folder), undefined);
    held.lease.release();
  }));

  it('waits for somebody who lets go of it', () => withFolder(async (folder) => {
    const other = acquireLease(folder);
    const held = await findOrHold(folder, lookedAt(1, (times) => { if (times === 3) other?.release(); }));
    assert.ok(held && 'lease' in held);
    held.lease.release();
  }));

  it('finds a broker that comes up while it waits', () => withFolder(async (folder) => {
    const { controlToken } = prepareDataFolder(folder);
    const other = acquireLease(folder);
    const server = createServer((message, response) => response.end(JSON.stringify({ ok: true, proof: proofOf(controlToken, new URL(message.url ?? '', 'http://x').searchParams.get('nonce') ?? '') })));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const held = await findOrHold(folder, lookedAt(1, (times) => { if (times === 2) writeBrokerAddress(folder, { url, pid: 1, version: '1', protocol: 1, mode: 'live' }); }));
      assert.deepEqual(held, { running: { url, controlToken } });
    } finally {
      server.closeAllConnections();
      server.close();
      other?.release();
    }
  }));

  it('tells a broker that says nothing in time from one that is not there', () => withFolder(async (folder) => {
    prepareDataFolder(folder);
    assert.equal(await lookForBroker(folder), undefined);
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    writeBrokerAddress(folder, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pid: 1, version: '1', protocol: 1, mode: 'live' });
    assert.equal(await lookForBroker(folder, 50), 'silent');
    server.closeAllConnections();
    await new Promise<void>((resolve) => { server.close(() => resolve()); });
    assert.equal(await lookForBroker(folder), undefined);
  }));

  it('gives up on somebody who keeps it', () => withFolder(async (folder) => {
    const other = acquireLease(folder);
    let looks = 0;
    assert.equal(await findOrHold(folder, lookedAt(holdWaitMsMax / 3, (times) => { looks = times; })), undefined);
    assert.ok(looks > 2 && looks < 6, String(looks));
    other?.release();
  }));
});
