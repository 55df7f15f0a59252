// Whether a directive says all that its kind has to say, in words that there are. Whoever changes what was laid down
// may leave a budget without a limit or a rule without an amount, by which nothing could ever have been decided. Time
// zones are believed: which there are depends on the computer.
import type { Allowance } from '../allowances.ts';
import { autoTopUpFault } from '../autoTopUp.ts';
import type { Budget, BudgetPer } from '../budgets.ts';
import type { Consent } from '../consent.ts';
import type { Directive, UpstreamHosts } from '../directives.ts';
import { paceFault } from '../evenBurn.ts';
import { issuerFault } from '../vouchers.ts';

const answers: readonly unknown[] = ['allow', 'deny', 'ask'] satisfies Consent['answer'][];
const scopes: readonly unknown[] = ['request', 'task', 'workspace', 'everywhere'] satisfies Consent['scope'][];
const pers: readonly unknown[] = ['request', 'task', 'workspace', 'model', 'client', 'everything'] satisfies BudgetPer[];
const units: readonly unknown[] = ['credits', 'tokens'] satisfies Budget['unit'][];
const modes: readonly unknown[] = ['soft', 'hard'] satisfies Budget['mode'][];
const calendar: readonly unknown[] = ['day', 'week', 'month'] satisfies Allowance['every'][];
const kinds: readonly unknown[] = ['included', 'promotional'] satisfies Allowance['kind'][];
const policyValues: Readonly<Record<string, readonly unknown[]>> = { unpriced: ['refuse', 'ask', 'ceiling', 'allow'], unattended: ['refuse', 'allow'] };

/** Whether it can have been laid down at all. What is read here may be anything that is JSON. */
export function isPossible(directive: Directive): boolean {
  switch (directive.kind) {
    case 'consent': return answers.includes(directive.consent.answer) && scopes.includes(directive.consent.scope) && typeof directive.consent.of === 'string';
    case 'budget': return directive.budget === null || isBudget(directive.budget);
    case 'allowance': return directive.allowance === null || isAllowance(directive.allowance);
    case 'auto-top-up': return directive.rule === null || isZone(directive.rule.timeZone) && autoTopUpFault({ ...directive.rule, timeZone: 'UTC' }) === undefined;
    case 'voucher-issuer': return directive.issuer === null || typeof directive.issuer.name === 'string' && issuerFault(directive.issuer, []) === undefined;
    case 'policy': return policyValues[directive.name]?.includes(directive.value) ?? false;
    case 'upstream': return isHosts(directive.at);
    case 'unpriced-model': return answers.includes(directive.answer);
    default: return true;
  }
}

function isBudget(budget: Budget): boolean {
  const { per, of, unit, limit, mode, period, pace } = budget;
  const isPeriod = typeof period === 'object' ? Number.isSafeInteger(period.rollingHours) && period.rollingHours > 0 : calendar.includes(period) || period === 'life';
  return pers.includes(per) && units.includes(unit) && modes.includes(mode) && Number.isSafeInteger(limit) && limit >= 0 && isPeriod && isZone(budget.timeZone) && isAbsentOrText(of) && (pace === undefined || pace === 'even') && paceFault(budget) === undefined;
}

function isAllowance({ kind, amountMicroCredits, every, weekStartsOn, timeZone, priority, note }: Allowance): boolean {
  return kinds.includes(kind) && Number.isSafeInteger(amountMicroCredits) && amountMicroCredits > 0 && calendar.includes(every) && isZone(timeZone) && Number.isSafeInteger(priority)
    && (weekStartsOn === undefined || Number.isInteger(weekStartsOn) && weekStartsOn >= 1 && weekStartsOn <= 7) && isAbsentOrText(note);
}

/** Where something was sent to that left is always some place. */
function isHosts(at: unknown): boolean {
  const { key, login } = (at ?? {}) as { readonly [Name in keyof UpstreamHosts]?: unknown };
  return [key, login].every((host) => typeof host === 'string' && host !== '');
}

function isZone(zone: unknown): boolean {
  return typeof zone === 'string' && zone !== '';
}

function isAbsentOrText(text: unknown): boolean {
  return text === undefined || typeof text === 'string';
}
