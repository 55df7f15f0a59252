// Says once when credits, a budget or a long limit cross a step of their use, and when one would run out before its time:
// at the crossing, never at start, in the window that has the focus, one message at a time. A limit can be put off
// until it begins anew, credits until some are added, and all of it switched off by its setting.
import type * as vscode from 'vscode';
import { crossings, isRearmed, stepOf, usedUpStep, type Known } from '../domain/crossings.ts';
import { plural, t } from '../protocol/language.ts';
import { allTerms, byUse, limitStories, type LimitStory } from '../protocol/limitStories.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { withoutLinks } from './markdownText.ts';
import { silenceNotices } from './settings.ts';

/** Name under which it is kept what all windows told, and what is put off: the step of each story and the end of its period. */
export const toldMemory = 'noticesTold';
/** More stories than these are not remembered; the oldest go first. */
const toldMax = 100;
/** Above every step: nothing of the period is told any more. */
const putOffStep = usedUpStep + 1;

/** The buttons of a notice, with what each does. */
export function noticeButtons() {
  return { topUp: t('Top Up'), dashboard: t('Open Dashboard'), budgets: t('Show Budgets'), putOff: t('Snooze Until the Reset'), putOffCredits: t('Snooze Until Credits Are Added'), silence: t('Don\'t Show Again') } as const;
}

/** How many things more there were to tell of. */
export function moreOnDashboard(count: number): string {
  return plural(count, '{0} more on the dashboard.', '{0} more on the dashboard.');
}

/** In practice mode a sentence says that it is about that. */
export function inMode({ broker }: Pick<Snapshot, 'broker'>, sentence: string): string {
  return broker.mode === 'practice' ? t('Practice mode: {0}', sentence) : sentence;
}

/** What notices need of the editor. */
export type NoticeEditor = Pick<Editor, 'window' | 'commands' | 'workspace'>;

/** What was told of a story, and for credits that are put off when some had been added last. */
type Told = Readonly<Record<string, Known & Pick<LimitStory, 'addedAtMs'>>>;

/** Watches and speaks. One per window. */
export class LimitNotices {
  readonly #editor: NoticeEditor;
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;
  #known: ReadonlyMap<string, Known> | undefined;
  #terms: ReadonlySet<string> = new Set();
  /** Crossed while another program had the focus; told once the person is back, if it still holds. */
  #pending: ReadonlySet<string> = new Set();
  #isOpen = false;

  constructor(editor: NoticeEditor, memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#editor = editor;
    this.#memory = memory;
  }

  /** Takes the newest snapshot; `undefined` forgets everything, after a change of the broker. */
  async see(snapshot: Snapshot | undefined, locale: string, wanted: boolean, show: MeterTaste['show']): Promise<void> {
    if (!snapshot) {
      this.#known = undefined;
      this.#pending = new Set();
      return;
    }
    const stories = limitStories(snapshot, this.#terms, locale, show);
    const { known, crossed } = crossings(this.#known, stories, snapshot.atMs);
    this.#known = known;
    this.#terms = allTerms(snapshot);
    this.#pending = new Set([...this.#pending, ...crossed.map(({ key }) => key)]);
    const told = this.#told(stories, snapshot.atMs);
    const credits = stories.find(({ kind }) => kind === 'credits');
    // Credits that are put off are put off with their run-out.
    const isPutOff = ({ kind }: LimitStory) => kind === 'run-out' && credits !== undefined && told[credits.key]?.step === putOffStep;
    // What was used less again, as after a top-up, can be told of again by every window.
    const kept = this.#kept();
    if (stories.some((story) => story.key in kept && !(story.key in told))) await this.#remember(told);
    if (!wanted) {
      this.#pending = new Set();
      return;
    }
    if (!this.#editor.window.state.focused || this.#isOpen) return;
    const due = stories.filter((story) => this.#pending.has(story.key) && stepOf(story.used) >= (story.firstStep ?? 1) && stepOf(story.used) > (told[story.key]?.step ?? 0) && !isPutOff(story)).toSorted(byUse);
    this.#pending = new Set();
    if (due.length === 0) return;
    await this.#remember({ ...told, ...Object.fromEntries(due.map(({ key, used, endsAtMs }) => [key, { step: stepOf(used), ...(endsAtMs === undefined ? {} : { endsAtMs }) }])) });
    await this.#say(due.filter(({ kind }) => kind !== 'run-out'), due.find(({ kind }) => kind === 'run-out')?.text, credits);
  }

  /** What windows told of periods that last. */
  #told(stories: readonly LimitStory[], nowMs: number): Told {
    const kept = this.#kept();
    const rearmed = new Set(stories.filter((story) => isRearmed(story) || (kept[story.key]?.addedAtMs ?? Infinity) < (story.addedAtMs ?? 0)).map(({ key }) => key));
    return Object.fromEntries(Object.entries(kept).filter(([key, { endsAtMs }]) => !rearmed.has(key) && (endsAtMs === undefined || endsAtMs > nowMs)));
  }

  #kept(): Told {
    const kept = this.#memory.get<unknown>(toldMemory);
    return typeof kept === 'object' && kept !== null ? kept as Told : {};
  }

  async #remember(told: Told): Promise<void> {
    await this.#memory.update(toldMemory, Object.fromEntries(Object.entries(told).slice(-toldMax)));
  }

  async #say(due: readonly LimitStory[], ahead: string | undefined, credits: LimitStory | undefined): Promise<void> {
    const [first, ...rest] = due;
    // A run-out alone is one of credits.
    const about = first ?? credits;
    // A run-out is told beside what was crossed, not as a second message.
    const more = rest.length === 0 ? [] : [moreOnDashboard(rest.length)];
    const text = [...(first ? [first.text] : []), ...more, ...(ahead === undefined ? [] : [ahead])].join(' ');
    const offered = noticeButtons();
    // A message has room for three buttons.
    const buttons = about?.kind === 'credits' ? [offered.topUp, offered.putOffCredits, offered.silence]
      : [about?.kind === 'budget' ? offered.budgets : offered.dashboard, ...(about?.endsAtMs === undefined ? [] : [offered.putOff]), offered.silence];
    this.#isOpen = true;
    try {
      const chosen = await this.#editor.window.showWarningMessage(withoutLinks(text), ...buttons);
      if (chosen === offered.topUp) await this.#editor.commands.executeCommand(commandNames.topUp);
      if (chosen === offered.dashboard) await this.#editor.commands.executeCommand(commandNames.openDashboard);
      if (chosen === offered.budgets) await this.#editor.commands.executeCommand(commandNames.showBudgets);
      if (chosen === offered.silence) await silenceNotices(this.#editor.workspace);
      if (about && (chosen === offered.putOff || chosen === offered.putOffCredits)) await this.#putOff(about);
    } finally {
      this.#isOpen = false;
    }
  }

  async #putOff({ key, endsAtMs, addedAtMs }: LimitStory): Promise<void> {
    await this.#remember({ ...this.#kept(), [key]: { step: putOffStep, ...(endsAtMs === undefined ? {} : { endsAtMs }), ...(addedAtMs === undefined ? {} : { addedAtMs }) } });
  }
}
