// Remembers how what is used of each long limit and budget went on, and adds its pace to what windows are shown. A
// budget's past comes from the ledger, once; an upstream limit's is known from when this broker first saw it.
import { coursePace, courseFrom, noteUse, type LimitCourse, type LimitLook } from '../domain/limitCourse.ts';
import { budgetTime, paceMinutesMin, shareLeft, timeLeft } from '../protocol/limitStands.ts';
import type { BudgetView, WindowView } from '../protocol/snapshot.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Budgets whose past is read for one picture; the others follow with the next ones. */
const pastsMax = 3;

/** The courses of one broker's life. */
export class LimitPaces {
  readonly #ledger: Pick<LedgerStore, 'query'>;
  #windows = new Map<string, LimitCourse>();
  #budgets = new Map<string, LimitCourse>();

  constructor(ledger: Pick<LedgerStore, 'query'>) {
    this.#ledger = ledger;
  }

  /** The windows with their pace. */
  windows(views: readonly WindowView[], nowMs: number): WindowView[] {
    const known = new Map<string, LimitCourse>();
    const paced = views.map((view) => {
      const look = lookOf(view, nowMs);
      if (!look) return view;
      const key = `${view.id} ${look.fromMs === undefined}`;
      const course = noteUse(this.#windows.get(key), look, nowMs);
      known.set(key, course);
      return withPace(view, course, look, nowMs);
    });
    this.#windows = known;
    return paced;
  }

  /** The budgets with the pace of each of their keys. */
  async budgets(views: readonly BudgetView[], nowMs: number): Promise<BudgetView[]> {
    const known = new Map<string, LimitCourse>();
    let pasts = 0;
    const paced: BudgetView[] = [];
    for (const view of views) {
      const { budget, uses } = view;
      // What is spread over its days has the pace that its days have.
      if (budget.pace === 'even' || budget.per === 'request' || budget.limit <= 0) {
        paced.push(view);
        continue;
      }
      const [first] = uses;
      const time = first && budgetTime(view, first, nowMs);
      const pacedUses: BudgetView['uses'][number][] = [];
      for (const use of uses) {
        const fromMs = time && use.endsAtMs !== undefined ? use.endsAtMs - time.lengthMs : undefined;
        const look: LimitLook = { used: use.used / budget.limit, ...lengthOf(view, time?.lengthMs), ...(fromMs === undefined ? {} : { fromMs }) };
        const key = JSON.stringify([view.id, budget.unit, budget.limit, budget.period, use.key]);
        const before = this.#budgets.get(key) ?? (fromMs !== undefined && pasts++ < pastsMax ? await this.#past(view.id, use.key, budget.limit, look, nowMs) : undefined);
        const course = noteUse(before, look, nowMs);
        // One whose past was not read yet is looked at again.
        if (before || fromMs === undefined) known.set(key, course);
        pacedUses.push(withPace(use, course, look, nowMs));
      }
      paced.push({ ...view, uses: pacedUses });
    }
    this.#budgets = known;
    return paced;
  }

  async #past(budgetId: string, key: string, limit: number, look: LimitLook, nowMs: number): Promise<LimitCourse | undefined> {
    const past = await this.#ledger.query('course', { nowMs, fromMs: nowMs, budgetId, key });
    return past ? courseFrom(past.left.filter(({ atMs }) => atMs < nowMs).map(({ atMs, amount }) => ({ atMs, used: 1 - amount / limit })), look) : undefined;
  }
}

/** A long window as it is looked at; undefined while it is unknown, and for a plan's that has not begun anew yet. */
function lookOf(view: WindowView, nowMs: number): LimitLook | undefined {
  const left = shareLeft(view);
  if (left === undefined || view.windowMinutes < paceMinutesMin) return undefined;
  const lengthMs = view.windowMinutes * minuteMs;
  if (view.resetsAtMs !== undefined && timeLeft(view, nowMs) !== undefined) return { used: 1 - left, lengthMs, fromMs: view.resetsAtMs - lengthMs };
  return view.measure === 'percent' ? undefined : { used: 1 - left, lengthMs };
}

/** The length of a budget's period; one for ever is looked at as days are. */
function lengthOf({ budget: { period } }: BudgetView, lengthMs: number | undefined): { readonly lengthMs: number } {
  return { lengthMs: lengthMs ?? (typeof period === 'object' ? period.rollingHours : 24) * hourMs };
}

function withPace<T extends object>(view: T, course: LimitCourse, look: LimitLook, nowMs: number): T {
  const pace = coursePace(course, look, nowMs);
  return pace ? { ...view, pace } : view;
}
