// Says once when a price changes that a budget counts: never at start, in the window that has the focus.
import { t } from '../protocol/language.ts';
import { priceChangeText } from '../protocol/priceWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetCounting, budgetName } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import { moreOnDashboard, noticeButtons, type NoticeEditor } from './limitNotices.ts';
import { withoutLinks } from './markdownText.ts';
import { silenceNotices } from './settings.ts';

/** Watches the prices and speaks of changes. */
export class PriceNotices {
  readonly #editor: NoticeEditor;
  /** The newest change that was seen; absent before the first snapshot. */
  #seenAtMs: number | undefined;

  constructor(editor: NoticeEditor) {
    this.#editor = editor;
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
    if (first === undefined || !wanted || !this.#editor.window.state.focused) return;
    const { budgets, silence } = noticeButtons();
    const chosen = await this.#editor.window.showWarningMessage([withoutLinks(first), ...(rest.length === 0 ? [] : [moreOnDashboard(rest.length)])].join(' '), budgets, silence);
    if (chosen === budgets) await this.#editor.commands.executeCommand(commandNames.showBudgets);
    if (chosen === silence) await silenceNotices(this.#editor.workspace);
  }
}
