// One picture for every surface: complete, numbered, soon after a change and never in a flood, and
// right also when time alone changes something.
import assert from 'node:assert/strict';
import type { LiveRequest } from '../../src/broker/admissionTicket.ts';
import { balanceView } from '../../src/broker/balanceView.ts';
import { SnapshotFeed, snapshotPauseMs, totalOf } from '../../src/broker/snapshotFeed.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { grantCommand, reserveCommand, settleCommand } from '../support/ledger/ledgerCommands.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';
import { directiveState } from '../../src/domain/directives.ts';
import { recordingLedger } from './recordingLedger.ts';

const hourMs = 3_600_000;
const turn = () => new Promise<void>((resolve) => { setImmediate(resolve); });

function world(utcOffsetMs: (atMs: number) => number = () => 0, startMs = noonMs) {
  const clock = manualClock(startMs);
  const pacer = new Pacer(() => 0.5);
  const ledger = recordingLedger();
  const live: LiveRequest[] = [];
  const feed = new SnapshotFeed({
    ledger, clock, live: () => live, pacer, utcOffsetMs, key: () => ({ state: 'present' }), problems: () => [], openWorkspaces: () => new Set(['ws_a']),
    broker: { version: '1', pid: 1, startedAtMs: noonMs, mode: 'live', upstream: 'u', dataDir: 'd' },
  });
  const seen: Snapshot[] = [];
  const pass = async (ms: number) => { clock.advance(ms); await turn(); };
  return { clock, ledger, live, feed, seen, pass, pacer };
}

describe('the snapshot feed', () => {
  it('sends the first picture at once, and the next after a pause however often something changes', async () => {
    const { feed, seen, pass } = world();
    feed.changed();
    await pass(1000);
    assert.equal(seen.length, 0, 'nobody listens');
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.deepEqual(seen.map((one) => one.sequence), [1]);
    for (let index = 0; index < 50; index += 1) feed.changed();
    await pass(snapshotPauseMs - 1);
    assert.equal(seen.length, 1);
    await pass(1);
    assert.deepEqual(seen.map((one) => one.sequence), [1, 2]);
    await pass(snapshotPauseMs * 10);
    assert.equal(seen.length, 2, 'nothing changed any more');
  });

  it('reads a ledger that takes long for a fifth of the time at the most', async () => {
    const { feed, seen, pass, ledger, clock } = world();
    let readMs = 30;
    const { query } = ledger;
    ledger.query = ((name: 'recent', args: { limit: number }) => {
      if (name === 'recent') clock.advance(readMs);
      return query.call(ledger, name, args);
    }) as typeof query;
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    const pauses: number[] = [];
    for (const nextMs of [1000, 1, 1]) {
      readMs = nextMs;
      feed.changed();
      const before = seen.length;
      let passedMs = 0;
      for (; seen.length === before && passedMs < 1000; passedMs += 1) await pass(1);
      pauses.push(passedMs);
    }
    assert.deepEqual(pauses, [120, 200, snapshotPauseMs]);
  });

  it('does not let a slow refresh hold back a change', async () => {
    const { feed, seen, pass, live } = world();
    live.push({ state: 'running' } as LiveRequest);
    live[0] = { request: { facts: { requestId: 'r', workspaceId: 'w', client: 'c', model: 'm', receivedAtMs: 0, stream: true }, workspaceLabel: 'W', estimate: { inputTokens: 5, certainInputTokens: 1, holdInputTokens: 5, outputTokens: 2 } } as LiveRequest['request'], state: 'running', sinceMs: 3, holdMicroCredits: 9 };
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.deepEqual(seen[0]?.running.map((run) => [run.requestId, run.estimatedTokens, run.heldMicroCredits]), [['r', 7, 9]]);
    await pass(500);
    feed.changed();
    await pass(0);
    assert.equal(seen.length, 2, 'the change comes before the refresh that was planned for later');
    await pass(2000);
    assert.equal(seen.length, 3, 'what runs is looked at again');
  });

  it('sends a change that comes while a picture is made', async () => {
    const { feed, seen, pass, ledger } = world();
    let open = () => undefined as void;
    ledger.gate = new Promise((resolve) => { open = resolve; });
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    feed.changed();
    open();
    ledger.gate = undefined;
    await turn();
    await pass(snapshotPauseMs);
    assert.equal(seen.length, 2);
  });

  it('tells when credits expire although nobody does anything, once', async () => {
    const { feed, seen, pass, ledger } = world();
    await ledger.command(grantCommand('g1', 900, { expiresAtMs: noonMs + hourMs }));
    await ledger.command(grantCommand('g2', 100));
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.equal(seen.at(-1)?.balance.balanceMicroCredits, 1000);
    await pass(hourMs);
    assert.deepEqual([seen.length, seen.at(-1)?.balance.balanceMicroCredits, seen.at(-1)?.entries[0]?.kind], [2, 100, 'expire']);
    await pass(hourMs);
    assert.equal(seen.length, 2);
  });

  it('does not count expired credits in a picture that was merely asked for', async () => {
    const { feed, ledger, clock } = world();
    await ledger.command(grantCommand('g1', 900, { expiresAtMs: noonMs + 10 }));
    clock.advance(10);
    const snapshot = await feed.read();
    assert.deepEqual([snapshot.balance.balanceMicroCredits, snapshot.balance.tracked, snapshot.nextDraw], [0, true, 'none']);
  });

  it('waits quietly for expired credits that a running request has reserved', async () => {
    const { feed, seen, pass, ledger } = world();
    await ledger.command(grantCommand('g1', 900, { expiresAtMs: noonMs + 1000 }));
    await ledger.command(reserveCommand('r1-1', 900));
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    await pass(10_000);
    assert.ok(seen.length <= 2, `${seen.length} pictures of the same thing`);
  });

  it('does not send pictures without end where what is due cannot be booked', async () => {
    const { feed, seen, pass, ledger } = world();
    await ledger.command(grantCommand('g1', 900, { expiresAtMs: noonMs + 1000 }));
    ledger.failing = 'upkeep';
    feed.listen((snapshot) => seen.push(snapshot));
    for (let steps = 0; steps < 400; steps += 1) await pass(50);
    assert.ok(seen.length <= 22, `${seen.length} pictures in twenty seconds`);
  });

  it('tells when a day of a budget that is spread evenly ends, wherever that is', async () => {
    const { feed, seen, pass, ledger } = world(() => 2 * hourMs);
    // In Kolkata the day ends at half past six in the evening of UTC.
    const budget = { id: 'b', per: 'everything', unit: 'credits', limit: 300, period: 'month', timeZone: 'Asia/Kolkata', mode: 'hard', pace: 'even' } as const;
    await ledger.command({ type: 'direct', key: 'k', atMs: noonMs, directive: { kind: 'budget', id: 'b', budget } });
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.equal(seen[0]?.budgets[0]?.today?.allowed, 220);
    await pass(6.5 * hourMs);
    assert.deepEqual([seen.length, seen.at(-1)?.budgets[0]?.today?.allowed], [2, 230]);
  });

  it('tells when a local day ends', async () => {
    const { feed, seen, pass, ledger } = world(() => 2 * hourMs);
    await ledger.command(reserveCommand('r1-1', 900));
    await ledger.command(settleCommand('r1-1', { inputTokens: 1000 }));
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.deepEqual([seen[0]?.today.total.requests, seen[0]?.today.dayStartMs], [1, Date.UTC(2026, 10, 21, 22)]);
    await pass(10 * hourMs);
    assert.deepEqual([seen.length, seen.at(-1)?.today.total.requests, seen.at(-1)?.days.at(-1)?.key, seen.at(-1)?.days.at(-2)?.requests], [2, 0, '2026-11-23', 1]);
    assert.equal(seen.at(-1)?.days.length, 14);
  });

  it('keeps each day its own when clocks were set among the days shown', async () => {
    const changeMs = Date.UTC(2026, 9, 25, 1);
    const { feed, ledger, clock, seen, pass } = world((atMs) => (atMs < changeMs ? 2 : 1) * hourMs, Date.UTC(2026, 9, 25, 22, 30));
    const settledAt = async (attemptId: string, atMs: number) => {
      await ledger.command(reserveCommand(attemptId, 900, { atMs }));
      await ledger.command(settleCommand(attemptId, { inputTokens: 1000 }, { atMs }));
    };
    // Half past midnight of the 20th, and of the 25th, both in summer time; midnight of the oldest day shown.
    for (const [attemptId, atMs] of [['r1-1', Date.UTC(2026, 9, 19, 22, 30)], ['r2-1', Date.UTC(2026, 9, 24, 22, 30)], ['r3-1', Date.UTC(2026, 9, 11, 22)]] as const) await settledAt(attemptId, atMs);
    feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    assert.deepEqual(seen[0]?.days.filter((day) => day.requests > 0).map((day) => day.key), ['2026-10-12', '2026-10-20', '2026-10-25']);
    assert.deepEqual([seen[0]?.today.dayStartMs, seen[0]?.today.total.requests, seen[0]?.days.length], [Date.UTC(2026, 9, 24, 22), 1, 14]);
    await pass(hourMs / 2);
    assert.deepEqual([clock.nowMs(), seen.at(-1)?.days.at(-1)?.key, seen.length], [Date.UTC(2026, 9, 25, 23), '2026-10-26', 2], 'a day of 25 hours has ended');
  });

  it('tells the moments of pacing in the time of the wall', async () => {
    const { feed, clock, pacer, live } = world();
    const request = (id: string) => ({ id, model: 'm', workspaceId: 'w', priority: 'agent' as const, estimatedTokens: 5 });
    clock.advance(1000.25);
    pacer.submit(request('first'), clock.monotonicMs());
    pacer.next(clock.monotonicMs());
    pacer.sent('first', clock.monotonicMs());
    pacer.headers('first', { requests: { limit: 60, remaining: 0, resetMs: 60_000 } }, clock.monotonicMs());
    pacer.submit(request('second'), clock.monotonicMs());
    live.push({ request: { facts: { requestId: 'second', workspaceId: 'w', client: 'c', model: 'm', receivedAtMs: 0, stream: true }, workspaceLabel: 'W', estimate: { inputTokens: 5, certainInputTokens: 1, holdInputTokens: 5, outputTokens: 0 } } as LiveRequest['request'], state: 'waiting', sinceMs: 3, holdMicroCredits: 0 });
    clock.jumpWall(-24 * hourMs);
    const { windows, waiting, atMs } = await feed.read();
    assert.deepEqual([windows[0]?.observedAtMs, windows[0]?.resetsAtMs, windows[0]?.opensAtMs], [Math.round(atMs), Math.round(atMs + 60_000), Math.round(atMs + 1000)]);
    assert.deepEqual([waiting[0]?.place, waiting[0]?.startsAtMs], [1, Math.round(atMs + 1000)]);
  });

  it('tells how long the balance lasts while it burns fast, although the newest requests are of a few seconds only', async () => {
    const { feed, ledger, clock } = world();
    await ledger.command(grantCommand('g1', 100_000_000, { atMs: noonMs }));
    assert.equal((await feed.read()).forecast, undefined, 'nothing is known yet');
    for (let index = 0; index < 120; index += 1) {
      clock.advance(2000);
      await ledger.command(reserveCommand(`r${index}-1`, 1_000_000, { atMs: clock.nowMs() }));
      await ledger.command(settleCommand(`r${index}-1`, { inputTokens: 4000 }, { atMs: clock.nowMs() }));
    }
    const { forecast, balance, recent, atMs } = await feed.read();
    assert.deepEqual([balance.balanceMicroCredits, atMs - Math.min(...recent.map((one) => one.atMs))], [40_000_000, 58_000]);
    const { query } = ledger;
    let reads = 0;
    ledger.query = ((name: 'burns', args: { nowMs: number }) => { reads += name === 'burns' ? 1 : 0; return query.call(ledger, name, args); }) as typeof query;
    for (let picture = 0; picture < 20; picture += 1) { clock.advance(500); await feed.read(); }
    assert.equal(reads, 2, 'not with every picture');
    // Sixty credits in four minutes: the other forty last for less than three.
    assert.ok(forecast?.runOut && Math.abs(forecast.runOut.runsOutAtMs - atMs - 160_000) < 5000, JSON.stringify(forecast));
  });

  it('keeps trying when the ledger cannot be read, and stops when nobody listens', async () => {
    const { feed, seen, pass, ledger, clock } = world();
    const query = ledger.query;
    ledger.query = () => Promise.reject(new Error('closed'));
    const stop = feed.listen((snapshot) => seen.push(snapshot));
    await pass(0);
    await pass(2000);
    assert.equal(seen.length, 0);
    ledger.query = query;
    await pass(2000);
    assert.equal(seen.length, 1);
    stop();
    assert.deepEqual([feed.listeners, clock.pendingMs], [0, []]);
  });
});

describe('sums of a snapshot', () => {
  it('keep used-up grants in sight and add only what is left', () => {
    const noBalance = { tracked: false, owedMicroCredits: 0, grants: [], directives: directiveState([]) };
    const base = { kind: 'promotional' as const, amountMicroCredits: 10, priority: 50, createdAtMs: 0, order: 1 };
    const view = balanceView({ ...noBalance, tracked: true, grants: [{ ...base, id: 'a', remainingMicroCredits: 0, heldMicroCredits: 0, note: 'n' }, { ...base, id: 'b', remainingMicroCredits: 7, heldMicroCredits: 3, expiresAtMs: 5 }] });
    assert.deepEqual([view.tracked, view.balanceMicroCredits, view.heldMicroCredits, view.grants.length, view.grants[0]?.note, view.grants[1]?.expiresAtMs], [true, 7, 3, 2, 'n', 5]);
    assert.equal(balanceView(noBalance).tracked, false);
  });

  it('are zero under their key when there are no rows', () => {
    const total = totalOf([], 'today');
    assert.deepEqual([total.key, total.requests, total.costMicroCredits, total.inputTokens], ['today', 0, 0, 0]);
  });

  it('begin at local midnight', async () => {
    for (const [hours, startMs] of [[0, Date.UTC(2026, 10, 22)], [13, Date.UTC(2026, 10, 22, 11)], [-13, Date.UTC(2026, 10, 21, 13)]] as const) {
      assert.equal((await world(() => hours * hourMs).feed.read()).today.dayStartMs, startMs);
    }
    assert.equal((await world(() => 0, Date.UTC(2026, 10, 22)).feed.read()).today.dayStartMs, Date.UTC(2026, 10, 22));
  });
});
