// The automatic top-up and vouchers in a real Chromium: what the forms take and refuse, what is sent once, how it
// stands, by keyboard and for a screen reader.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import type { Snapshot } from '../../../src/protocol/snapshot.ts';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { seriousFindings } from './axeFindings.ts';
import { pageForEach } from './sharedHost.ts';

const credits = (amount: number) => amount * 1_000_000;
const rule = { belowMicroCredits: credits(10), amountMicroCredits: credits(50), capMicroCredits: credits(120), timeZone: 'UTC' };
const standing = (addedMicroCredits: number, change: Partial<Snapshot> = {}) => stateMessage({ ...sampleSnapshot(), autoTopUp: { ...rule, addedMicroCredits, beginsAnewAtMs: Date.UTC(2026, 11, 1) }, ...change });
const code = `cbv1_${'Ab3-'.repeat(32)}`;

describe('automatic top-up and vouchers on the page', function autoCredits() {
  this.timeout(120_000);
  const open = pageForEach(async (page) => {
    await page.send(...sampleStates['normal']!);
    await page.hook('tab-credits').click();
    await page.arrived();
  });
  const { hook, focused } = open;
  const changes = () => open.sent('change');

  it('is off until it is switched on, once for a double click, with the months of the person', async () => {
    assert.equal(await hook('auto-state').innerText(), 'Off: credits are added only by hand.');
    assert.equal(await hook('auto-off').count(), 0);
    await hook('auto-below').fill('5');
    await hook('auto-add').fill('12.5');
    await hook('auto-cap').fill('1,000');
    assert.deepEqual(await Promise.all(['below', 'add', 'cap'].map((field) => hook(`auto-means-${field}`).innerText())), ['= 5.00 credits', '= 12.50 credits', '= 1,000.00 credits']);
    await hook('auto-cap').fill('1,00');
    assert.equal(await hook('auto-means-cap').innerText(), '');
    await hook('auto-cap').fill('100');
    await hook('auto-submit').dblclick();
    const [change, ...more] = await changes();
    assert.deepEqual([change?.change, more], [{ kind: 'autoTopUp', rule: { belowMicroCredits: credits(5), amountMicroCredits: 12_500_000, capMicroCredits: credits(100), timeZone: 'UTC' } }, []]);
    await open.send({ type: 'changeResult', id: change?.id ?? 0 });
    assert.equal(await focused(), 'head-auto');
    assert.match(await open.page.locator('[aria-live=polite], [role=status]').allInnerTexts().then((texts) => texts.join()), /The rule is set\./);
  });

  it('says what is wrong where it is wrong, and sends nothing', async () => {
    for (const [field, text, why] of [['below', 'ten', /Type credits above 0/], ['add', '3', /Add at least as many as the first field says/], ['cap', '49', /no more than the most in a month/]] as const) {
      await hook(`auto-${field}`).fill(text);
      assert.match(await open.page.locator('#auto-reason').innerText(), why);
      assert.equal(await hook(`auto-${field}`).getAttribute('aria-invalid'), 'true');
      await hook('auto-submit').click();
      assert.equal(await focused(), `auto-${field}`);
      await hook(`auto-${field}`).fill({ below: '10', add: '50', cap: '200' }[field]);
    }
    assert.deepEqual(await changes(), []);
  });

  it('tells how it stands, that its cap is reached, and is changed and switched off by the keyboard', async () => {
    await open.send(standing(credits(50)));
    assert.equal(await hook('auto-state').innerText(), 'On: 50.00 of at most 120.00 credits were added this month.');
    await open.send(standing(credits(100), { sequence: 3 }));
    assert.match(await hook('auto-state').innerText(), /^On: 100\.00 of at most 120\.00 credits were added this month; nothing more is added until .+\.$/);
    await open.send(standing(0, { sequence: 5 }));
    assert.deepEqual(await Promise.all(['below', 'add', 'cap'].map((field) => hook(`auto-${field}`).inputValue())), ['10', '50', '120']);
    await hook('auto-cap').focus();
    await open.page.keyboard.press('ControlOrMeta+a');
    await open.page.keyboard.type('300');
    await open.page.keyboard.press('Enter');
    await hook('auto-off').focus();
    assert.deepEqual((await changes()).map((one) => one.change), [{ kind: 'autoTopUp', rule: { ...rule, capMicroCredits: credits(300) } }]);
    await open.send({ type: 'changeResult', id: (await changes())[0]?.id ?? 0, problem: { ...problem('cancelled', 'Nothing was changed, because the confirmation was closed.'), remedy: 'Confirm the dialog to go on.' } });
    assert.match(await hook('auto-result').innerText(), /Nothing was changed/);
    assert.equal(await hook('auto-cap').inputValue(), '300', 'what was typed stays');
    await hook('auto-off').focus();
    await open.page.keyboard.press('Enter');
    assert.deepEqual((await changes())[1]?.change, { kind: 'autoTopUp', rule: null });
  });

  it('redeems a voucher once, says what it gave, and is empty again', async () => {
    await hook('voucher-redeem').click();
    assert.equal(await focused(), 'voucher-code');
    assert.match(await open.page.locator('#voucher-reason').innerText(), /Paste the whole code: it begins with cbv1_ and has 133 letters\./);
    await hook('voucher-code').fill(code.slice(0, -1));
    assert.equal(await hook('voucher-code').getAttribute('aria-invalid'), 'false', 'not while it is typed');
    await hook('voucher-code').blur();
    assert.equal(await hook('voucher-code').getAttribute('aria-invalid'), 'true');
    await hook('voucher-code').fill(` ${code.slice(0, 70)} ${code.slice(70)}`);
    assert.equal(await hook('voucher-code').getAttribute('aria-invalid'), 'false');
    await hook('voucher-redeem').dblclick();
    const [change, ...more] = await changes();
    assert.deepEqual([change?.change, more], [{ kind: 'voucher', code }, []]);
    await open.send({ type: 'changeResult', id: change?.id ?? 0, movedMicroCredits: credits(50) });
    assert.equal(await hook('voucher-code').inputValue(), '');
    assert.match(await open.page.locator('[aria-live=polite], [role=status]').allInnerTexts().then((texts) => texts.join()), /The voucher added 50\.00 credits\./);
    await hook('voucher-code').fill(code);
    await hook('voucher-redeem').click();
    const second = (await changes())[1];
    await open.send({ type: 'changeResult', id: second?.id ?? 0, problem: problem('voucher_redeemed', 'This voucher was redeemed before, on 2026-11-17; it gave 50.00 credits. Nothing was added again.') });
    assert.match(await hook('voucher-result').innerText(), /was redeemed before, on 2026-11-17/);
    assert.equal(await hook('voucher-code').inputValue(), code, 'it stays to be looked at');
  });

  it('can do nothing while the broker is away, and has no serious violation in any state', async () => {
    await open.send(standing(credits(100), { voucherIssuers: [{ keyId: 'a'.repeat(16), name: 'Team lead', publicKey: 'A'.repeat(43) }] }));
    assert.deepEqual(await seriousFindings(open), []);
    await hook('auto-add').fill('3');
    await hook('voucher-redeem').click();
    assert.deepEqual(await seriousFindings(open), []);
    await open.send(...sampleStates['down'] ?? [], { ...standing(0), link: { state: 'down' } });
    assert.deepEqual([await hook('auto-submit').getAttribute('aria-disabled'), await hook('voucher-redeem').getAttribute('aria-disabled'), await hook('voucher-code').isDisabled()], ['true', 'true', true]);
    assert.deepEqual(await seriousFindings(open), []);
  });
});
