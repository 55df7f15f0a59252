// Choosing how the meter looks: the real item shows each row while it has the focus, nothing is stored before a choice, and
// Escape brings back what was.
import assert from 'node:assert/strict';
import type { MeterFacts } from '../../src/extension/meterFacts.ts';
import { MeterStyles, meterAbouts, meterStyles } from '../../src/extension/meterStyles.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { StatusMeter } from '../../src/extension/statusMeter.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';
import { snapshotFixture, withBalance } from './snapshotFixture.ts';

function scene(snapshot = snapshotFixture()) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const schedule = manualSchedule();
  const facts = (): MeterFacts => ({ link: { state: 'connected' }, snapshot, taste: { show: readSettings(fake.editor.workspace).show, unit: 'credits', content: readSettings(fake.editor.workspace).content, locale: 'en' } });
  const styles: MeterStyles = new MeterStyles({ editor: fake.editor, facts, changed: () => meter.changed() });
  const meter = new StatusMeter(fake.editor, schedule, () => styles.facts(), () => styles.look());
  const text = () => fake.items.at(-1)?.text;
  return { fake, schedule, styles, text };
}

describe('choosing a style of the meter', () => {
  it('shows each one in the status bar while it is selected, and Escape brings back what was', async () => {
    const { fake, schedule, styles, text } = scene();
    const before = text();
    const seen: (string | undefined)[] = [];
    fake.picking = async (select) => {
      for (const label of [before, '◔ 157.82 used', '▰▰▰▱▱ 342.18 left', '◕']) {
        select(label ?? '');
        await schedule.advance(100);
        seen.push(text());
      }
    };
    await styles.choose();
    await schedule.advance(100);
    assert.deepEqual(seen, ['$(dashboard) 342.18 left', '◔ 157.82 used', '▰▰▰▱▱ 342.18 left', '◕']);
    assert.equal(text(), before);
    assert.deepEqual([fake.configuration.user, fake.configuration.workspace], [{}, {}]);
    const [pick] = fake.shown;
    assert.equal(pick?.buttons.length, meterStyles.length + meterAbouts.length);
    assert.equal(pick?.buttons[0], before, 'what is set has the focus first');
    assert.ok(fake.titles.includes('as it is now'));
  });

  it('stores a choice where each part is set, and only what changed', async () => {
    const { fake, schedule, styles, text } = scene();
    fake.configuration.workspace['codexBroker.meter.show'] = 'left';
    fake.answers.push('◔ 157.82 used');
    await styles.choose();
    await schedule.advance(1_100);
    assert.deepEqual(fake.configuration, { user: { 'codexBroker.statusBar.style': 'ring' }, workspace: { 'codexBroker.meter.show': 'used' } });
    assert.equal(text(), '◔ 157.82 used');
  });

  it('leaves left and used alone where the icon stands alone, and shows an item that was hidden', async () => {
    const { fake, styles } = scene();
    Object.assign(fake.configuration.user, { 'codexBroker.meter.show': 'used', 'codexBroker.statusBar.visible': false });
    fake.picking = (select) => {
      select('◔');
      assert.equal(styles.look().visible, true);
      assert.equal(styles.facts().taste.show, 'used');
    };
    fake.answers.push('◔');
    await styles.choose();
    assert.deepEqual(fake.configuration.user, { 'codexBroker.meter.show': 'used', 'codexBroker.statusBar.visible': true, 'codexBroker.statusBar.style': 'ring', 'codexBroker.statusBar.compact': true });
  });

  it('shows in the same way what the text may be about, and keeps the chosen one alone', async () => {
    const week = { id: 'w', model: 'm', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 80, resetsAtMs: 1_000_000 + 302_400_000 } as const;
    const { fake, schedule, styles, text } = scene(snapshotFixture({ windows: [week] }));
    const seen: (string | undefined)[] = [];
    fake.picking = async (select) => {
      for (const label of ['$(dashboard) 80 % left', '$(dashboard) 30 % spare', '$(dashboard) resets in 3 d']) {
        select(label);
        await schedule.advance(100);
        seen.push(text());
      }
      assert.deepEqual([fake.configuration.user, fake.configuration.workspace], [{}, {}], 'nothing is stored while it is only shown');
    };
    fake.answers.push('$(dashboard) 30 % spare');
    await styles.choose();
    await schedule.advance(1_100);
    assert.deepEqual(seen, ['$(dashboard) 80 % left', '$(dashboard) 30 % spare', '$(dashboard) resets in 3 d']);
    assert.deepEqual(fake.configuration.user, { 'codexBroker.meter.content': 'pace' });
    assert.equal(text(), '$(dashboard) 30 % spare');
    // Another look leaves alone what the text is about.
    fake.picking = () => undefined;
    fake.answers.push('◕ 30 % spare');
    await styles.choose();
    assert.deepEqual(fake.configuration.user, { 'codexBroker.meter.content': 'pace', 'codexBroker.statusBar.style': 'ring' });
  });

  it('says what a quiet style would be also while the text is needed', async () => {
    const { fake, styles } = scene(withBalance(12_400_000));
    await styles.choose();
    assert.ok(fake.shown[0]?.detail?.includes('The icon alone while all is well'));
  });
});
