// Nothing spends without a balance or an answer: the whole table of the gate, and its dialogs.
import assert from 'node:assert/strict';
import { commandNames } from '../../src/extension/commandNames.ts';
import { allowPurchased, asksAside, passGate, uncappedMemory } from '../../src/extension/gateDialog.ts';
import { spendingVerdict, type GateFacts } from '../../src/extension/spendingGate.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { budgetFixture, practiceSnapshot, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

const missing = { key: { state: 'missing' } } as const;
const elsewhere = { consent: { everywhere: false, workspaceIds: ['ws_2'], deniedWorkspaceIds: ['ws_1'] } };
const facts = (snapshot: Snapshot | undefined, change: Partial<GateFacts> = {}): GateFacts => ({ trusted: true, connected: true, uncappedAllowed: false, ...(snapshot ? { snapshot } : {}), ...change });

describe('spending gate', () => {
  const table: readonly (readonly [string, GateFacts, string])[] = [
    ['a balance', facts(snapshotFixture()), 'go'],
    ['a workspace that is not trusted', facts(snapshotFixture(), { trusted: false }), 'trust'],
    ['not trusted, though only practising', facts(practiceSnapshot(), { trusted: false }), 'trust'],
    ['not connected', facts(snapshotFixture(), { connected: false }), 'broker'],
    ['connected, nothing known yet', facts(undefined), 'broker'],
    ['practice without a key', facts(practiceSnapshot(missing)), 'go'],
    ['practice before its first credits', facts(practiceSnapshot({ ...missing, balance: untrackedSnapshot().balance, nextDraw: 'untracked' })), 'go'],
    ['practice without a balance', facts(practiceSnapshot({ ...missing, balance: { tracked: true, balanceMicroCredits: 0, heldMicroCredits: 0, owedMicroCredits: 0, grants: [] } })), 'top-up'],
    ['credits that this workspace was not asked about yet: the request asks', facts(snapshotFixture(elsewhere), { workspaceId: 'ws_3' }), 'go'],
    ['owed credits', facts(snapshotFixture({ balance: { ...snapshotFixture().balance, owedMicroCredits: 1 } })), 'owed'],
    ['owed credits in practice', facts(practiceSnapshot({ balance: { ...snapshotFixture().balance, owedMicroCredits: 1 } })), 'owed'],
    ['a hard budget that is used up', facts(snapshotFixture({ budgets: [budgetFixture(100)] })), 'budget'],
    ['a hard budget that is used up, without a balance', facts(untrackedSnapshot({ budgets: [budgetFixture(100)] }), { uncappedAllowed: true }), 'budget'],
    ['a soft budget that is used up', facts(snapshotFixture({ budgets: [budgetFixture(100, { mode: 'soft' })] })), 'go'],
    ['credits that were refused to this workspace', facts(snapshotFixture(elsewhere), { workspaceId: 'ws_1' }), 'not-allowed'],
    ['the workspace that may use them', facts(snapshotFixture(elsewhere), { workspaceId: 'ws_2' }), 'go'],
    ['other credits, in a workspace that may not use purchased ones', facts(snapshotFixture({ ...elsewhere, balance: { ...snapshotFixture().balance, grants: snapshotFixture().balance.grants.map((grant) => ({ ...grant, kind: 'included' })) } }), { workspaceId: 'ws_1' }), 'go'],
    ['no key', facts(snapshotFixture(missing)), 'key'],
    ['no key comes before no credits', facts(withBalance(0, missing)), 'key'],
    ['a rejected key', facts(snapshotFixture({ key: { state: 'rejected' } })), 'key-rejected'],
    ['untracked', facts(untrackedSnapshot()), 'uncapped'],
    ['untracked, allowed before', facts(untrackedSnapshot(), { uncappedAllowed: true }), 'go'],
    ['no credits', facts(withBalance(0)), 'top-up'],
    ['a negative balance', facts(withBalance(-5)), 'top-up'],
    ['no credits, uncapped allowed before: the cap counts', facts(withBalance(0), { uncappedAllowed: true }), 'top-up'],
    ['all that is left is held', facts(snapshotFixture({ balance: { tracked: true, balanceMicroCredits: 5, heldMicroCredits: 5, owedMicroCredits: 0, grants: [] } })), 'top-up'],
    ['one microcredit', facts(withBalance(1)), 'go'],
  ];
  const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
  const stopped: readonly Snapshot[] = [
    withBalance(0), untrackedSnapshot(), snapshotFixture(elsewhere), snapshotFixture({ budgets: [budgetFixture(100)] }),
    snapshotFixture({ balance: { ...snapshotFixture().balance, owedMicroCredits: 1 } }), snapshotFixture(missing), snapshotFixture({ key: { state: 'rejected' } }),
  ];
  const tokens = [budgetFixture(100, { unit: 'tokens', limit: 100_000_000 })];

  it('lets pass silently what may go on a plan where requests go on one, and nothing else', () => {
    for (const each of stopped) {
      const [onPlan, whatever] = [facts({ ...each, plans }, { workspaceId: 'ws_1', planMayPay: true }), facts({ ...each, plans }, { workspaceId: 'ws_1' })];
      assert.equal(spendingVerdict(onPlan), 'go');
      assert.notEqual(spendingVerdict(whatever), 'go');
      assert.deepEqual([spendingVerdict({ ...onPlan, trusted: false }), spendingVerdict({ ...onPlan, connected: false })], ['trust', 'broker']);
    }
    assert.equal(spendingVerdict(facts(snapshotFixture({ plans, budgets: tokens }), { planMayPay: true })), 'budget');
  });

  for (const [name, given, verdict] of table) it(`${name}: ${verdict}`, () => { assert.equal(spendingVerdict(given), verdict); });

  const ask = async (snapshot: Snapshot, answer: string | undefined, memory = new Map<string, unknown>(), planMayPay = false) => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    fake.answers.push(answer);
    let allowed = 0;
    const passed = await passGate({
      planMayPay, editor: fake.editor, memory: fakeMemory(memory), facts: () => ({ trusted: true, connected: true, snapshot, workspaceId: 'ws_1' }),
      allowWorkspace: async () => { allowed += 1; },
    });
    return { fake, passed, memory, allowed };
  };

  it('lets a terminal open for a ChatGPT plan without a key, and nothing that a plan cannot pay', async () => {
    for (const key of [{ state: 'missing' }, { state: 'rejected' }] as const) {
      const snapshot = snapshotFixture({ key });
      const answered = await ask(snapshot, 'Go On with a Plan', new Map(), true);
      assert.equal(answered.passed, true);
      assert.match(answered.fake.shown[0]?.message ?? '', /signed in with ChatGPT goes on its plan/);
      const refused = await ask(snapshot, 'Open Metered Terminal');
      assert.match(refused.fake.shown[0]?.message ?? '', /Questions to Codex need an API key, and so do Codex tasks until the broker has seen a request on your ChatGPT plan; in a metered terminal the plan pays at once\.$/);
      assert.deepEqual(refused.fake.executed.map(({ command }) => command), [commandNames.openMeteredTerminal]);
      assert.deepEqual([refused.passed, refused.fake.shown[0]?.buttons.includes('Go On with a Plan')], [false, false]);
    }
  });

  it('offers a terminal to go on with a plan whatever keeps a key from paying, but a budget that stops both', async () => {
    for (const snapshot of stopped.filter(({ balance }) => balance.tracked)) {
      const { passed, allowed, fake } = await ask(snapshot, 'Go On with a Plan', new Map(), true);
      assert.deepEqual([passed, allowed, fake.executed.length], [true, 0, 0]);
      assert.ok(!(await ask(snapshot, undefined)).fake.shown[0]?.buttons.includes('Go On with a Plan'));
      const both = await ask({ ...snapshot, budgets: [...snapshot.budgets, ...tokens] }, undefined, new Map(), true);
      assert.deepEqual([both.passed, both.fake.shown[0]?.buttons.includes('Go On with a Plan')], [false, false]);
    }
    const [unknown, onPlan] = [await ask(untrackedSnapshot(), undefined, new Map(), true), await ask(untrackedSnapshot({ plans }), undefined, new Map(), true)];
    assert.match(unknown.fake.shown[0]?.message ?? '', /^Codex that goes with the API key will be paid by your OpenAI account/);
    assert.deepEqual([onPlan.passed, onPlan.fake.shown.length], [true, 0]);
  });

  it('asks in a modal dialog before it runs uncapped, and goes ahead only on a yes', async () => {
    for (const [answer, goes] of [[undefined, false], ['Add Credits First', false], ['Run Once', true]] as const) {
      const { passed, fake, memory } = await ask(untrackedSnapshot(), answer);
      assert.equal(passed, goes, String(answer));
      assert.equal(fake.shown[0]?.modal, true);
      assert.equal(memory.size, 0);
      assert.deepEqual(fake.executed.map(({ command }) => command), answer === 'Add Credits First' ? [commandNames.topUp] : []);
    }
  });

  it('remembers "always" for the workspace', async () => {
    const { passed, memory } = await ask(untrackedSnapshot(), 'Always in This Workspace');
    assert.ok(passed && memory.get(uncappedMemory) === true);
    const again = await ask(untrackedSnapshot(), undefined, memory);
    assert.ok(again.passed);
    assert.equal(again.fake.shown.length, 0);
  });

  it('allows the workspace only on a yes, and then goes ahead', async () => {
    for (const [answer, times, command] of [['Allow This Workspace', 1, undefined], ['Top Up', 0, commandNames.topUp], [undefined, 0, undefined]] as const) {
      const { passed, allowed, fake } = await ask(snapshotFixture(elsewhere), answer);
      assert.deepEqual([passed, allowed, fake.shown[0]?.modal, fake.executed[0]?.command], [times === 1, times, true, command]);
    }
  });

  it('asks for the permission by itself, says where it is given already, and gives none without a yes or a broker', async () => {
    const allow = async (snapshot: Snapshot | undefined, answer: string | undefined) => {
      const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
      fake.answers.push(answer);
      let allowed = 0;
      await allowPurchased({ planMayPay: false, editor: fake.editor, memory: fakeMemory(new Map()), allowWorkspace: async () => { allowed += 1; }, facts: () => ({ trusted: false, connected: snapshot !== undefined, workspaceId: 'ws_1', ...(snapshot ? { snapshot } : {}) }) });
      return [allowed, fake.shown[0]?.modal, fake.shown[0]?.message, fake.executed[0]?.command];
    };
    const question = 'May this workspace use purchased credits?';
    assert.deepEqual(await allow(snapshotFixture(elsewhere), 'Allow This Workspace'), [1, true, question, undefined]);
    assert.deepEqual(await allow(snapshotFixture(elsewhere), undefined), [0, true, question, undefined]);
    assert.deepEqual(await allow(snapshotFixture(), 'Open Dashboard'), [0, false, 'This workspace may use purchased credits already. The permission can be taken back on the Credits page.', commandNames.openDashboard]);
    assert.deepEqual(await allow(undefined, 'Start Broker'), [0, false, 'The Codex broker is not connected, so nothing can be sent yet.', commandNames.startBroker]);
  });

  it('knows where it asks in a message that may stand there for long', () => {
    const aside = (snapshot: ReturnType<typeof snapshotFixture>, facts: { trusted?: boolean; connected?: boolean } = {}) => asksAside({
      editor: fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' }).editor, memory: { get: () => undefined, update: async () => undefined }, planMayPay: false, allowWorkspace: async () => undefined,
      facts: () => ({ trusted: true, connected: true, snapshot, ...facts }),
    });
    assert.deepEqual([aside(withBalance(5)), aside(withBalance(0)), aside(snapshotFixture(missing)), aside(withBalance(5), { trusted: false }), aside(withBalance(5), { connected: false })], [false, true, true, true, true]);
    assert.equal(aside(snapshotFixture({ balance: { ...snapshotFixture().balance, tracked: false } })), false, 'that question is modal');
  });

  it('offers the cure of each obstacle and spends nothing', async () => {
    for (const [snapshot, button, command] of [[snapshotFixture(missing), 'Set API Key', commandNames.setApiKey], [snapshotFixture(missing), 'Practice Mode', commandNames.startPracticeMode], [withBalance(0), 'Top Up', commandNames.topUp], [snapshotFixture({ budgets: [budgetFixture(100)] }), 'Show Budgets', commandNames.showBudgets], [snapshotFixture({ balance: { ...snapshotFixture().balance, owedMicroCredits: 1 } }), 'Top Up', commandNames.topUp]] as const) {
      const { passed, fake } = await ask(snapshot, button);
      assert.equal(passed, false);
      assert.deepEqual(fake.executed.map((each) => each.command), [command]);
    }
  });
});
