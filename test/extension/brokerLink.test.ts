// The link connects, keeps the newest snapshot, comes back after a loss with growing pauses, and
// gives up in a bounded number of attempts and starts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { BrokerLink, connectAttemptsMax, downLookMs, startsInARowMax, steadyAfterMs } from '../../src/extension/brokerLink.ts';
import type { ProvenBroker } from '../../src/extension/brokerProof.ts';
import type { LiveEvents } from '../../src/extension/liveSocket.ts';
import { growingDelayMs } from '../../src/extension/schedule.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { wipeUnfinished } from '../../src/protocol/wipeUnfinished.ts';
import { manualSchedule, settle } from './manualSchedule.ts';
import { snapshotFixture } from './snapshotFixture.ts';

const seat = { dataDir: '/data', practice: false };
const proven: ProvenBroker = { address: { url: 'http://127.0.0.1:1', pid: 1, version: '1', protocol: 3, mode: 'live' }, controlToken: 'token' };

/** A link whose broker is told by the test when it is there. */
function scene() {
  const schedule = manualSchedule();
  const told = { running: true, wiping: false, wipedAtMs: undefined as number | undefined, canStart: true, starts: 0, looks: 0, startedAtMs: [] as number[], events: undefined as LiveEvents | undefined, closed: 0, changes: 0, snapshot: snapshotFixture(), notes: [] as string[] };
  const link = new BrokerLink({
    schedule,
    reach: async (_seat, beforeStart) => {
      told.looks += 1;
      if (told.wiping) throw new ProblemError(wipeUnfinished('/data'));
      if (told.running) return proven;
      if (!beforeStart) throw new ProblemError(problem('broker_unreachable', 'No broker is running.'));
      beforeStart();
      told.starts += 1;
      told.startedAtMs.push(schedule.nowMs());
      if (!told.canStart) throw new ProblemError(problem('broker_unreachable', 'It did not come up.'));
      told.running = true;
      return proven;
    },
    open: async (_broker, events) => {
      told.events = events;
      return { call: (async () => told.snapshot) as never, close: () => { told.closed += 1; } };
    },
    wipedAtMs: () => told.wipedAtMs,
    changed: () => { told.changes += 1; },
    note: (line) => told.notes.push(line),
  });
  return { schedule, told, link };
}

describe('link to the broker', () => {
  it('connects and takes each newer snapshot', async () => {
    const { link, told } = scene();
    link.start(seat);
    assert.equal(link.state.state, 'connecting');
    await settle();
    assert.equal(link.state.state, 'connected');
    told.events?.snapshot(snapshotFixture({ sequence: 5 }));
    told.events?.snapshot(snapshotFixture({ sequence: 4 }));
    assert.equal(link.snapshot?.sequence, 5);
    told.events?.snapshot({ sequence: 9 } as unknown as Snapshot);
    assert.equal(link.snapshot?.sequence, 5, 'a shape that cannot be painted is not taken');
  });

  it('keeps the last snapshot while it comes back after a loss, and starts the broker anew', async () => {
    const { link, told, schedule } = scene();
    link.start(seat);
    await settle();
    told.running = false;
    told.events?.lost('cut');
    assert.deepEqual(link.state, { state: 'connecting', attempt: 1 });
    assert.equal(link.snapshot?.sequence, 1);
    await assert.rejects(link.call('status', {}), ProblemError);
    await schedule.advance(1_000);
    assert.equal(link.state.state, 'connected');
    assert.equal(told.starts, 1);
  });

  it('gives up after a bounded number of starts, tells why, and finds a broker that someone else started', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    told.canStart = false;
    link.start(seat);
    await schedule.advance(120_000);
    assert.equal(link.state.state, 'down');
    assert.equal(link.state.problem?.message, 'It did not come up.');
    assert.equal(told.starts, startsInARowMax);
    const gaps = told.startedAtMs.slice(1).map((atMs, index) => atMs - (told.startedAtMs[index] ?? 0));
    assert.ok(gaps.every((gap, index) => index === 0 || gap > (gaps[index - 1] ?? 0)), `pauses grow: ${gaps.join(', ')}`);
    told.running = true;
    await schedule.advance(downLookMs);
    assert.equal(link.state.state, 'connected');
    assert.equal(told.starts, startsInARowMax, 'nothing was started while down');
  });

  it('starts nothing while the folder is wiped, tells so once, and begins anew when that is over, whatever was started before', async () => {
    const { link, told, schedule } = scene();
    link.start(seat);
    await settle();
    told.running = false;
    told.canStart = false;
    told.events?.lost('wiped');
    await schedule.advance(4_000);
    assert.ok(told.starts > 0, 'before the mark was there');
    const { starts } = told;
    told.wiping = true;
    await schedule.advance(600_000);
    assert.equal(told.starts, starts);
    assert.deepEqual([link.state.state, link.state.problem?.code], ['down', 'wipe_unfinished']);
    assert.equal(told.notes.filter((line) => line.includes('is being removed')).length, 1);
    told.wiping = false;
    told.canStart = true;
    await schedule.advance(downLookMs);
    assert.equal(link.state.state, 'connected');
    assert.equal(told.starts, starts + 1);
  });

  it('comes back also where every start was used up before the mark of the wipe was there', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    told.canStart = false;
    link.start(seat);
    await schedule.advance(120_000);
    assert.equal(told.starts, startsInARowMax);
    told.wiping = true;
    await schedule.advance(downLookMs);
    told.wiping = false;
    told.canStart = true;
    await schedule.advance(downLookMs);
    assert.equal(link.state.state, 'connected');
  });

  it('begins anew once after a wipe by another window, which may have ended every broker that was started', async () => {
    const { link, told, schedule } = scene();
    told.wipedAtMs = 1;
    link.start(seat);
    await settle();
    for (let ended = 0; ended < startsInARowMax; ended += 1) {
      told.running = false;
      told.events?.lost('the connection closed (1001)');
      await schedule.advance(1_000);
    }
    told.running = false;
    told.canStart = false;
    told.events?.lost('the connection closed (1001)');
    await schedule.advance(600_000);
    assert.deepEqual([link.state.state, told.starts], ['down', startsInARowMax]);
    told.wipedAtMs = 2;
    await schedule.advance(600_000);
    assert.deepEqual([link.state.state, told.starts], ['down', 2 * startsInARowMax], 'one wipe, one new beginning');
    told.wipedAtMs = 3;
    told.canStart = true;
    await schedule.advance(downLookMs);
    assert.equal(link.state.state, 'connected');
  });

  it('starts again when the person asks', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    told.canStart = false;
    link.start(seat);
    await schedule.advance(120_000);
    told.canStart = true;
    link.start(seat);
    await settle();
    assert.equal(link.state.state, 'connected');
  });

  it('does not restart a broker for ever that ends right after each start', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    link.start(seat);
    for (let turn = 0; turn < 20; turn += 1) {
      await schedule.advance(10_000);
      if (link.state.state !== 'connected') continue;
      told.running = false;
      told.events?.lost('it ended');
    }
    assert.equal(link.state.state, 'down');
    assert.equal(told.starts, startsInARowMax);
  });

  it('counts anew after a steady connection', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    link.start(seat);
    for (let turn = 0; turn < 6; turn += 1) {
      await schedule.advance(steadyAfterMs + 10_000);
      assert.equal(link.state.state, 'connected', `turn ${turn}`);
      told.running = false;
      told.events?.lost('it ended');
    }
  });

  it('forgets the snapshot of another seat and ignores what the old connection still says', async () => {
    const { link, told } = scene();
    link.start(seat);
    await settle();
    const old = told.events;
    link.start({ dataDir: '/data/practice', practice: true });
    assert.equal(link.snapshot, undefined);
    old?.snapshot(snapshotFixture({ sequence: 99 }));
    old?.lost('late');
    assert.equal(link.snapshot, undefined);
    await settle();
    assert.deepEqual(link.snapshot, told.snapshot);
    assert.equal(told.closed, 1);
  });

  it('never runs a timer after it was stopped', async () => {
    const { link, told, schedule } = scene();
    told.running = false;
    told.canStart = false;
    link.start(seat);
    await settle();
    link.stop();
    const looks = told.looks;
    await schedule.advance(600_000);
    assert.equal(told.looks, looks);
    assert.deepEqual(schedule.waiting(), []);
  });

  it('waits between half of the delay and the whole of it, never longer than the most', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, chance) => {
      const delayMs = growingDelayMs({ ...manualSchedule(), random: () => chance }, attempt, 250, 8_000);
      const wholeMs = Math.min(8_000, 250 * 2 ** Math.min(attempt - 1, 20));
      assert.ok(delayMs >= wholeMs / 2 - 1 && delayMs <= wholeMs);
    }));
    assert.ok(connectAttemptsMax > startsInARowMax);
  });
});
