// Questions on the page in a real Chromium: each answer by mouse and keyboard, once; what is said when it is over; and
// answers that last, which are taken back.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import { askingSnapshot, ruledSnapshot, sampleQuestion } from '../sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('questions on the page', function questions() {
  this.timeout(120_000);
  const open = pageForEach((page) => page.send(...sampleStates['questions']!));
  const { hook } = open;
  const changes = () => open.sent('change');
  const own = () => hook('question').first();

  it('stand on top of every page, this window\'s own first, with what each answer means', async () => {
    assert.match(await hook('questions').innerText(), /^2 requests wait for your answer\s+May "billing-service" use purchased credits\?[\s\S]*Waits for 0:21 · refused at 14:34, in 9 min, if nobody answers · nothing is charged until then · at the most \$0\.18[\s\S]*Send to gpt-7-preview without a known price\?/);
    assert.deepEqual(await own().locator('vscode-button').allInnerTexts(), ['Once', 'This task', 'This workspace', 'Always', 'Never']);
    assert.deepEqual(await hook('question').nth(1).locator('vscode-button').allInnerTexts(), ['Once', 'Always for this model', 'Never']);
    await own().locator('summary').press('Enter');
    assert.match(await own().innerText(), /This workspace\s+Every request of "billing-service", until you take it back\./);
    await hook('tab-credits').click();
    await open.arrived();
    assert.ok(await hook('questions').isVisible());
  });

  it('count down by the broker\'s clock', async () => {
    await open.setNow(sampleNowMs + 60_000);
    await open.page.waitForFunction(() => /Waits for 1:21 · refused at 14:34, in 8 min/.test(document.querySelector('[data-test=questions]')?.textContent ?? ''));
  });

  it('are answered once for a double click', async () => {
    await own().locator('[data-test=answer-workspace]').dblclick();
    assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'answer', requestId: 'req_7f3c0001', answer: 'workspace' }]);
    assert.match(await own().innerText(), /This workspace…/);
    for (const button of await own().locator('vscode-button').all()) assert.equal(await button.getAttribute('aria-disabled'), 'true');
    await own().locator('[data-test=answer-once]').dispatchEvent('click');
    assert.equal((await changes()).length, 1, 'one answer at a time');
  });

  for (const [key, answer] of [['Enter', 'task'], ['Space', 'never']] as const) {
    it(`are answered by the keyboard with ${key}`, async () => {
      await own().locator(`[data-test=answer-${answer}]`).focus();
      await open.page.keyboard.press(key);
      assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'answer', requestId: 'req_7f3c0001', answer }]);
    });
  }

  it('leave the person where they can go on', async () => {
    await own().locator('[data-test=answer-once]').press('Enter');
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id }, stateMessage(askingSnapshot({ sequence: 42, questions: [askingSnapshot().questions[0]!] })));
    assert.equal(await open.page.locator('main > [role=status]').innerText(), 'Answered: the request goes on.');
    assert.equal(await open.page.evaluate(() => document.activeElement?.id), 'head-questions');
    assert.match(await hook('questions').innerText(), /^A request waits for your answer/);
    await hook('answer-never').press('Enter');
    await open.send({ type: 'changeResult', id: (await changes())[1]!.id }, stateMessage(sampleSnapshot({ sequence: 43 })));
    assert.equal(await hook('questions').count(), 0);
    assert.equal(await open.page.evaluate(() => document.activeElement?.id), 'tab-now');
  });

  it('say when one is over, and can be tried again', async () => {
    await own().locator('[data-test=answer-once]').click();
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id, problem: problem('question_not_found', 'No request waits with that question any more. Nothing was changed.') });
    assert.match(await own().locator('[role=status]').innerText(), /No request waits with that question any more\. Nothing was changed\. The question was answered already/);
    await own().locator('[data-test=answer-task]').click();
    assert.equal(await own().locator('[role=status]').count(), 0);
    assert.equal((await changes()).length, 2);
  });

  it('cannot be answered while the broker is away', async () => {
    await open.send(stateMessage(askingSnapshot(), { link: { state: 'connecting' } }));
    assert.equal(await own().locator('[data-test=answer-once]').getAttribute('aria-disabled'), 'true');
    await own().locator('[data-test=answer-once]').dispatchEvent('click');
    assert.deepEqual(await changes(), []);
  });

  it('show hostile names as text, and no more than fit', async () => {
    const hostile = '<img src=x onerror="window.posted.push(1)">';
    const many = Array.from({ length: 9 }, (_, index) => sampleQuestion({ requestId: `r${index}`, workspaceLabel: hostile, model: hostile, text: hostile }));
    await open.send(stateMessage(askingSnapshot({ sequence: 42, questions: many })));
    assert.equal(await open.page.locator('img').count(), 0);
    assert.equal(await hook('question').count(), 5);
    assert.match(await hook('questions').innerText(), /^9 requests wait[\s\S]*4 more requests wait with a question\.$/);
  });

  it('that were answered for good are taken back on the Credits page', async () => {
    await open.send(stateMessage(ruledSnapshot({ sequence: 42 })));
    await hook('tab-credits').click();
    await open.arrived();
    assert.match(await hook('answers').innerText(), /billing-service this window\s+may use purchased credits\s+Take back[\s\S]*docs-site\s+is refused them without a question[\s\S]*gpt-7-preview\s+is sent without a known price/);
    assert.equal(await hook('take-back').locator('visible=true').count(), 5);
    assert.equal(await open.page.locator('[data-test=take-back][tabindex="0"]').count(), 1);
    await hook('take-back').first().press('ArrowDown');
    await open.page.keyboard.press('ArrowDown');
    await open.page.keyboard.press('Enter');
    assert.deepEqual((await changes()).map((message) => message.change), [{ kind: 'askWorkspace', workspaceId: 'ws_docs-site' }]);
    await open.send({ type: 'changeResult', id: (await changes())[0]!.id });
    assert.equal(await open.page.evaluate(() => document.activeElement?.id), 'consent');
    assert.equal(await open.page.locator('main > [role=status]').innerText(), 'Taken back. The next request asks again.');
  });
});
