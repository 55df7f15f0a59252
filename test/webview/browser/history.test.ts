// The pages that ask on demand, in a real Chromium: what each choice asks, which answer counts, what is exported, and
// that the history of a very long ledger costs the page no more than that of a short one.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import type { CDPSession, Page } from 'playwright-core';
import { manyThreads, sampleAnswer, sampleHistory, sampleLedgerRows } from '../sampleAnswers.ts';
import { ruledSnapshot } from '../sampleRules.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

/** A history of so many threads may cost the page this many times what one of as many threads as are shown costs; it is close to 1, and 400 where the page grew with it. */
const longRatioMax = 3;
const roundsOfBoth = 3;

/** The processor's time of the page's main thread so far, in milliseconds. */
async function processorMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find((one) => one.name === 'TaskDuration')?.value ?? 0) * 1000;
}

/** Scrolls the page down and up, a little with each frame. */
function scrollAround(page: Page): Promise<void> {
  return page.evaluate(() => new Promise<void>((resolve) => {
    let frames = 0;
    const next = () => {
      frames += 1;
      scrollBy(0, frames < 30 ? 40 : -40);
      if (frames < 60) requestAnimationFrame(next);
      else resolve();
    };
    requestAnimationFrame(next);
  }));
}

describe('pages that ask on demand', function onDemand() {
  this.timeout(120_000);
  const open = pageForEach();
  const { hook, sent } = open;
  const questions = async () => (await sent('ask')).map((message) => message.question);
  const choice = (label: string, id: string) => open.page.getByRole('group', { name: label }).locator(`[data-choice="${id}"]`);
  const openTab = async (tab: string) => {
    await open.send(stateMessage(ruledSnapshot()));
    await hook(`tab-${tab}`).click();
  };

  it('asks for nothing before it is looked at, then for history, course and savings', async () => {
    await open.send(stateMessage(ruledSnapshot()));
    assert.deepEqual(await questions(), []);
    await hook('tab-history').click();
    assert.match(await hook('history').innerText(), /Reading the history/);
    assert.deepEqual(await questions(), [{ about: 'history', days: 30, by: 'model' }, { about: 'course', days: 30, budgetId: 'everything-month' }, { about: 'saving', days: 30 }]);
    await open.answer();
    assert.match(await hook('history-facts').innerText(), /Spent in 30 days[\s\S]*861\.19[\s\S]*Most expensive day[\s\S]*75\.00[\s\S]*Thu 29 Oct[\s\S]*gpt-6\.1-sol made 46\.50 of it\.[\s\S]*Saved by the prompt cache[\s\S]*403\.47/);
    assert.match(await hook('groups').innerText(), /gpt-6\.1-sol[\s\S]*63 %[\s\S]*Total[\s\S]*861\.19/);
    assert.equal(await hook('imported').count(), 0);
    assert.match(await hook('burn').innerText(), /even use would leave 223\.32\. 9 % ahead of even use\./);
    await open.page.locator('history-page canvas').nth(1).waitFor();
    assert.equal(await open.page.locator('history-page canvas').count(), 2);
  });

  it('marks what was imported of its time, beside the sums that it is not in', async () => {
    await openTab('history');
    const imported = { requests: 3, inputTokens: 41_000, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 900, reasoningTokens: 0, costMicroCredits: 2_500_000 };
    await open.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: { ...sampleHistory(30), imported } } : sampleAnswer(id, question)));
    assert.equal((await hook('imported').innerText()).replaceAll(/\s+/g, ' '), 'imported 3 requests of this time went around the broker (41.0 k in · 900 out) and would have cost 2.50 credits; nothing was drawn for them.');
    assert.match(await hook('groups').innerText(), /Total[\s\S]*861\.19/);
  });

  it('asks anew for each choice, drops answers that come late, and remembers what was chosen', async () => {
    await openTab('history');
    await open.answer();
    await choice('Range', '7').click();
    const [, late] = (await sent('ask')).filter(({ question }) => question.about === 'history');
    await choice('Group by', 'client').click();
    await hook('workspace-filter').first().selectOption('ws_docs-site');
    const asked = (await sent('ask')).filter(({ question }) => question.about === 'history');
    assert.deepEqual(asked.at(-1)?.question, { about: 'history', days: 7, by: 'client', workspaceId: 'ws_docs-site' });
    const before = await hook('history-facts').innerText();
    await open.send({ type: 'answer', about: 'history', id: late!.id, result: sampleHistory(7) });
    assert.equal(await hook('history-facts').innerText(), before, 'what is shown stays until the newest is known');
    await open.answer();
    assert.match(await hook('history-facts').innerText(), /Spent in 7 days/);
    await choice('Unit', 'tokens').click();
    assert.match(await open.page.locator('history-page .keys').innerText(), /Fresh input[\s\S]*Cached input[\s\S]*Output[\s\S]*Reasoning/);
    const stored = await open.page.evaluate(() => (window as unknown as { stored: Record<string, unknown> }).stored);
    assert.deepEqual(stored, { tab: 'history', historyChoice: { days: 7, by: 'client', unit: 'tokens', workspaceId: 'ws_docs-site' } });
  });

  it('groups by branch, command and file, each with words for what is not known', async () => {
    await openTab('history');
    await open.answer();
    const grouped = sampleHistory(30);
    const keys = { branch: ['ws_docs-site feature/eu-rounding', 'ws_api main', 'ws_docs-site main', ''], command: ['', 'task', 'ask-selection'], file: ['', 'ws_docs-site src/rounding.ts'] } as const;
    for (const [by, words] of [['branch', ['docs-site · feature/eu-rounding', 'api · main', 'docs-site · main', 'no branch known']], ['command', ['no command known', 'Codex task', 'Ask About the Selection']], ['file', ['no file known', 'docs-site · src/rounding.ts']]] as const) {
      await choice('Group by', by).click();
      assert.deepEqual((await questions()).findLast((one) => one.about === 'history'), { about: 'history', days: 30, by });
      const groups = keys[by].map((key, index) => ({ ...grouped.groups[index]!, key, label: key.replace(/^ws_(\S+) /, '$1 · ') || `no ${by} known` }));
      await open.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: { ...grouped, groups, groupCount: groups.length, costs: grouped.costs.slice(0, groups.length) } } : sampleAnswer(id, question)));
      const rows = await hook('groups').locator('tbody tr').allInnerTexts();
      words.forEach((word, index) => assert.ok(rows[index]?.includes(word), `${word} in ${rows[index]}`));
      assert.ok((await open.page.locator('history-page .keys').first().innerText()).includes(words[0]));
    }
  });

  it('asks again once usage has moved, at most every few seconds, and lets go when left', async () => {
    await openTab('history');
    await open.answer();
    const before = (await questions()).length;
    const moved = (sequence: number, requests: number, laterMs = 0) => { const base = ruledSnapshot({ sequence, atMs: sampleNowMs + laterMs }); return stateMessage({ ...base, today: { ...base.today, total: { ...base.today.total, requests } } }); };
    await open.send(moved(50, 20), moved(51, 21), moved(52, 22));
    assert.equal((await questions()).length, before, 'not yet');
    await open.setNow(sampleNowMs + 6_000);
    await open.send(moved(53, 23, 6_000), moved(54, 24, 6_000));
    assert.deepEqual((await questions()).slice(before).map((one) => one.about), ['history', 'course']);
    await hook('tab-now').click();
    assert.deepEqual((await sent('drop')).map((message) => message.about), ['history', 'course']);
  });

  it('draws with a library of its own, and says so where that cannot be loaded', async () => {
    await open.page.route('**/plot.js', (route) => route.abort());
    await openTab('history');
    await open.answer();
    const chart = open.page.locator('history-page usage-chart');
    await chart.getByText('The chart could not be loaded').waitFor();
    assert.equal(await chart.locator('[role=img]').isHidden() && await chart.locator('[role=img] *').count() === 0, true, 'the sentence is no part of a picture');
    // The other drawing is told of by itself.
    await hook('burn').getByText('The chart could not be loaded').waitFor();
    assert.deepEqual(await Promise.all([hook('export-png').first(), hook('burn').locator('[data-test=export-png]')].map((button) => button.isVisible())), [false, false], 'there is no picture to save');
    await open.page.unroute('**/plot.js');
    await hook('tab-now').click();
    await openTab('history');
    await open.answer();
    await chart.locator('canvas').waitFor();
    assert.equal(await hook('export-png').first().isVisible(), true);
  });

  it('gives charts their tables, and takes along what is shown', async () => {
    await openTab('history');
    await open.answer();
    await open.page.locator('history-page usage-chart canvas').waitFor();
    await hook('export-png').first().click();
    const chart = open.page.locator('history-page usage-chart');
    await chart.getByRole('button', { name: 'Show as table' }).click();
    assert.equal(await chart.locator('tbody tr').count(), 30);
    await chart.locator('[data-test=export-csv]').click();
    await hook('history').locator('section [data-test=export-json]').click();
    await hook('burn').getByRole('button', { name: 'Show as table' }).click();
    await hook('burn').locator('[data-test=export-md]').click();
    const [picture, csv, json, markdown] = await sent('save');
    assert.ok(picture && csv && json && markdown);
    assert.deepEqual([picture.name, picture.encoding], ['Codex usage 2026-11-17 30 d by model.png', 'base64']);
    const png = Buffer.from(picture.content, 'base64');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.readUInt32BE(16) > 900 && png.readUInt32BE(20) > 250, 'it has the size of the chart and more');
    assert.match(csv.content, /^day,gpt-6\.1-sol microCredits,[^\r]*,total microCredits\r\n2026-11-17,/);
    const rows = JSON.parse(json.content) as Record<string, unknown>[];
    assert.equal(rows.at(-1)?.['costMicroCredits'], sampleHistory(30).total.costMicroCredits);
    assert.match(markdown.content, /^## .*\n\n\| Time \| Left \| Even use \|/);
    await open.send({ type: 'saveResult', id: json.id, saved: true });
    assert.equal(await open.page.locator('main > [role=status]').innerText(), 'Saved.');
    await open.send({ type: 'saveResult', id: csv.id, saved: false, problem: problem('argument_invalid', 'It was not saved.') });
    assert.match(await open.page.locator('main > [role=status]').innerText(), /^Not saved\. It was not saved\./);
  });

  it('says why there is no answer', async () => {
    await openTab('history');
    await open.answer((id, { about }) => ({ type: 'answer', about, id, problem: problem('broker_unreachable', 'The broker did not answer.') }));
    assert.match(await hook('history').innerText(), /The broker did not answer\. Start the broker/);
    await open.send(...sampleStates['down']!);
    await hook('tab-ledger').click();
    assert.match(await hook('ledger').innerText(), /The broker is not reachable/);
    assert.deepEqual((await questions()).filter((one) => one.about === 'entries'), []);
  });

  it('lists the ledger with signs and balances, by kind, search, workspace and time', async () => {
    await openTab('ledger');
    await open.answer();
    const rows = hook('ledger').locator('tbody tr');
    assert.equal(await rows.count(), 11);
    assert.match(await rows.first().innerText(), /−3\.3728\s+581\.6136/);
    assert.match(await rows.last().innerText(), /\+100\.0000/);
    await hook('ledger-kind').selectOption('all');
    await open.answer();
    assert.equal(await rows.count(), 21);
    assert.match(await hook('ledger').innerText(), /freed 1\.5000/);
    await hook('ledger-search').fill('req_7f3a91c2');
    await hook('ledger-search').press('Enter');
    await open.answer();
    assert.equal(await rows.count(), 2);
    await hook('ledger').locator('[data-test=workspace-filter]').selectOption('ws_mobile-app');
    await hook('ledger-days').selectOption('7');
    assert.deepEqual((await questions()).at(-1), { about: 'entries', kind: 'all', search: 'req_7f3a91c2', workspaceId: 'ws_mobile-app', days: 7 });
    await open.answer();
    assert.match(await hook('ledger').innerText(), /No entry is like that\./);
  });

  it('reads on to older entries, and stays there when something newer comes', async () => {
    await openTab('ledger');
    const page = (rows: typeof sampleLedgerRows, next?: number) => (id: number) => ({ type: 'answer', about: 'entries', id, result: { rows, ...(next === undefined ? {} : { next }) } }) as const;
    const long = Array.from({ length: 50 }, (_, index) => ({ ...sampleLedgerRows[0]!, sequence: 1000 - index }));
    await open.answer(page(long, 951));
    await hook('ledger-older').click();
    assert.deepEqual((await questions()).at(-1), { about: 'entries', kind: 'moves', before: 951 });
    await open.answer(page(sampleLedgerRows));
    assert.equal(await hook('ledger').locator('tbody tr').count(), 50 + sampleLedgerRows.length);
    assert.match(await hook('ledger').innerText(), /71 entries, all there are\./);
    const asked = (await questions()).length;
    const base = ruledSnapshot({ sequence: 60 });
    await open.setNow(sampleNowMs + 10_000);
    await open.send(stateMessage({ ...base, entries: [{ ...base.entries[0]!, sequence: 2000 }, ...base.entries] }));
    assert.equal((await questions()).length, asked);
  });

  it('keeps the receipt of an explained charge', async () => {
    await openTab('ledger');
    await open.answer();
    await hook('ledger').locator('[data-test=explain-link]').first().click();
    await open.send({ type: 'explainResult', id: (await sent('explain'))[0]!.id, result: sampleExplanation() });
    await hook('receipt-copy').click();
    await hook('receipt-save').click();
    const saved = await sent('save');
    assert.deepEqual(saved.map(({ to, name }) => [to, name]), [['clipboard', 'Codex receipt req_7f3a91c2.md'], ['file', 'Codex receipt req_7f3a91c2.md']]);
    assert.match(saved[0]!.content, /3\.372760/);
  });

  it('tells what happened, by kind', async () => {
    await openTab('events');
    await open.answer();
    assert.match(await hook('events').innerText(), /Credits added[\s\S]*\+250\.0000[\s\S]*Price changed[\s\S]*Budget set/);
    await hook('events-kind').selectOption('prices');
    assert.deepEqual((await questions()).at(-1), { about: 'happenings', filter: 'prices' });
  });

  it('shows hostile names of groups as text, and in a picture of practice its badge', async () => {
    const hostile = '</script><img src=x onerror="window.posted.push(1)">{{7*7}}';
    await open.send(stateMessage(sampleSnapshot({ broker: { ...sampleSnapshot().broker, mode: 'practice' } })));
    await hook('tab-history').click();
    const history = sampleHistory(30);
    await open.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: { ...history, groups: history.groups.map((group, index) => ({ ...group, label: `${hostile}${index}` })) } } : sampleAnswer(id, question)));
    assert.equal(await open.page.locator('img').count(), 0);
    assert.ok((await hook('groups').innerText()).includes(hostile));
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 1000);
    await open.page.locator('history-page usage-chart canvas').waitFor();
    await hook('export-png').first().click();
    const practice = (await sent('save'))[0]!;
    await open.send(stateMessage(sampleSnapshot({ sequence: 90 })));
    await hook('export-png').first().click();
    assert.notEqual((await sent('save'))[1]!.content, practice.content, 'the badge of practice mode is drawn');
  });

  it('costs no more with 20,000 threads than with as many as it shows, painted and scrolled', async () => {
    const session = await open.page.context().newCDPSession(open.page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await open.send(stateMessage(ruledSnapshot()));
    await hook('tab-history').click();
    await choice('Range', '90').click();
    await open.answer();
    const taken = async (run: () => Promise<unknown>) => {
      const before = await processorMs(session);
      await run();
      return await processorMs(session) - before;
    };
    /** Shows a history of so many threads from another grouping on. @returns what painting and scrolling took of the processor */
    const shown = async (threads: number) => {
      const long = manyThreads(threads, 90);
      await choice('Group by', 'model').click();
      await open.answer();
      const painted = await taken(async () => {
        await choice('Group by', 'thread').click();
        await open.answer((id, question) => (question.about === 'history' ? { type: 'answer', about: 'history', id, result: long } : sampleAnswer(id, question)));
      });
      return { painted, scrolled: await taken(() => scrollAround(open.page)) };
    };
    await shown(50);
    const [short, long]: Awaited<ReturnType<typeof shown>>[][] = [[], []];
    for (let round = 0; round < roundsOfBoth; round += 1) {
      short!.push(await shown(50));
      long!.push(await shown(20_000));
    }
    assert.match(await hook('groups').innerText(), /19,950 other/);
    assert.equal(await hook('groups').locator('tbody tr').count(), 51);
    assert.ok(await open.page.locator('*').count() < 3_000, 'elements on the page');
    // Other programs take a part of some rounds, and of none of the best ones.
    for (const what of ['painted', 'scrolled'] as const) {
      const [few, many] = [short, long].map((rounds) => Math.min(...rounds!.map((round) => round[what]))) as [number, number];
      assert.ok(many < longRatioMax * few, `${what}: ${many.toFixed(1)} ms for 20,000 threads, ${few.toFixed(1)} ms for 50`);
    }
  });
});
