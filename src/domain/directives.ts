// Directives: what people laid down for the ledger (answers about purchased credits, budgets,
// allowances, the automatic top-up, issuers of vouchers, policies, corrections) and the few things that the product notes in the same way (a price
// or a limit that was seen, a restored backup, where requests are sent). Each is one row for ever; the newest of a subject holds.
import { say } from './say.ts';
import type { Because } from './say.ts';
import { autoTopUpFault } from './autoTopUp.ts';
import type { AutoTopUp } from './autoTopUp.ts';
import { isTimeZone } from './calendar.ts';
import type { Allowance } from './allowances.ts';
import type { Budget } from './budgets.ts';
import type { Consent } from './consent.ts';
import { paceFault } from './evenBurn.ts';
import { sourceKeys } from './grantSource.ts';
import type { LimitNote } from './limitWatch.ts';
import type { ModelPrice } from './pricing.ts';
import { issuerFault } from './vouchers.ts';
import type { VoucherIssuer } from './vouchers.ts';
import type { UnpricedRule } from './walk.ts';

/** What is done about a model without a price, and about a question when nobody can be asked. */
export interface Policies {
  readonly unpriced: UnpricedRule;
  readonly unattended: 'refuse' | 'allow';
}

/** Policies until somebody says otherwise. */
export const policyDefaults: Policies = { unpriced: 'refuse', unattended: 'refuse' };

/** Host and port, for people, of what requests are sent to from now on: those that the broker's own key goes along with, and those with a sign-in. */
export interface UpstreamHosts { readonly key: string; readonly login: string }

/** One directive. `null` takes a budget, an allowance, the automatic top-up or an issuer's trust away. */
export type Directive =
  | { readonly kind: 'consent'; readonly consent: Consent }
  | { readonly kind: 'budget'; readonly id: string; readonly budget: Budget | null }
  | { readonly kind: 'allowance'; readonly id: string; readonly allowance: Allowance | null }
  | { readonly kind: 'auto-top-up'; readonly rule: AutoTopUp | null }
  | { readonly kind: 'voucher-issuer'; readonly keyId: string; readonly issuer: VoucherIssuer | null }
  | { readonly kind: 'policy'; readonly name: 'unpriced'; readonly value: Policies['unpriced'] }
  | { readonly kind: 'policy'; readonly name: 'unattended'; readonly value: Policies['unattended'] }
  | { readonly kind: 'unpriced-model'; readonly model: string; readonly answer: 'allow' | 'deny' | 'ask' }
  | { readonly kind: 'price'; readonly price: ModelPrice; readonly model: string }
  | { readonly kind: 'limit'; readonly note: LimitNote }
  | { readonly kind: 'void'; readonly grantId: string; readonly disputed: boolean; readonly reason: string }
  | { readonly kind: 'correction'; readonly attemptId: string; readonly content: string }
  | { readonly kind: 'restored'; readonly note: string }
  | { readonly kind: 'upstream'; readonly at: UpstreamHosts };

/** What a directive is about; the newest of one kind and subject holds. */
export function subjectOf(directive: Directive): string {
  switch (directive.kind) {
    case 'consent': return `${directive.consent.scope} ${directive.consent.of}`;
    case 'budget': case 'allowance': return directive.id;
    case 'auto-top-up': case 'restored': case 'upstream': return 'ledger';
    case 'voucher-issuer': return directive.keyId;
    case 'policy': return directive.name;
    case 'unpriced-model': case 'price': return directive.model;
    case 'limit': return directive.note.subject;
    case 'void': return directive.grantId;
    case 'correction': return directive.attemptId;
  }
}

/** Everything that holds now. */
export interface DirectiveState {
  readonly consents: readonly Consent[];
  readonly budgets: readonly Budget[];
  readonly allowances: readonly Allowance[];
  /** Absent where it is off. */
  readonly autoTopUp?: AutoTopUp;
  readonly issuers: readonly VoucherIssuer[];
  readonly policies: Policies;
  readonly unpricedModels: ReadonlyMap<string, 'allow' | 'deny' | 'ask'>;
  /** The price that each model was last seen with. */
  readonly prices: ReadonlyMap<string, ModelPrice>;
}

/** Puts together what holds from the newest directive of each subject, in the order in which they were given. */
export function directiveState(newest: Iterable<Directive>): DirectiveState {
  const consents: Consent[] = [];
  const budgets: Budget[] = [];
  const allowances: Allowance[] = [];
  const issuers: VoucherIssuer[] = [];
  const unpricedModels = new Map<string, 'allow' | 'deny' | 'ask'>();
  const prices = new Map<string, ModelPrice>();
  let autoTopUp: AutoTopUp | null = null;
  let policies = policyDefaults;
  for (const one of newest) {
    if (one.kind === 'consent') consents.push(one.consent);
    else if (one.kind === 'budget' && one.budget) budgets.push(one.budget);
    else if (one.kind === 'allowance' && one.allowance) allowances.push(one.allowance);
    else if (one.kind === 'auto-top-up') autoTopUp = one.rule;
    else if (one.kind === 'voucher-issuer' && one.issuer) issuers.push(one.issuer);
    else if (one.kind === 'policy') policies = { ...policies, [one.name]: one.value };
    else if (one.kind === 'unpriced-model') unpricedModels.set(one.model, one.answer);
    else if (one.kind === 'price') prices.set(one.model, one.price);
  }
  return { consents, budgets, allowances, ...(autoTopUp ? { autoTopUp } : {}), issuers, policies, unpricedModels, prices };
}

/** Budgets and allowances at the most, so that each decision stays quick. */
export const budgetsMax = 50;
/** See `budgetsMax`. */
export const allowancesMax = 20;
/** Hours of the longest rolling budget: a year. */
export const rollingHoursMax = 8784;

/** Credits that come back by themselves were not bought. */
const allowanceKinds: readonly Allowance['kind'][] = ['included', 'promotional'];

/** How keys begin that the ledger gives by itself. */
const ownKeys = ['price ', 'limit ', 'grant ', 'allowance ', 'refund '];

/** Why a key cannot be taken from outside, as a sentence; undefined when it can. */
export function keyFault(key: string): Because | undefined {
  const own = [...ownKeys, ...sourceKeys].find((one) => key.startsWith(one));
  return own === undefined ? undefined : say('Keys that begin with "{0}" are the ledger\'s own; choose another.', own);
}

/** Why a directive cannot be taken, as a sentence; undefined when it can. */
export function directiveFault(directive: Directive, state: DirectiveState): Because | undefined {
  // Each of these stands for rows that only its own command writes.
  if (directive.kind === 'void' || directive.kind === 'correction' || directive.kind === 'price' || directive.kind === 'limit') return say('A directive of the kind "{0}" is laid down by the ledger itself.', directive.kind);
  if (directive.kind === 'budget' && directive.budget) {
    const { budget } = directive;
    if (!Number.isSafeInteger(budget.limit) || budget.limit < 0) return say('A budget\'s limit is a whole amount of zero or more.');
    if (!isTimeZone(budget.timeZone)) return say('There is no time zone "{0}".', budget.timeZone);
    if (typeof budget.period === 'object' && !(Number.isInteger(budget.period.rollingHours) && budget.period.rollingHours >= 1 && budget.period.rollingHours <= rollingHoursMax)) return say('A rolling budget counts over 1 to {0} whole hours.', rollingHoursMax);
    const fault = paceFault(budget);
    if (fault !== undefined) return fault;
    if (!state.budgets.some((one) => one.id === budget.id) && state.budgets.length >= budgetsMax) return say('There are {0} budgets already, the most there can be.', budgetsMax);
  }
  if (directive.kind === 'auto-top-up' && directive.rule) return autoTopUpFault(directive.rule);
  if (directive.kind === 'voucher-issuer' && directive.issuer) return issuerFault(directive.issuer, state.issuers);
  if (directive.kind === 'allowance' && directive.allowance) {
    const { allowance } = directive;
    if (!Number.isSafeInteger(allowance.amountMicroCredits) || allowance.amountMicroCredits <= 0) return say('An allowance gives a whole amount above zero.');
    if (!allowanceKinds.includes(allowance.kind)) return say('An allowance is included or promotional, not "{0}".', allowance.kind);
    if (!isTimeZone(allowance.timeZone)) return say('There is no time zone "{0}".', allowance.timeZone);
    if (allowance.weekStartsOn !== undefined && !(Number.isInteger(allowance.weekStartsOn) && allowance.weekStartsOn >= 1 && allowance.weekStartsOn <= 7)) return say('A week starts on day 1 (Monday) to 7 (Sunday).');
    if (!state.allowances.some((one) => one.id === allowance.id) && state.allowances.length >= allowancesMax) return say('There are {0} allowances already, the most there can be.', allowancesMax);
  }
  return undefined;
}
