// Budgets, rules, prices and taking back a top-up in a real Chromium: what the tables show, what the form takes, and
// what is sent once.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import { correctedExplanation, refusedExplanation } from '../sampleExplanations.ts';
import { ruledSnapshot, sampleBudgets, samplePriceChanges } from '../sampleRules.ts';
import { sampleNowMs } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('budgets on the page', function budgets() {
  this.timeout(120_000);
  const open = pageForEach((page) => page.send(...sampleStates['ruled']!));
  const { hook, focused } = open;
  const changes = () => open.sent('change');
  const again = (sequence: number) => stateMessage(ruledSnapshot({ sequence }));

  it('are rows with their bars on the Now page, and nothing where none is set', async () => {
    assert.match(await hook('budgets-now').innerText(), /500\.00 credits per month hard\s+316\.80\s+500\.00\s+63 % left · 19 % spare\s+Tue 1 Dec 00:00 · in 13 d 9 h/);
    const gauge = hook('budgets-now').locator('usage-gauge').first();
    assert.equal(await gauge.getAttribute('aria-label'), 'Budget of 500.00 credits per month: 316.80 of 500.00 credits left, 24.00 reserved by running requests, Tue 1 Dec 00:00, in 13 d 9 h');
    const [left, held] = await Promise.all(['.fill', '.reserved'].map((part) => gauge.locator(part).boundingBox()));
    assert.ok(left && held && Math.abs(left.x + left.width - held.x) < 1, 'what is reserved stands behind what is left');
    assert.equal(await hook('budget-change').locator('visible=true').count(), 0);
    await open.send(...sampleStates['normal']!);
    assert.equal(await hook('budgets-now').count(), 0);
  });

  it('are set by the form, once, with the time zone of the person', async () => {
    await open.send(...sampleStates['normal']!);
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-add').click();
    assert.equal(await focused(), 'budget-limit');
    await hook('budget-limit').fill('20');
    await hook('budget-per').selectOption('workspace');
    await hook('budget-of').selectOption({ label: 'docs-site' });
    await hook('budget-period').selectOption('rolling');
    await hook('budget-hours').fill('48');
    await hook('budget-soft').check();
    assert.equal(await hook('budget-reason').innerText(), 'A request that goes over 20.00 credits per workspace (docs-site) in any 48 hours is told, and still sent.');
    await hook('budget-even').check();
    assert.equal(await hook('budget-reason').innerText(), 'Of 20.00 credits per workspace (docs-site) in any 48 hours, each day adds 10.00 credits; what a day leaves stays. A request that goes over the shares so far is told, and still sent.');
    await hook('budget-hours').fill('24');
    assert.equal(await hook('budget-even').count(), 0, 'a day is not spread over days');
    await hook('budget-hours').fill('48');
    assert.ok(await hook('budget-even').isChecked());
    await hook('budget-submit').dblclick();
    const [sent, ...rest] = await changes();
    assert.equal(rest.length, 0);
    assert.ok(sent?.change.kind === 'budgetSet');
    const { id, ...budget } = sent.change.budget;
    assert.match(id, /^workspace-rolling-[0-9a-f]{8}$/);
    assert.deepEqual(budget, { per: 'workspace', of: 'ws_docs-site', unit: 'credits', limit: 20_000_000, period: { rollingHours: 48 }, timeZone: 'UTC', mode: 'soft', pace: 'even' });
    assert.equal(await hook('budget-submit').innerText(), 'Setting…');
    await open.send({ type: 'changeResult', id: sent.id });
    assert.equal(await open.page.locator('budget-form').count(), 0);
    assert.equal(await focused(), 'head-budgets');
    assert.equal(await open.page.locator('main > [role=status]').innerText(), 'The budget is set.');
  });

  it('say what is wrong, beside the field, and send nothing', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-add').click();
    assert.equal(await hook('budget-reason').innerText(), '', 'nobody typed yet');
    await hook('budget-submit').click();
    assert.match(await hook('budget-reason').innerText(), /how many credits/);
    assert.equal(await focused(), 'budget-limit');
    await hook('budget-unit').selectOption('tokens');
    await hook('budget-limit').fill('1.5');
    assert.match(await hook('budget-reason').innerText(), /whole tokens, such as/);
    assert.equal(await hook('budget-limit').getAttribute('aria-invalid'), 'true');
    await hook('budget-limit').fill('250k');
    await hook('budget-per').selectOption('model');
    await hook('budget-of').fill('a*b');
    await hook('budget-of').press('Enter');
    assert.match(await hook('budget-reason').innerText(), /at the end/);
    assert.equal(await focused(), 'budget-of');
    assert.deepEqual(await changes(), []);
  });

  it('are changed with what they are, keep what is typed while news comes, and keep their id', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-change').nth(1).click();
    assert.equal(await hook('budget-limit').inputValue(), '20');
    assert.equal(await hook('budget-per').inputValue(), 'workspace');
    await hook('budget-limit').fill('30');
    await open.send(again(42));
    assert.equal(await hook('budget-limit').inputValue(), '30');
    await hook('budget-limit').press('Enter');
    const [sent] = await changes();
    assert.deepEqual(sent?.change, { kind: 'budgetSet', budget: { ...sampleBudgets[1]!.budget, limit: 30_000_000 } });
    await open.send({ type: 'changeResult', id: sent.id, problem: problem('ledger_full', 'The disk is full.') });
    assert.match(await hook('budget-result').innerText(), /The disk is full\. Free some space/);
    assert.equal(await hook('budget-limit').inputValue(), '30');
    await hook('budget-change').first().click();
    assert.deepEqual([await hook('budget-limit').inputValue(), await hook('budget-result').innerText()], ['500', ''], 'another budget begins another form');
  });

  it('leave the form with Escape and with its button', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-add').click();
    await hook('budget-limit').press('Escape');
    assert.deepEqual([await open.page.locator('budget-form').count(), await focused()], [0, 'head-budgets']);
    await hook('budget-add').click();
    await hook('budget-cancel').click();
    assert.equal(await open.page.locator('budget-form').count(), 0);
  });

  it('are removed by their row, and say why not', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-remove').nth(1).dblclick();
    assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'budgetRemove', budgetId: 'workspaces' }]);
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id, problem: { ...problem('cancelled', 'Nothing was changed, because the confirmation was closed.'), remedy: 'Confirm the dialog to go on.' } });
    assert.match(await hook('budgets').locator('p[role=status]').innerText(), /Nothing was changed/);
  });

  it('close the form of one that somebody else removed', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await hook('budget-change').first().click();
    await open.send(stateMessage(ruledSnapshot({ sequence: 42, budgets: sampleBudgets.slice(1) })));
    assert.equal(await open.page.locator('budget-form').count(), 0);
    assert.equal(await hook('budget-add').count(), 1);
  });

  it('open where the meter leads, and from the notice of one that is used up', async () => {
    await open.send({ type: 'openBudgets' });
    await open.arrived();
    assert.equal(await focused(), 'head-budgets');
    assert.ok(await open.page.locator('#head-budgets').evaluate((heading) => heading.getBoundingClientRect().bottom < window.innerHeight && heading.getBoundingClientRect().top >= 0));
    await open.send(...sampleStates['budget-used-up']!);
    assert.match(await open.page.locator('.notice').filter({ visible: true }).innerText(), /A budget is used up\. The budget of 100\.00 credits per workspace and week refuses new requests of this window[\s\S]*Mon 23 Nov 00:00/);
    await open.page.getByRole('button', { name: 'Change the budget…' }).click();
    await open.page.waitForFunction(() => document.activeElement?.getAttribute('data-test') === 'budget-limit');
  });

  it('open the form of the one that the card leads to', async () => {
    const id = sampleBudgets[1]?.id ?? '';
    await open.send({ type: 'openBudgets', budgetId: id });
    await open.page.waitForFunction(() => document.activeElement?.getAttribute('data-test') === 'budget-limit');
    assert.equal(await open.page.locator('budget-form').evaluate((form: HTMLElement & { editing?: { id: string } }) => form.editing?.id), id);
  });

  it('offer rules as two choices, made at once, and go back when they are not made', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    assert.deepEqual([await hook('rule-unpriced').inputValue(), await hook('rule-unattended').inputValue()], ['ask', 'refuse']);
    await hook('rule-unattended').selectOption('allow');
    assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'unattendedPolicy', value: 'allow' }]);
    assert.ok(await hook('rule-unattended').isDisabled());
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id, problem: problem('cancelled', 'Nothing was changed.') });
    assert.equal(await hook('rule-unattended').inputValue(), 'refuse');
    assert.match(await hook('rules').innerText(), /Nothing was changed/);
    await hook('rule-unpriced').selectOption('ceiling');
    assert.deepEqual((await changes())[1]?.change, { kind: 'unpricedPolicy', value: 'ceiling' });
  });

  it('tell changed prices with the budget that counts them, until they are put away', async () => {
    assert.match(await hook('price-news').innerText(), /Prices changed\.[\s\S]*gpt-6\.1-sol: output 250 → 300 credits per million tokens · seen Mon 16 Nov 14:25 · counted by the budget of 500\.00 credits per month/);
    await hook('price-dismiss').click();
    assert.deepEqual((await changes())[0]?.change, { kind: 'seePrices', untilMs: samplePriceChanges[0]!.atMs });
    await open.send({ ...again(42), pricesSeenAtMs: samplePriceChanges[0]!.atMs });
    assert.equal(await hook('price-news').count(), 0);
  });

  it('show every grant with its state, and let this window\'s newest be taken back for a minute', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    assert.match(await hook('grants').innerText(), /Included · Weekly in use\s+Comes back each week[\s\S]*Launch week\s+Only for gpt-6\*, and only in docs-site, old-prototype[\s\S]*Begins Thu 19 Nov 14:25[\s\S]*Expired[\s\S]*Taken back, disputed/);
    assert.match(await hook('allowances').innerText(), /250\.00 included credits each week/);
    assert.equal(await hook('undo').count(), 0);
    await open.send({ ...again(42), undo: { grantId: 'grant_0041', leftMs: 42_000 } });
    assert.match(await hook('grants').innerText(), /Personal budget\s+Take back · 42 s left/);
    await hook('undo').dblclick();
    assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'undo', grantId: 'grant_0041' }]);
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id, movedMicroCredits: -250_000_000 }, again(43));
    assert.equal(await open.page.locator('main > [role=status]').innerText(), '250.00 credits were taken back.');
    assert.deepEqual([await hook('undo').count(), await focused()], [0, 'head-grants']);
  });

  it('stop offering it when the minute is over', async () => {
    await hook('tab-credits').click();
    await open.arrived();
    await open.send({ ...again(42), undo: { grantId: 'grant_0041', leftMs: 42_000 } });
    assert.equal(await hook('undo').count(), 1);
    await open.setNow(sampleNowMs + 42_000);
    await open.page.waitForFunction(() => document.querySelector('[data-test=undo]') === null);
  });

  it('judge estimates below the days', async () => {
    assert.match(await hook('estimates').innerText(), /^Estimates of the last 14 days: Holds covered 97 % of 120 measured requests/);
  });

  it('stand in the explanation of a decision, with what would change it, and corrections with the charge', async () => {
    const explain = async (result: ReturnType<typeof refusedExplanation>) => {
      await hook('recent').locator('[data-test=explain-link]').first().click();
      await open.send({ type: 'explainResult', id: (await open.posted()).filter((message) => message.type === 'explain').at(-1)!.id, result });
      return hook('explain-panel').innerText();
    };
    const refused = await explain(refusedExplanation());
    assert.match(refused, /answered "task" after 12\.4 s[\s\S]*Budgets[\s\S]*Does not fit hard 20\.00 credits per workspace and week\s+17\.40 used \+ 1\.80 reserved \+ 4\.00 wanted of 20\.00 credits, until Mon 23 Nov 00:00/);
    assert.match(refused, /What would change it\s+Raise the budget to 23\.20 credits or more\.\s+Or wait for its next period\.\s+By itself it changes Mon 23 Nov 00:00\./);
    assert.equal(refused.split('Raise the budget').length, 2, 'once');
    const corrected = await explain(correctedExplanation());
    assert.match(corrected, /may have billed up to 0\.400000 credits[\s\S]*Refund today 14:23 · OpenAI credited an outage\s+−1\.000000[\s\S]*Corrected charge\s+2\.622760[\s\S]*exposure, post\s+−0\.400000/);
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 1000);
  });
});
