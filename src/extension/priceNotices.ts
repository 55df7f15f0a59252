// Says once when a price changes that a budget counts: never at start, in the window that has the focus.
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import { priceChangeText } from '../protocol/priceWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetCounting, budgetName } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { moreOnDashboard, noticeButtons, silencedMemory } from './limitNotices.ts';
import { withoutLinks } from './markdownText.ts';

/** Watches the prices and speaks of changes. */
export class PriceNotices {
  readonly #editor: Pick<Editor, 'window' | 'commands'>;
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;
  /** The newest change that was seen; absent before the first snapshot. */
  #seenAtMs: number | undefined;

  constructor(editor: Pick<Editor, 'window' | 'commands'>, memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#editor = editor;
    this.#memory = memory;
  }

  /** Takes the newest snapshot; `undefined` forgets everything, after a change of the broker. */
  async see(snapshot: Snapshot | undefined, locale: string, wanted: boolean): Promise<void> {
    const since = this.#seenAtMs;
    this.#seenAtMs = snapshot && Math.max(0, ...snapshot.priceChanges.map(({ atMs }) => atMs));
    if (!snapshot || since === undefined) return;
    const [first, ...rest] = snapshot.priceChanges.filter(({ atMs }) => atMs > since).flatMap((change) => {
      const budget = budgetCounting(snapshot.budgets, change.model);
      return budget ? [t('The price of {0} changed: {1}. The budget of {2} counts it.', change.model, priceChangeText(change, locale), budgetName(budget))] : [];
    });
    if (first === undefined || !wanted || !this.#editor.window.state.focused || this.#memory.get(silencedMemory) === true) return;
    const { budgets, silence } = noticeButtons();
    const chosen = await this.#editor.window.showWarningMessage([withoutLinks(first), ...(rest.length === 0 ? [] : [moreOnDashboard(rest.length)])].join(' '), budgets, silence);
    if (chosen === budgets) await this.#editor.commands.executeCommand(commandNames.showBudgets);
    if (chosen === silence) await this.#memory.update(silencedMemory, true);
  }
}
