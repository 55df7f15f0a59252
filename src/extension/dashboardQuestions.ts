// Answers what the dashboard page asks for on demand. What reads many rows is asked of the broker in small parts, so
// that holds never wait behind it; it ends as soon as the page asks something newer or looks elsewhere.
import { dayKeyOf, dayStartMs, localDayOf } from '../domain/localDays.ts';
import type { QuestionAbout, PageQuestion, QuestionAnswer, QuestionResults } from '../protocol/dashboardQuestions.ts';
import { historyOfSteps } from '../protocol/history.ts';
import type { HistoryGrouping, HistoryResult, HistoryStep, RangeDays } from '../protocol/history.ts';
import type { LedgerRow } from '../protocol/ledgerPages.ts';
import { problemOf } from './brokerLink.ts';
import type { BrokerCall } from './liveSocket.ts';

/** What the answers need from outside. */
export interface QuestionParts {
  readonly call: BrokerCall;
  nowMs(): number;
  utcOffsetMs(atMs: number): number;
  /** Names the ledger that the broker keeps, so that nothing of another one is remembered. */
  ledger(): string;
}

/** Rows of one page of entries, and how many parts of the ledger are looked through for it at the most. */
export const entriesAtOnce = 50;
/** See `entriesAtOnce`. */
export const partsLookedThroughMax = 60;
const happeningsAtOnce = 50;
/** Savings of past days that are remembered. */
const savingsMax = 500;
const hourMs = 3_600_000;

interface Span { readonly fromMs: number; readonly untilMs: number }
type Saving = QuestionResults['saving'];
type AboutOf<A extends QuestionAbout> = Extract<PageQuestion, { about: A }>;

/** One for each window. */
export class DashboardQuestions {
  readonly #parts: QuestionParts;
  /** The newest question of each kind. */
  readonly #newest = new Map<QuestionAbout, number>();
  /** What is past does not change: corrections are rows of their own day. */
  readonly #savings = new Map<string, Saving>();

  constructor(parts: QuestionParts) {
    this.#parts = parts;
  }

  /** Nobody waits for the answer any more. */
  drop(about: QuestionAbout): void {
    this.#newest.delete(about);
  }

  /** Answers; undefined where a newer question came or nobody looks any more. Failures are part of the answer. */
  async answer(id: number, question: PageQuestion): Promise<QuestionAnswer | undefined> {
    const { about } = question;
    this.#newest.set(about, id);
    const isWanted = () => this.#newest.get(about) === id;
    try {
      const result = await this.#result(question, isWanted);
      return result && isWanted() ? { type: 'answer', about, id, result } as QuestionAnswer : undefined;
    } catch (error) {
      return isWanted() ? { type: 'answer', about, id, problem: problemOf(error) } : undefined;
    }
  }

  #result(question: PageQuestion, isWanted: () => boolean): Promise<QuestionResults[QuestionAbout] | undefined> {
    const { call } = this.#parts;
    switch (question.about) {
      case 'history': return this.#history(question, isWanted);
      case 'saving': return this.#saving(question, isWanted);
      case 'entries': return this.#entries(question, isWanted);
      case 'happenings': return call('happenings', { filter: question.filter, limit: happeningsAtOnce, ...given('before', question.before), ...given('workspaceId', question.workspaceId), ...given('fromMs', this.#beginOf(question.days)) });
      case 'insights': return call('insights', { days: question.days, ...given('workspaceId', question.workspaceId) });
      case 'course': return call('course', { fromMs: this.#daySpans(question.days)[0]!.fromMs, ...given('budgetId', question.budgetId), ...given('key', question.key) });
    }
  }

  async #history({ by, days, workspaceId }: AboutOf<'history'>, isWanted: () => boolean): Promise<HistoryResult | undefined> {
    const step = days === 1 ? 'hour' : 'day';
    const spans = this.#daySpans(days);
    if (workspaceId === undefined) return this.#parts.call('history', { by, step, fromMs: spans[0]!.fromMs });
    const steps: HistoryStep[] = [];
    for (const span of step === 'hour' ? this.#hourSpans(spans[0]!) : spans) {
      steps.push({ key: this.#keyOf(span.fromMs, step), rows: await this.#workspaceRows(by, workspaceId, span) });
      if (!isWanted()) return undefined;
    }
    return historyOfSteps(steps);
  }

  async #workspaceRows(by: HistoryGrouping, workspaceId: string, { fromMs, untilMs }: Span): Promise<HistoryStep['rows']> {
    return (await this.#parts.call('workspaceUsage', { by, workspaceId, fromMs, untilMs })).rows;
  }

  async #saving({ days, workspaceId }: AboutOf<'saving'>, isWanted: () => boolean): Promise<Saving | undefined> {
    let [savedMicroCredits, cachedInputTokens] = [0, 0];
    const today = localDayOf(this.#parts.nowMs(), this.#parts.utcOffsetMs);
    // The newest first: what runs out of time is what is asked for least.
    for (const { fromMs, untilMs } of this.#daySpans(days).toReversed()) {
      const key = JSON.stringify([this.#parts.ledger(), fromMs, untilMs, workspaceId]);
      const known = this.#savings.get(key);
      const saving = known ?? await this.#parts.call('cacheSaving', { fromMs, untilMs, ...given('workspaceId', workspaceId) });
      if (!isWanted()) return undefined;
      if (!known && localDayOf(fromMs, this.#parts.utcOffsetMs) < today) this.#remember(key, saving);
      savedMicroCredits += saving.savedMicroCredits;
      cachedInputTokens += saving.cachedInputTokens;
    }
    return { savedMicroCredits, cachedInputTokens };
  }

  #remember(key: string, saving: Saving): void {
    if (this.#savings.size >= savingsMax) this.#savings.clear();
    this.#savings.set(key, saving);
  }

  async #entries({ kind, search, workspaceId, days, before }: AboutOf<'entries'>, isWanted: () => boolean): Promise<QuestionResults['entries'] | undefined> {
    const rows: LedgerRow[] = [];
    let next = before;
    const fromMs = this.#beginOf(days);
    for (let part = 0; part < partsLookedThroughMax; part += 1) {
      const page = await this.#parts.call('entryPage', { kind, limit: entriesAtOnce - rows.length, ...given('before', next), ...given('search', search), ...given('workspaceId', workspaceId), ...given('fromMs', fromMs) });
      if (!isWanted()) return undefined;
      rows.push(...page.rows);
      next = page.next;
      if (next === undefined || rows.length >= entriesAtOnce) break;
    }
    return { rows, ...given('next', next) };
  }

  /** When the first local day of a range began, where there is one. */
  #beginOf(days: RangeDays | undefined): number | undefined {
    return days === undefined ? undefined : this.#daySpans(days)[0]!.fromMs;
  }

  /** The local days of a range, oldest first. */
  #daySpans(days: RangeDays): Span[] {
    const { utcOffsetMs } = this.#parts;
    const today = localDayOf(this.#parts.nowMs(), utcOffsetMs);
    return Array.from({ length: days }, (_, index) => {
      const day = today - days + 1 + index;
      return { fromMs: dayStartMs(day, utcOffsetMs), untilMs: dayStartMs(day + 1, utcOffsetMs) };
    });
  }

  /** The hours of a day up to now. */
  #hourSpans({ fromMs }: Span): Span[] {
    const hours = Math.floor((this.#parts.nowMs() - fromMs) / hourMs) + 1;
    return Array.from({ length: hours }, (_, index) => ({ fromMs: fromMs + index * hourMs, untilMs: fromMs + (index + 1) * hourMs }));
  }

  #keyOf(atMs: number, step: 'hour' | 'day'): string {
    const { utcOffsetMs } = this.#parts;
    return step === 'day' ? dayKeyOf(localDayOf(atMs, utcOffsetMs)) : new Date(atMs + utcOffsetMs(atMs)).toISOString().slice(0, 13);
  }
}

/** A property where there is a value for it. */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}
