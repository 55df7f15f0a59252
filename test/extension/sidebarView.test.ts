// The side bar's view: its frame, what its page may ask for, no work while hidden, its badge; and the context keys.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import type { ExtensionMessage, PageMessage } from '../../src/protocol/dashboardMessages.ts';
import { SidebarView } from '../../src/extension/sidebarView.ts';
import { contextOf, WindowContextKeys } from '../../src/extension/windowContext.ts';
import { fakeEditor, fakePanel, type FakePanel } from '../support/fakeEditor.ts';
import { budgetFixture, practiceSnapshot, snapshotFixture, untrackedSnapshot } from './snapshotFixture.ts';

function scene() {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const handled: PageMessage[] = [];
  const told = { questions: 0, states: 0 };
  const view = new SidebarView({
    editor: fake.editor, extensionUri: fake.context.extensionUri, log: fake.log, newNonce: () => 'nonce1', questions: () => told.questions,
    state: () => { told.states += 1; return { type: 'state', link: { state: 'connected' }, snapshot: snapshotFixture(), meter: {} as never, show: 'left', locale: 'en' }; },
    handle: async (message): Promise<ExtensionMessage | undefined> => {
      handled.push(message);
      return message.type === 'cancel' ? { type: 'cancelResult', id: message.id, cancelled: true } : undefined;
    },
  });
  const pages: FakePanel[] = [];
  // A view has the parts of a panel that matter here, under other names.
  const opened = () => {
    const panel = fakePanel(pages);
    const webviewView = Object.assign(panel, { onDidChangeVisibility: panel.onDidChangeViewState, badge: undefined }) as unknown as vscode.WebviewView;
    view.resolveWebviewView(webviewView);
    const page = pages.at(-1);
    assert.ok(page);
    return { page, webviewView };
  };
  return { fake, view, handled, told, opened };
}

describe('side bar', () => {
  it('keeps the view that took the place of one that goes away later', async () => {
    const { told, view, opened } = scene();
    const [first, second] = [opened(), opened()];
    first.page.panel.dispose();
    second.page.say({ type: 'ready' });
    await new Promise(setImmediate);
    const before = told.states;
    view.changed();
    assert.equal(told.states, before + 1);
  });

  it('frames its own small page under the strict policy', () => {
    const { page } = scene().opened();
    const { html, options } = page.panel.webview;
    assert.match(html, /<codex-sidebar><\/codex-sidebar>\n<script defer nonce="nonce1" src="https:\/\/page\.example\/ext\/dist\/sidebar\.js">/);
    assert.match(html, /default-src &#39;none&#39;|default-src 'none'/);
    assert.match(html, /dist\/sidebar\.css/);
    assert.deepEqual(options.localResourceRoots?.map((root) => root.fsPath), ['/ext/dist']);
    assert.equal(options.enableForms, false);
  });

  it('is painted once its page listens, and not while it is hidden', () => {
    const { view, told, opened } = scene();
    view.changed();
    const { page } = opened();
    view.changed();
    assert.deepEqual([page.sent.length, told.states], [0, 0], 'nobody listens yet');
    page.say({ type: 'ready' });
    view.changed();
    assert.equal(page.sent.length, 2);
    page.turn(false);
    for (let turn = 0; turn < 5; turn += 1) view.changed();
    assert.deepEqual([page.sent.length, told.states], [2, 2]);
    page.turn(true);
    assert.equal(page.sent.length, 2, 'the page that is loaded anew says when it is ready');
    page.say({ type: 'ready' });
    assert.equal(page.sent.length, 3);
    page.panel.dispose();
    view.changed();
    assert.equal(told.states, 3);
  });

  it('passes on what its buttons ask for, and nothing else', async () => {
    const { fake, handled, opened } = scene();
    const { page } = opened();
    page.say({ type: 'ready' });
    page.say({ type: 'run', command: 'topUp' });
    page.say({ type: 'cancel', id: 3, requestId: 'req_1' });
    page.say({ type: 'change', id: 4, change: { kind: 'priority', requestId: 'req_1', priority: 'interactive' } });
    await Promise.resolve();
    assert.deepEqual(page.sent.at(-1), { type: 'cancelResult', id: 3, cancelled: true });
    const warned = () => fake.logLines.filter((line) => line.startsWith('warn')).length;
    for (const odd of [undefined, { type: 'run', command: 'removeApiKey' }, { type: 'run', command: 'leavePracticeMode' }, { type: 'run', command: 'setApiKey' }, { type: 'topUp', id: 1, amountMicroCredits: 5, key: 'key-12345678', scope: 'everywhere' }, { type: 'allow', id: 1 }, { type: 'change', id: 1, change: { kind: 'budgetRemove', budgetId: 'week' } }]) page.say(odd);
    await Promise.resolve();
    assert.deepEqual([handled.map(({ type }) => type), warned()], [['run', 'cancel', 'change'], 7]);
  });

  it('counts on its icon what this window is asked', () => {
    const { view, told, opened } = scene();
    const { webviewView } = opened();
    assert.equal(webviewView.badge, undefined);
    told.questions = 2;
    view.changed();
    assert.deepEqual(webviewView.badge, { value: 2, tooltip: '2 requests wait for your answer' });
    told.questions = 0;
    view.changed();
    assert.equal(webviewView.badge, undefined);
  });
});

describe('context keys of a window', () => {
  const base = { link: { state: 'connected' }, practice: false, hasFolder: true } as const;
  const empty = untrackedSnapshot({ recent: [] });

  it('welcome where something is missing, and hide the numbers only where there are none', () => {
    const rows = [
      [contextOf({ ...base, link: { state: 'connecting' } }), '', false],
      [contextOf({ ...base, link: { state: 'down' } }), 'down', true],
      [contextOf({ ...base, link: { state: 'down' }, snapshot: snapshotFixture() }), '', false],
      [contextOf({ ...base, snapshot: { ...empty, key: { state: 'missing' } } }), 'noKey', true],
      [contextOf({ ...base, snapshot: snapshotFixture({ key: { state: 'missing' } }) }), 'noKey', false],
      [contextOf({ ...base, snapshot: practiceSnapshot({ key: { state: 'missing' } }) }), '', false],
      [contextOf({ ...base, snapshot: { ...empty, key: { state: 'missing' }, plans: [{ account: 'ChatGPT', observedAtMs: 1 }] } }), '', false],
      [contextOf({ ...base, hasFolder: false, snapshot: empty }), 'noFolder', false],
      [contextOf({ ...base, hasFolder: false, snapshot: snapshotFixture() }), '', false],
      [contextOf({ ...base, snapshot: empty }), '', false],
    ] as const;
    for (const [context, welcome, hideNow] of rows) assert.deepEqual([context.welcome, context.hideNow], [welcome, hideNow]);
  });

  it('tell the walkthrough what was done', () => {
    const { canSend: sends } = contextOf({ ...base, snapshot: { ...empty, key: { state: 'missing' }, plans: [{ account: 'ChatGPT', observedAtMs: 1 }] } });
    assert.ok(sends);
    const { hasKey, hasRequests, hasBudget, hasCredits } = contextOf({ ...base, snapshot: snapshotFixture({ budgets: [budgetFixture(1)] }) });
    assert.deepEqual([hasKey, hasRequests, hasBudget, hasCredits], [true, true, true, true]);
    const none = contextOf({ ...base, snapshot: { ...empty, key: { state: 'missing' } } });
    assert.deepEqual([none.hasKey, none.hasRequests, none.hasBudget, none.hasCredits], [false, false, false, false]);
  });

  it('show one view before they hide the other, so that the side bar never closes', () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    const keys = new WindowContextKeys(fake.editor.commands);
    const shown = { welcome: false, now: true };
    for (const facts of [{ ...base, snapshot: { ...empty, key: { state: 'missing' } } }, { ...base, link: { state: 'connecting' } }, { ...base, link: { state: 'down' } }, { ...base, snapshot: practiceSnapshot() }] as const) keys.see(facts);
    for (const { values: [name, value] } of fake.executed) {
      if (name === 'codexBroker.welcome') shown.welcome = value !== '';
      if (name === 'codexBroker.hideNow') shown.now = value === false;
      assert.ok(shown.welcome || shown.now, `nothing is shown after ${String(name)}`);
    }
  });

  it('are set only when they change', () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    const keys = new WindowContextKeys(fake.editor.commands);
    keys.see({ ...base, snapshot: empty });
    const first = fake.executed.length;
    keys.see({ ...base, snapshot: { ...empty, sequence: 2 } });
    assert.equal(fake.executed.length, first);
    keys.see({ ...base, practice: true, snapshot: empty });
    assert.deepEqual(fake.executed.slice(first).map(({ values }) => values), [['codexBroker.practice', true]]);
  });
});
