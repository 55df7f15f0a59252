// The status bar item in every state: icon, words, what a click cures, and that it is painted at
// most once a second and left alone when nothing changed.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { problem } from '../../src/domain/problem.ts';
import { commandNames } from '../../src/extension/commandNames.ts';
import type { MeterFacts } from '../../src/extension/meterFacts.ts';
import { itemText, newsEveryMs, paintEveryMs, StatusMeter } from '../../src/extension/statusMeter.ts';
import { readSettings, type MeterLook } from '../../src/extension/settings.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { budgetFixture, practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

const taste = { show: 'left', unit: 'credits', locale: 'en' } as const;
const connected = { state: 'connected' } as const;

const defaultLook: MeterLook = { visible: true, alignment: 'right', priority: 99.9, compact: false, style: 'text' };

function scene(first: MeterFacts, look: { -readonly [K in keyof MeterLook]: MeterLook[K] } = { ...defaultLook }) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const schedule = manualSchedule();
  let facts = first;
  const meter = new StatusMeter(fake.editor, schedule, () => facts, () => look);
  const item = fake.items[0];
  assert.ok(item);
  return { fake, schedule, meter, item, look, tell: (next: MeterFacts) => { facts = next; meter.changed(); } };
}

const background = (item: vscode.StatusBarItem) => item.backgroundColor?.id;

describe('status bar meter', () => {
  const waiting = snapshotFixture({ waiting: [{ requestId: 'r', state: 'waiting', workspaceId: 'ws_1', workspaceLabel: 'here', client: 'codex_exec', model: 'gpt-5.5', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0, place: 3, startsAtMs: 1_018_000 }] });
  const states: readonly (readonly [string, MeterFacts, string, string, string | undefined])[] = [
    ['loading', { link: { state: 'connecting' }, taste }, '$(loading~spin) Codex', commandNames.openDashboard, undefined],
    ['ok', { link: connected, snapshot: snapshotFixture(), taste }, '$(dashboard) 342.18 left', commandNames.openDashboard, undefined],
    ['used', { link: connected, snapshot: snapshotFixture(), taste: { ...taste, show: 'used' } }, '$(dashboard) 157.82 used', commandNames.openDashboard, undefined],
    ['dollars', { link: connected, snapshot: snapshotFixture(), taste: { ...taste, unit: 'usd' } }, '$(dashboard) $13.69 left', commandNames.openDashboard, undefined],
    ['low', { link: connected, snapshot: withBalance(120_000_000), taste }, '$(warning) 120.00 left', commandNames.openDashboard, undefined],
    ['critical', { link: connected, snapshot: withBalance(12_400_000), taste }, '$(warning) 12.40 left', commandNames.topUp, 'statusBarItem.warningBackground'],
    ['blocked', { link: connected, snapshot: withBalance(0), taste }, '$(circle-slash) No credits', commandNames.topUp, 'statusBarItem.warningBackground'],
    ['waiting', { link: connected, snapshot: waiting, taste, workspaceId: 'ws_1' }, '$(history) 3rd · 18 s', commandNames.openDashboard, undefined],
    ['another workspace waits', { link: connected, snapshot: waiting, taste, workspaceId: 'ws_2' }, '$(dashboard) 342.18 left', commandNames.openDashboard, undefined],
    ['no key', { link: connected, snapshot: snapshotFixture({ key: { state: 'missing' } }), taste }, '$(key) Add key', commandNames.setApiKey, undefined],
    ['down', { link: { state: 'down', problem: problem('broker_unreachable', 'Gone.') }, snapshot: snapshotFixture(), taste }, '$(debug-disconnect) Broker down', commandNames.startBroker, 'statusBarItem.errorBackground'],
    ['practice', { link: connected, snapshot: practiceSnapshot(), taste }, '$(beaker) 342.18 left', commandNames.openDashboard, undefined],
    ['critical in practice', { link: connected, snapshot: practiceSnapshot({ balance: withBalance(12_400_000).balance }), taste }, '$(warning) 12.40 left', commandNames.topUp, 'statusBarItem.warningBackground'],
    ['rejected key', { link: connected, snapshot: snapshotFixture({ key: { state: 'rejected' } }), taste }, '$(key) Key rejected', commandNames.setApiKey, 'statusBarItem.warningBackground'],
    ['asked', { link: connected, snapshot: snapshotFixture({ questions: [questionFixture()], waiting: waiting.waiting }), taste, workspaceId: 'ws_1' }, '$(question) Asks you', commandNames.answerQuestion, 'statusBarItem.warningBackground'],
    ['asked in another window', { link: connected, snapshot: snapshotFixture({ questions: [questionFixture()] }), taste, workspaceId: 'ws_2' }, '$(dashboard) 342.18 left', commandNames.openDashboard, undefined],
    ['parked', { link: connected, snapshot: snapshotFixture({ waiting: waiting.waiting.map(({ place: _place, startsAtMs: _starts, ...run }) => ({ ...run, state: 'parked' })) }), taste, workspaceId: 'ws_1' }, '$(history) Waiting', commandNames.openDashboard, undefined],
    ['owed', { link: connected, snapshot: snapshotFixture({ balance: { ...snapshotFixture().balance, owedMicroCredits: 5 } }), taste }, '$(circle-slash) Credits owed', commandNames.topUp, 'statusBarItem.warningBackground'],
    ['a budget is used up', { link: connected, snapshot: snapshotFixture({ budgets: [budgetFixture(100)] }), taste }, '$(circle-slash) til ', commandNames.showBudgets, 'statusBarItem.warningBackground'],
    ['a budget is nearly used up', { link: connected, snapshot: snapshotFixture({ budgets: [budgetFixture(99)] }), taste }, '$(warning) 1 % left', commandNames.showBudgets, 'statusBarItem.warningBackground'],
    ['a budget for its lifetime is used up', { link: connected, snapshot: snapshotFixture({ budgets: [{ ...budgetFixture(100, { period: 'life' }), uses: [{ key: '', used: 100_000_000, reserved: 0 }] }] }), taste }, '$(circle-slash) Budget used up', commandNames.showBudgets, 'statusBarItem.warningBackground'],
    ['this workspace was not asked yet', { link: connected, snapshot: snapshotFixture({ consent: { everywhere: false, workspaceIds: ['ws_2'], deniedWorkspaceIds: [] } }), taste, workspaceId: 'ws_1' }, '$(dashboard) 342.18 left', commandNames.openDashboard, undefined],
    ['this workspace is not allowed', { link: connected, snapshot: snapshotFixture({ consent: { everywhere: false, workspaceIds: ['ws_2'], deniedWorkspaceIds: ['ws_1'] } }), taste, workspaceId: 'ws_1' }, '$(circle-slash) Not allowed', commandNames.topUp, 'statusBarItem.warningBackground'],
    ['untracked', { link: connected, snapshot: untrackedSnapshot(), taste }, '$(dashboard) 3.37 today', commandNames.openDashboard, undefined],
    ['connecting again', { link: { state: 'connecting', attempt: 2 }, snapshot: snapshotFixture(), taste }, '$(sync~spin) 342.18 left', commandNames.openDashboard, undefined],
  ];
  for (const [name, facts, text, command, colour] of states) {
    it(`paints: ${name}`, () => {
      const { item } = scene(facts);
      // Weekday and hour are those of the computer's own time zone.
      assert.equal(item.text.replace(/(til )(?:\w+ )?\d\d:\d\d$/, '$1'), text);
      assert.equal(item.command, command);
      assert.equal(background(item), colour);
      assert.ok((item.accessibilityInformation?.label.length ?? 0) > 5);
      assert.equal(item.name, 'Codex Usage Meter');
      assert.ok(Array.from(item.text.replace(/^\$\(.*?\) /, '')).length <= 14);
    });
  }

  it('has a stable place at the right', () => {
    const { item } = scene({ link: connected, taste });
    assert.equal(item.id, 'codexBroker.meter');
    assert.equal(item.alignment, 2);
    assert.ok((item.priority ?? 0) < 100 && (item.priority ?? 0) > 99);
  });

  it('trusts only named commands in its card', () => {
    const { item } = scene({ link: connected, snapshot: snapshotFixture(), taste });
    const card = item.tooltip as vscode.MarkdownString;
    assert.ok(typeof card.isTrusted === 'object' && card.isTrusted.enabledCommands.every((command) => command.startsWith('codexBroker.')));
    const linked = [...card.value.matchAll(/\(command:([\w.]+)/g)].map((match) => match[1] ?? '');
    assert.ok(linked.length >= 4);
    for (const command of linked) assert.ok(typeof card.isTrusted === 'object' && card.isTrusted.enabledCommands.includes(command), command);
  });

  it('paints at most once a second, and then the newest state', async () => {
    const { item, tell, schedule } = scene({ link: connected, snapshot: withBalance(400_000_000), taste });
    for (let credits = 399; credits > 300; credits -= 1) tell({ link: connected, snapshot: withBalance(credits * 1_000_000), taste });
    assert.equal(item.text, '$(dashboard) 400.00 left');
    assert.equal(schedule.waiting().length, 1);
    await schedule.advance(paintEveryMs);
    assert.equal(item.text, '$(dashboard) 301.00 left');
  });

  it('moves within a tenth of a second after a response ended or the state changed, while its card stands still', async () => {
    const before = withBalance(400_000_000);
    const { item, tell, schedule } = scene({ link: connected, snapshot: before, taste });
    const card = item.tooltip;
    await schedule.advance(10);
    const [last] = before.recent;
    assert.ok(last);
    tell({ link: connected, snapshot: withBalance(399_000_000, { recent: [{ ...last, requestId: 'req_2' }, last] }), taste });
    await schedule.advance(newsEveryMs);
    assert.equal(item.text, '$(dashboard) 399.00 left');
    assert.equal(item.tooltip, card, 'the card waits for its second');
    await schedule.advance(newsEveryMs);
    tell({ link: { state: 'down', problem: problem('broker_unreachable', 'Gone.') }, snapshot: before, taste });
    assert.equal(item.text, '$(debug-disconnect) Broker down');
    assert.match((item.tooltip as vscode.MarkdownString).value, /not running/, 'the card does not go on saying that the broker is there');
    await schedule.advance(newsEveryMs);
    tell({ link: connected, snapshot: before, taste });
    assert.doesNotMatch((item.tooltip as vscode.MarkdownString).value, /not running/);
    await schedule.advance(newsEveryMs);
    tell({ link: connected, snapshot: before, taste: { ...taste, show: 'used' } });
    assert.match((item.tooltip as vscode.MarkdownString).value, /credits\*{0,2} used/, 'nor does it tell what is left to who wants to know what was used');
  });

  it('lets an old number show its age by itself, dimmed', async () => {
    const { item, schedule } = scene({ link: { state: 'connecting', attempt: 2 }, snapshot: withBalance(400_000_000), taste });
    assert.deepEqual([item.text, (item.color as vscode.ThemeColor).id], ['$(sync~spin) 400.00 left', 'disabledForeground']);
    await schedule.advance(23 * 60_000);
    assert.equal(item.text, '$(sync~spin) 400.00 · 23m');
  });

  it('stands where the settings say, moves at once, and hides', async () => {
    const { fake, look, meter, item, schedule } = scene({ link: connected, snapshot: snapshotFixture(), taste });
    const told: string[] = [];
    item.dispose = () => { told.push('gone'); };
    await schedule.advance(newsEveryMs);
    Object.assign(look, { alignment: 'left', priority: 5 });
    meter.changed();
    const moved = fake.items[1];
    assert.deepEqual([told, moved?.alignment, moved?.priority, moved?.text], [['gone'], 1, 5, '$(dashboard) 342.18 left']);
    assert.ok(moved?.tooltip, 'with its card');
    // The editor knows an item's id again and gives it its old place, so that each place has an id of its own.
    assert.deepEqual([item.id, moved?.id], ['codexBroker.meter', 'codexBroker.meter.left.5']);
    assert.ok(moved);
    Object.assign(moved, { show: () => { told.push('shown'); }, hide: () => { told.push('hidden'); } });
    for (const visible of [false, false, true]) {
      await schedule.advance(newsEveryMs);
      look.visible = visible;
      meter.changed();
    }
    assert.deepEqual([fake.items.length, told], [2, ['gone', 'hidden', 'shown']]);
  });

  it('is an icon alone where that is wanted and all is well, and speaks up when it is not', () => {
    const compact = { ...defaultLook, compact: true };
    const text = (facts: MeterFacts) => scene(facts, compact).item.text;
    assert.equal(text({ link: connected, snapshot: snapshotFixture(), taste }), '$(dashboard)');
    assert.equal(text({ link: connected, snapshot: practiceSnapshot(), taste }), '$(beaker)');
    assert.equal(text({ link: connected, snapshot: withBalance(120_000_000), taste }), '$(warning) 120.00 left');
    assert.equal(text({ link: connected, snapshot: snapshotFixture({ problems: [problem('upstream_unreachable', 'Gone.')] }), taste }), '$(warning) 342.18 left');
    assert.equal(scene({ link: connected, snapshot: snapshotFixture(), taste }, compact).item.accessibilityInformation?.label, '342.18 credits left');
  });

  it('draws a ring or a bar that is empty and full only when it is', () => {
    const face = { state: 'ok', icon: 'dashboard', text: '38 % left', spoken: 's', action: 'dashboard' } as const;
    const drawn = (style: 'ring' | 'bar', share?: number) => itemText({ ...face, ...(share === undefined ? {} : { share }) }, { compact: false, style });
    assert.deepEqual([0, 0.001, 0.38, 0.999, 1].map((share) => drawn('ring', share).split(' ')[0]), ['○', '◔', '◑', '◕', '●']);
    assert.deepEqual([0, 0.001, 0.38, 0.999, 1].map((share) => drawn('bar', share).split(' ')[0]), ['▱▱▱▱▱', '▰▱▱▱▱', '▰▰▱▱▱', '▰▰▰▰▱', '▰▰▰▰▰']);
    assert.equal(drawn('bar'), '$(dashboard) 38 % left', 'what is not a share of anything is not drawn');
    assert.equal(itemText({ ...face, icon: 'warning', share: 0.2 }, { compact: true, style: 'ring' }), '$(warning) ◔ 38 % left');
  });

  it('reads its settings, and takes nonsense for the default', () => {
    const read = (user: Record<string, unknown>) => {
      const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
      Object.assign(fake.configuration.user, user);
      return readSettings(fake.editor.workspace);
    };
    assert.deepEqual(read({}).look, defaultLook);
    assert.deepEqual(read({ 'codexBroker.statusBar.style': 'pie', 'codexBroker.statusBar.priority': 'first', 'codexBroker.statusBar.alignment': 3 }).look, defaultLook);
    assert.deepEqual(read({ 'codexBroker.statusBar.style': 'bar', 'codexBroker.statusBar.priority': 7, 'codexBroker.statusBar.alignment': 'left', 'codexBroker.statusBar.compact': true, 'codexBroker.statusBar.visible': false }).look,
      { visible: false, alignment: 'left', priority: 7, compact: true, style: 'bar' });
    assert.deepEqual(['tightest', 'credits', 'share', 'pace', 'reset', 'moon', undefined, 3].map((content) => read({ 'codexBroker.meter.content': content }).content), ['tightest', 'credits', 'share', 'pace', 'reset', 'tightest', 'tightest', 'tightest']);
    assert.deepEqual([read({ 'codexBroker.meter.show': 'used', 'codexBroker.meter.unit': 'usd' })].map(({ show, unit }) => [show, unit]), [['used', 'usd']]);
  });

  it('shows what was chosen at once when that changes, and counts down by itself', async () => {
    const week = { id: 'w', model: 'm', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 80, resetsAtMs: 1_000_000 + 302_400_000 } as const;
    const snapshot = snapshotFixture({ windows: [week] });
    const { item, tell, schedule } = scene({ link: connected, snapshot, taste });
    assert.equal(item.text, '$(dashboard) 342.18 left');
    await schedule.advance(newsEveryMs);
    tell({ link: connected, snapshot, taste: { ...taste, content: 'reset' } });
    assert.equal(item.text, '$(dashboard) resets in 3 d');
    assert.equal(item.accessibilityInformation?.label.replace(/, [A-Z]\w+ \d+ \w+ \d\d:\d\d/, ''), 'The limit of requests per week of m begins anew in 3 days 12 hours, 80 percent left');
    assert.match((item.tooltip as vscode.MarkdownString).value, /^\*\*Begins anew in/);
    await schedule.advance(61 * 60_000);
    assert.equal(item.text, '$(dashboard) resets in 3 d');
  });

  it('does not touch the item when nothing changed', async () => {
    const { fake, tell, schedule } = scene({ link: connected, snapshot: withBalance(400_000_000, { windows: [], recent: [] }), taste });
    const { writes } = fake;
    for (let turn = 0; turn < 5; turn += 1) {
      await schedule.advance(paintEveryMs);
      tell({ link: connected, snapshot: withBalance(400_000_000, { sequence: turn + 2, windows: [], recent: [] }), taste });
    }
    assert.equal(fake.writes, writes);
  });

  it('writes and plans nothing more once it is gone', async () => {
    const { fake, schedule, meter, tell } = scene({ link: connected, snapshot: snapshotFixture(), taste });
    meter.dispose();
    const before = fake.writes;
    tell({ link: connected, snapshot: withBalance(12_400_000), taste });
    await schedule.advance(120_000);
    assert.equal(fake.writes, before);
  });
});
