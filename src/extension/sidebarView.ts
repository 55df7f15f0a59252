// The view in the side bar: a small page that is painted from the newest state, and from nothing while it is hidden.
// It checks each message of the page and passes it on; what a message does is decided elsewhere.
import type * as vscode from 'vscode';
import { pageMessage, type ExtensionMessage, type PageMessage } from '../protocol/dashboardMessages.ts';
import { plural } from '../protocol/language.ts';
import { dashboardHtml } from './dashboardPage.ts';
import type { PanelParts } from './dashboardPanel.ts';
import { editorLanguage } from './editorLanguage.ts';

/** Id of the view; the manifest names it too. */
export const sidebarViewId = 'codexBroker.now';
/** Commands that the page has a button for. */
const runs: readonly string[] = ['openMeteredTerminal', 'startBroker', 'showLog', 'answerQuestion', 'topUp', 'showBudgets', 'openDashboard'];

/** Whether the page may ask for it: for everything that it has controls for, and no more. */
function isHeard(message: PageMessage): boolean {
  switch (message.type) {
    case 'change': return message.change.kind === 'priority';
    case 'run': return runs.includes(message.command);
    default: return message.type === 'ready' || message.type === 'cancel';
  }
}

/** What the view needs from outside. */
export interface SidebarParts extends Omit<PanelParts, 'state'> {
  /** The newest state as the page shows it. */
  state(): Extract<ExtensionMessage, { type: 'state' }>;
  /** Questions that this window is asked. */
  questions(): number;
}

/** Gives the view its page. One per window. */
export class SidebarView implements vscode.WebviewViewProvider {
  readonly #parts: SidebarParts;
  #view: vscode.WebviewView | undefined;
  #ready = false;

  constructor(parts: SidebarParts) {
    this.#parts = parts;
  }

  /** Called by the editor when the view is opened. */
  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#ready = false;
    const { webview } = view;
    const { editor, extensionUri } = this.#parts;
    const dist = (...path: string[]) => editor.Uri.joinPath(extensionUri, 'dist', ...path);
    webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [dist()] };
    // Listening comes before the page is loaded, so that its first word is heard.
    webview.onDidReceiveMessage((message: unknown) => { void this.#receive(message); });
    view.onDidChangeVisibility(() => {
      // A hidden page is thrown away; the one that is loaded in its place says that it is ready.
      if (!view.visible) this.#ready = false;
      this.changed();
    });
    view.onDidDispose(() => {
      // A view that is moved may be made anew before the old one is gone.
      if (this.#view !== view) return;
      this.#view = undefined;
      this.#ready = false;
    });
    const address = (path: string) => webview.asWebviewUri(dist(path)).toString();
    webview.html = dashboardHtml({
      cspSource: webview.cspSource, nonce: this.#parts.newNonce(), language: editorLanguage(editor),
      script: address('sidebar.js'), style: address('sidebar.css'), codicons: address('codicon.css'), iconFont: address('codicon.ttf'), element: 'codex-sidebar',
    });
    this.changed();
  }

  /** Sends the newest state to the page, if there is one that listens. */
  changed(): void {
    if (!this.#view) return;
    const count = this.#parts.questions();
    if ((this.#view.badge?.value ?? 0) !== count) this.#view.badge = count === 0 ? undefined : { value: count, tooltip: plural(count, 'A request waits for your answer', '{0} requests wait for your answer') };
    if (this.#ready && this.#view.visible) void this.#view.webview.postMessage(this.#parts.state());
  }

  async #receive(raw: unknown): Promise<void> {
    const parsed = pageMessage.safeParse(raw);
    if (!parsed.success || !isHeard(parsed.data)) {
      this.#parts.log.warn('A message of the side bar\'s page was ignored because it is none of its own.');
      return;
    }
    if (parsed.data.type === 'ready') {
      this.#ready = true;
      this.changed();
      return;
    }
    const answer = await this.#parts.handle(parsed.data);
    if (answer && this.#view?.visible) void this.#view.webview.postMessage(answer);
  }
}
