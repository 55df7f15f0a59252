// Links from outside of the editor: `vscode://PUBLISHER.NAME/dashboard`, `/budgets` and `/request/ID`, with the scheme of whichever
// editor this is. Nobody knows who wrote a link, so it only shows what is there already: it changes nothing, spends nothing,
// and no amount in it is read. The editor itself asks before it hands one on.
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';
import type { Schedule } from './schedule.ts';

/** Where a link leads. */
export type LinkTarget = { readonly page: 'dashboard' | 'budgets' } | { readonly requestId: string };

/** What links need from outside. */
export interface LinkParts {
  readonly editor: Pick<Editor, 'window'>;
  readonly schedule: Pick<Schedule, 'nowMs'>;
  isConnected(): boolean;
  showPage(page: 'dashboard' | 'budgets'): void;
  explain(requestId: string): Promise<unknown>;
}

/** A request is shown once the broker is there, if that is so within this time: a link may be what started the editor. */
export const awaitedMsMax = 60_000;

/** Where a link's path leads; undefined for any other. */
export function linkTarget(path: string): LinkTarget | undefined {
  if (path === '/dashboard' || path === '/budgets') return { page: path === '/budgets' ? 'budgets' : 'dashboard' };
  const requestId = /^\/request\/([\w-]{1,200})$/.exec(path)?.[1];
  return requestId === undefined ? undefined : { requestId };
}

/** Follows links. One per window. */
export class OutsideLinks implements vscode.UriHandler {
  readonly #parts: LinkParts;
  #awaited: { readonly requestId: string; readonly untilMs: number } | undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Called by the editor in its topmost window. */
  async handleUri({ path }: Pick<vscode.Uri, 'path'>): Promise<void> {
    const { editor, schedule, isConnected, showPage, explain } = this.#parts;
    const target = linkTarget(path);
    this.#awaited = undefined;
    if (!target) await editor.window.showInformationMessage(t('Codex Broker does not know where this link leads. Links can open the dashboard, the budgets, or one request.'));
    else if ('page' in target) showPage(target.page);
    else if (isConnected()) await explain(target.requestId);
    else this.#awaited = { requestId: target.requestId, untilMs: schedule.nowMs() + awaitedMsMax };
  }

  /** The connection to the broker may have changed. */
  async see(): Promise<void> {
    const { schedule, isConnected, explain } = this.#parts;
    const awaited = this.#awaited;
    if (!awaited || !isConnected()) return;
    this.#awaited = undefined;
    if (schedule.nowMs() <= awaited.untilMs) await explain(awaited.requestId);
  }
}
