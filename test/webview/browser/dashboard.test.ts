// The page in a real Chromium under the webview's policy: what it shows, what its buttons send, what
// the keyboard does, and that hostile names stay text.
import assert from 'node:assert/strict';
import { problem } from '../../../src/domain/problem.ts';
import { sampleBudget } from '../sampleRules.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { openPage, pageForEach } from './sharedHost.ts';

describe('dashboard page', function dashboard() {
  this.timeout(120_000);
  const open = pageForEach();
  const { hook, sent } = open;

  it('says that it is ready and shows that it connects', async () => {
    assert.deepEqual(await open.posted(), [{ type: 'ready' }]);
    assert.match(await hook('link-state').innerText(), /Connecting/);
  });

  it('is painted at once from what its frame carries, and not from a frame that is loaded again', async () => {
    const framed = await openPage({ first: sampleStates['normal']![0]! });
    assert.equal(await framed.page.locator('[data-test=balance]').innerText(), '581.61');
    assert.deepEqual(await framed.posted(), [{ type: 'ready' }]);
    await framed.page.locator('[data-test=recent-row]').nth(8).waitFor();
    const stored = await framed.page.evaluate(() => (window as unknown as { stored: unknown }).stored);
    await framed.page.addInitScript((kept) => { (window as unknown as { kept: unknown }).kept = kept; }, stored);
    await framed.page.reload();
    assert.match(await framed.page.locator('[data-test=link-state]').innerText(), /Connecting/);
    await framed.page.context().close();
  });

  it('lets its load event, with which VS Code shows it, wait for nothing that was asked for late', async () => {
    const [first] = sampleStates['normal']!;
    const framed = await openPage({ first: first! });
    // The load event waits for the font, and comes late then; what did not wait for it would be asked for long before.
    await framed.page.route('**/codicon.ttf', async (route) => {
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      await route.continue();
    });
    await framed.page.reload();
    await framed.page.locator('.plot canvas').first().waitFor();
    const asked = await framed.page.evaluate(async () => {
      await document.fonts.ready;
      const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
      return { loadMs: navigation!.loadEventStart, files: performance.getEntriesByType('resource').map((entry) => ({ name: new URL(entry.name).pathname, atMs: entry.startTime })) };
    });
    const files = new Map(asked.files.map(({ name, atMs }) => [name, atMs]));
    assert.equal(asked.files.length, files.size, 'each file is asked for once');
    const [script, font, plot] = ['/webview.js', '/codicon.ttf', '/plot.js'].map((name) => files.get(name) ?? NaN) as [number, number, number];
    // The parser asks for all of the head at once; a font that a style sheet brings comes a whole file later.
    assert.ok(font <= script, `the font is asked for at ${font} ms, the script at ${script}`);
    assert.ok(plot >= asked.loadMs, `the drawing library is asked for at ${plot} ms, and the page has loaded at ${asked.loadMs}`);
    await framed.page.context().close();
  });

  it('shows balance, limits, runs, usage and the last requests', async () => {
    await open.send(...sampleStates['normal']!);
    assert.equal(await hook('balance').innerText(), '581.61');
    assert.equal(await hook('balance-usd').innerText(), '$23.26');
    assert.match(await hook('link-state').innerText(), /Live/);
    assert.equal(await hook('limits').locator('usage-gauge[role=meter]').count(), 3);
    assert.equal(await hook('limits').locator('usage-gauge[role=img]').getAttribute('aria-label'), 'Requests per day, gpt-6-luna: not announced yet');
    assert.equal(await hook('limits').locator('usage-gauge').first().getAttribute('aria-label'), 'Tokens per minute, gpt-6.1-sol: 22 % left, steady refill, full in 47 s');
    assert.match(await hook('running').innerText(), /Waiting, 1st[\s\S]*Needs about 210 k tokens[\s\S]*Starts in about 18 s\./);
    assert.match(await hook('usage-by-workspace').innerText(), /billing-service[\s\S]*15\.57[\s\S]*Total[\s\S]*≈ 18\.39/);
    assert.match(await hook('usage-by-model').innerText(), /gpt-6\.1-sol[\s\S]*17\.26[\s\S]*Total[\s\S]*≈ 18\.39/);
    assert.equal(await hook('recent-row').count(), 9);
    assert.match(await hook('recent-row').first().innerText(), /billing-service[\s\S]*3\.37[\s\S]*\$0\.13/);
  });

  it('says how much was passed through unmetered, and no cost of it', async () => {
    const base = sampleSnapshot();
    await open.send(stateMessage(base));
    assert.equal(await hook('unmetered').count(), 0);
    await open.send(stateMessage({ ...base, unmetered: { requests: 2, lastAtMs: base.atMs } }));
    assert.equal((await hook('unmetered').innerText()).replaceAll(/\s+/g, ' '), 'unmetered 2 requests were passed through unmetered since the broker started. What they cost is not known here and in no sum.');
  });

  it('marks what was imported today, beside the sums that it is not in', async () => {
    await open.send(...sampleStates['normal']!);
    assert.equal(await hook('imported').count(), 0);
    const { today } = sampleSnapshot();
    await open.send(stateMessage(sampleSnapshot({ today: { ...today, imported: { requests: 3, inputTokens: 41_000, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 900, reasoningTokens: 0, costMicroCredits: 2_500_000 } } })));
    assert.equal((await hook('imported').innerText()).replaceAll(/\s+/g, ' '), 'imported 3 requests of today went around the broker (41.0 k in · 900 out) and would have cost 2.50 credits; nothing was drawn for them.');
    assert.match(await hook('usage-by-model').innerText(), /Total[\s\S]*≈ 18\.39/);
  });

  it('counts down by the broker\'s clock while it is connected', async () => {
    await open.send(...sampleStates['normal']!);
    await open.setNow(sampleNowMs + 10_000);
    await open.page.waitForFunction(() => /Starts in about 8 s/.test(document.querySelector('[data-test=running]')?.textContent ?? ''));
  });

  it('draws one bar chart, and the same numbers as a table', async () => {
    await open.page.setViewportSize({ width: 1000, height: 300 });
    await open.send(...sampleStates['normal']!);
    const hasLibrary = () => open.page.evaluate(() => 'codexPlot' in window);
    await open.page.waitForTimeout(200);
    assert.equal(await hasLibrary(), false, 'a chart far below costs nothing');
    await open.page.locator('usage-chart').scrollIntoViewIfNeeded();
    await open.page.locator('usage-chart canvas').waitFor();
    assert.equal(await open.page.locator('usage-chart canvas').count(), 1);
    await open.page.getByRole('button', { name: 'Show as table' }).click();
    assert.match(await open.page.locator('usage-chart table').innerText(), /Thu 12 Nov[\s\S]*75\.00/);
    await open.page.getByRole('button', { name: 'Show as chart' }).click();
    assert.equal(await open.page.locator('usage-chart canvas').count(), 1);
  });

  it('explains a charge, and Escape gives the focus back', async () => {
    await open.send(...sampleStates['normal']!);
    await hook('recent').locator('[data-test=explain-link]').first().click();
    const [asked] = await sent('explain');
    assert.ok(asked);
    assert.equal(asked.requestId, 'req_7f3a91c2');
    assert.match(await hook('explain-panel').innerText(), /Asking the broker/);
    await open.send({ type: 'explainResult', id: asked.id, result: sampleExplanation() });
    assert.match(await hook('explain-panel').innerText(), /Why 3\.372760 credits\?[\s\S]*26,868[\s\S]*Limits:[\s\S]*−3\.372760/);
    assert.equal(await open.page.evaluate(() => document.activeElement?.id), 'head-explain');
    await open.page.keyboard.press('Escape');
    assert.equal(await hook('explain-panel').count(), 0);
    assert.equal(await open.page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Explain req_7f3a91c2');
  });

  it('brings an explanation that opens below the page into view, and its answer too', async () => {
    await open.page.setViewportSize({ width: 900, height: 600 });
    await open.send(...sampleStates['normal']!);
    const isInView = () => open.page.evaluate(() => {
      const heading = document.querySelector('#head-explain')?.getBoundingClientRect();
      // Below the tabs, which stay on top, and with room for what follows.
      return heading !== undefined && heading.top >= 32 && heading.bottom < window.innerHeight;
    });
    await hook('recent').locator('[data-test=explain-link]').first().click();
    assert.ok(await isInView());
    await open.send({ type: 'explainResult', id: (await sent('explain'))[0]!.id, result: sampleExplanation() });
    assert.ok(await isInView());
    assert.ok(await open.page.evaluate(() => document.querySelector('#head-explain')!.getBoundingClientRect().top < window.innerHeight / 2), 'the answer begins in the upper half');
  });

  it('leaves a reader where they are when the explanation stands beside the page', async () => {
    await open.page.setViewportSize({ width: 1200, height: 700 });
    await open.send(...sampleStates['normal']!);
    const link = hook('recent').locator('[data-test=explain-link]').first();
    await link.scrollIntoViewIfNeeded();
    await link.click();
    const row = await link.boundingBox();
    // Tables stand below one another now, so the row moves; it must not leave the screen.
    assert.ok(row && row.y > 32 && row.y + row.height < 700, `the row is at ${row?.y}`);
    assert.ok(await open.page.locator('#head-explain').evaluate((heading) => heading.getBoundingClientRect().top >= 0 && heading.getBoundingClientRect().bottom <= window.innerHeight));
  });

  it('says what to do when an explanation fails', async () => {
    await open.send(...sampleStates['normal']!);
    await hook('recent').locator('[data-test=explain-link]').first().click();
    await open.send({ type: 'explainResult', id: (await sent('explain'))[0]!.id, problem: problem('request_not_found', 'The ledger does not know this request.') });
    assert.match(await hook('explain-panel').innerText(), /does not know this request\. Use the x-request-id/);
    assert.equal(await hook('explain-panel').locator('code').innerText(), 'codex-broker status');
  });

  it('cancels a request once', async () => {
    await open.send(...sampleStates['normal']!);
    const button = hook('cancel').first();
    await button.dblclick();
    assert.deepEqual((await sent('cancel')).map((message) => message.requestId), ['req_7f3b1100']);
    assert.equal(await button.innerText(), 'Cancelling…');
    await open.send({ type: 'cancelResult', id: (await sent('cancel'))[0]!.id, cancelled: false });
    assert.equal(await button.innerText(), 'Cancel');
    assert.match(await open.page.locator('main > [role=status]').innerText(), /had ended/);
  });

  it('lets a waiting request go first, once, and says why where it does not wait any more', async () => {
    await open.send(...sampleStates['normal']!);
    const turn = hook('turn').first();
    assert.deepEqual([await hook('turn').count(), await turn.inputValue()], [2, 'agent']);
    await turn.selectOption('interactive');
    const [change] = await sent('change');
    assert.deepEqual(change?.change, { kind: 'priority', requestId: 'req_7f3b2201', priority: 'interactive' });
    assert.ok(await turn.isDisabled() && await turn.inputValue() === 'interactive');
    await open.send({ type: 'changeResult', id: change.id });
    assert.match(await open.page.locator('main > [role=status]').innerText(), /It goes first\./);
    await hook('turn').nth(1).selectOption('agent');
    await open.send({ type: 'changeResult', id: (await sent('change'))[1]!.id, problem: problem('request_not_found', 'The request does not wait in line any more. Nothing was changed.') });
    assert.match(await hook('running').innerText(), /does not wait in line any more/);
    assert.equal(await hook('turn').nth(1).inputValue(), 'batch');
  });

  it('moves between tabs with arrows, Home and End, and remembers the tab', async () => {
    await open.send(...sampleStates['normal']!);
    await hook('tab-now').focus();
    const visible = () => open.arrived().then(() => open.page.evaluate(() => [...document.querySelectorAll<HTMLElement>('[role=tabpanel]')].filter((panel) => !panel.hidden).map((panel) => panel.id).join()));
    const expected: [string, string][] = [['ArrowRight', 'history'], ['End', 'insights'], ['ArrowRight', 'now'], ['ArrowLeft', 'insights'], ['Home', 'now'], ['ArrowRight', 'history']];
    for (const [key, tab] of expected) {
      await open.page.keyboard.press(key);
      assert.equal(await open.page.evaluate(() => document.activeElement?.id), `tab-${tab}`);
      assert.equal(await visible(), `page-${tab}`);
    }
    assert.deepEqual(await open.page.evaluate(() => (window as unknown as { stored: unknown }).stored), { tab: 'history' });
    assert.equal(await open.page.locator('[role=tab][tabindex="0"]').count(), 1);
  });

  it('makes one tab stop of a table and moves in it by arrows', async () => {
    await open.send(...sampleStates['normal']!);
    const links = hook('recent').locator('[data-test=explain-link]');
    assert.equal(await hook('recent').locator('[data-test=explain-link][tabindex="0"]').count(), 1);
    await links.first().focus();
    await open.page.keyboard.press('ArrowDown');
    assert.equal(await open.page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Explain req_7f39e0b4');
    await open.page.keyboard.press('Enter');
    assert.equal((await sent('explain'))[0]?.requestId, 'req_7f39e0b4');
  });

  it('shows hostile names as text', async () => {
    const hostile = '</script><img src=x onerror="window.posted.push(1)">{{7*7}}';
    const base = sampleSnapshot();
    const renamed = sampleSnapshot({
      recent: base.recent.map((each) => ({ ...each, workspaceLabel: hostile, model: hostile, client: hostile })),
      running: base.running.map((each) => ({ ...each, workspaceLabel: hostile, model: hostile })),
      today: { ...base.today, byWorkspace: base.today.byWorkspace.map((row) => ({ ...row, label: hostile })), byModel: base.today.byModel.map((row) => ({ ...row, label: hostile, key: row.key + hostile })) },
      balance: { ...base.balance, grants: base.balance.grants.map((grant) => ({ ...grant, note: hostile })) },
      problems: [{ ...problem('internal', hostile), remedy: hostile }],
    });
    await open.send({ ...stateMessage(renamed), workspaceLabel: hostile });
    assert.equal(await open.page.locator('img').count(), 0);
    for (const name of ['recent', 'running', 'usage-by-workspace', 'usage-by-model']) assert.ok((await hook(name).innerText()).includes(hostile), name);
    await hook('tab-credits').click();
    assert.ok((await open.page.locator('topup-form').innerText()).includes(hostile));
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 1000);
  });

  it('ignores messages that are not the extension\'s', async () => {
    await open.send(...sampleStates['normal']!);
    await open.page.evaluate(() => new Promise((resolve) => {
      for (const data of [null, 'x', { type: 'state' }, { type: 'state', link: null }, { type: 'nonsense', id: 1 }]) postMessage(data, '*');
      setTimeout(resolve, 50);
    }));
    assert.equal(await hook('balance').innerText(), '581.61');
  });

  it('keeps the last numbers while the broker is down, with what to do', async () => {
    await open.send(...sampleStates['normal']!, ...sampleStates['down']!);
    await open.setNow(sampleNowMs + 180_000);
    await open.page.waitForFunction(() => /numbers from 3 min ago/.test(document.querySelector('[data-test=link-state]')?.textContent ?? ''));
    assert.equal(await hook('balance').innerText(), '581.61');
    assert.ok(await hook('cancel').first().isDisabled());
    await open.page.getByRole('button', { name: 'Start the broker' }).click();
    await open.page.getByRole('button', { name: 'Show log' }).click();
    assert.deepEqual((await sent('run')).map((message) => message.command), ['startBroker', 'showLog']);
  });

  it('offers to store a key, to use a ChatGPT login or to practise without one, and claims nowhere that requests would run', async () => {
    await open.send(...sampleStates['no-key']!);
    assert.equal(await hook('balance').innerText(), 'not tracked');
    await open.page.getByRole('button', { name: 'Store an API key…' }).click();
    await open.page.getByRole('button', { name: 'Use my ChatGPT login…' }).click();
    await open.page.getByRole('button', { name: 'Start practice mode' }).press('Enter');
    assert.deepEqual((await sent('run')).map((message) => message.command), ['setApiKey', 'routeCodex', 'startPracticeMode']);
    assert.match(await hook('facts').innerText(), /The next request draws from\s+Nothing · no API key/);
    assert.doesNotMatch(await open.page.locator('main').innerText(), /nothing is blocked/i);
  });

  it('tells who works on a ChatGPT plan that only others need a key or credits', async () => {
    const plans = [{ account: 'ChatGPT 3fa9', planType: 'plus', observedAtMs: sampleNowMs }];
    await open.send(stateMessage(sampleSnapshot({ plans, key: { state: 'missing' } })));
    assert.equal(await open.page.getByRole('button', { name: 'Store an API key…' }).count(), 0);
    assert.match(await hook('facts').innerText(), /The next request draws from\s+The plan · no API key/);
    const used = sampleSnapshot().balance.grants.map((grant) => ({ ...grant, remainingMicroCredits: 0, heldMicroCredits: 0 }));
    const empty = { balance: { ...sampleSnapshot().balance, balanceMicroCredits: 0, heldMicroCredits: 0, grants: used }, nextDraw: 'none' } as const;
    await open.send(stateMessage(sampleSnapshot({ ...empty, plans, sequence: 60 })));
    assert.match(await open.page.locator('.notice').innerText(), /No credits left\. New requests that go on no plan are refused[\s\S]*Waiting does not bring credits back/);
    // Without a key credits, debts and budgets in credits are no matter at all.
    const budgets = [sampleBudget({ id: 'b' }, { key: '', used: 100_000_000, reserved: 0 })];
    await open.send(stateMessage(sampleSnapshot({ ...empty, balance: { ...empty.balance, owedMicroCredits: 5 }, budgets, plans, key: { state: 'missing' }, sequence: 61 })));
    assert.match(await hook('facts').innerText(), /The next request draws from\s+The plan · no API key/);
    assert.equal(await open.page.locator('.notice').count(), 0);
    const allowances = [{ id: 'weekly', kind: 'included', amountMicroCredits: 1_000_000, every: 'week', timeZone: 'UTC', priority: 50 }] as const;
    await open.send(stateMessage(sampleSnapshot({ ...empty, allowances, sequence: 62 })));
    const said = await open.page.locator('.notice').innerText();
    assert.match(said, /New requests are refused[\s\S]*An allowance gives some again when its next period begins/);
    assert.doesNotMatch(said, /Waiting does not/);
  });

  it('says once that a key was refused, and offers to store another', async () => {
    await open.send(...sampleStates['key-rejected']!);
    assert.equal(await open.page.locator('.notice').count(), 1);
    assert.match(await hook('facts').innerText(), /Nothing · API key refused/);
    await open.page.getByRole('button', { name: 'Store a key…' }).click();
    assert.deepEqual((await sent('run')).map((message) => message.command), ['setApiKey']);
  });

  it('marks practice mode and leaves it', async () => {
    await open.send(...sampleStates['practice']!);
    assert.match(await hook('mode').innerText(), /Practice mode/);
    assert.match(await hook('facts').innerText(), /\$23\.26\s[\s\S]*dollars at real prices/);
    await hook('tab-ledger').click();
    await open.arrived();
    assert.equal(await open.page.locator('.notice').filter({ visible: true }).count(), 0, 'the notice stays on the first page');
    await hook('tab-now').click();
    await open.page.getByRole('button', { name: 'Leave practice mode' }).click();
    assert.equal((await sent('run'))[0]?.command, 'leavePracticeMode');
  });
});
