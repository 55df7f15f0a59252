// Stands in for VS Code around the page: bundles it, serves it on loopback under the webview's own
// content security policy, and opens it in a real Chromium with the theme's variables.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { buildBundle, bundles, iconFontFolder, iconStyle, isPage } from '../../../src/setup/bundles.mjs';
import { chromiumPath } from '../../../src/setup/ensureSystem.mjs';
import type { ExtensionMessage, PageMessage } from '../../../src/protocol/dashboardMessages.ts';
import type { Language } from '../../../src/protocol/language.ts';
import type { PageQuestion, QuestionAnswer } from '../../../src/protocol/dashboardQuestions.ts';
import { sampleAnswer } from '../sampleAnswers.ts';
import { sampleNowMs } from '../sampleSnapshot.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const nonce = 'page-test';
/** Pages that Chromium loads for itself with every window, as much work as the page's own; and what Playwright leaves out, for only the last list counts. */
const disabledFeatures = [
  'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup', 'PreloadTopChromeWebUI',
  'AimEnabled', 'AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsFirstBalancedModeAutoEnable', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'NetworkTimeServiceQuerying', 'OptimizationHints', 'PaintHolding', 'PreconnectToSearch', 'ThirdPartyStoragePartitioning',
];
const english: Language = { tag: 'en' };
/** Pages that are kept for the next opening; more are never open at once. */
const keptPagesMax = 2;

/** Themes, with the class that VS Code gives the body in each. */
export const themes = { 'dark-modern': 'vscode-dark', 'light-modern': 'vscode-light', 'hc-dark': 'vscode-high-contrast', 'hc-light': 'vscode-high-contrast-light' } as const;
/** One theme. */
export type Theme = keyof typeof themes;

/** How a page is opened. */
export interface PageOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
  /** What the page takes for now, which stands still until `setNow`; the sample's moment unless told otherwise. Timers and durations are real. */
  readonly nowMs?: number;
  /** What stands in the page's frame, as where a window holds it already. */
  readonly first?: ExtensionMessage;
  /** Takes what the page posts, as it comes. */
  readonly receive?: (message: PageMessage, send: (message: ExtensionMessage) => Promise<void>) => void;
  /** The side bar's page in place of the dashboard. */
  readonly isSidebar?: boolean;
  /** English unless told otherwise; the page gets its sentences as it does from the extension. */
  readonly language?: Language;
}

/** An open page with what it posted and what its policy blocked. */
export interface OpenPage {
  readonly page: Page;
  send(...messages: readonly ExtensionMessage[]): Promise<void>;
  posted(): Promise<PageMessage[]>;
  /** Waits until the page behind the opened tab is there: those behind the first one come with the first look at one of them. */
  arrived(): Promise<void>;
  /** Answers what the page asked on demand and was not answered yet, until it asks no more; by the sample unless told otherwise. */
  answer(by?: (id: number, question: PageQuestion) => QuestionAnswer): Promise<void>;
  violations(): Promise<string[]>;
  /** Lets the page take another moment for now, also once it is loaded again. */
  setNow(nowMs: number): Promise<void>;
  /** Changes the theme of the open page, as the editor does. */
  setTheme(theme: Theme): Promise<void>;
  /** Ends it. Its tab may serve the next opening, which gets a document of its own. */
  close(): Promise<void>;
}

/** The stand-in; tests share one, see `sharedHost.ts`. */
export interface PageHost {
  open(options?: PageOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

function block(id: string, data: unknown): string {
  return data === undefined ? '' : `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
}

/** The document around the page, as the extension makes it, with the editor's side in a script. */
function html({ theme = 'dark-modern', isSidebar = false, nowMs, first, language: { tag, sentences } = english }: PageOptions & { readonly nowMs: number }): string {
  const [name, element] = isSidebar ? ['sidebar', 'codex-sidebar'] : ['webview', 'codex-dashboard'];
  return `<!doctype html><html lang="${tag}" data-theme="${theme}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Codex usage</title>
<link rel="preload" as="font" type="font/ttf" crossorigin href="/codicon.ttf"><link rel="stylesheet" href="/themes.css"><link rel="stylesheet" id="vscode-codicon-stylesheet" href="/codicon.css"><link rel="stylesheet" href="/${name}.css"></head>
<body class="${themes[theme]}"><${element}></${element}>
<script nonce="${nonce}">window.posted = []; window.violations = []; window.stored = window.kept; window.nowMs = ${nowMs}; Date.now = () => window.nowMs;
addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
window.acquireVsCodeApi = () => ({ postMessage: (message) => { window.posted.push(message); window.received?.(message); }, getState: () => window.stored, setState: (state) => { window.stored = state; } });</script>
<script ${isSidebar ? 'defer' : 'type="module"'} nonce="${nonce}" src="/${name}.js" data-plot="/plot.js"></script>
${block('sentences', sentences)}${block('first', first)}</body></html>`;
}

/** Bundles the page, starts the server and the browser. @param isMinified as it ships */
export async function startPageHost({ isMinified = false } = {}): Promise<PageHost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'codex-page-'));
  for (const bundle of bundles) if (isPage(bundle) && bundle.within === undefined) await buildBundle(build, bundle, { root, folder, minify: isMinified, version: '0.0.0' });
  await writeFile(path.join(folder, 'codicon.css'), iconStyle(root));
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/webview.js': [path.join(folder, 'webview.js'), 'text/javascript'],
    '/otherPages.js': [path.join(folder, 'otherPages.js'), 'text/javascript'],
    '/plot.js': [path.join(folder, 'plot.js'), 'text/javascript'],
    '/webview.css': [path.join(folder, 'webview.css'), 'text/css'],
    '/sidebar.js': [path.join(folder, 'sidebar.js'), 'text/javascript'],
    '/sidebar.css': [path.join(folder, 'sidebar.css'), 'text/css'],
    '/themes.css': [path.join(import.meta.dirname, 'themes.css'), 'text/css'],
    '/codicon.css': [path.join(folder, 'codicon.css'), 'text/css'],
    '/codicon.ttf': [path.join(iconFontFolder(root), 'codicon.ttf'), 'font/ttf'],
  };
  // What a document is made from is too much for an address, which therefore has its place in this list.
  const openings: (PageOptions & { nowMs: number })[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const file = files[url.pathname];
    const opening = openings[Number(url.searchParams.get('opening') ?? NaN)];
    if (url.pathname === '/' && opening) {
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'`,
      }).end(html(opening));
    } else if (file) {
      readFile(file[0]).then((bytes) => response.writeHead(200, { 'content-type': file[1] }).end(bytes), () => response.writeHead(500).end());
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? 'chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', `--disable-features=${disabledFeatures.join(',')}`, '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const kept: Page[] = [];
  return {
    open: (options = {}) => {
      const opening = { nowMs: sampleNowMs, ...options };
      return openPage({ browser, kept }, `${url}/?opening=${openings.push(opening) - 1}`, opening);
    },
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A new tab costs Chromium several times what a new document does, so that tabs are kept. */
async function openPage({ browser, kept }: { readonly browser: Browser; readonly kept: Page[] }, url: string, opening: PageOptions & { nowMs: number }): Promise<OpenPage> {
  const { receive, reducedMotion = true, width = opening.isSidebar ? 300 : 1000, height = 900 } = opening;
  const page = (receive ? undefined : kept.pop()) ?? await browser.newPage({ timezoneId: 'UTC', locale: 'en' });
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ reducedMotion: reducedMotion ? 'reduce' : 'no-preference' });
  if (receive) await page.exposeFunction('received', (message: PageMessage) => receive(message, async (answer) => { await page.evaluate((data) => postMessage(data, '*'), answer); }));
  await page.goto(url);
  const read = <T>(name: string) => page.evaluate((key) => (window as unknown as Record<string, unknown>)[key], name) as Promise<T>;
  const answered = new Set<number>();
  const posted = () => read<PageMessage[]>('posted');
  const arrived = () => page.locator('[role=tabpanel][aria-busy=true]').waitFor({ state: 'detached' });
  const send = async (...messages: readonly ExtensionMessage[]) => {
    for (const message of messages) {
      await page.evaluate((data) => new Promise<void>((resolve) => {
        addEventListener('message', () => requestAnimationFrame(() => resolve()), { once: true });
        postMessage(data, '*');
      }), message);
    }
  };
  return {
    page, send, posted, arrived,
    answer: async (by = sampleAnswer) => {
      for (;;) {
        await arrived();
        const asked = (await posted()).flatMap((message) => (message.type === 'ask' && !answered.has(message.id) ? [message] : []));
        if (asked.length === 0) return;
        for (const { id } of asked) answered.add(id);
        await send(...asked.map(({ id, question }) => by(id, question)));
      }
    },
    violations: () => read<string[]>('violations'),
    setNow: (nowMs) => {
      opening.nowMs = nowMs;
      return page.evaluate((ms) => { (window as unknown as { nowMs: number }).nowMs = ms; }, nowMs);
    },
    setTheme: (theme) => page.evaluate(([name, kind]) => {
      document.documentElement.dataset['theme'] = name;
      document.body.className = kind;
    }, [theme, themes[theme]] as const),
    close: async () => {
      if (receive || kept.length >= keptPagesMax) {
        await page.context().close();
        return;
      }
      // What a test did beyond the document is undone: answers in place of the server's, and where the pointer lies.
      await page.unrouteAll();
      await page.mouse.move(0, 0);
      kept.push(page);
    },
  };
}
