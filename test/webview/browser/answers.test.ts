// What the pages that ask on demand make of a connection that is lost, of another ledger and of another page's answers,
// in a real Chromium; and the findings of the last seven days.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import { ruledSnapshot } from '../sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('answers on demand', function answers() {
  this.timeout(120_000);
  const open = pageForEach();
  const { hook } = open;
  const asked = () => open.sent('ask');
  const questions = async () => (await asked()).map((message) => message.question);
  const openTab = async (tab: string) => {
    await open.send(stateMessage(ruledSnapshot()));
    await hook(`tab-${tab}`).click();
  };

  it('asks anew, after the connection was lost, for what was then not answered', async () => {
    for (const [tab, about] of [['history', 'history'], ['ledger', 'entries'], ['events', 'happenings']] as const) {
      await openTab(tab);
      await open.answer((id, question) => ({ type: 'answer', about: question.about, id, problem: problem('broker_unreachable', 'The connection was lost.') }));
      assert.match(await hook(tab).innerText(), /The connection was lost\./);
      const count = async () => (await questions()).filter((one) => one.about === about).length;
      const before = await count();
      await open.send(...sampleStates['down']!, stateMessage(ruledSnapshot()));
      assert.equal(await count(), before + 1, tab);
      await open.answer();
      assert.doesNotMatch(await hook(tab).innerText(), /The connection was lost\./);
      await open.send(...sampleStates['down']!);
      assert.doesNotMatch(await hook(tab).innerText(), /not reachable/, 'what is known stays');
    }
  });

  it('offers to ask anew where a question was answered with a problem', async () => {
    for (const [tab, about] of [['history', 'history'], ['ledger', 'entries'], ['events', 'happenings'], ['insights', 'insights']] as const) {
      await openTab(tab);
      await open.answer((id, question) => ({ type: 'answer', about: question.about, id, problem: problem('ledger_unavailable', 'The disk did not answer.') }));
      const count = async () => (await questions()).filter((one) => one.about === about).length;
      const before = await count();
      const again = hook(tab).locator('[data-test="ask-again"]');
      await again.click();
      assert.equal(await count(), before + 1, tab);
      assert.ok(await again.isDisabled(), 'one question at a time');
      await open.answer();
      assert.doesNotMatch(await hook(tab).innerText(), /The disk did not answer\./);
      assert.equal(await again.count(), 0);
    }
  });

  it('shows nothing of one ledger beside another', async () => {
    const practice = { ...sampleSnapshot().broker, mode: 'practice', dataDir: '/data/practice' } as const;
    for (const [tab, empty] of [['history', /Reading the history/], ['ledger', /Reading the ledger/], ['events', /Reading/], ['insights', /Reading/]] as const) {
      await openTab(tab);
      await open.answer();
      await open.send(stateMessage(sampleSnapshot({ sequence: 1, broker: practice })));
      assert.match(await hook(tab).innerText(), empty, tab);
      await open.answer();
      assert.doesNotMatch(await hook(tab).innerText(), empty);
    }
  });

  it('never takes an answer to the page before it for its own', async () => {
    await openTab('history');
    const before = new Set((await asked()).map(({ id }) => id));
    await open.setNow(sampleNowMs + 1_000);
    await open.page.reload();
    await openTab('history');
    assert.ok((await asked()).every(({ id }) => !before.has(id)));
  });

  it('lists what stands out with its worth and what to do, asks again seldom, and anew once the broker is back', async () => {
    await openTab('insights');
    assert.match(await hook('insights').innerText(), /Reading the ledger/);
    await open.answer();
    const rows = hook('insights').locator('tbody tr');
    assert.equal(await rows.count(), 4);
    assert.match(await rows.first().innerText(), /The cache helps "billing-service" less than it did[\s\S]*41 % of 24\.00 M[\s\S]*Look for what changes[\s\S]*≈ 38\.20 credits in 7 days/);
    assert.match(await rows.last().innerText(), /31 requests waited 21 min[\s\S]*give it a budget by the hour\.\s+—/);
    const count = async () => (await questions()).filter((one) => one.about === 'insights').length;
    const base = ruledSnapshot({ sequence: 60, atMs: sampleNowMs + 30_000 });
    const moved = stateMessage({ ...base, today: { ...base.today, total: { ...base.today.total, requests: 99 } } });
    await open.send(moved);
    assert.equal(await count(), 1, 'one request changes little');
    await open.send(...sampleStates['down']!);
    await open.send(moved);
    assert.equal(await count(), 2, 'who was away may have missed the answer');
    await open.answer((id) => ({ type: 'answer', about: 'insights', id, result: { insights: [], days: 7, comparedDays: 28 } }));
    assert.match(await hook('insights').innerText(), /Nothing stands out in the last 7 days\./);
    await open.send(...sampleStates['down']!, moved);
    await open.answer((id) => ({ type: 'answer', about: 'insights', id, problem: problem('broker_unreachable', 'The broker did not answer.') }));
    assert.match(await hook('insights').innerText(), /The broker did not answer\./);
  });
});
