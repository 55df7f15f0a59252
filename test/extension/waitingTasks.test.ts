// Tasks that wait for a limit: each goes on once, a little after its time, one after the other, over reloads of the
// window and a broker that is away; what cannot be read in the list is left out.
import assert from 'node:assert/strict';
import { lookEveryMs, marginMs, waitingMemory, WaitingTasks, waitingTasksMax, type WaitingTask } from '../../src/extension/waitingTasks.ts';
import { fakeMemory } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';

const hourMs = 3_600_000;

describe('tasks that wait for a limit', () => {
  const scene = () => {
    const schedule = manualSchedule();
    const kept = new Map<string, unknown>();
    const went: string[] = [];
    const interrupted: string[] = [];
    const state = { isReady: true, starts: true, changes: 0, holds: undefined as Promise<void> | undefined };
    const open = () => new WaitingTasks({
      memory: fakeMemory(kept), schedule, isReady: () => state.isReady, changed: () => { state.changes += 1; },
      goOn: async (task) => { went.push(task.threadId); await state.holds; return state.starts; }, interrupted: (task) => { interrupted.push(task.threadId); },
    });
    const task = (threadId: string, inMs: number): WaitingTask => ({ threadId, title: threadId, atMs: schedule.nowMs() + inMs, continuedTimes: 0 });
    return { schedule, kept, went, interrupted, state, open, task };
  };

  it('go on once, a little after their time', async () => {
    const { schedule, kept, went, open, task } = scene();
    const waiting = open();
    await waiting.add(task('a', hourMs));
    await schedule.advance(hourMs + marginMs - 1);
    assert.deepEqual(went, []);
    await schedule.advance(1);
    assert.deepEqual(went, ['a']);
    assert.equal(kept.get(waitingMemory), undefined);
    await schedule.advance(hourMs);
    assert.deepEqual(went, ['a']);
    assert.deepEqual(schedule.waiting(), [], 'nothing is timed while nothing waits');
  });

  it('outlive a reload, also one during which their time came', async () => {
    const { schedule, went, open, task } = scene();
    const before = open();
    await before.add(task('a', hourMs));
    before.stop();
    await schedule.advance(2 * hourMs);
    assert.deepEqual(went, []);
    open();
    await schedule.advance(0);
    assert.deepEqual(went, ['a']);
  });

  it('wait on while the broker is away', async () => {
    const { schedule, went, state, open, task } = scene();
    state.isReady = false;
    await open().add(task('a', 0));
    await schedule.advance(10 * lookEveryMs);
    assert.deepEqual(went, []);
    state.isReady = true;
    await schedule.advance(lookEveryMs);
    assert.deepEqual(went, ['a']);
  });

  it('go on one after the other', async () => {
    const { schedule, went, state, open, task } = scene();
    let end = () => undefined as void;
    state.holds = new Promise<void>((resolve) => { end = resolve; });
    const waiting = open();
    await waiting.add(task('b', 2));
    await waiting.add(task('a', 1));
    await schedule.advance(hourMs);
    assert.deepEqual(went, ['a']);
    end();
    await schedule.advance(0);
    assert.deepEqual(went, ['a', 'b']);
  });

  it('go on at once when every budget that stopped them was raised or taken away, also while the window was closed', async () => {
    const { schedule, went, open, task } = scene();
    const before = open();
    await before.add({ ...task('a', hourMs), stoppedBy: [{ id: 'day', limit: 5 }, { id: 'week', limit: 9 }] });
    await before.add(task('plan', hourMs));
    await before.budgetsAre(new Map([['day', 6], ['week', 9]]));
    await schedule.advance(0);
    assert.deepEqual(went, []);
    before.stop();
    const waiting = open();
    await waiting.budgetsAre(new Map([['day', 6], ['other', 1]]));
    await schedule.advance(0);
    assert.deepEqual(went, ['a']);
    assert.deepEqual(waiting.list().map(({ threadId }) => threadId), ['plan'], 'what no budget stopped waits for its time');
  });

  it('are taken back, go on before their time, and wait once each', async () => {
    const { schedule, went, state, open, task } = scene();
    const waiting = open();
    await waiting.add(task('a', hourMs));
    await waiting.add(task('a', 2 * hourMs));
    await waiting.add(task('b', hourMs));
    assert.deepEqual(waiting.list().map(({ threadId, atMs }) => [threadId, atMs - schedule.nowMs()]), [['b', hourMs], ['a', 2 * hourMs]]);
    await waiting.remove('b');
    await waiting.goOnNow('a');
    await waiting.goOnNow('a');
    await schedule.advance(3 * hourMs);
    assert.deepEqual(went, ['a']);
    assert.equal(state.changes, 5);
    for (let count = 0; count < waitingTasksMax + 5; count += 1) await waiting.add(task(`t${count}`, hourMs * (100 - count)));
    assert.equal(waiting.list().length, waitingTasksMax);
    assert.equal(waiting.list().at(-1)?.threadId, 't5', 'the oldest gave way, not those that are due first');
  });

  it('come back with the next window where theirs closed during the run, and do not go on by themselves again', async () => {
    const { schedule, kept, went, state, open, task } = scene();
    let end = () => undefined as void;
    state.holds = new Promise<void>((resolve) => { end = resolve; });
    const before = open();
    await before.add(task('a', 0));
    await before.add(task('b', hourMs));
    await schedule.advance(marginMs);
    assert.deepEqual([went, before.list().map(({ threadId }) => threadId), before.interrupted()], [['a'], ['b'], []], 'what runs waits no more');
    await before.goOnNow('a');
    assert.deepEqual(went, ['a'], 'it runs already');
    before.stop();
    // What its run tells when it is killed with the window is no end of the task.
    state.starts = true;
    end();
    await schedule.advance(0);
    state.holds = undefined;
    const waiting = open();
    assert.deepEqual(waiting.interrupted().map(({ threadId }) => threadId), ['a']);
    await waiting.budgetsAre(new Map());
    await schedule.advance(2 * hourMs);
    assert.deepEqual(went, ['a', 'b'], 'the others go on as they would have');
    await waiting.goOnNow('a');
    assert.deepEqual(went, ['a', 'b', 'a'], 'a person said so');
    assert.deepEqual([waiting.interrupted(), kept.get(waitingMemory)], [[], undefined]);
  });

  it('are kept where Codex could not be started, and told', async () => {
    const { schedule, went, interrupted, state, open, task } = scene();
    state.starts = false;
    const waiting = open();
    await waiting.add(task('a', 0));
    await schedule.advance(hourMs);
    assert.deepEqual([went, interrupted, waiting.list()], [['a'], ['a'], []], 'once by itself');
    await waiting.remove('a');
    assert.deepEqual(waiting.interrupted(), []);
  });

  it('wait on where their run was stopped by a limit again', async () => {
    const { schedule, went, state, open, task } = scene();
    let end = () => undefined as void;
    state.holds = new Promise<void>((resolve) => { end = resolve; });
    const waiting = open();
    await waiting.add(task('a', 0));
    await schedule.advance(marginMs);
    await waiting.add({ ...task('a', hourMs), continuedTimes: 1 });
    end();
    await schedule.advance(0);
    assert.deepEqual(waiting.list().map(({ continuedTimes }) => continuedTimes), [1]);
    state.holds = undefined;
    await schedule.advance(2 * hourMs);
    assert.deepEqual([went, waiting.list(), waiting.interrupted()], [['a', 'a'], [], []]);
  });

  it('leave out what is no task', async () => {
    const { schedule, kept, went, open } = scene();
    kept.set(waitingMemory, [7, null, { threadId: 'a b; rm', title: 't', atMs: 0, continuedTimes: 0 }, { threadId: 'a', title: 't', atMs: Number.NaN, continuedTimes: 0 }, { threadId: 'ok', title: 't', atMs: 0, continuedTimes: 0 }]);
    open();
    await schedule.advance(hourMs);
    assert.deepEqual(went, ['ok']);
    kept.set(waitingMemory, 'nothing');
    assert.deepEqual(open().list(), []);
  });
});
