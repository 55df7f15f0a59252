// The dashboard panel: its frame's policy, the shape of messages both ways, one panel per window,
// and what a top up, an explanation and a cancel do.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { dashboardAction, type ActionParts } from '../../src/extension/dashboardActions.ts';
import { dashboardHtml } from '../../src/extension/dashboardPage.ts';
import { DashboardPanel } from '../../src/extension/dashboardPanel.ts';
import { UndoableTopUps } from '../../src/extension/undoableTopUps.ts';
import type { ExtensionMessage, PageMessage } from '../../src/protocol/dashboardMessages.ts';
import { fakeEditor, fakePanel, type FakePanel } from '../support/fakeEditor.ts';
import { settle } from './manualSchedule.ts';
import { budgetFixture, questionFixture, snapshotFixture } from './snapshotFixture.ts';

const state: ExtensionMessage = { type: 'state', link: { state: 'connecting' }, meter: { state: 'loading', icon: 'x', text: 'x', spoken: 'x', action: 'dashboard' }, show: 'left', locale: 'en' };

function scene() {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const handled: PageMessage[] = [];
  let nonces = 0;
  const told = { state };
  const panel = new DashboardPanel({
    editor: fake.editor, extensionUri: fake.context.extensionUri, log: fake.log, newNonce: () => `nonce${(nonces += 1)}`, state: () => told.state,
    handle: async (message) => { handled.push(message); return message.type === 'cancel' ? { type: 'cancelResult', id: message.id, cancelled: true } : undefined; },
  });
  return { fake, panel, handled, told };
}

const actions = (change: Partial<ActionParts> = {}) => {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const calls: { method: string; args: unknown }[] = [];
  const parts: ActionParts = {
    editor: fake.editor, log: fake.log, practice: () => false,
    call: (async (method: string, args: unknown) => { calls.push({ method, args }); return method === 'creditsAdd' ? { grant: { id: 'g' }, created: true, balance: {} } : { cancelled: true }; }) as ActionParts['call'],
    questions: { answer: async (id) => ({ type: 'answer', about: 'happenings', id, result: { rows: [] } }), drop: (about) => { calls.push({ method: 'drop', args: about }); } },
    topUps: new UndoableTopUps(() => 1_000_000), memory: { update: async () => undefined }, snapshot: () => snapshotFixture({ questions: [questionFixture()], budgets: [budgetFixture(50)] }),
    workspace: { label: 'here', token: async () => ({ token: 't', workspaceId: 'ws_1', baseUrl: '', codexBaseUrl: '' }) },
    ...change,
  };
  return { fake, calls, parts };
};
const topUp = { type: 'topUp', id: 7, amountMicroCredits: 250_000_000, key: 'key-12345678', scope: 'everywhere' } as const;

describe('dashboard panel', () => {
  it('loads scripts by nonce only and nothing from elsewhere', () => {
    const { fake, panel } = scene();
    panel.show();
    const shown = fake.panels[0];
    assert.ok(shown);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(shown.panel.webview.html)?.[1]?.replaceAll('&#39;', '\'') ?? '';
    assert.ok(policy.startsWith('default-src \'none\'; script-src \'nonce-nonce1\'; style-src https://page.example;'), policy);
    assert.doesNotMatch(policy, /unsafe|\*|connect-src|http:/);
    assert.deepEqual([...shown.panel.webview.html.matchAll(/<script (\S+)/g)].map(([, first]) => first), ['type="module"', 'type="application/json"'], 'the second is data, which no browser runs');
    assert.match(shown.panel.webview.html, /<codex-dashboard><\/codex-dashboard>\n<script type="module" nonce="nonce1" src="https:\/\/page\.example\/ext\/dist\/webview\.js" data-plot="https:\/\/page\.example\/ext\/dist\/plot\.js">/);
    assert.match(shown.panel.webview.html, /<link rel="preload" as="font" type="font\/ttf" crossorigin href="[^"?]*codicon\.ttf">/);
    assert.match(shown.panel.webview.html, /id="vscode-codicon-stylesheet" rel="stylesheet" href="[^"]*codicon\.css"/);
    assert.deepEqual(shown.options.localResourceRoots?.map((root) => root.fsPath), ['/ext/dist']);
    const frame = { cspSource: 'c', nonce: 'n', script: 's', style: 't', codicons: 'i', iconFont: 'f', element: 'codex-dashboard' } as const;
    assert.match(dashboardHtml({ ...frame, language: { tag: 'de', sentences: { A: 'B' } } }), /<html lang="de">/);
    assert.match(dashboardHtml({ ...frame, language: { tag: 'fr' } }), /<html lang="en">/, 'without sentences it speaks English');
    const hostile = dashboardHtml({ cspSource: 'c', nonce: 'n', language: { tag: '"><script>', sentences: { A: '</script><script>' } }, first: { ...state, workspaceLabel: '</script><script>' }, script: 's', style: 't', codicons: 'i', iconFont: 'f', element: 'codex-dashboard' });
    assert.doesNotMatch(hostile, /"><script>|<\/script><script>/);
    assert.deepEqual(JSON.parse(/id="sentences">(.*)<\/script>/.exec(hostile)?.[1] ?? ''), { A: '</script><script>' });
    assert.deepEqual(JSON.parse(/id="first">(.*)<\/script>/.exec(hostile)?.[1] ?? ''), { ...state, workspaceLabel: '</script><script>' });
  });

  it('puts the state into the frame, and says only what is newer once the page listens', () => {
    const { fake, panel, told } = scene();
    panel.show();
    const [page] = fake.panels as [FakePanel];
    assert.deepEqual(JSON.parse(/id="first">(.*)<\/script>/.exec(page.panel.webview.html)?.[1] ?? ''), state);
    page.say({ type: 'ready' });
    assert.deepEqual(page.sent, [], 'it stands in the frame');
    page.say({ type: 'ready' });
    assert.deepEqual(page.sent, [state], 'a page that was loaded again may not use its frame twice');
    panel.dispose();
    panel.show();
    told.state = { ...state, show: 'used' } as ExtensionMessage;
    panel.changed();
    fake.panels[1]!.say({ type: 'ready' });
    assert.deepEqual(fake.panels[1]!.sent, [told.state], 'it changed while the page was loaded');
    panel.dispose();
    panel.show();
    fake.panels[2]!.turn(false);
    fake.panels[2]!.turn(true);
    fake.panels[2]!.say({ type: 'ready' });
    assert.deepEqual(fake.panels[2]!.sent, [told.state], 'it was hidden before it could listen');
  });

  it('keeps one panel, greets the page when it is ready, and opens the form once', async () => {
    const { fake, panel } = scene();
    panel.show('topUp');
    panel.show();
    assert.equal(fake.panels.length, 1);
    const [page] = fake.panels as [FakePanel];
    panel.changed();
    assert.deepEqual(page.sent, [], 'a page that is not ready gets nothing');
    page.say({ type: 'ready' });
    assert.deepEqual(page.sent, [{ type: 'openTopUp' }]);
    page.say({ type: 'ready' });
    assert.deepEqual(page.sent.slice(1), [state], 'the form opens once');
    panel.show('topUp');
    assert.deepEqual(page.sent.at(-1), { type: 'openTopUp' });
    panel.show('budgets');
    assert.deepEqual(page.sent.at(-1), { type: 'openBudgets' });
    panel.show({ requestId: 'req_1' });
    assert.deepEqual(page.sent.at(-1), { type: 'openRequest', requestId: 'req_1' });
    page.say({ type: 'cancel', id: 1, requestId: 'r' });
    await settle();
    assert.deepEqual(page.sent.at(-1), { type: 'cancelResult', id: 1, cancelled: true });
    page.panel.dispose();
    panel.show();
    assert.equal(fake.panels.length, 2);
  });

  it('opens the form on the page that is loaded anew, after another tab had hidden the first', () => {
    const { fake, panel } = scene();
    panel.show();
    const [page] = fake.panels as [FakePanel];
    page.say({ type: 'ready' });
    page.turn(false);
    panel.changed();
    panel.show('topUp');
    page.turn(true);
    assert.deepEqual(page.sent, [], 'nothing is said to a page that does not listen yet');
    page.say({ type: 'ready' });
    assert.deepEqual(page.sent, [state, { type: 'openTopUp' }]);
  });

  it('takes a restored panel, and closes a second one', () => {
    const { fake, panel } = scene();
    const restored: FakePanel[] = [];
    panel.restore(fakePanel(restored));
    restored[0]?.say({ type: 'ready' });
    assert.match(restored[0]?.panel.webview.html ?? '', /id="first">\{"type":"state"/);
    let closed = false;
    const second = fakePanel(restored);
    second.onDidDispose(() => { closed = true; });
    panel.restore(second);
    assert.ok(closed);
    panel.show();
    assert.equal(fake.panels.length, 0);
  });

  it('ignores every message that has no known shape', () => {
    const { fake, panel, handled } = scene();
    panel.show();
    const [page] = fake.panels as [FakePanel];
    const hostile: unknown[] = [
      { type: 'run', command: 'workbench.action.quit' }, { type: 'topUp', id: 1, amountMicroCredits: -5, key: 'key-12345678', scope: 'everywhere' },
      { ...topUp, amountMicroCredits: 1.5 }, { ...topUp, scope: 'ask' }, { ...topUp, key: 'short' }, { type: 'explain', id: 1, requestId: 'x'.repeat(201) }, { type: 'cancel', id: '1', requestId: 'r' }, { type: '__proto__' },
      { type: 'change', id: 1, change: { kind: 'shutdown' } }, { type: 'change', id: 1, change: { kind: 'answer', requestId: 'r', answer: 'yes' } }, { type: 'change', id: 1 },
    ];
    for (const message of hostile) page.say(message);
    fc.assert(fc.property(fc.anything(), (message) => { page.say(message); }));
    assert.deepEqual(handled, []);
    page.say(topUp);
    assert.deepEqual(handled, [topUp]);
  });
});

describe('dashboard actions', () => {
  it('adds credits after a native confirmation, with the consent that goes with them', async () => {
    const { fake, calls, parts } = actions();
    fake.answers.push('Add Credits');
    const answer = await dashboardAction(parts, topUp);
    assert.deepEqual(calls, [{ method: 'creditsAdd', args: { amountMicroCredits: 250_000_000, kind: 'purchased', key: 'key-12345678', note: 'Added in the dashboard', consent: { scope: 'everywhere' } } }]);
    assert.equal(fake.shown[0]?.message, 'Add 250.00 credits ($10.00)?');
    assert.equal(fake.shown[0]?.modal, true);
    assert.ok(answer?.type === 'topUpResult' && answer.id === 7 && answer.result?.created);
  });

  it('limits the consent to this workspace when asked to', async () => {
    const { calls, parts } = actions({ practice: () => true });
    await dashboardAction(parts, { ...topUp, scope: 'workspace' });
    assert.deepEqual((calls[0]?.args as { consent: unknown } | undefined)?.consent, { scope: 'workspace', workspaceId: 'ws_1' });
  });

  it('adds nothing when the confirmation is closed, and asks none in practice mode', async () => {
    const dismissed = actions();
    const answer = await dashboardAction(dismissed.parts, topUp);
    assert.ok(answer?.type === 'topUpResult' && answer.problem?.code === 'cancelled');
    assert.equal(dismissed.calls.length, 0);
    const practice = actions({ practice: () => true });
    await dashboardAction(practice.parts, topUp);
    assert.equal(practice.fake.shown.length, 0);
    assert.equal(practice.calls.length, 1);
  });

  it('allows this workspace after a native confirmation, and nothing without it', async () => {
    const { fake, calls, parts } = actions();
    fake.answers.push('Allow');
    assert.deepEqual(await dashboardAction(parts, { type: 'allow', id: 5 }), { type: 'allowResult', id: 5 });
    assert.deepEqual(calls, [{ method: 'consent', args: { scope: 'workspace', workspaceId: 'ws_1' } }]);
    assert.deepEqual([fake.shown[0]?.message, fake.shown[0]?.modal], ['Allow the workspace "here" to use purchased credits?', true]);
    const dismissed = await dashboardAction(parts, { type: 'allow', id: 6 });
    assert.ok(dismissed?.type === 'allowResult' && dismissed.id === 6 && dismissed.problem?.code === 'cancelled');
    assert.equal(calls.length, 1);
    const practice = actions({ practice: () => true });
    await dashboardAction(practice.parts, { type: 'allow', id: 7 });
    assert.deepEqual([practice.fake.shown.length, practice.calls.length], [0, 1]);
  });

  it('allows this workspace after a native confirmation, and not without', async () => {
    const closed = actions();
    const refused = await dashboardAction(closed.parts, { type: 'allow', id: 5 });
    assert.ok(refused?.type === 'allowResult' && refused.problem?.code === 'cancelled' && closed.fake.shown[0]?.modal === true);
    assert.equal(closed.calls.length, 0);
    const { fake, calls, parts } = actions();
    fake.answers.push('Allow');
    assert.deepEqual(await dashboardAction(parts, { type: 'allow', id: 6 }), { type: 'allowResult', id: 6 });
    assert.deepEqual(calls, [{ method: 'consent', args: { scope: 'workspace', workspaceId: 'ws_1' } }]);
  });

  it('remembers a grant that it made, so that it can be taken back, and not one that was there', async () => {
    const made = actions({ practice: () => true });
    await dashboardAction(made.parts, topUp);
    assert.equal(made.parts.topUps.newest()?.grantId, 'g');
    const again = actions({ practice: () => true, call: (async () => ({ grant: { id: 'g' }, created: false, balance: {} })) as unknown as ActionParts['call'] });
    await dashboardAction(again.parts, topUp);
    assert.equal(again.parts.topUps.newest(), undefined);
  });

  it('passes a change on', async () => {
    const { calls, parts } = actions();
    assert.deepEqual(await dashboardAction(parts, { type: 'change', id: 9, change: { kind: 'askEverywhere' } }), { type: 'changeResult', id: 9 });
    assert.deepEqual(calls, [{ method: 'consent', args: { scope: 'everywhere', answer: 'ask' } }]);
  });

  it('refuses more than the largest grant', async () => {
    const { calls, parts } = actions();
    const answer = await dashboardAction(parts, { ...topUp, amountMicroCredits: 1_000_000_000_001 });
    assert.ok(answer?.type === 'topUpResult' && answer.problem?.code === 'argument_invalid' && calls.length === 0);
  });

  it('answers a failure with its problem, and pairs it with the question', async () => {
    const what = problem('request_not_found', 'There is no such request.');
    const { parts } = actions({ call: async () => { throw new ProblemError(what); }, practice: () => true });
    assert.deepEqual(await dashboardAction(parts, { type: 'explain', id: 3, requestId: 'r' }), { type: 'explainResult', id: 3, problem: what });
    assert.deepEqual(await dashboardAction(parts, { type: 'cancel', id: 4, requestId: 'r' }), { type: 'cancelResult', id: 4, cancelled: false, problem: what });
    assert.deepEqual(await dashboardAction(parts, topUp), { type: 'topUpResult', id: 7, problem: what });
    assert.deepEqual(await dashboardAction(parts, { type: 'allow', id: 8 }), { type: 'allowResult', id: 8, problem: what });
  });

  it('runs only commands of its own', async () => {
    const { fake, parts } = actions();
    await dashboardAction(parts, { type: 'run', command: 'openSettings' });
    assert.deepEqual(fake.executed.map(({ command }) => command), ['codexBroker.openSettings']);
  });
});
