// Stands in for VS Code around the page: bundles it, serves it on loopback under the webview's own
// content security policy, and opens it in a real Chromium with the theme's variables.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { ExtensionMessage, PageMessage } from '../../../src/protocol/dashboardMessages.ts';
import type { PageQuestion, QuestionAnswer } from '../../../src/protocol/dashboardQuestions.ts';
import { sampleAnswer } from '../sampleAnswers.ts';
import { sampleNowMs } from '../sampleSnapshot.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const nonce = 'page-test';

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
  /** The side bar's page in place of the dashboard. */
  readonly isSidebar?: boolean;
}

/** An open page with what it posted and what its policy blocked. */
export interface OpenPage {
  readonly page: Page;
  send(...messages: readonly ExtensionMessage[]): Promise<void>;
  posted(): Promise<PageMessage[]>;
  /** Answers what the page asked on demand and was not answered yet, until it asks no more; by the sample unless told otherwise. */
  answer(by?: (id: number, question: PageQuestion) => QuestionAnswer): Promise<void>;
  violations(): Promise<string[]>;
}

/** The stand-in; one for a file of tests. */
export interface PageHost {
  open(options?: PageOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

function html(theme: Theme, name: 'webview' | 'sidebar'): string {
  return `<!doctype html><html lang="en" data-theme="${theme}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Codex usage</title>
<link rel="stylesheet" href="/themes.css"><link rel="stylesheet" id="vscode-codicon-stylesheet" href="/codicon.css"><link rel="stylesheet" href="/${name}.css"></head>
<body class="${themes[theme]}"><codex-${name === 'webview' ? 'dashboard' : 'sidebar'}></codex-${name === 'webview' ? 'dashboard' : 'sidebar'}>
<script nonce="${nonce}">window.posted = []; window.violations = []; window.stored = undefined;
addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
window.acquireVsCodeApi = () => ({ postMessage: (message) => window.posted.push(message), getState: () => window.stored, setState: (state) => { window.stored = state; } });</script>
<script nonce="${nonce}" src="/${name}.js"></script></body></html>`;
}

/** Bundles the page, starts the server and the browser. */
export async function startPageHost(): Promise<PageHost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'codex-page-'));
  await build({ absWorkingDir: root, entryPoints: { webview: 'src/webview/main.ts', sidebar: 'src/webview/sidebarMain.ts' }, bundle: true, format: 'iife', platform: 'browser', target: 'chrome120', outdir: folder, logLevel: 'silent' });
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/webview.js': [path.join(folder, 'webview.js'), 'text/javascript'],
    '/webview.css': [path.join(folder, 'webview.css'), 'text/css'],
    '/sidebar.js': [path.join(folder, 'sidebar.js'), 'text/javascript'],
    '/sidebar.css': [path.join(folder, 'sidebar.css'), 'text/css'],
    '/themes.css': [path.join(import.meta.dirname, 'themes.css'), 'text/css'],
    '/codicon.css': [path.join(root, 'node_modules/@vscode/codicons/dist/codicon.css'), 'text/css'],
    '/codicon.ttf': [path.join(root, 'node_modules/@vscode/codicons/dist/codicon.ttf'), 'font/ttf'],
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const file = files[url.pathname];
    if (url.pathname === '/') {
      const theme = url.searchParams.get('theme') as Theme;
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'`,
      }).end(html(theme in themes ? theme : 'dark-modern', url.searchParams.has('sidebar') ? 'sidebar' : 'webview'));
    } else if (file) {
      readFile(file[0]).then((bytes) => response.writeHead(200, { 'content-type': file[1] }).end(bytes), () => response.writeHead(500).end());
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser: Browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return {
    open: (options = {}) => openPage(browser, url, options),
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openPage(browser: Browser, url: string, options: PageOptions): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? (options.isSidebar ? 300 : 1000), height: options.height ?? 900 }, timezoneId: 'UTC', locale: 'en',
    reducedMotion: options.reducedMotion === false ? 'no-preference' : 'reduce',
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(sampleNowMs);
  await page.goto(`${url}/?theme=${options.theme ?? 'dark-modern'}${options.isSidebar ? '&sidebar' : ''}`);
  const read = <T>(name: string) => page.evaluate((key) => (window as unknown as Record<string, unknown>)[key], name) as Promise<T>;
  const answered = new Set<number>();
  const posted = () => read<PageMessage[]>('posted');
  const send = async (...messages: readonly ExtensionMessage[]) => {
    for (const message of messages) {
      await page.evaluate((data) => new Promise<void>((resolve) => {
        addEventListener('message', () => requestAnimationFrame(() => resolve()), { once: true });
        postMessage(data, '*');
      }), message);
    }
  };
  return {
    page, send, posted,
    answer: async (by = sampleAnswer) => {
      for (;;) {
        const asked = (await posted()).flatMap((message) => (message.type === 'ask' && !answered.has(message.id) ? [message] : []));
        if (asked.length === 0) return;
        for (const { id } of asked) answered.add(id);
        await send(...asked.map(({ id, question }) => by(id, question)));
      }
    },
    violations: () => read<string[]>('violations'),
  };
}
