// Opens windows of a served VS Code in headless Chromium. A window may reach this computer alone:
// whatever else it asks for is refused and written down.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../../src/setup/ensureSystem.mjs';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // A window in the background is tested too, so it must not be slowed down.
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
];

const loadMsMax = 60_000;

/** A browser with an empty profile; every page in it is a window of its own. */
export interface TestBrowser {
  readonly context: BrowserContext;
  /** Addresses outside this computer that a window asked for. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

/** Starts Chromium. */
export async function launchBrowser(viewport = { width: 1280, height: 800 }): Promise<TestBrowser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('Chromium is missing: install it, or set CHROMIUM to its path.');
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath, headless: true, args: flags, viewport, permissions: ['clipboard-read', 'clipboard-write'],
  });
  await context.addInitScript(keepServiceWorkers);
  const refused: string[] = [];
  const outside = (url: URL) => /^(https?|wss?):$/.test(url.protocol) && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  await context.route(outside, (route) => {
    refused.push(route.request().url());
    return route.abort('blockedbyclient');
  });
  return {
    context, refused,
    async close() {
      await context.close();
      fs.rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * Lets a page take the service worker that it has. Before it shows a webview again, VS Code registers its worker once
 * more and has Chromium look for a newer one. While Playwright is attached to the worker, both are queued for about two
 * minutes, in which the webview stays empty; in Chromium by itself they take some milliseconds. No worker changes while
 * a test runs.
 */
function keepServiceWorkers(): void {
  if (!('ServiceWorkerContainer' in globalThis)) return;
  const container = ServiceWorkerContainer.prototype;
  const register = container.register; // eslint-disable-line @typescript-eslint/unbound-method -- called with its container below
  container.register = async function keep(this: ServiceWorkerContainer, url, options) {
    const known = await this.getRegistration();
    if (known?.active?.scriptURL !== new URL(url, location.href).href) return register.call(this, url, options);
    known.update = () => Promise.resolve(known);
    return known;
  };
}

/** What to open. */
export interface WindowOptions {
  readonly browser: TestBrowser;
  readonly origin: string;
  readonly authority: string;
  readonly folder: string;
  /** An extension folder to load as under development, and a module whose `run` is to be called in the host. */
  readonly development?: { readonly extensionPath: string; readonly testsPath: string };
  /** The language that the window takes itself to be in, as BCP 47 writes it; English without it. */
  readonly language?: string | undefined;
  /** Called before the page loads. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A window and what its console said. */
export interface TestWindow {
  readonly page: Page;
  readonly messages: readonly string[];
}

/** Opens a window and waits until the workbench is there. */
export async function openWindow(options: WindowOptions): Promise<TestWindow> {
  const page = await options.browser.context.newPage();
  const messages: string[] = [];
  page.on('console', (message) => { messages.push(`${message.type()}: ${message.text()}`); });
  page.on('pageerror', (error) => { messages.push(`pageerror: ${error.stack ?? error.message}`); });
  if (options.development) await addDevelopmentOptions(page, options.origin, options.authority, options.development);
  if (options.language !== undefined) await page.addInitScript(takeLanguage, options.language);
  await options.prepare?.(page);
  const url = new URL(options.origin);
  url.searchParams.set('folder', options.folder);
  await page.goto(url.href, { waitUntil: 'commit' });
  await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: loadMsMax });
  return { page, messages };
}

/**
 * Puts a window into a language without a language pack: what a pack's file sets as well, before the workbench reads it (VS Code
 * 1.139, `nls.getNLSLanguage`). From there it goes to the extension scanner, which reads `package.nls.LANGUAGE.json`, and to the
 * extension host, which reads `l10n/`. VS Code's own words stay English.
 */
function takeLanguage(language: string): void {
  (globalThis as { _VSCODE_NLS_LANGUAGE?: string })._VSCODE_NLS_LANGUAGE = language;
}

/**
 * The served page carries the workbench's options in a meta tag. They are filled in while the page is
 * parsed, before a script of the workbench reads them. Answering the page's request with a changed
 * document does not work: such a page may not open WebSockets to this computer.
 */
async function addDevelopmentOptions(page: Page, origin: string, authority: string, development: { readonly extensionPath: string; readonly testsPath: string }): Promise<void> {
  const remote = (file: string) => ({ $mid: 1, scheme: 'vscode-remote', authority, path: file });
  await page.addInitScript(({ from, extra }) => {
    if (location.origin !== from || window !== window.top) return;
    const observer = new MutationObserver(() => {
      const meta = document.getElementById('vscode-workbench-web-configuration');
      if (!meta) return;
      observer.disconnect();
      const config = JSON.parse(meta.getAttribute('data-settings') ?? '{}') as { developmentOptions?: object };
      config.developmentOptions = { ...config.developmentOptions, ...extra };
      meta.setAttribute('data-settings', JSON.stringify(config));
    });
    observer.observe(document, { childList: true, subtree: true });
  }, { from: origin, extra: { extensions: [remote(development.extensionPath)], extensionTestsPath: remote(development.testsPath) } });
}
