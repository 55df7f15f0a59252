// Notices about credits, budgets and limits come once at a crossing, never at start, and never when silenced or put off.
import assert from 'node:assert/strict';
import { commandNames } from '../../src/extension/commandNames.ts';
import { LimitNotices, noticeButtons, toldMemory } from '../../src/extension/limitNotices.ts';
import { balanceForecast } from '../../src/domain/forecast.ts';
import { runOutSoonMs } from '../../src/protocol/limitStories.ts';
import type { BudgetView, Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { fakeEditor, fakeMemory, type FakeEditor } from '../support/fakeEditor.ts';
import { budgetFixture, practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

type Step = Snapshot | undefined;

async function show(steps: readonly Step[], change: { readonly focused?: boolean; readonly wanted?: boolean; readonly answers?: readonly string[]; readonly fake?: FakeEditor; readonly as?: 'left' | 'used' } = {}) {
  const fake = change.fake ?? fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  fake.focused = change.focused ?? true;
  fake.answers.push(...change.answers ?? []);
  const notices = new LimitNotices(fake.editor, fakeMemory(fake.globalState));
  for (const each of steps) await notices.see(each, 'en', change.wanted ?? readSettings(fake.editor.workspace).notices, change.as ?? 'left');
  return { fake, notices, said: fake.shown.map((one) => one.message) };
}
const play = (changes: readonly (Partial<Snapshot> | undefined)[], change: Parameters<typeof show>[1] = {}) => show(changes.map((each) => each && snapshotFixture(each)), change);
const credits = (...amounts: readonly number[]) => amounts.map((each) => withBalance(each * 1_000_000));
const used = (...amounts: readonly number[]) => amounts.map((each) => ({ budgets: [budgetFixture(each)] }));
const soft = (...amounts: readonly number[]) => amounts.map((each) => ({ budgets: [budgetFixture(each, { mode: 'soft' })] }));

describe('notices about credits', () => {
  it('come once at each step down, with what is left', async () => {
    const { fake, said } = await show(credits(400, 399, 120, 119, 118, 40, 39, 20, 0, 0));
    assert.deepEqual(said, ['Codex credits are low: 24 % is left.', 'Codex credits are almost used up: 8 % is left.', 'Codex credits are almost used up: 4 % is left.', 'No Codex credits are left. Requests are refused until credits are added; nothing more is charged.']);
    assert.ok(fake.shown.every((notice) => !notice.modal && notice.buttons.join() === 'Top Up,Snooze Until Credits Are Added,Don\'t Show Again'));
  });

  it('can be put off until credits are added, in every window, and come again then', async () => {
    const { putOffCredits } = noticeButtons();
    const { fake, notices, said } = await show(credits(400, 120, 40, 0), { answers: [putOffCredits] });
    assert.equal(said.length, 1);
    assert.equal((await show(credits(120, 0), { fake })).said.length, 1, 'another window knows it');
    const added = (left: number): Snapshot => {
      const { balance, ...rest } = withBalance(left * 1_000_000);
      const [first] = balance.grants;
      // A small one: no more than half is left, so that the steps do not count anew by themselves.
      return { ...rest, balance: { ...balance, grants: [...balance.grants, { ...first!, id: 'g2', amountMicroCredits: 60_000_000, remainingMicroCredits: 0, createdAtMs: 950_000 }] } };
    };
    const watch = await show([added(60)], { fake });
    await notices.see(added(60), 'en', true, 'left');
    assert.equal(fake.shown.length, 1, 'adding credits is no news');
    await watch.notices.see(added(20), 'en', true, 'left');
    assert.match(fake.shown.at(-1)?.message ?? '', /almost used up: 4 % is left/);
    assert.equal(fake.shown.length, 2);
  });

  it('are silent at the first snapshot, when credits are added, and when switched off', async () => {
    for (const amounts of [[0], [0, 400]]) assert.deepEqual((await show(credits(...amounts))).said, []);
    assert.deepEqual((await show(credits(400, 0), { wanted: false })).said, []);
  });

  it('come again after credits were added and used, in every window', async () => {
    assert.equal((await show(credits(400, 40, 400, 120))).said.length, 2);
    assert.equal((await show(credits(400, 120), { fake: (await show(credits(400, 40, 400))).fake })).said.length, 2);
  });

  it('come in one window only, and wait for the person where none has the focus', async () => {
    const first = await show(credits(400, 120), { focused: false });
    const second = await show(credits(400, 120), { fake: first.fake, focused: false });
    assert.deepEqual(first.said, []);
    first.fake.focused = true;
    await first.notices.see(credits(119)[0], 'en', true, 'left');
    await second.notices.see(credits(119)[0], 'en', true, 'left');
    assert.equal(first.fake.shown.length, 1);
    const passed = await show(credits(400, 120), { focused: false });
    passed.fake.focused = true;
    await passed.notices.see(credits(450)[0], 'en', true, 'left');
    assert.equal(passed.fake.shown.length, 0, 'what does not hold any more is not told');
  });

  it('never come again once silenced', async () => {
    const { fake, said } = await show(credits(400, 120, 40, 400, 0), { answers: [noticeButtons().silence] });
    assert.equal(said.length, 1);
    // It is the setting that says so, where it can be changed back.
    assert.equal(fake.configuration.user['codexBroker.notices.enabled'], false);
    await fake.editor.workspace.getConfiguration('codexBroker').update('notices.enabled', true, true);
    assert.equal((await show(credits(400, 120), { fake })).said.length, 2);
  });

  it('say that practice is practice, and nothing without a cap', async () => {
    assert.deepEqual((await show([practiceSnapshot(), practiceSnapshot({ balance: withBalance(40_000_000).balance })])).said, ['Practice mode: Codex credits are almost used up: 8 % is left.']);
    assert.deepEqual((await show([...credits(400), untrackedSnapshot(), undefined])).said, []);
  });

  it('are about how much is left, not about permission, key, questions or debts', async () => {
    const nobody = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] };
    const changes = [{}, { consent: nobody, nextDraw: 'none' }, { key: { state: 'rejected' } }, { questions: [questionFixture()] }, { balance: { ...withBalance(400_000_000).balance, owedMicroCredits: 5 } }] as const;
    assert.deepEqual((await show(changes.map((change) => withBalance(400_000_000, change)))).said, []);
  });
});

describe('notices about a run-out', () => {
  const atMs = 50_000_000;
  /** Ten requests in two hours, and so many hours of credits at their pace. */
  const ahead = (hours: number) => {
    const burns = Array.from({ length: 10 }, (_, index) => ({ atMs: atMs - 7_200_000 + index * 720_000, costMicroCredits: 10_000_000 }));
    const forecast = balanceForecast(Math.round(hours * 50_000_000), burns, atMs);
    return withBalance(Math.round(hours * 50_000_000), { atMs, ...(forecast ? { forecast } : {}) });
  };
  const unknown = (hours: number) => withBalance(Math.round(hours * 50_000_000), { atMs });
  const soon = runOutSoonMs / 3_600_000;

  it('come once in each episode, never at start', async () => {
    assert.deepEqual((await show([ahead(soon - 0.1), ahead(soon - 0.2)])).said.filter((text) => text.includes('pace')), []);
    const { said } = await show([ahead(6), ahead(3), ahead(soon - 0.1), ahead(soon - 0.2), ahead(soon + 0.1), ahead(soon - 0.1), ahead(6), ahead(soon - 0.1)]);
    const told = said.filter((text) => text.includes('At the pace'));
    assert.equal(told.length, 2);
    assert.match(told[0] ?? '', /At the pace of the last 2 hours, credits last until about \d\d:\d\d( \(\d\d:\d\d (to \d\d:\d\d|at the earliest)\))?\.$/);
  });

  it('can be put off with the credits that they are about', async () => {
    // Never so many that the steps count anew by themselves.
    const episodes = [ahead(4.5), ahead(soon - 0.1), ahead(4.5), ahead(soon - 0.1)];
    assert.equal((await show(episodes)).said.length, 2);
    const { fake, said } = await show(episodes, { answers: [noticeButtons().putOffCredits] });
    assert.equal(said.length, 1);
    assert.deepEqual(fake.shown[0]?.buttons, ['Top Up', 'Snooze Until Credits Are Added', 'Don\'t Show Again']);
  });

  it('come once over all windows, whatever is not known for a while', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    const windows = [1, 2].map(() => new LimitNotices(fake.editor, fakeMemory(fake.globalState)));
    const see = async (...steps: readonly Snapshot[]) => { for (const each of steps) for (const one of windows) await one.see(each, 'en', true, 'left'); };
    const told = () => fake.shown.filter(({ message }) => message.includes('At the pace')).length;
    await see(ahead(6), ahead(soon - 0.1));
    assert.equal(told(), 1, 'the other window knows');
    await see(unknown(1.5), ahead(soon - 0.3), unknown(1.5), ahead(soon - 0.4), ahead(soon + 0.5), ahead(soon - 0.5));
    assert.equal(told(), 1, 'what is not known ends no episode');
    const late = new LimitNotices(fake.editor, fakeMemory(fake.globalState));
    for (const each of [unknown(1), ahead(soon - 0.5)]) await late.see(each, 'en', true, 'left');
    assert.equal(told(), 1, 'nor does a window that comes later');
    await see(ahead(6), ahead(soon - 0.5));
    assert.equal(told(), 2, 'another episode');
  });

  it('come where nothing was known at first, and in a window that was opened before it was soon', async () => {
    for (const before of [unknown(1), ahead(3)]) assert.equal((await show([before, ahead(soon - 0.1)])).said.filter((text) => text.includes('At the pace')).length, 1);
  });

  it('are part of the message about a step, and nothing on a plan alone', async () => {
    const { said } = await show([ahead(9), ahead(soon - 0.5)]);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^Codex credits are .+ left\. At the pace of the last 2 hours/);
    const onPlan = (snapshot: Snapshot): Snapshot => ({ ...snapshot, key: { state: 'missing' }, plans: [{ account: 'a', observedAtMs: atMs }] });
    assert.deepEqual((await show([onPlan(ahead(9)), onPlan(ahead(soon - 0.5))])).said, []);
  });

  it('say nothing where there is too little to go by', async () => {
    assert.deepEqual((await show([ahead(6), unknown(1)])).said.filter((text) => text.includes('pace')), []);
  });
});

describe('notices about long limits', () => {
  const window = (left: number, change: Partial<WindowView> = {}): Partial<Snapshot> => ({ windows: [{ id: 'gpt-5.5/requests', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: left, resetsAtMs: 300_000_000, ...change }] });

  it('come once at each step of a window, and anew in the next one', async () => {
    const { said, fake } = await play([window(100), window(24), window(20), window(9), window(4), window(0), window(0)], { as: 'used' });
    assert.deepEqual(said.map((text) => text.split(';')[0]?.split(' until')[0]), [76, 91, 96].map((part) => `${part} % of the limit of requests per week of gpt-5.5 is used`).concat('The limit of requests per week of gpt-5.5 is used up'));
    assert.deepEqual(fake.shown[0]?.buttons, ['Open Dashboard', 'Snooze Until the Reset', 'Don\'t Show Again']);
    const next = (left: number) => ({ ...window(left, { resetsAtMs: 900_000_000 }), atMs: 300_000_001 });
    assert.equal((await play([window(100), window(20), next(100), next(20)])).said.length, 2);
  });

  it('come before a limit is used up, once in its period, where its pace ends it long before its time', async () => {
    const atMs = 250_000_000;
    /** So much of the week is over, and so much of a thousand is used. */
    const after = (share: number, used: number, change: Partial<WindowView> = {}) => ({ ...window(1000 - used, { limit: 1000, resetsAtMs: atMs + 604_800_000 * (1 - share), ...change }), atMs });
    const about = ({ said }: { said: readonly string[] }) => said.filter((text) => text.includes('its pace'));
    const found = about(await play([after(0.5, 400), after(0.5, 600), after(0.5, 700), after(0.5, 500), after(0.5, 710)]));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /^At its pace so far, the limit of requests per week of gpt-5\.5 is used up about \w+ \d+ \w+ \d\d:\d\d; it begins anew \w+ \d+ \w+ \d\d:\d\d\.$/);
    assert.deepEqual(about(await play([after(0.5, 700), after(0.5, 710)])), [], 'never at start');
    assert.deepEqual(about(await play([after(0.1, 100), after(0.15, 300)])), [], 'not early in its time');
    const short = { windowMinutes: 60, resetsAtMs: atMs + 1_800_000 };
    assert.deepEqual(about(await play([after(0.5, 400, short), after(0.5, 700, short)])), [], 'not for a short limit');
  });

  it('come once where a limit that refills steadily is used up soon all the same', async () => {
    /** A fifth of the day's limit is used in each hour, refilling included, and this is left of it. */
    const day = (left: number, change: Partial<WindowView> = {}): Partial<Snapshot> => ({ atMs: 250_000_000, windows: [{ id: 'a/requests/day', model: 'a', measure: 'requests', windowMinutes: 1440, limit: 1000, remaining: left, pace: { perMs: 0.2 / 3_600_000, spanMs: 10_800_000 }, ...change }] });
    const { pace: _pace, ...window } = day(300).windows![0]!;
    const unknown = { ...day(300), windows: [window] };
    const about = ({ said }: { said: readonly string[] }) => said.filter((text) => text.includes('its pace'));
    const found = about(await play([unknown, day(900), day(300), unknown, day(280), day(500), day(300)]));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /At its pace so far, the limit of requests per day of a is used up about .*\d\d:\d\d\.$/);
    assert.equal(about(await play([unknown, day(300), day(900), day(300)])).length, 2, 'another episode');
    assert.deepEqual(about(await play([day(300), day(280)])), [], 'never at start');
    assert.deepEqual(about(await play([day(900, { windowMinutes: 120 }), day(300, { windowMinutes: 120 })])), [], 'not for a short limit');
  });

  it('leave out what refills within minutes, and a limit that is first seen when it is low', async () => {
    assert.deepEqual((await play([window(100, { windowMinutes: 1 }), window(0, { windowMinutes: 1 })])).said, []);
    assert.deepEqual((await play([{ windows: [] }, window(8), window(4)])).said.length, 1, 'only the next step');
  });

  it('can be put off until the reset, and no longer', async () => {
    const next = (left: number) => ({ ...window(left, { resetsAtMs: 900_000_000 }), atMs: 300_000_001 });
    const { said, fake } = await play([window(100), window(20), window(8), window(0), next(100), next(20)], { answers: [noticeButtons().putOff] });
    assert.equal(said.length, 2);
    assert.equal(Object.keys(fake.globalState.get(toldMemory) as object).length, 1, 'what is over is forgotten');
  });
});

describe('budget notices', () => {
  it('speak once at each step of a hard budget, and once when it is wholly used up', async () => {
    const { said, fake } = await play(used(70, 74, 75, 85, 91, 94, 99, 100, 100, 120), { as: 'used' });
    assert.deepEqual(said.map((one) => one.split(';')[0]?.split(',')[0]), [75, 91, 99].map((part) => `${part} % of the budget of 100.00 credits per week is used`).concat('The budget of 100.00 credits per week is used up'));
    assert.match(said[0] ?? '', /is used; it begins anew /);
    assert.match(said[3] ?? '', /is refused; it begins anew .*Nothing more is charged to it\./);
    assert.ok(fake.shown.every((one) => !one.modal && one.buttons.includes('Don\'t Show Again')));
  });

  it('speak of a budget that is spread evenly once on each day that uses its share up, and when it goes on', async () => {
    const spread = (credits: number, mode: 'hard' | 'soft' = 'hard', untilMs = 300_000_000): Partial<Snapshot> => ({ budgets: [{ ...budgetFixture(credits, { pace: 'even', mode }, { usedToday: credits * 1_000_000 }), today: { allowed: 40_000_000, day: { fromMs: untilMs - 86_400_000, untilMs } } }] });
    const { said } = await play([spread(10), spread(39), spread(40), spread(41), spread(30, 'hard', 386_400_000), spread(45, 'hard', 386_400_000)]);
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /^The budget of 100\.00 credits per week \(spread evenly\) is used up for today, so that what it counts is refused; it goes on .+\. Nothing more is charged to it\.$/);
    const warned = await play([spread(10, 'soft'), spread(45, 'soft')]);
    assert.match(warned.said.join(), /^The budget of 100\.00 credits per week \(spread evenly\) is used up for today; its next share begins .+\. It only warns: requests go on\.$/);
    assert.equal((await play([spread(10), { budgets: [budgetFixture(10)] }, { budgets: [budgetFixture(80)] }])).said.length, 1, 'one that is spread no longer is another one');
  });

  it('speak of a soft budget only when it is crossed, and say that nothing stops', async () => {
    const { said } = await play(soft(70, 90, 101, 130));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /It only warns: requests go on\.$/);
  });

  it('are silent at the first snapshot, after a change of the broker, without focus and when switched off', async () => {
    assert.deepEqual((await play(used(100))).said, []);
    assert.deepEqual((await play([...used(10), undefined, ...used(100)])).said, []);
    assert.deepEqual((await play(used(10, 100), { focused: false })).said, []);
    assert.deepEqual((await play(used(10, 100), { wanted: false })).said, []);
  });

  it('are silent about a budget that was set, raised or lowered just now', async () => {
    assert.deepEqual((await play([{ budgets: [] }, ...used(90)])).said, []);
    assert.deepEqual((await play([...used(50), { budgets: [budgetFixture(50, { limit: 55_000_000 })] }])).said, []);
  });

  it('speak of a key that was not there before, and of it by name', async () => {
    const per = (...uses: BudgetView['uses']): Partial<Snapshot> => ({ budgets: [{ ...budgetFixture(0, { per: 'workspace' }), uses }] });
    const { said } = await play([per(), per({ key: 'ws_1', label: 'shop', used: 85_000_000, reserved: 0 })], { as: 'used' });
    assert.match(said[0] ?? '', /^85 % of the budget of 100\.00 credits per workspace and week, for shop, is used\./);
  });

  it('speak again in the next period, and not again in the same one', async () => {
    const next = (credits: number) => ({ budgets: [budgetFixture(credits, {}, { endsAtMs: 900_000_000 })] });
    assert.equal((await play([...used(10, 85, 20, 85), next(0), next(85)])).said.length, 2);
    assert.equal((await play([...used(10, 85), { budgets: [{ ...budgetFixture(0), uses: [] }] }, ...used(85)])).said.length, 1, 'a key that left the list and came back');
  });

  it('of a budget without periods speak again only after it was half empty', async () => {
    const rolling = (...credits: readonly number[]) => credits.map((each) => ({ budgets: [{ ...budgetFixture(each, { period: { rollingHours: 5 } }), uses: [{ key: '', used: each * 1_000_000, reserved: 0 }] }] }));
    assert.equal((await play(rolling(10, 85, 79, 85, 60, 85))).said.length, 1);
    assert.equal((await play(rolling(10, 85, 40, 85))).said.length, 2);
  });

  it('are combined into one message, the fullest first, which leads to the budgets', async () => {
    const two = (a: number, b: number) => ({ budgets: [budgetFixture(a), budgetFixture(b / 20, { id: 'b2', limit: 5_000_000, period: 'day' })] });
    const { said, fake } = await play([two(10, 10), two(85, 100)], { answers: ['Show Budgets'] });
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^The budget of 5\.00 credits per day is used up.* 1 more on the dashboard\.$/);
    assert.equal(fake.executed[0]?.command, commandNames.showBudgets);
  });

  it('never speak again once silenced', async () => {
    assert.equal((await play(used(10, 85, 100), { answers: ['Don\'t Show Again'] })).said.length, 1);
  });
});
