// Notices about prices come once at a change that a budget counts, never at start, and never when silenced.
import assert from 'node:assert/strict';
import { PriceNotices } from '../../src/extension/priceNotices.ts';
import type { PriceChangeView, Snapshot } from '../../src/protocol/snapshot.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { budgetFixture, snapshotFixture } from './snapshotFixture.ts';

const rates = { input: 50_000_000, cachedInput: 5_000_000, cacheWrite: 50_000_000, output: 250_000_000 };
const priceChange = (atMs: number): PriceChangeView => ({ model: 'gpt-6', atMs, before: { model: 'gpt-6', version: '1', rates }, after: { model: 'gpt-6', version: '2', rates: { ...rates, output: 300_000_000 } } });

async function play(snapshots: readonly (Partial<Snapshot> | undefined)[], change: { readonly focused?: boolean; readonly wanted?: boolean; readonly answers?: readonly string[] } = {}) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  fake.focused = change.focused ?? true;
  fake.answers.push(...change.answers ?? []);
  const notices = new PriceNotices(fake.editor);
  for (const each of snapshots) await notices.see(each && snapshotFixture(each), 'en', change.wanted ?? readSettings(fake.editor.workspace).notices);
  return { fake, said: fake.shown.map((one) => one.message) };
}

describe('price notices', () => {
  it('tell once of a change that a budget counts, and of no older one', async () => {
    const { said } = await play([{ budgets: [budgetFixture(1)], priceChanges: [priceChange(5)] }, { budgets: [budgetFixture(1)], priceChanges: [priceChange(9), priceChange(5)] }, { budgets: [budgetFixture(1)], priceChanges: [priceChange(9), priceChange(5)] }]);
    assert.deepEqual(said, ['The price of gpt-6 changed: output 250 → 300 credits per million tokens. The budget of 100.00 credits per week counts it.']);
  });

  it('are silent at start, after a change of the broker, without focus, switched off and silenced', async () => {
    const changed: Partial<Snapshot>[] = [{ budgets: [budgetFixture(1)] }, { budgets: [budgetFixture(1)], priceChanges: [priceChange(9)] }];
    assert.deepEqual((await play(changed.slice(1))).said, []);
    assert.deepEqual((await play([changed[0], undefined, changed[1]])).said, []);
    for (const change of [{ focused: false }, { wanted: false }]) assert.deepEqual((await play(changed, change)).said, []);
    assert.equal((await play([...changed, { budgets: [budgetFixture(1)], priceChanges: [priceChange(12)] }], { answers: ['Don\'t Show Again'] })).said.length, 1);
  });

  it('are silent where no budget counts it', async () => {
    assert.deepEqual((await play([{}, { priceChanges: [priceChange(9)] }])).said, []);
    assert.deepEqual((await play([{ budgets: [budgetFixture(1, { unit: 'tokens' })] }, { budgets: [budgetFixture(1, { unit: 'tokens' })], priceChanges: [priceChange(9)] }])).said, []);
  });
});
