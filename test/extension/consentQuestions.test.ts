// Questions that requests wait with: whose window asks, one message at a time, what each button answers, and that a
// message whose question is over answers nothing.
import assert from 'node:assert/strict';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { commandNames } from '../../src/extension/commandNames.ts';
import { ConsentQuestions, messagesMax } from '../../src/extension/consentQuestions.ts';
import type { BrokerCall } from '../../src/extension/liveSocket.ts';
import type { QuestionView, Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { settle } from './manualSchedule.ts';
import { practiceSnapshot, questionFixture, snapshotFixture } from './snapshotFixture.ts';

const q = (requestId: string, change: Partial<QuestionView> = {}) => questionFixture({ requestId, text: `May ${requestId}?`, ...change });

function scene(first: readonly QuestionView[], change: { readonly practice?: boolean; readonly answered?: () => boolean } = {}) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  fake.holding = true;
  const make = (questions: readonly QuestionView[]): Snapshot => (change.practice ? practiceSnapshot({ questions }) : snapshotFixture({ questions }));
  let snapshot: Snapshot | undefined = make(first);
  let workspaceId: string | undefined = 'ws_1';
  const calls: unknown[] = [];
  const questions = new ConsentQuestions({
    editor: fake.editor, log: fake.log, snapshot: () => snapshot, workspaceId: () => workspaceId,
    call: (async (method: string, args: unknown) => {
      calls.push([method, args]);
      return { answered: change.answered?.() ?? true };
    }) as BrokerCall,
  });
  const tell = async (next: readonly QuestionView[] | undefined) => {
    snapshot = next && make(next);
    questions.see();
    await settle();
  };
  const choose = async (index: number, button?: string) => {
    fake.shown[index]?.choose(button);
    await settle();
  };
  return { fake, questions, calls, tell, choose, messages: () => fake.shown.map((one) => one.message), become: (id: string | undefined) => { workspaceId = id; } };
}

describe('questions of requests', () => {
  it('are put in the window of their workspace, without the focus, and nowhere else', async () => {
    const { fake, tell, messages, become } = scene([]);
    fake.focused = false;
    await tell([q('a', { workspaceId: 'ws_2' })]);
    assert.deepEqual(messages(), []);
    become(undefined);
    await tell([q('a', { workspaceId: 'ws_2' })]);
    assert.deepEqual(messages(), []);
    become('ws_2');
    await tell([q('a', { workspaceId: 'ws_2' })]);
    assert.deepEqual(messages(), ['May a?']);
    assert.deepEqual([fake.shown[0]?.kind, fake.shown[0]?.modal], ['warning', false]);
  });

  it('of a workspace that no window has open are put where the person is', async () => {
    const { fake, questions, tell, messages } = scene([]);
    fake.focused = false;
    await tell([q('a', { workspaceId: 'ws_9', hasWindow: false })]);
    assert.deepEqual(messages(), []);
    fake.focused = true;
    questions.see();
    assert.deepEqual(messages(), ['May a?']);
  });

  it('are asked one after the other, and each once', async () => {
    const { tell, choose, messages } = scene([]);
    const both = [q('a'), q('b')];
    await tell(both);
    await tell(both);
    assert.deepEqual(messages(), ['May a? 1 more request waits with a question.']);
    await choose(0);
    assert.deepEqual(messages().slice(1), ['May b?']);
    await choose(1);
    await tell(both);
    assert.equal(messages().length, 2, 'closing leaves both waiting, and asks neither again');
  });

  it('offer the narrow answers at once and the wide ones behind "More…"', async () => {
    const task = scene([]);
    await task.tell([q('a')]);
    assert.deepEqual(task.fake.shown[0]?.buttons, ['Once', 'This Task', 'This Workspace', 'More…']);
    const { threadId: _none, ...taskless } = q('a');
    const other = scene([]);
    await other.tell([taskless]);
    assert.deepEqual(other.fake.shown[0]?.buttons, ['Once', 'This Workspace', 'More…']);
    const unpriced = scene([]);
    await unpriced.tell([q('a', { kind: 'unpriced' })]);
    assert.deepEqual(unpriced.fake.shown[0]?.buttons, ['Once', 'Always for This Model…', 'Never…']);
  });

  it('send the answer of each button, and ask before one that decides for good', async () => {
    for (const [button, answer] of [['Once', 'once'], ['This Task', 'task'], ['This Workspace', 'workspace']] as const) {
      const { tell, choose, calls, fake } = scene([]);
      await tell([q('a')]);
      await choose(0, button);
      assert.deepEqual(calls, [['answer', { requestId: 'a', answer }]]);
      assert.equal(fake.shown.length, 1);
    }
    for (const [label, answer, button] of [['Always', 'always', 'Always Allow'], ['Never', 'never', 'Never Allow'], ['This Task', 'task', undefined]] as const) {
      const { tell, choose, calls, fake } = scene([]);
      await tell([q('a')]);
      await choose(0, 'More…');
      assert.deepEqual([fake.shown[1]?.kind, fake.shown[1]?.message], ['pick', 'May "billing-service" use purchased credits?']);
      assert.deepEqual(fake.shown[1]?.buttons, ['Once', 'This Task', 'This Workspace', 'Always', 'Never']);
      assert.match(fake.shown[1]?.detail ?? '', /up to 4\.50 credits for gpt-5\.5\nOnly this request\.[\s\S]*Every request of every workspace, until you take it back\.\n/);
      await choose(1, label);
      if (button !== undefined) {
        assert.equal(calls.length, 0, 'not before it was confirmed');
        assert.equal(fake.shown[2]?.modal, true);
        assert.match(fake.shown[2]?.detail ?? '', /taken back on the dashboard's Credits page/);
        await choose(2, button);
      }
      assert.deepEqual(calls, [['answer', { requestId: 'a', answer }]]);
    }
  });

  it('keep nothing when a lasting answer is not confirmed', async () => {
    const { tell, choose, calls } = scene([]);
    await tell([q('a', { kind: 'unpriced' })]);
    await choose(0, 'Never…');
    await choose(1);
    assert.deepEqual(calls, []);
  });

  it('need no confirmation in practice mode, where no money is meant', async () => {
    const { tell, choose, calls, fake } = scene([], { practice: true });
    await tell([q('a')]);
    await choose(0, 'More…');
    await choose(1, 'Always');
    assert.deepEqual(calls, [['answer', { requestId: 'a', answer: 'always' }]]);
    assert.equal(fake.shown.length, 2);
  });

  it('that are over answer nothing, and say so kindly', async () => {
    const { tell, choose, calls, messages } = scene([]);
    await tell([q('a')]);
    await tell([]);
    await choose(0, 'This Workspace');
    assert.deepEqual(calls, []);
    assert.match(messages()[1] ?? '', /^That question is over/);
    const late = scene([]);
    await late.tell([q('a')]);
    await late.choose(0, 'More…');
    await late.tell([]);
    await late.choose(1, 'Once');
    assert.deepEqual(late.calls, []);
    assert.match(late.messages()[2] ?? '', /^That question is over/);
  });

  it('that ended at the broker a moment before are said to be over', async () => {
    const { tell, choose, messages } = scene([], { answered: () => false });
    await tell([q('a')]);
    await choose(0, 'Once');
    assert.match(messages()[1] ?? '', /^That question is over/);
  });

  it('that one answer covers are not asked again while the broker tells them', async () => {
    const { tell, choose, messages } = scene([]);
    await tell([q('a'), q('b'), q('c', { workspaceId: 'ws_9', hasWindow: false })]);
    await choose(0, 'This Workspace');
    assert.deepEqual(messages().slice(1), ['May c?']);
  });

  it('ask the next one although the message of one that is over still stands, and never fill the window', async () => {
    const { tell, messages, choose } = scene([]);
    for (let index = 0; index < messagesMax + 3; index += 1) await tell([q(`r${index}`)]);
    assert.equal(messages().length, messagesMax);
    await choose(0);
    assert.deepEqual(messages().slice(messagesMax), [`May r${messagesMax + 2}?`], 'a closed message makes room');
  });

  it('are asked again from the meter, with every answer there is', async () => {
    const { tell, choose, questions, calls, fake } = scene([]);
    await tell([q('a'), q('b')]);
    await choose(0);
    const again = questions.askAgain();
    await settle();
    assert.equal(fake.shown.at(-1)?.kind, 'pick');
    await choose(fake.shown.length - 1, 'Once');
    await again;
    assert.deepEqual(calls, [['answer', { requestId: 'a', answer: 'once' }]]);
  });

  it('that belong to another window, or are none, lead to the dashboard', async () => {
    const { questions, fake, tell } = scene([]);
    fake.holding = false;
    for (const [open, words] of [[[q('a', { workspaceId: 'ws_2' })], /^Another window is asked/], [[], /^No request waits/]] as const) {
      await tell(open);
      fake.answers.push('Open Dashboard');
      await questions.askAgain();
      assert.match(fake.shown.at(-1)?.message ?? '', words);
      assert.equal(fake.executed.at(-1)?.command, commandNames.openDashboard);
    }
  });

  it('are not said to be none while the broker is away', async () => {
    const { fake, questions, tell, choose } = scene([]);
    await tell(undefined);
    const asked = questions.askAgain();
    await choose(0, 'Start Broker');
    await asked;
    assert.match(fake.shown[0]?.message ?? '', /not known whether a request waits/);
    assert.equal(fake.executed.at(-1)?.command, commandNames.startBroker);
  });

  it('carry no link that a name of a model or a folder brought along', async () => {
    const { tell, messages } = scene([]);
    await tell([q('a', { text: 'Codex CLI in "x" asks for [a model](command:workbench.action.quit).' })]);
    assert.equal(messages()[0], 'Codex CLI in "x" asks for [a model] (command:workbench.action.quit).');
  });

  it('say what went wrong when an answer cannot be kept, and can be answered again', async () => {
    let fails = true;
    const { tell, choose, questions, fake, calls } = scene([], { answered: () => { if (fails) throw new ProblemError(problem('ledger_full', 'The disk is full.')); return true; } });
    await tell([q('a'), q('b')]);
    await choose(0, 'Once');
    assert.equal(fake.shown[1]?.kind, 'error');
    assert.match(fake.shown[1]?.message ?? '', /The disk is full\. Free some space/);
    fails = false;
    const again = questions.askAgain();
    await settle();
    await choose(fake.shown.length - 1, 'Once');
    await again;
    assert.equal(calls.length, 2);
  });

  it('are forgotten with the broker that asked them', async () => {
    const { tell, messages } = scene([]);
    await tell([q('a')]);
    await tell(undefined);
    assert.equal(messages().length, 1);
  });
});
