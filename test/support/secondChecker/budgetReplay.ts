// Budgets and permissions at the moment of each decision: what a budget had used and reserved, computed from
// the usage events and holds of that time; that no hard one was exceeded; that purchased credits were
// permitted. Where rows do not prove what came first, a decision is right if it was right at some
// moment that they leave open.
import type { LedgerTables, WrittenDecision, WrittenVerdict } from './ledgerTables.ts';
import { dayInPeriod, periodAround } from './localPeriods.ts';
import { decided } from './momentOrder.ts';
import type { MomentOrder } from './momentOrder.ts';
import type { PermissionShown } from './grantReplay.ts';
import { standingAfter } from './standingDirectives.ts';
import type { Standing, WrittenBudget } from './standingDirectives.ts';

const quarterHourMs = 900_000;
const hourMs = 3_600_000;

/** What a usage event or a hold is counted under. */
interface Counted { readonly requestId: string; readonly threadId: string | null; readonly workspaceId: string; readonly model: string; readonly client: string }
interface CountedEvent extends Counted { readonly place: number; readonly atMs: number; readonly cost: number; readonly tokens: number }
interface CountedHold extends Counted { readonly place: number; readonly endPlace: number; readonly estimate: number; readonly tokens: number }

/** Everything that was decided against a budget or without permission. */
export function wrongDecisions(tables: LedgerTables, order: MomentOrder, permissions: readonly PermissionShown[]): string[] {
  const standing = standingAfter(tables.directives);
  const books = new BudgetBooks(tables);
  const bought = new Set(tables.entries.filter((entry) => entry.kind === 'reserve' && tables.grants.get(entry.grantId ?? '')?.kind === 'purchased').map((entry) => entry.attemptId));
  const wrong: string[] = [];
  for (const decision of tables.decisions) {
    const moment = decided(decision.attemptId);
    const needs = { bought: bought.has(decision.attemptId), told: decision.record.budgets ?? [] };
    if (!needs.bought && needs.told.length === 0 && !tables.directives.some((one) => one.kind === 'budget')) continue;
    const faults = new Set<string>();
    const [directives, events] = [order.before(moment, 'directives'), order.before(moment, 'events')];
    let right = false;
    for (let count = directives.least; count <= directives.most && !right; count += 1) {
      const holds = standing(count);
      if (needs.bought && !mayBuy(holds, decision)) { faults.add('purchased credits were reserved that nobody had permitted'); continue; }
      for (let place = events.least; place <= events.most && !right; place += 1) {
        const fault = books.faultOf(decision, holds.budgets, place);
        if (fault === undefined) right = true;
        else faults.add(fault);
      }
    }
    if (!right) wrong.push(`${[...faults].join(' and ')} (${moment})`);
  }
  for (const shown of permissions) {
    const request = tables.decisions.find((one) => one.attemptId === shown.attemptId);
    const { least, most } = order.before(shown.moment, 'directives');
    const possible = request !== undefined && Array.from({ length: most - least + 1 }, (_, index) => standing(least + index).answerFor(request)).some((answer) => (answer === 'allow') === shown.allowed);
    if (!possible) wrong.push(`${shown.allowed ? 'purchased credits were drawn beyond the hold that nobody had permitted' : 'permitted credits were not drawn for what was due'} (${shown.moment})`);
  }
  return wrong;
}

/** Whether purchased credits were permitted: by an answer, or by the policy where nobody could be asked. */
function mayBuy(standing: Standing, decision: WrittenDecision): boolean {
  const answer = standing.answerFor(decision);
  return answer === 'allow' || answer === 'ask' && standing.unattended === 'allow' && decision.record.answered === undefined;
}

/** What budgets had used at any place of the usage events. */
class BudgetBooks {
  readonly #tables: LedgerTables;
  readonly #events: readonly CountedEvent[];
  readonly #holds: readonly CountedHold[];

  constructor(tables: LedgerTables) {
    this.#tables = tables;
    const costOf = new Map(tables.charges.map((charge) => [charge.usageEventId, charge.cost]));
    this.#events = tables.events.map((event, place) => ({ ...event, place, cost: costOf.get(event.id) ?? 0, tokens: event.tokens.input + event.tokens.output }));
    const endOf = new Map(tables.events.flatMap((event, place) => (event.corrects === null ? [[event.attemptId, place] as const] : [])));
    this.#holds = tables.decisions.flatMap((decision) => {
      const hold = tables.holds.get(decision.attemptId);
      return hold ? [{ ...decision, endPlace: endOf.get(decision.attemptId) ?? Infinity, estimate: hold.estimate ?? hold.amount, tokens: hold.tokens }] : [];
    });
  }

  /** What is wrong with a decision if it was made when so many usage events were there. */
  faultOf(decision: WrittenDecision, budgets: readonly WrittenBudget[], place: number): string | undefined {
    const hold = this.#tables.holds.get(decision.attemptId);
    const told = decision.record.budgets ?? [];
    // A refusal may have come before budgets were asked, and does not say how much was wanted.
    if (!hold && decision.record.budgets === undefined) return undefined;
    const expected = budgets.flatMap((budget): WrittenVerdict[] => {
      const key = keyOf(budget, decision);
      if (key === undefined) return [];
      const wanted = hold ? budget.unit === 'tokens' ? hold.tokens : hold.estimate : told.find((one) => one.budgetId === budget.id)?.wanted;
      return wanted === undefined || wanted === null ? [] : [this.#verdict(budget, { key, wanted, decision, place })];
    });
    if (hold && expected.some((one) => one.mode === 'hard' && one.verdict !== 'fits')) return 'a hard budget was exceeded';
    return textOf(expected) === textOf(told) ? undefined : 'a decision tells of budgets what was not so';
  }

  #verdict(budget: WrittenBudget, { key, wanted, decision, place }: { readonly key: string; readonly wanted: number; readonly decision: WrittenDecision; readonly place: number }): WrittenVerdict {
    const period = spanOf(budget, decision.atMs);
    const counts = (one: Counted) => fits(budget, key, one);
    const sum = <T>(from: readonly T[], amount: (one: T) => number) => from.reduce((total, one) => total + amount(one), 0);
    const used = sum(this.#events.filter((one) => one.place < place && Math.floor(one.atMs / quarterHourMs) * quarterHourMs >= period.fromMs && counts(one)), (one) => (budget.unit === 'tokens' ? one.tokens : one.cost));
    const reserved = sum(this.#holds.filter((one) => one.place < decision.place && one.endPlace >= place && counts(one)), (one) => (budget.unit === 'tokens' ? one.tokens : one.estimate));
    const allowed = allowedBy(budget, decision.atMs);
    const room = allowed ?? budget.limit;
    const verdict = used + reserved + wanted <= room ? 'fits' : used + wanted <= room ? 'reserved' : 'over';
    return { budgetId: budget.id, key, unit: budget.unit, mode: budget.mode, limit: budget.limit, used, reserved, wanted, verdict, ...(period.untilMs === undefined ? {} : { endsAtMs: period.untilMs }), ...(allowed === undefined ? {} : { allowed }) };
  }
}

/** What of a budget that is spread evenly may be used by a moment: the largest whole amount that is no more than its days' part. */
function allowedBy({ pace, period, limit, timeZone, pacedFromMs }: WrittenBudget, atMs: number): number | undefined {
  if (pace !== 'even' || period === 'life' || period === 'day') return undefined;
  if (typeof period !== 'object') {
    const { day, days } = dayInPeriod(period, atMs, timeZone);
    return partOfWhole(limit, day, days);
  }
  let hours = 24;
  while (hours < period.rollingHours && atMs >= (pacedFromMs ?? 0) + hours * hourMs) hours += 24;
  return hours >= period.rollingHours ? limit : partOfWhole(limit, hours, period.rollingHours);
}

/** Divides before it multiplies, so that no amount is too large for it. */
function partOfWhole(whole: number, some: number, all: number): number {
  const rest = whole % all;
  return (whole - rest) / all * some + Math.floor(rest * some / all);
}

/** From when on a budget counts, and when its period ends. A budget per request looks at its request alone. */
function spanOf(budget: WrittenBudget, atMs: number): { readonly fromMs: number; readonly untilMs?: number } {
  const { period } = budget;
  const always = period === 'life' || budget.per === 'request';
  if (period === 'life' || always && typeof period === 'object') return { fromMs: -Infinity };
  if (typeof period === 'object') return { fromMs: Math.floor((atMs - period.rollingHours * hourMs) / quarterHourMs) * quarterHourMs };
  const { fromMs, untilMs } = periodAround(period, atMs, budget.timeZone);
  return { fromMs: always ? -Infinity : Math.floor(fromMs / quarterHourMs) * quarterHourMs, untilMs };
}

const partOf: Readonly<Record<string, (one: Counted) => string | null>> = {
  request: (one) => one.requestId, task: (one) => one.threadId, workspace: (one) => one.workspaceId, model: (one) => one.model, client: (one) => one.client, everything: () => '',
};

/** What a budget counts a request under; undefined where it is not about it. */
function keyOf(budget: WrittenBudget, one: Counted): string | undefined {
  const part = partOf[budget.per]?.(one) ?? undefined;
  if (part === undefined || budget.of === undefined) return part;
  return fits(budget, budget.of, one) ? budget.of : undefined;
}

/** Whether something counts under a key of a budget; a model's key may stand for a family. */
function fits(budget: WrittenBudget, key: string, one: Counted): boolean {
  const part = partOf[budget.per]?.(one) ?? undefined;
  return part !== undefined && (part === key || budget.per === 'model' && key.endsWith('*') && part.startsWith(key.slice(0, -1)));
}

function textOf(verdicts: readonly WrittenVerdict[]): string {
  return JSON.stringify(verdicts.map((one) => [one.budgetId, one.key, one.unit, one.mode, one.limit, one.used, one.reserved, one.wanted, one.verdict, one.endsAtMs ?? null, one.allowed ?? null]));
}
