// The dashboard's panel: one per window, restored after a reload, fed with the newest state. It
// checks each message of the page and passes it on; what a message does is decided elsewhere.
import type * as vscode from 'vscode';
import { pageMessage, type ExtensionMessage, type PageMessage } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import { dashboardHtml } from './dashboardPage.ts';
import { editorLanguage } from './editorLanguage.ts';
import type { Editor, Log } from './editorApi.ts';

/** Type of the panel; a reload restores panels by it. */
export const panelType = 'codexBroker.dashboard';

/** A part of the page that something outside of it leads to: the form for adding credits, the budgets or the form for one of them, or the explanation of a request. */
export type PanelPart = 'topUp' | 'budgets' | { readonly budgetId: string } | { readonly requestId: string };

/** The part that a command was given by its id, which may come from anywhere; undefined for what is no id. */
export function namedPart(name: 'budgetId' | 'requestId', id: unknown): PanelPart | undefined {
  if (typeof id !== 'string' || id === '' || id.length > 200) return undefined;
  return name === 'budgetId' ? { budgetId: id } : { requestId: id };
}

/** What the panel needs from outside. */
export interface PanelParts {
  readonly editor: Pick<Editor, 'window' | 'Uri' | 'ViewColumn' | 'env' | 'l10n'>;
  readonly extensionUri: vscode.Uri;
  readonly log: Log;
  newNonce(): string;
  /** The newest state as the page shows it. */
  state(): ExtensionMessage;
  /** Does what a message asks; what it returns goes back to the page. */
  handle(message: Exclude<PageMessage, { type: 'ready' }>): Promise<ExtensionMessage | undefined>;
}

/** Owns the panel. Dispose it with the extension. */
export class DashboardPanel {
  readonly #parts: PanelParts;
  #panel: vscode.WebviewPanel | undefined;
  #ready = false;
  #part: PanelPart | undefined;
  /** The state that stands in the frame, until its page was told whether it is still the newest. */
  #framed: string | undefined;

  constructor(parts: PanelParts) {
    this.#parts = parts;
  }

  /** Shows the panel. @param part where to lead the person */
  show(part?: PanelPart): void {
    this.#part = part ?? this.#part;
    if (this.#panel) {
      this.#panel.reveal();
      this.#sendPart();
      return;
    }
    const { editor } = this.#parts;
    this.#adopt(editor.window.createWebviewPanel(panelType, t('Codex Usage'), editor.ViewColumn.Active, this.#options()));
  }

  /** Takes a panel that the editor restored after a reload. */
  restore(panel: vscode.WebviewPanel): void {
    if (this.#panel) {
      panel.dispose();
      return;
    }
    panel.webview.options = this.#options();
    this.#adopt(panel);
  }

  /** Sends the newest state to the page, if there is one that listens. */
  changed(): void {
    if (this.#ready && this.#panel?.visible) this.#post(this.#parts.state());
  }

  /** Closes the panel. */
  dispose(): void {
    this.#panel?.dispose();
  }

  #options(): vscode.WebviewOptions {
    return { enableScripts: true, enableForms: false, localResourceRoots: [this.#dist()] };
  }

  #dist(...path: string[]): vscode.Uri {
    return this.#parts.editor.Uri.joinPath(this.#parts.extensionUri, 'dist', ...path);
  }

  #adopt(panel: vscode.WebviewPanel): void {
    this.#panel = panel;
    this.#ready = false;
    const { webview } = panel;
    const { editor, extensionUri } = this.#parts;
    panel.iconPath = { light: editor.Uri.joinPath(extensionUri, 'media', 'icon-light.svg'), dark: editor.Uri.joinPath(extensionUri, 'media', 'icon-dark.svg') };
    // Listening comes before the page is loaded, so that its first word is heard.
    webview.onDidReceiveMessage((message: unknown) => { void this.#receive(message); });
    panel.onDidChangeViewState(() => {
      // A hidden page is thrown away; the one that is loaded in its place says that it is ready.
      if (!panel.visible) {
        this.#ready = false;
        this.#framed = undefined;
      }
      this.changed();
    });
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#ready = false;
    });
    const first = this.#parts.state();
    this.#framed = JSON.stringify(first);
    const address = (...path: string[]) => webview.asWebviewUri(this.#dist(...path)).toString();
    webview.html = dashboardHtml({
      cspSource: webview.cspSource, nonce: this.#parts.newNonce(), language: editorLanguage(editor),
      first, script: address('webview.js'), plot: address('plot.js'), style: address('webview.css'), codicons: address('codicon.css'), iconFont: address('codicon.ttf'), element: 'codex-dashboard',
    });
  }

  async #receive(raw: unknown): Promise<void> {
    const parsed = pageMessage.safeParse(raw);
    if (!parsed.success) {
      this.#parts.log.warn('A message of the dashboard page was ignored because it has no known shape.');
      return;
    }
    const message = parsed.data;
    if (message.type === 'ready') {
      this.#ready = true;
      const newest = this.#parts.state();
      if (JSON.stringify(newest) !== this.#framed) this.#post(newest);
      this.#framed = undefined;
      this.#sendPart();
      return;
    }
    const answer = await this.#parts.handle(message);
    if (!answer) return;
    // What was done may have changed what the page is told beside the snapshot; an answer changes nothing.
    if (answer.type !== 'answer') this.changed();
    this.#post(answer);
  }

  #sendPart(): void {
    const part = this.#part;
    if (part === undefined || !this.#ready) return;
    this.#part = undefined;
    if (part === 'topUp') this.#post({ type: 'openTopUp' });
    else if (part === 'budgets' || 'budgetId' in part) this.#post({ type: 'openBudgets', ...(part === 'budgets' ? {} : part) });
    else this.#post({ type: 'openRequest', ...part });
  }

  #post(message: ExtensionMessage): void {
    // A page that is hidden or gone takes no message; it asks for the state when it is back.
    void this.#panel?.webview.postMessage(message);
  }
}
