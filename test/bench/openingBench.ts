// The dashboard in a real VS Code, on a ledger with a long history: from the click on the meter until all in view is
// painted with its numbers. Beside it, in turn, the least that an extension can show in a webview: one word, from its
// command on. What lies between the two is ours; the rest is what VS Code itself takes to make a webview. The same once more
// in fresh windows, where each is the first webview: with it VS Code loads its own code for them.
import { copyFileSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { brokerPid, meterItem, startEditorSession } from '../support/vscode/editorSession.ts';
import type { EditorSession, SessionWindow } from '../support/vscode/editorSession.ts';
import { startProgram } from '../support/vscode/liveBroker.ts';
import { median } from './benchNumbers.ts';
import { builtLedger } from './builtLedger.ts';
import type { BuildOptions } from './builtLedger.ts';
import { openingOf } from './openingTimes.ts';

const rounds = 15;
/** Fresh windows for each of the two. */
const freshWindows = 7;
/** A window's own work after its start is over by then. */
const calmMs = 2000;
const waitMsMax = 30_000;

/** Medians of milliseconds until it is painted, and until it is ready as well. */
export interface OpeningMedians { readonly wordMs: number; readonly dashboardMs: number; readonly dashboardReadyMs: number; readonly times: number }

/** Openings in a window that showed webviews before, the first ones of fresh windows, and the very first of the editor's and the browser's life. */
export interface OpeningResult { readonly later: OpeningMedians; readonly first: OpeningMedians; readonly veryFirstMs: number }

/** When one was painted and ready, in milliseconds from the click or command on. */
interface Times { readonly paintedMs: number; readonly readyMs: number }

/** What is opened, which tells when that began, and how it is known that it is there. */
interface Opened { readonly there: string; open(window: SessionWindow): Promise<number> }

const dashboard: Opened = {
  there: '[data-test="recent-row"]',
  open: async ({ bench }) => {
    const { page } = bench;
    await page.evaluate(() => {
      document.addEventListener('pointerdown', (event) => { (window as { clickedAtMs?: number }).clickedAtMs = performance.timeOrigin + event.timeStamp; }, { once: true, capture: true });
    });
    await bench.statusItem(meterItem).locator('a').first().click();
    return page.evaluate(() => (window as { clickedAtMs?: number }).clickedAtMs ?? NaN);
  },
};
const word: Opened = {
  there: '#word',
  open: ({ host }) => host.run(({ vscode }) => {
    const atMs = Date.now();
    vscode.window.createWebviewPanel('bench.word', 'Word', vscode.ViewColumn.Active, { enableScripts: true }).webview.html = '<!DOCTYPE html><html><body><p id="word">word</p></body></html>';
    return atMs;
  }),
};

/** Measures. @throws Error where VS Code or its browser cannot be started */
export async function benchOpening(options: BuildOptions): Promise<OpeningResult> {
  const built = await builtLedger(options);
  const session = await startEditorSession();
  let broker: Awaited<ReturnType<typeof startProgram>> | undefined;
  try {
    options.log('measuring: the dashboard in VS Code');
    mkdirSync(session.dataDir, { recursive: true, mode: 0o700 });
    copyFileSync(built, join(session.dataDir, 'ledger.db'), constants.COPYFILE_FICLONE);
    broker = await startProgram('broker.mjs', ['serve', '--data', session.dataDir, '--upstream', 'http://127.0.0.1:9', '--api-key-env', 'BENCH_KEY', '--no-keychain'], { BENCH_KEY: 'sk-bench-0000000000' });
    if (brokerPid(session.dataDir) !== broker.pid) throw new Error('another broker than the one that was started uses the data folder');
    const window = await freshWindow(session, 'bench');
    const veryFirstMs = (await opened(window, dashboard)).paintedMs;
    const later = await inTurn(rounds, (what) => opened(window, what));
    await window.bench.page.close();
    options.log('measuring: the first webview of fresh windows');
    let windows = 0;
    const first = await inTurn(freshWindows, async (what) => {
      const fresh = await freshWindow(session, `fresh-${windows += 1}`);
      const times = await opened(fresh, what);
      await fresh.bench.page.close();
      return times;
    });
    return { later, first, veryFirstMs };
  } finally {
    await broker?.stop();
    await session.stop();
  }
}

/** A window in which nothing has been opened, once it has the newest numbers and rests. */
async function freshWindow(session: EditorSession, name: string): Promise<SessionWindow> {
  const window = await session.open(name);
  await window.bench.waitForLabel(meterItem, /credits/);
  await window.bench.page.waitForTimeout(calmMs);
  return window;
}

/** Measures both in turn, each as often. Which one begins changes, so that neither gains by its place. */
async function inTurn(times: number, measure: (what: Opened) => Promise<Times>): Promise<OpeningMedians> {
  const found = new Map<Opened, Times[]>([[word, []], [dashboard, []]]);
  for (let round = 0; round < times; round += 1) {
    for (const what of round % 2 === 0 ? [word, dashboard] : [dashboard, word]) found.get(what)?.push(await measure(what));
  }
  const middle = (what: Opened, name: keyof Times) => median((found.get(what) ?? []).map((one) => one[name]));
  return { wordMs: middle(word, 'paintedMs'), dashboardMs: middle(dashboard, 'paintedMs'), dashboardReadyMs: middle(dashboard, 'readyMs'), times };
}

/** Opens one, and closes it again. @returns when it was painted, in milliseconds from the click or command on */
async function opened(window: SessionWindow, what: Opened): Promise<Times> {
  const atMs = await what.open(window);
  const frame = await frameThat(window, what.there);
  const { paintedMs, readyMs, beganAtMs } = await openingOf(frame);
  await window.host.run(async ({ vscode }) => { await vscode.commands.executeCommand('workbench.action.closeAllEditors'); });
  await window.bench.page.locator('iframe.webview').waitFor({ state: 'detached', timeout: waitMsMax });
  await window.bench.page.waitForTimeout(500);
  return { paintedMs: beganAtMs + paintedMs - atMs, readyMs: beganAtMs + readyMs - atMs };
}

async function frameThat({ bench }: SessionWindow, selector: string): Promise<Frame> {
  const found = await bench.webview(selector);
  const handle = await found.locator(selector).first().elementHandle();
  const frame = await handle?.ownerFrame();
  if (!frame) throw new Error(`no frame shows ${selector}`);
  return frame;
}
