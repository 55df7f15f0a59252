// The whole extension with a fake editor and a fake broker over real sockets: activation, the
// meter, keys, practice mode, top-ups seen by two windows, trust, and a broker that goes away.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandNames } from '../../src/extension/commandNames.ts';
import { composeExtension, type RunningExtension } from '../../src/extension/compose.ts';
import { liveOpener } from '../../src/extension/liveSocket.ts';
import { loopbackRequest } from '../../src/extension/loopbackHttp.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { fakeControlToken, fakeWorkspaceToken, startFakeBroker, type FakeBroker } from './fakeBroker.ts';
import { eventually, realSchedule } from './manualSchedule.ts';
import { practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

const key = `sk-test-${'k'.repeat(40)}`;

describe('extension as a whole', function whole() {
  this.timeout(20_000);
  let root = '';
  let broker: FakeBroker;
  let windows: { fake: FakeEditor; running: RunningExtension }[] = [];
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'compose-'));
    broker = await startFakeBroker();
    broker.answers['setApiKey'] = () => { broker.push({ ...broker.snapshot, sequence: broker.snapshot.sequence + 1, key: { state: 'present' } }); return { stored: true }; };
    broker.answers['forgetApiKey'] = () => ({ forgotten: true });
  });
  afterEach(async () => {
    for (const { fake, running } of windows) {
      running.stop();
      for (const each of fake.context.subscriptions) each.dispose();
    }
    windows = [];
    await broker.close();
    rmSync(root, { recursive: true, force: true });
  });

  const openWindow = (prepare: (fake: FakeEditor) => void = () => undefined) => {
    const fake = fakeEditor({ extensionDir: join(root, 'ext'), storageDir: join(root, 'storage'), folder: root });
    fake.configuration.user['codexBroker.dataDir'] = broker.dataDir;
    prepare(fake);
    let tokens = 0;
    const running = composeExtension(fake.editor, fake.context, {
      schedule: realSchedule, env: { PATH: process.env['PATH'], HOME: root }, platform: process.platform, execPath: process.execPath,
      request: loopbackRequest, openLive: liveOpener(realSchedule), utcOffsetMs: () => 0, newToken: () => `token${(tokens += 1)}`,
    });
    windows.push({ fake, running });
    return fake;
  };
  const meter = (fake: FakeEditor) => fake.items[0]?.text;
  const push = (snapshot: Snapshot) => broker.push({ ...snapshot, sequence: broker.snapshot.sequence + 1 });
  const run = (fake: FakeEditor, name: keyof typeof commandNames, ...values: unknown[]) => fake.commands.get(commandNames[name])?.(...values);

  it('activates at once, registers its commands and looks for the broker afterwards', async () => {
    const fake = openWindow();
    assert.deepEqual([...fake.commands.keys()].sort(), Object.values(commandNames).sort());
    assert.equal(meter(fake), '$(loading~spin) Codex');
    assert.equal(broker.requests.length, 0, 'nothing was sent during activation');
    await eventually('the meter shows the balance', () => meter(fake) === '$(dashboard) 342.18 left');
    await eventually('it learns its workspace', () => broker.calls.some(({ method }) => method === 'token'));
    assert.deepEqual(broker.calls.find(({ method }) => method === 'token')?.args, { workspacePath: root, label: root.split('/').at(-1) });
  });

  it('shows a top up from one window in both', async () => {
    broker.answers['creditsAdd'] = () => { push(withBalance(592_180_000)); return { grant: { id: 'g' }, created: true, balance: broker.snapshot.balance }; };
    const [first, second] = [openWindow(), openWindow()];
    await eventually('both are connected', () => meter(first)?.includes('342.18') === true && meter(second)?.includes('342.18') === true);
    await run(first, 'topUp');
    const [page] = first.panels;
    page?.say({ type: 'ready' });
    assert.deepEqual(page?.sent, [{ type: 'openTopUp' }]);
    first.answers.push('Add Credits');
    page?.say({ type: 'topUp', id: 1, amountMicroCredits: 250_000_000, key: 'key-12345678', scope: 'workspace' });
    await eventually('both meters show it', () => [first, second].every((fake) => meter(fake) === '$(dashboard) 592.18 left'));
    await eventually('the page is told', () => page?.sent.some((message) => (message as { type: string }).type === 'topUpResult') ?? false);
    assert.deepEqual((broker.calls.find(({ method }) => method === 'creditsAdd')?.args as { consent: unknown } | undefined)?.consent, { scope: 'workspace', workspaceId: 'ws_1' });
  });

  it('asks in the window whose request waits, and sends its answer once', async () => {
    broker.answers['answer'] = () => { push(snapshotFixture()); return { answered: true }; };
    const [first, second] = [openWindow(), openWindow()];
    for (const fake of [first, second]) fake.focused = false;
    await eventually('both know their workspace', () => broker.calls.filter(({ method }) => method === 'token').length === 2);
    // Both windows of this test stand for the same workspace; an orphan is asked where the focus is.
    first.holding = second.holding = true;
    push(snapshotFixture({ questions: [questionFixture({ workspaceId: 'ws_9', hasWindow: false })] }));
    await eventually('both meters ask', () => [first, second].every((fake) => meter(fake) === '$(question) Asks you'));
    assert.deepEqual([first.shown, second.shown], [[], []]);
    second.focused = true;
    second.fire('focus');
    assert.deepEqual(second.shown.map((one) => one.buttons), [['Once', 'This Task', 'This Workspace', 'More…']]);
    second.shown[0]?.choose('This Task');
    await eventually('the broker was answered', () => broker.calls.some(({ method }) => method === 'answer'));
    assert.deepEqual(broker.calls.find(({ method }) => method === 'answer')?.args, { requestId: 'req_q1', answer: 'task' });
    await eventually('the meters show the balance again', () => [first, second].every((fake) => meter(fake) === '$(dashboard) 342.18 left'));
    assert.equal(first.shown.length, 0);
  });

  it('tells the page how long its top-up can be taken back, and which prices were seen', async () => {
    broker.answers['creditsAdd'] = () => ({ grant: { id: 'g7' }, created: true, balance: broker.snapshot.balance });
    const fake = openWindow((each) => { each.globalState.set('pricesSeenAtMs', 44); });
    await eventually('it is connected', () => meter(fake)?.includes('342.18') === true);
    await run(fake, 'showBudgets');
    const [page] = fake.panels;
    page?.say({ type: 'ready' });
    assert.deepEqual(page?.sent.at(-1), { type: 'openBudgets' });
    await run(fake, 'showBudgets', 'b1');
    assert.deepEqual(page?.sent.at(-1), { type: 'openBudgets', budgetId: 'b1' });
    await run(fake, 'openSettings', 'models');
    await run(fake, 'openSettings', 'anything else');
    assert.deepEqual(fake.executed.filter(({ command }) => command === 'workbench.action.openSettings').map(({ values }) => values), [['@id:codexBroker.taskModel,codexBroker.askModel'], ['@ext:codex-usage-broker.codex-usage-broker']]);
    fake.answers.push('Add Credits');
    page?.say({ type: 'topUp', id: 1, amountMicroCredits: 250_000_000, key: 'key-12345678', scope: 'workspace' });
    await eventually('the page is told', () => page?.sent.some((message) => (message as { type: string }).type === 'topUpResult') ?? false);
    const states = page?.sent.filter((message): message is { type: 'state'; undo?: { grantId: string; leftMs: number }; pricesSeenAtMs?: number } => (message as { type: string }).type === 'state') ?? [];
    assert.equal(states.at(-1)?.undo?.grantId, 'g7');
    const framed = JSON.parse(/id="first">(.*)<\/script>/.exec(page?.panel.webview.html ?? '')?.[1] ?? '') as (typeof states)[number];
    assert.equal(framed.pricesSeenAtMs, 44);
    assert.equal(framed.undo, undefined);
  });

  it('stores a key in the secret storage and at the broker, and nowhere else', async () => {
    broker.snapshot = snapshotFixture({ key: { state: 'missing' } });
    const fake = openWindow();
    await eventually('the meter asks for a key', () => meter(fake) === '$(key) Add key');
    fake.answers.push(` ${key}\n`);
    await run(fake, 'setApiKey');
    assert.deepEqual(broker.calls.at(-1), { method: 'setApiKey', args: { apiKey: key } });
    assert.deepEqual([...fake.secrets.values()], [key]);
    assert.match(fake.shown.at(-1)?.message ?? '', /stored in the system keychain/);
    fake.answers.push('not a key');
    await run(fake, 'setApiKey');
    assert.match(fake.shown.at(-1)?.message ?? '', /begins with "sk-"/);
    fake.answers.push('Remove');
    await run(fake, 'removeApiKey');
    assert.equal(fake.secrets.size, 0);
    assert.equal(broker.calls.at(-1)?.method, 'forgetApiKey');
    const everything = JSON.stringify([fake.logLines, fake.shown, [...fake.workspaceState], [...fake.globalState], fake.configuration]);
    for (const secret of [key, fakeControlToken, fakeWorkspaceToken]) assert.ok(!everything.includes(secret));
  });

  it('hands a kept key to a broker that has none, and never to one that rejected it or only practises', async () => {
    broker.snapshot = snapshotFixture({ key: { state: 'missing' } });
    const keep = (fake: FakeEditor) => { fake.secrets.set('openAiApiKey', key); };
    openWindow(keep);
    await eventually('the key arrives', () => broker.calls.some(({ method }) => method === 'setApiKey'));
    const handed = () => broker.calls.filter(({ method }) => method === 'setApiKey').length;
    broker.snapshot = snapshotFixture({ key: { state: 'rejected' } });
    const rejected = openWindow(keep);
    await eventually('it is connected', () => meter(rejected) !== '$(loading~spin) Codex');
    await eventually('it has its token', () => broker.calls.filter(({ method }) => method === 'token').length === 2);
    assert.equal(handed(), 1);
  });

  it('turns practice mode on for this window, gives play credits once, and says so everywhere', async () => {
    const practice = await startFakeBroker('practice');
    try {
      practice.snapshot = practiceSnapshot({ balance: untrackedSnapshot().balance, key: { state: 'missing' } });
      practice.answers['creditsAdd'] = () => { practice.push(practiceSnapshot({ sequence: 2 })); return { grant: { id: 'g' }, created: true, balance: {} }; };
      const fake = openWindow((each) => { each.secrets.set('openAiApiKey', key); each.configuration.user['codexBroker.dataDir'] = join(root, 'data'); });
      // The practice broker's folder is found where practice mode looks: inside the data folder.
      const { cpSync, mkdirSync } = await import('node:fs');
      mkdirSync(join(root, 'data'), { recursive: true });
      cpSync(practice.dataDir, join(root, 'data', 'practice'), { recursive: true });
      await run(fake, 'startPracticeMode');
      await eventually('the meter says practice', () => meter(fake)?.startsWith('$(beaker) ') === true);
      await eventually('play credits were given', () => practice.calls.some(({ method }) => method === 'creditsAdd'));
      assert.deepEqual(practice.calls.find(({ method }) => method === 'creditsAdd')?.args, { amountMicroCredits: 1_000_000_000, kind: 'promotional', key: 'practice-welcome', note: 'Practice credits', consent: { scope: 'everywhere' } });
      assert.equal(practice.calls.filter(({ method }) => method === 'setApiKey').length, 0, 'a real key never reaches practice mode');
      assert.equal(fake.workspaceState.get('practiceMode'), true);
      assert.ok(fake.executed.some(({ command, values }) => command === 'setContext' && values[0] === 'codexBroker.practice' && values[1] === true));
      await run(fake, 'leavePracticeMode');
      await eventually('the practice broker is left', () => practice.sockets.size === 0);
      assert.equal(fake.workspaceState.get('practiceMode'), false);
    } finally {
      await practice.close();
    }
  });

  it('comes back by itself when the connection is cut, and keeps the last numbers meanwhile', async () => {
    const fake = openWindow();
    await eventually('it is connected', () => meter(fake) === '$(dashboard) 342.18 left');
    broker.cut();
    await eventually('it came back', () => broker.calls.filter(({ method }) => method === 'status').length === 2);
    assert.match(meter(fake) ?? '', /^\$\((sync~spin|dashboard)\) 342\.18 (left|· \d+ d)$/, 'the numbers of the tests are old');
    push(withBalance(100_000_000));
    await eventually('it is told news again', () => meter(fake) === '$(warning) 100.00 left');
  });

  it('lets nothing spend in a workspace that is not trusted, while the meter and the form work', async () => {
    const fake = openWindow((each) => { each.trusted = false; each.selection = { text: 'x', fileName: 'x', languageId: 'x' }; each.files.set('x', 'x'); });
    await eventually('it is connected', () => meter(fake) === '$(dashboard) 342.18 left');
    for (const name of ['askAboutSelection', 'askAboutFile', 'runTask', 'openMeteredTerminal'] as const) {
      await run(fake, name);
      assert.match(fake.shown.at(-1)?.message ?? '', /only in a workspace that you trust/);
    }
    await assert.rejects(Promise.resolve(fake.terminalProfiles.get('codexBroker.metered')?.provideTerminalProfile(undefined as never)), /No metered terminal was opened/);
    assert.equal(fake.terminals.length, 0);
    assert.ok(!broker.requests.some(({ path }) => path.startsWith('/v1')));
    await run(fake, 'topUp');
    assert.equal(fake.panels.length, 1);
  });

  it('tells the page where broker and ledger are, in a remote window', async () => {
    const fake = openWindow((each) => { (each.editor.env as { remoteName?: string }).remoteName = 'wsl'; });
    await eventually('it is connected', () => meter(fake) === '$(dashboard) 342.18 left');
    await run(fake, 'openDashboard');
    assert.match(/"host":"[^"]+ \(WSL\)"/.exec(fake.panels[0]?.panel.webview.html.replaceAll('&quot;', '"') ?? '')?.[0] ?? '', /WSL/);
  });

  it('offers to ask about a command once one has failed in a terminal', async () => {
    const fake = openWindow();
    await eventually('it is connected', () => meter(fake) === '$(dashboard) 342.18 left');
    const told = () => fake.executed.filter(({ command, values: [name] }) => command === 'setContext' && name === 'codexBroker.hasFailedCommand').map(({ values: [, value] }) => value);
    assert.deepEqual(told(), [false]);
    const execution = { commandLine: { value: 'make' }, read: async function* written() { yield 'no rule'; } };
    const terminal = { name: 'one' };
    fake.terminalTells('starts', { terminal, execution });
    fake.terminalTells('ends', { terminal, execution, exitCode: 2 });
    await eventually('it is offered', () => told().at(-1) === true);
    fake.terminalTells('closes', terminal);
    await eventually('it is offered no more', () => told().at(-1) === false);
  });

  it('explains a request on the dashboard, also by a link, and takes no other argument', async () => {
    const fake = openWindow();
    await run(fake, 'explainRequest', 'req_1');
    const [page] = fake.panels;
    page?.say({ type: 'ready' });
    const asked = () => page?.sent.filter((message) => (message as { type: string }).type === 'openRequest');
    assert.deepEqual(asked(), [{ type: 'openRequest', requestId: 'req_1' }]);
    for (const value of [undefined, 7, '', 'x'.repeat(201), { id: 'x' }]) await run(fake, 'explainRequest', value);
    assert.equal(asked()?.length, 1);
    await eventually('it is connected', () => meter(fake)?.includes('342.18') === true);
    await fake.uriHandler?.handleUri({ path: '/request/req_2' } as never);
    assert.deepEqual(asked()?.at(-1), { type: 'openRequest', requestId: 'req_2' });
    assert.equal(fake.panels.length, 1);
  });

  it('knows that the meter was read once a page shows its numbers', async () => {
    const fake = openWindow();
    const saw = () => fake.executed.findLast(({ command, values }) => command === 'setContext' && values[0] === 'codexBroker.sawNumbers')?.values[1];
    await eventually('it is connected', () => meter(fake)?.includes('342.18') === true);
    assert.equal(saw(), false);
    await run(fake, 'openDashboard');
    push(withBalance(300_000_000));
    await eventually('it is known', () => saw() === true);
  });

  it('restarts the broker with progress', async () => {
    broker.answers['shutdown'] = () => { setImmediate(() => { push({ ...snapshotFixture(), broker: { ...snapshotFixture().broker, startedAtMs: 950_000 } }); broker.cut(); }); return { stopping: true }; };
    const fake = openWindow();
    await eventually('it is connected', () => meter(fake)?.includes('342.18') === true);
    await run(fake, 'restartBroker');
    assert.deepEqual(broker.calls.filter(({ method }) => method === 'shutdown').length, 1);
    assert.deepEqual([fake.titles.at(-1), fake.shown], ['Restarting the broker', []]);
    assert.ok(meter(fake)?.includes('342.18'));
  });
});
