// Restarting the broker: who is asked first, in which order things happen, and what a person is told where it does not work.
import assert from 'node:assert/strict';
import { ProblemError, problem } from '../../src/domain/problem.ts';
import { leaveMsMax, restartBroker, returnMsMax } from '../../src/extension/restartBroker.ts';
import type { LinkState } from '../../src/protocol/dashboardMessages.ts';
import type { RunView, Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { snapshotFixture } from './snapshotFixture.ts';

const run: RunView = { requestId: 'r', state: 'running', workspaceId: 'ws_1', workspaceLabel: 'w', client: 'c', model: 'm', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 };

function scene(running = 0, waiting = 0) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const schedule = manualSchedule();
  const did: string[] = [];
  const base = snapshotFixture({ running: Array.from({ length: running }, () => run), waiting: Array.from({ length: waiting }, () => ({ ...run, state: 'waiting' as const })) });
  const link: { state: LinkState; snapshot: Snapshot; call: never } = {
    state: { state: 'connected' }, snapshot: base, call: (async (method: string) => { did.push(method); return { stopping: true }; }) as never,
  };
  const become = (state: LinkState, startedAtMs?: number) => {
    link.state = state;
    if (startedAtMs !== undefined) link.snapshot = { ...base, running: [], waiting: [], broker: { ...base.broker, startedAtMs } };
  };
  const restart = (toldOf?: number) => restartBroker({ editor: fake.editor, schedule, link, start: () => did.push('start') }, toldOf);
  return { fake, schedule, did, become, link, restart };
}

describe('restarting the broker', () => {
  it('ends the old one, starts the next once that has left, and is over once the window is connected to it', async () => {
    const { fake, schedule, did, become, restart } = scene();
    let over = false;
    const restarting = restart().then(() => { over = true; });
    await schedule.advance(1000);
    assert.deepEqual(did, ['shutdown'], 'nothing is started beside one that still leaves');
    become({ state: 'connecting' });
    await schedule.advance(200);
    assert.deepEqual([did, over], [['shutdown', 'start'], false]);
    // The old one once more, before it is gone.
    become({ state: 'connected' });
    await schedule.advance(200);
    assert.equal(over, false);
    become({ state: 'connected' }, 5_000_000);
    await schedule.advance(200);
    await restarting;
    assert.deepEqual([fake.titles, fake.progress, fake.shown], [['Restarting the broker'], ['what runs is given a few seconds', 'starting'], []]);
  });

  it('asks first where requests run that the person was not told of, and changes nothing without a yes', async () => {
    const two = scene(2);
    await two.restart();
    assert.deepEqual(two.fake.shown.map(({ message, modal, buttons }) => [message, modal, buttons]), [['2 requests are running. Restart the broker?', true, ['Restart Broker']]]);
    assert.match(two.fake.shown[0]?.detail ?? '', /cut off, and counted as far as it came.*tasks that wait for a limit go on/);
    assert.deepEqual(two.did, []);
    const one = scene(1);
    one.fake.answers.push('Restart Broker');
    const restarting = one.restart();
    await one.schedule.advance(100);
    assert.deepEqual([one.did, one.fake.shown[0]?.message], [['shutdown'], 'One request is running. Restart the broker?']);
    one.become({ state: 'connected' }, 5_000_000);
    await one.schedule.advance(200);
    await restarting;
    assert.deepEqual(one.did, ['shutdown'], 'another window was quicker');
    const told = scene(2);
    const again = told.restart(2);
    told.become({ state: 'connected' }, 5_000_000);
    await told.schedule.advance(200);
    await again;
    assert.deepEqual([told.did, told.fake.shown], [['shutdown'], []], 'who was told is not asked twice');
  });

  it('asks where requests only wait, since each would be refused', async () => {
    const { fake, did, restart } = scene(0, 3);
    await restart();
    assert.deepEqual([did, fake.shown.map(({ message, modal }) => [message, modal])], [[], [['3 requests are waiting. Restart the broker?', true]]]);
    const mixed = scene(2, 1);
    await mixed.restart(2);
    assert.equal(mixed.fake.shown.length, 1, 'also where one came since');
  });

  it('looks for a broker where none is connected, as Start Broker does', async () => {
    const { fake, did, become, restart } = scene(2);
    become({ state: 'down' });
    await restart();
    assert.deepEqual([did, fake.shown], [['start'], []]);
  });

  it('takes a broker at its leaving that left before it could answer', async () => {
    const { schedule, become, link, did, restart } = scene();
    link.call = (async () => { become({ state: 'connecting' }); throw new ProblemError(problem('broker_unreachable', 'The connection was lost.')); }) as never;
    const restarting = restart();
    await schedule.advance(100);
    become({ state: 'connected' }, 5_000_000);
    await schedule.advance(200);
    await restarting;
    assert.deepEqual(did, ['start']);
  });

  it('tells of one that stays, of one that does not come, and of one that cannot be told to end', async () => {
    const stays = scene();
    const staying = assert.rejects(stays.restart(), /still there, so it was not started again\. It brings to an end what runs and refuses what is new/);
    await stays.schedule.advance(leaveMsMax + 1000);
    await staying;
    assert.deepEqual(stays.did, ['shutdown']);
    const gone = scene();
    const missing = assert.rejects(gone.restart(), /did not come back in time/);
    gone.become({ state: 'connecting' });
    await gone.schedule.advance(returnMsMax + 1000);
    await missing;
    const down = scene();
    const why = problem('data_folder_unusable', 'The disk is full.');
    const failing = assert.rejects(down.restart(), (error: unknown) => error instanceof ProblemError && error.problem === why);
    down.become({ state: 'connecting' });
    await down.schedule.advance(200);
    down.become({ state: 'down', problem: why });
    await down.schedule.advance(200);
    await failing;
    const deaf = scene();
    deaf.link.call = (async () => { throw new ProblemError(problem('internal', 'No.')); }) as never;
    await assert.rejects(deaf.restart(), /No\./);
  });
});
