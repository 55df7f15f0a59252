// Puts the dashboard page together in its webview: registers the elements, hands the page its
// surroundings, and feeds it the extension's messages. Nothing is decided here.
import './pageLanguage.ts';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-ring/index.js';
import './main.css';
import { CodexDashboard } from './dashboard.ts';
import type { PageMessage } from '../protocol/dashboardMessages.ts';
import { UsageChart } from './usageChart.ts';
import { UsageGauge } from './usageGauge.ts';

/** What VS Code gives a webview: https://code.visualstudio.com/api/references/vscode-api#WebviewApi. */
interface WebviewHost {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): WebviewHost;

customElements.define('usage-gauge', UsageGauge);
customElements.define('usage-chart', UsageChart);
customElements.define('codex-dashboard', CodexDashboard);

const host = acquireVsCodeApi();
const page = document.querySelector<CodexDashboard>('codex-dashboard');
if (!page) throw new Error('The page lacks its codex-dashboard element.');

const frame = document.querySelector<HTMLScriptElement>('script[data-plot]')?.nonce;
const stored = () => (host.getState() ?? {}) as Readonly<Record<string, unknown>>;

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
  afterFrame: (callback) => { requestAnimationFrame(() => setTimeout(callback)); },
  newKey: () => crypto.randomUUID(),
  timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  loadTab: () => stored()['tab'],
  saveTab: (tab) => host.setState({ ...stored(), tab }),
  loadChoice: (name) => stored()[`${name}Choice`],
  saveChoice: (name, choice) => host.setState({ ...stored(), [`${name}Choice`]: choice }),
  loadOtherPages: async () => (await import('./otherPages.ts')).otherPages,
});
// Painted at once from what the frame carries. A frame that is loaded again, as after its page was hidden, carries an old picture.
const first = document.getElementById('first')?.textContent;
if (first && stored()['frame'] !== frame) {
  page.begin(JSON.parse(first));
  host.setState({ ...stored(), frame });
}
