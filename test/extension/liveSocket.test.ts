// One live connection over a real socket: typed calls, problems as errors, pushed snapshots, and
// a silent other end that is noticed.
import assert from 'node:assert/strict';
import { ProblemError, problem } from '../../src/domain/problem.ts';
import type { ProvenBroker } from '../../src/extension/brokerProof.ts';
import { callWaitMsMax, liveOpener, pulseMs } from '../../src/extension/liveSocket.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeControlToken, startFakeBroker, type FakeBroker } from './fakeBroker.ts';
import { eventually, manualSchedule } from './manualSchedule.ts';
import { snapshotFixture } from './snapshotFixture.ts';

describe('live connection', function slowMachine() {
  this.timeout(30_000);
  let broker: FakeBroker;
  beforeEach(async () => { broker = await startFakeBroker(); });
  afterEach(() => broker.close());
  const proven = (controlToken = fakeControlToken): ProvenBroker => ({ address: { url: broker.url, pid: 1, version: '1', protocol: 3, mode: 'live' }, controlToken });
  const listen = () => {
    const seen = { snapshots: [] as Snapshot[], lost: [] as string[] };
    return { seen, events: { snapshot: (snapshot: Snapshot) => { seen.snapshots.push(snapshot); }, lost: (because: string) => { seen.lost.push(because); } } };
  };

  it('calls, receives snapshots, and sends the token without an origin', async () => {
    const { seen, events } = listen();
    const live = await liveOpener(manualSchedule())(proven(), events);
    assert.equal((await live.call('status', {})).sequence, 1);
    broker.push(snapshotFixture({ sequence: 2 }));
    await eventually('the snapshot arrives', () => seen.snapshots.length === 1);
    const upgrade = broker.requests.find((request) => request.path === '/broker/v1/live');
    assert.equal(upgrade?.headers.authorization, `Bearer ${fakeControlToken}`);
    assert.equal(upgrade?.headers.origin, undefined);
    assert.equal(upgrade?.headers['sec-websocket-extensions'], undefined, 'no compression is offered');
    live.close();
    await eventually('the socket is gone', () => broker.sockets.size === 0);
    assert.deepEqual(seen.lost, [], 'closing is not losing');
  });

  it('throws the broker\'s own problem', async () => {
    const what = problem('key_conflict', 'That key belongs to another grant.');
    broker.answers['creditsAdd'] = () => ({ ok: false, problem: what });
    const live = await liveOpener(manualSchedule())(proven(), listen().events);
    await assert.rejects(live.call('creditsAdd', { amountMicroCredits: 1, kind: 'purchased', key: 'k', consent: { scope: 'everywhere' } }), (error) => {
      assert.ok(error instanceof ProblemError);
      assert.deepEqual(error.problem, what);
      return true;
    });
    live.close();
  });

  it('gives up a call that is not answered in time', async () => {
    broker.answers['audit'] = () => new Promise(() => undefined);
    const schedule = manualSchedule();
    const live = await liveOpener(schedule)(proven(), listen().events);
    const call = live.call('audit', {});
    call.catch(() => undefined);
    await eventually('the call is there', () => broker.calls.some((each) => each.method === 'audit'));
    await schedule.advance(callWaitMsMax);
    await assert.rejects(call, (error) => error instanceof ProblemError && error.problem.code === 'broker_unreachable');
    live.close();
  });

  it('fails calls that are under way when the connection is cut, and says once that it is lost', async () => {
    broker.answers['audit'] = () => new Promise(() => undefined);
    const { seen, events } = listen();
    const live = await liveOpener(manualSchedule())(proven(), events);
    const call = live.call('audit', {});
    call.catch(() => undefined);
    await eventually('the call is there', () => broker.calls.length === 1);
    broker.cut();
    await assert.rejects(call, ProblemError);
    await assert.rejects(live.call('status', {}), ProblemError);
    assert.equal(seen.lost.length, 1);
  });

  it('notices an end that no longer answers its pulse', async () => {
    const { seen, events } = listen();
    const schedule = manualSchedule();
    await liveOpener(schedule)(proven(), events);
    await eventually('the broker has the socket', () => broker.sockets.size === 1);
    for (const socket of broker.sockets) socket.pause();
    await schedule.advance(pulseMs);
    assert.equal(seen.lost.length, 0);
    await schedule.advance(pulseMs);
    assert.deepEqual(seen.lost, ['the broker stopped answering']);
  });

  it('survives garbage from the other end', async () => {
    const { seen, events } = listen();
    const live = await liveOpener(manualSchedule())(proven(), events);
    await eventually('the broker has the socket', () => broker.sockets.size === 1);
    for (const socket of broker.sockets) for (const text of ['', '{', 'null', '7', '{"t":"q","m":"unknown","a":[],"i":"x"}', '{"t":"s","i":"none"}']) socket.send(text);
    assert.equal((await live.call('status', {})).sequence, 1);
    assert.deepEqual(seen.lost, []);
    live.close();
  });

  it('is refused with a wrong token', async () => {
    await assert.rejects(liveOpener(manualSchedule())(proven('wrong'), listen().events), (error) => error instanceof ProblemError && error.problem.code === 'broker_unreachable');
  });
});
