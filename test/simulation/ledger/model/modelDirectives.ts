// The second mind's directives: what people laid down, by key and by subject, and which of it cannot be
// taken. The newest word of a subject holds; the same word again is no news.
import type { Budget } from '../../../../src/domain/budgets.ts';
import type { Directive } from '../../../../src/domain/directives.ts';
import type { DirectCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { knownZones } from './modelCalendar.ts';
import type { ModelState } from './modelState.ts';

function subjectIn(directive: Directive): string {
  switch (directive.kind) {
    case 'consent': return `consent ${directive.consent.scope} ${directive.consent.of}`;
    case 'budget': case 'allowance': return `${directive.kind} ${directive.id}`;
    case 'auto-top-up': return 'auto-top-up ledger';
    case 'voucher-issuer': return `voucher-issuer ${directive.keyId}`;
    case 'policy': return `policy ${directive.name}`;
    case 'unpriced-model': case 'price': return `${directive.kind} ${directive.model}`;
    case 'limit': return `limit ${directive.note.subject}`;
    case 'void': return `void ${directive.grantId}`;
    case 'correction': return `correction ${directive.attemptId}`;
    case 'restored': return 'restored ledger';
    case 'upstream': return 'upstream ledger';
  }
}

/** Lays a word down that is known to be new. */
export function layDown(state: ModelState, key: string, directive: Directive): void {
  const before = state.directives.get(subjectIn(directive));
  if (directive.kind === 'consent' && before?.kind === 'consent' && before.consent.answer === 'allow' && directive.consent.answer !== 'allow') state.notes.push(`consent for a ${directive.consent.scope} withdrawn`);
  state.directives.set(subjectIn(directive), directive);
  state.keys.set(key, JSON.stringify(directive));
  state.rows.directives += 1;
}

/** A directive as it is given. */
export function direct(state: ModelState, { key, directive }: DirectCommand) {
  const text = JSON.stringify(directive);
  const known = state.keys.get(key);
  if (known !== undefined) return known === text ? { exists: true } : { code: 'key_conflict' };
  if (!isSound(directive)) return { code: 'argument_invalid' };
  layDown(state, key, directive);
  return { exists: false };
}

function isSound(directive: Directive): boolean {
  const isZone = (name: string) => knownZones.some((zone) => zone === name);
  if (directive.kind === 'budget' && directive.budget) {
    const { limit, period, timeZone } = directive.budget;
    const hours = typeof period === 'object' ? period.rollingHours : 1;
    return Number.isSafeInteger(limit) && limit >= 0 && isZone(timeZone) && Number.isInteger(hours) && hours >= 1 && hours <= 366 * 24 && isSoundPace(directive.budget);
  }
  if (directive.kind === 'allowance' && directive.allowance) {
    const { amountMicroCredits, kind, timeZone, weekStartsOn = 1 } = directive.allowance;
    const isWeekday = [1, 2, 3, 4, 5, 6, 7].includes(weekStartsOn);
    return Number.isSafeInteger(amountMicroCredits) && amountMicroCredits > 0 && ['included', 'promotional'].includes(kind) && isZone(timeZone) && isWeekday;
  }
  if (directive.kind === 'auto-top-up' && directive.rule) {
    const { belowMicroCredits: below, amountMicroCredits: amount, capMicroCredits: cap, timeZone } = directive.rule;
    return [below, amount, cap].every((one) => Number.isSafeInteger(one)) && below > 0 && below <= amount && amount <= cap && cap / amount <= 100 && isZone(timeZone);
  }
  return true;
}

/** Only weeks, months and more than 24 hours have days; only the latter have to say when those began. */
function isSoundPace({ pace, period, per, pacedFromMs }: Budget): boolean {
  if (pace === undefined) return pacedFromMs === undefined;
  if (per === 'request') return false;
  if (typeof period === 'string') return ['week', 'month'].includes(period) && pacedFromMs === undefined;
  return period.rollingHours >= 25 && pacedFromMs !== undefined && Number.isInteger(pacedFromMs / 900_000) && pacedFromMs >= 0;
}

/** Notes the price of a model where it is new or another than before. */
export function notePrice(state: ModelState, model: string, price: { readonly rates: unknown; readonly long?: unknown; readonly fast?: unknown }): void {
  const terms = JSON.stringify([price.rates, price.long, price.fast]);
  if (state.prices.get(model) === terms) return;
  state.prices.set(model, terms);
  const times = (state.pricesSeen.get(model) ?? 0) + 1;
  state.pricesSeen.set(model, times);
  state.keys.set(`price ${model} ${times}`, 'a price');
  state.rows.directives += 1;
  if (times > 1) state.notes.push('price changed');
}
