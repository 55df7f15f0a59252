// Puts the side bar's page together in its webview: registers the elements, hands the page its surroundings, and feeds
// it the extension's messages. Nothing is decided here.
import './pageLanguage.ts';
import './sidebar.css';
import type { PageMessage } from '../protocol/dashboardMessages.ts';
import { CodexSidebar } from './sidebar.ts';
import { UsageGauge } from './usageGauge.ts';

/** What VS Code gives a webview: https://code.visualstudio.com/api/references/vscode-api#WebviewApi. */
interface WebviewHost {
  postMessage(message: PageMessage): void;
}

declare function acquireVsCodeApi(): WebviewHost;

customElements.define('usage-gauge', UsageGauge);
customElements.define('codex-sidebar', CodexSidebar);

const host = acquireVsCodeApi();
const page = document.querySelector<CodexSidebar>('codex-sidebar');
if (!page) throw new Error('The page lacks its codex-sidebar element.');

window.addEventListener('message', (event) => page.take(event.data));
page.start({
  post: (message) => host.postMessage(message),
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  watchSeen: (callback) => {
    const look = () => callback(!document.hidden);
    document.addEventListener('visibilitychange', look);
    if (document.hidden) look();
    return () => document.removeEventListener('visibilitychange', look);
  },
});
