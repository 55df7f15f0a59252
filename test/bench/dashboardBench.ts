// The dashboard page on a ledger with a long history, in a real Chromium: how long from the click until all in view is
// painted with its numbers and answers to input, how long each page takes to show what was asked for, how smoothly a long list scrolls, and what the page does while nothing happens. The answers come from the
// product's own code on the ledger's file; what VS Code takes to make a webview is not in it.
import { setImmediate } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { insightsOf } from '../../src/broker/insightsCall.ts';
import { reportCalls } from '../../src/broker/reportCalls.ts';
import { SnapshotFeed } from '../../src/broker/snapshotFeed.ts';
import { Pacer } from '../../src/domain/pacing.ts';
import { DashboardQuestions } from '../../src/extension/dashboardQuestions.ts';
import type { BrokerCall } from '../../src/extension/liveSocket.ts';
import { faceOf } from '../../src/extension/statusMeter.ts';
import type { ControlArguments } from '../../src/protocol/controlArguments.ts';
import type { ExtensionMessage, PageMessage } from '../../src/protocol/dashboardMessages.ts';
import { manualClock } from '../support/manualClock.ts';
import { startPageHost } from '../webview/browser/pageHost.ts';
import { median } from './benchNumbers.ts';
import { builtLedger, openWithConnection } from './builtLedger.ts';
import type { BuildOptions } from './builtLedger.ts';
import { historyEndMs } from './ledgerHistory.ts';
import { LocalStore } from './localStore.ts';
import { openingOf } from './openingTimes.ts';
import type { Opening } from './openingTimes.ts';

/** From the click until it is shown. */
export const openMsMax = 300;
/** The longest frame while a list scrolls. */
const frameMsMax = 50;
const opensMax = 7;
const idleMs = 5000;

/** One finding: what, how much, and how much it may be. */
export interface DashboardLine { readonly what: string; readonly ms: number; readonly goalMs?: number }

/** Measures. */
export async function benchDashboard(options: BuildOptions): Promise<DashboardLine[]> {
  const path = await builtLedger(options);
  const { ledger } = openWithConnection(path);
  const host = await startPageHost({ isMinified: true });
  try {
    const { first, receive } = await extensionSide(new LocalStore(ledger));
    options.log('measuring: the dashboard page');
    const open = async () => {
      const opened = await host.open({ reducedMotion: false, nowMs: historyEndMs, first, receive });
      await shown(opened.page, '[data-test="recent-row"]');
      return opened.page;
    };
    const lines: DashboardLine[] = [];
    const opens: Opening[] = [];
    for (let round = 0; round < opensMax; round += 1) {
      const page = await open();
      opens.push(await openingOf(page));
      await page.context().close();
    }
    for (const [what, ms] of [
      ['the page, until all in view is painted with its numbers', median(opens.map(({ paintedMs }) => paintedMs))],
      ['the same, until its icons are there too and it answers to input', median(opens.map(({ readyMs }) => readyMs))],
    ] as const) lines.push({ what, ms, goalMs: openMsMax });
    const page = await open();
    for (const [tab, there] of [['history', '[data-test="history"] tbody tr'], ['ledger', '[data-test="ledger"] tbody tr'], ['events', '[data-test="events"] tbody tr'], ['insights', '[data-test="insights"] li, [data-test="insights"] article, [data-test="insights"] p']] as const) {
      lines.push({ what: `a click on ${tab}, until it shows its rows`, ms: await clicked(page, `[data-test="tab-${tab}"]`, there), goalMs: openMsMax });
    }
    lines.push({ what: 'the longest frame while 200 ledger rows scroll', ms: await scrolled(page), goalMs: frameMsMax });
    lines.push({ what: 'processor time of the page in a minute without events', ms: await idled(page) });
    return lines;
  } finally {
    await host.close();
    ledger.close();
  }
}

/** What the extension holds when the page opens, and what it and the broker answer then. */
async function extensionSide(ledger: LocalStore): Promise<{ readonly first: ExtensionMessage; readonly receive: (message: PageMessage, send: (message: ExtensionMessage) => Promise<void>) => void }> {
  const clock = manualClock(historyEndMs);
  const utcOffsetMs = () => 0;
  const feed = new SnapshotFeed({
    ledger, live: () => [], pacer: new Pacer(() => 0.5), clock, utcOffsetMs, key: () => ({ state: 'present' }),
    broker: { version: '0', pid: 1, startedAtMs: historyEndMs, mode: 'live', upstream: 'none', dataDir: '' }, openWorkspaces: () => new Set(), problems: () => [],
  });
  const snapshot = await feed.read();
  const reports = reportCalls({ ledger, clock, utcOffsetMs, stored: () => ({ folders: [], routes: [] }) });
  const calls: Readonly<Record<string, (args: never) => Promise<unknown>>> = {
    ...reports, insights: (args: ControlArguments<'insights'>) => insightsOf({ ledger, clock, utcOffsetMs, priceOf: () => undefined }, args),
  };
  const call = (async (name: string, args: never) => {
    const one = calls[name];
    if (!one) throw new Error(`the benchmark has no ${name}`);
    // Questions come over a socket: the steps of a long answer let others pass.
    await setImmediate();
    return one(args);
  }) as BrokerCall;
  const questions = new DashboardQuestions({ call, nowMs: () => historyEndMs, utcOffsetMs, ledger: () => 'bench' });
  const facts = { link: { state: 'connected' }, snapshot, taste: { show: 'left', unit: 'credits', locale: 'en' } } as const;
  return {
    first: { type: 'state', link: facts.link, snapshot, meter: faceOf(facts, historyEndMs), show: 'left', locale: 'en' },
    receive: (message, send) => {
      if (message.type === 'ask') void questions.answer(message.id, message.question).then((answer) => answer && send(answer));
    },
  };
}

async function shown(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor({ state: 'visible' });
}

/** From a click inside the page until the frame in which something stands there. */
function clicked(page: Page, button: string, there: string): Promise<number> {
  return page.evaluate(([clickOn, waitFor]) => new Promise<number>((resolve) => {
    const startedMs = performance.now();
    document.querySelector<HTMLElement>(clickOn)?.click();
    const look = () => {
      if (document.querySelector(waitFor)) setTimeout(() => resolve(performance.now() - startedMs));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }), [button, there] as const);
}

/** Loads more of the ledger, then scrolls through it with the wheel. @returns the longest time between two frames */
async function scrolled(page: Page): Promise<number> {
  await page.locator('[data-test="tab-ledger"]').click();
  for (let more = 0; more < 3; more += 1) {
    const rows = await page.locator('[data-test="ledger"] tbody tr').count();
    await page.locator('[data-test="ledger-older"]').click();
    await page.waitForFunction((before) => document.querySelectorAll('[data-test="ledger"] tbody tr').length > before, rows);
  }
  await page.evaluate(() => {
    const frames: number[] = [];
    let lastMs = performance.now();
    const frame = (nowMs: number) => { frames.push(nowMs - lastMs); lastMs = nowMs; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    (window as unknown as { frames: number[] }).frames = frames;
  });
  await page.mouse.move(400, 500);
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(0, step < 30 ? 240 : -240);
    await page.waitForTimeout(30);
  }
  return Math.max(...(await page.evaluate(() => (window as unknown as { frames: number[] }).frames)).slice(1));
}

/** What the page's thread works while nothing comes, by the minute. */
async function idled(page: Page): Promise<number> {
  await page.reload();
  await shown(page, '[data-test="recent-row"], [data-test="ledger"] tbody tr');
  await page.waitForTimeout(1000);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const worked = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? NaN;
  const before = await worked();
  await page.waitForTimeout(idleMs);
  return (await worked() - before) * 1000 * 60_000 / idleMs;
}
