// Says once when a budget is nearly or wholly used up, and when a price changes that a budget counts: at the
// crossing, never at start, in the window that has the focus, one message at a time.
import type * as vscode from 'vscode';
import { clockWords } from '../protocol/clockWords.ts';
import { priceChangeText } from '../protocol/priceWords.ts';
import type { BudgetView, Snapshot } from '../protocol/snapshot.ts';
import { budgetCounting, budgetKeyName, budgetName, budgetStands, type BudgetLevel, type BudgetStand } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { silencedMemory } from './thresholdNotices.ts';

/** Share below which a budget without periods can be told of again. */
export const rearmShare = 0.5;

const order: readonly BudgetLevel[] = ['fine', 'near', 'used-up'];

/** What is known of one key of a budget in one period. */
interface Known {
  readonly budgetId: string;
  /** The highest level that was seen. */
  readonly level: BudgetLevel;
  readonly endsAtMs?: number;
}

/** A budget with what it allows: a changed one is another one. */
function termsOf({ id, budget }: BudgetView): string {
  return JSON.stringify([id, budget.limit, budget.unit, budget.mode]);
}

/** One key of a budget in one period. */
function storyOf({ view, use }: BudgetStand): string {
  return JSON.stringify([termsOf(view), use.key, use.endsAtMs ?? null]);
}

/** The levels at which each kind of budget speaks. */
function isTold({ view, level }: BudgetStand): boolean {
  return level === 'used-up' || level === 'near' && view.budget.mode === 'hard';
}

/** Watches the budgets and prices and speaks at crossings. */
export class BudgetNotices {
  readonly #editor: Pick<Editor, 'window' | 'commands'>;
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;
  #known: ReadonlyMap<string, Known> | undefined;
  #budgets: ReadonlySet<string> = new Set();
  #priceAtMs = 0;

  constructor(editor: Pick<Editor, 'window' | 'commands'>, memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#editor = editor;
    this.#memory = memory;
  }

  /** Takes the newest snapshot; `undefined` forgets everything, after a change of the broker. */
  async see(snapshot: Snapshot | undefined, locale: string, wanted: boolean): Promise<void> {
    if (!snapshot) {
      this.#known = undefined;
      return;
    }
    const isFirst = this.#known === undefined;
    const sentences = [...this.#crossings(snapshot, locale), ...this.#priceNews(snapshot, locale)];
    if (isFirst || sentences.length === 0 || !wanted || !this.#editor.window.state.focused || this.#memory.get(silencedMemory) === true) return;
    const rest = sentences.length - 1;
    const chosen = await this.#editor.window.showWarningMessage(`${sentences[0]}${rest === 0 ? '' : ` ${rest} more on the dashboard.`}`, 'Show Budgets', 'Don\'t Show Again');
    if (chosen === 'Show Budgets') await this.#editor.commands.executeCommand(commandNames.showBudgets);
    if (chosen === 'Don\'t Show Again') await this.#memory.update(silencedMemory, true);
  }

  /** The fullest first. */
  #crossings(snapshot: Snapshot, locale: string): string[] {
    const before = this.#known;
    const ids = new Set(snapshot.budgets.map(({ id }) => id));
    // Only the fullest keys of a budget are listed: one that comes back into the list was told already.
    const known = new Map([...before ?? []].filter(([, one]) => ids.has(one.budgetId) && (one.endsAtMs === undefined || one.endsAtMs > snapshot.atMs)));
    const crossed = budgetStands(snapshot.budgets).filter((stand) => {
      const story = storyOf(stand);
      const had = before?.get(story)?.level;
      const isRearmed = stand.use.endsAtMs === undefined && stand.share < rearmShare;
      // A budget that was set or changed just now speaks for itself; a key that is new in it has used nothing before.
      const was = had ?? (this.#budgets.has(termsOf(stand.view)) ? 'fine' : stand.level);
      const { endsAtMs } = stand.use;
      known.set(story, { budgetId: stand.view.id, level: isRearmed || order.indexOf(stand.level) > order.indexOf(was) ? stand.level : was, ...(endsAtMs === undefined ? {} : { endsAtMs }) });
      return order.indexOf(stand.level) > order.indexOf(was) && isTold(stand);
    });
    this.#known = known;
    this.#budgets = new Set(snapshot.budgets.map(termsOf));
    return crossed.toSorted((a, b) => order.indexOf(b.level) - order.indexOf(a.level) || b.share - a.share).map((stand) => crossingText(stand, snapshot.atMs, locale));
  }

  /** Changes since the last snapshot that a budget in credits counts. */
  #priceNews(snapshot: Snapshot, locale: string): string[] {
    const since = this.#priceAtMs;
    this.#priceAtMs = Math.max(0, ...snapshot.priceChanges.map((change) => change.atMs));
    return snapshot.priceChanges.filter((change) => change.atMs > since).flatMap((change) => {
      const budget = budgetCounting(snapshot.budgets, change.model);
      return budget ? [`The price of ${change.model} changed: ${priceChangeText(change, locale)}. The budget of ${budgetName(budget)} counts it.`] : [];
    });
  }
}

/** What a crossing means, as one or two sentences. */
export function crossingText(stand: BudgetStand, nowMs: number, locale: string): string {
  const { view, use, level } = stand;
  const key = budgetKeyName(stand);
  const name = `The budget of ${budgetName(view)}${key === '' ? '' : `, for ${key},`}`;
  const ends = use.endsAtMs === undefined ? '' : `; it begins anew ${clockWords(use.endsAtMs, nowMs, locale)}`;
  if (view.budget.mode === 'soft') return `${name} is used up${ends}. It only warns: requests go on.`;
  return level === 'used-up' ? `${name} is used up, so that what it counts is refused${ends}. Nothing more is charged to it.` : `${name} is nearly used up: ${Math.floor(stand.share * 100)} % is used${ends}.`;
}
