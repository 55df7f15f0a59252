// The walkthrough's ticks: of what was done before it was opened, once, and of nothing else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stepsDone, tickedMemory, Walkthrough } from '../../src/extension/walkthrough.ts';
import { contextOf, type WindowContext } from '../../src/extension/windowContext.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { settle } from './manualSchedule.ts';
import { budgetFixture, practiceSnapshot, snapshotFixture, untrackedSnapshot } from './snapshotFixture.ts';

const base = { link: { state: 'connected' }, practice: false, hasFolder: true } as const;
const nothing = contextOf({ ...base, snapshot: untrackedSnapshot({ recent: [], key: { state: 'missing' } }) });

function scene(context: WindowContext) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const state = { context };
  const walkthrough = new Walkthrough({ editor: fake.editor, extensionId: 'me.ext', memory: fakeMemory(fake.globalState), context: () => state.context });
  const ticked = () => fake.executed.filter(({ command }) => command === 'welcome.markStepComplete').map(({ values }) => String(values[0]).replace('me.ext#codexBroker.start#codexBroker.start.', ''));
  return { fake, state, walkthrough, ticked };
}

describe('walkthrough', () => {
  it('knows what was done: practice is no key, and its first credits are no top-up', () => {
    assert.deepEqual(stepsDone(nothing), []);
    assert.deepEqual(stepsDone(contextOf({ ...base, snapshot: snapshotFixture({ budgets: [budgetFixture(1)] }) })), ['practice', 'key', 'ask', 'budget', 'topUp']);
    const welcome = { ...snapshotFixture().balance.grants[0]!, kind: 'promotional' as const };
    const practice = (change = {}) => stepsDone(contextOf({ ...base, practice: true, snapshot: practiceSnapshot({ recent: [], ...change }) }));
    assert.deepEqual(practice({ balance: { ...snapshotFixture().balance, grants: [welcome] } }), ['practice']);
    assert.deepEqual(practice(), ['practice', 'topUp'], 'a person who tries a top-up did it');
  });

  it('counts the meter as read once a page with numbers was shown', () => {
    assert.deepEqual(stepsDone(contextOf({ ...base, snapshot: untrackedSnapshot({ recent: [], key: { state: 'missing' } }), sawNumbers: true })), ['meter']);
  });

  it('names steps of the manifest, each with the events that say the same', () => {
    const { contributes: { walkthroughs: [walk] } } = JSON.parse(readFileSync('package.json', 'utf8')) as { contributes: { walkthroughs: { id: string; steps: { id: string; completionEvents: string[] }[] }[] } };
    const byContext = walk?.steps.filter(({ completionEvents }) => completionEvents.some((event) => event.startsWith('onContext:'))).map(({ id }) => id);
    const all: WindowContext = { ...nothing, practice: true, canSend: true, hasRequests: true, sawNumbers: true, hasBudget: true, hasCredits: true };
    assert.deepEqual(stepsDone(all).map((step) => `codexBroker.start.${step}`), byContext);
    for (const { id, completionEvents } of walk?.steps ?? []) {
      const keys = completionEvents.flatMap((event) => event.split('onContext:codexBroker.')[1] ?? []);
      for (const key of keys) assert.ok(stepsDone({ ...nothing, [key]: true }).includes(id.replace('codexBroker.start.', '')), `${id} ${key}`);
    }
  });

  it('opens with what was done before ticked, and ticks nothing twice, so that an untick stays', async () => {
    const { fake, state, walkthrough, ticked } = scene(nothing);
    await walkthrough.open();
    assert.deepEqual([fake.executed, fake.globalState.get(tickedMemory)], [[{ command: 'workbench.action.openWalkthrough', values: ['me.ext#codexBroker.start', false] }], undefined]);
    state.context = { ...nothing, practice: true, hasRequests: true };
    await walkthrough.open();
    await walkthrough.open();
    assert.deepEqual(ticked(), ['practice', 'ask']);
    assert.equal(fake.executed.at(-1)?.command, 'workbench.action.openWalkthrough');
    state.context = { ...state.context, hasBudget: true };
    await walkthrough.open();
    assert.deepEqual(ticked(), ['practice', 'ask', 'budget']);
  });

  it('ticks where VS Code\'s own page is opened without it, and leaves editors alone', async () => {
    const { fake, ticked } = scene({ ...nothing, practice: true });
    fake.openTab({ uri: 'file' });
    await settle();
    assert.deepEqual(ticked(), []);
    fake.openTab();
    await settle();
    assert.deepEqual(ticked(), ['practice']);
  });

  it('bears an editor that does not know the step yet', async () => {
    const { fake, walkthrough } = scene({ ...nothing, practice: true });
    fake.commands.set('welcome.markStepComplete', () => { throw new Error('Attempting to access step which does not exist'); });
    await walkthrough.open();
    assert.deepEqual(fake.globalState.get(tickedMemory), ['practice']);
  });
});
