// Notices about budgets and prices come once at a crossing, never at start, and never when silenced; and the lines of
// the card that name full budgets.
import assert from 'node:assert/strict';
import { budgetLines } from '../../src/extension/budgetLine.ts';
import { BudgetNotices } from '../../src/extension/budgetNotices.ts';
import { commandNames } from '../../src/extension/commandNames.ts';
import type { BudgetView, PriceChangeView, Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { budgetFixture, snapshotFixture } from './snapshotFixture.ts';

const rates = { input: 50_000_000, cachedInput: 5_000_000, cacheWrite: 50_000_000, output: 250_000_000 };
const priceChange = (atMs: number): PriceChangeView => ({ model: 'gpt-6', atMs, before: { model: 'gpt-6', version: '1', rates }, after: { model: 'gpt-6', version: '2', rates: { ...rates, output: 300_000_000 } } });

async function play(snapshots: readonly (Partial<Snapshot> | undefined)[], change: { readonly focused?: boolean; readonly wanted?: boolean; readonly answers?: readonly string[] } = {}) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  fake.focused = change.focused ?? true;
  fake.answers.push(...change.answers ?? []);
  const notices = new BudgetNotices(fake.editor, fakeMemory(fake.globalState));
  for (const each of snapshots) await notices.see(each && snapshotFixture(each), 'en', change.wanted ?? true);
  return { fake, said: fake.shown.map((one) => one.message) };
}
const used = (...credits: readonly number[]) => credits.map((each) => ({ budgets: [budgetFixture(each)] }));
const soft = (...credits: readonly number[]) => credits.map((each) => ({ budgets: [budgetFixture(each, { mode: 'soft' })] }));

describe('budget notices', () => {
  it('speak once when a hard budget is nearly, and once when it is wholly used up', async () => {
    const { said, fake } = await play(used(70, 79, 80, 85, 99, 100, 100, 120));
    assert.deepEqual(said.map((one) => one.split(':')[0]?.split(',')[0]), ['The budget of 100.00 credits per week is nearly used up', 'The budget of 100.00 credits per week is used up']);
    assert.match(said[0] ?? '', /: 80 % is used; it begins anew /);
    assert.match(said[1] ?? '', /is refused; it begins anew .*Nothing more is charged to it\./);
    assert.ok(fake.shown.every((one) => !one.modal && one.buttons.includes('Don\'t Show Again')));
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
    const { said } = await play([per(), per({ key: 'ws_1', label: 'shop', used: 85_000_000, reserved: 0 })]);
    assert.match(said[0] ?? '', /^The budget of 100\.00 credits per week, for shop, is nearly used up/);
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
    const two = (a: number, b: number) => ({ budgets: [budgetFixture(a), { ...budgetFixture(b, { id: 'b2' }), text: '5.00 credits per day' }] });
    const { said, fake } = await play([two(10, 10), two(85, 100)], { answers: ['Show Budgets'] });
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^The budget of 5\.00 credits per day is used up.* 1 more on the dashboard\.$/);
    assert.equal(fake.executed[0]?.command, commandNames.showBudgets);
  });

  it('never speak again once silenced', async () => {
    assert.equal((await play(used(10, 85, 100), { answers: ['Don\'t Show Again'] })).said.length, 1);
  });
});

describe('price notices', () => {
  it('tell once of a change that a budget counts, and of no older one', async () => {
    const { said } = await play([{ budgets: [budgetFixture(1)], priceChanges: [priceChange(5)] }, { budgets: [budgetFixture(1)], priceChanges: [priceChange(9), priceChange(5)] }, { budgets: [budgetFixture(1)], priceChanges: [priceChange(9), priceChange(5)] }]);
    assert.deepEqual(said, ['The price of gpt-6 changed: output 250 → 300 credits per million tokens. The budget of 100.00 credits per week counts it.']);
  });

  it('are silent where no budget counts it', async () => {
    assert.deepEqual((await play([{}, { priceChanges: [priceChange(9)] }])).said, []);
    assert.deepEqual((await play([{ budgets: [budgetFixture(1, { unit: 'tokens' })] }, { budgets: [budgetFixture(1, { unit: 'tokens' })], priceChanges: [priceChange(9)] }])).said, []);
  });
});

describe('budgets in the card', () => {
  const unescaped = (card: string) => card.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  const lines = (budgets: readonly BudgetView[], workspaceId?: string) => budgetLines({ budgets }, workspaceId, 1_000_000, 'en').map(unescaped);

  it('are named where they are used up, or nearly so and not in the table of limits, the fullest first', () => {
    assert.deepEqual(lines([budgetFixture(79, { per: 'model' }), budgetFixture(85)]), []);
    const [first, second] = lines([budgetFixture(85, { per: 'model' }, { key: 'gpt-5.5' }), { ...budgetFixture(100, { id: 'b2' }), text: '5.00 credits per day' }]);
    assert.match(first ?? '', /^\$\(circle-slash\) \*\*Budget 5\.00 credits per day is used up\*\*, so that its requests are refused, begins anew .* · \[Budgets\]\(command:codexBroker\.showBudgets\)$/);
    assert.match(second ?? '', /^\$\(warning\) Budget 100\.00 credits per week · gpt-5\.5: 85 % used, begins anew /);
    assert.match(lines([budgetFixture(100, { mode: 'soft' })])[0] ?? '', /is used up and only warns/);
  });

  it('leave out other workspaces, and count what is too much', () => {
    const each = { ...budgetFixture(0, { per: 'workspace' }), uses: [{ key: 'ws_1', label: 'shop', used: 100_000_000, reserved: 0 }, { key: 'ws_2', label: 'site', used: 105_000_000, reserved: 0 }] };
    assert.deepEqual(lines([each], 'ws_1').map((line) => /· (\w+) is used up/.exec(line)?.[1]), ['shop']);
    assert.deepEqual(lines(Array.from({ length: 7 }, (_, index) => budgetFixture(90, { id: `b${index}`, per: 'model' }))).at(-1), '3 more budgets are nearly used up.');
  });
});
