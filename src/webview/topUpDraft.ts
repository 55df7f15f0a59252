// The top-up form's rules: which amounts it takes, what its button is called, what the balance would
// become. Pure; it never sends anything and knows no screen.
import { exampleAmount, readAmount } from '../domain/typedAmount.ts';
import { formatCredits, formatUsd, microCreditsPerCredit, parseUsd, sum } from '../domain/units.ts';
import type { Problem, ProblemCode } from '../domain/problem.ts';
import type { CreditsAddResult } from '../protocol/control.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import type { BalanceView, Snapshot } from '../protocol/snapshot.ts';
import { countText, creditsText, requestsText } from './amountText.ts';

/** Amounts on offer, in whole US dollars. */
export const presetsUsd = [5, 10, 25, 50] as const;

/** The least that the form adds: one credit. */
export const topUpMicroCreditsMin = microCreditsPerCredit;

/** The most that the form adds at once (US$500), so that a slipped digit cannot lift the cap far. */
export const topUpMicroCreditsMax = 500 * 25 * microCreditsPerCredit;

/** What a typed amount is worth, or what is wrong with it. */
export type DraftAmount =
  | { readonly microCredits: number }
  | { readonly wrong: string };

/** Reads the amount field, in US dollars as the locale writes them. */
export function draftAmount(usdText: string, locale: string): DraftAmount {
  const text = usdText.trim().replace(/^\$\s*|\s*\$$/g, '');
  if (text === '') return { wrong: t('Choose or type an amount.') };
  const microCredits = parseUsd(readAmount(text, locale) ?? '');
  const range = [formatUsd(topUpMicroCreditsMin, 2, locale), formatUsd(topUpMicroCreditsMax, 2, locale)] as const;
  if (microCredits === undefined) return { wrong: t('Type US dollars with at most two decimals, such as {0}; {1} to {2}.', exampleAmount(12.5, locale, 2), ...range) };
  if (microCredits < topUpMicroCreditsMin || microCredits > topUpMicroCreditsMax) return { wrong: t('One top-up adds {0} to {1}.', ...range) };
  return { microCredits };
}

/** Whether the dollar's sign stands before an amount where the locale is spoken. */
export function isSignFirst(locale: string): boolean {
  const [first] = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' }).formatToParts(1);
  return first?.type === 'currency';
}

/** The button names its result; right after a top-up it says that a click would add again. */
export function submitLabel(amount: DraftAmount, locale: string, isAgain = false): string {
  if ('wrong' in amount) return t('Add credits');
  const [credits, usd] = [formatCredits(amount.microCredits, 2, locale), formatUsd(amount.microCredits, 2, locale)];
  return isAgain ? t('Add another {0} credits ({1})', credits, usd) : t('Add {0} credits ({1})', credits, usd);
}

/** Balance after the top-up, in microcredits; an untracked balance begins at the amount. */
export function balanceAfter(balance: BalanceView, microCredits: number): number {
  return (balance.tracked ? balance.balanceMicroCredits : 0) + microCredits;
}

/** What the result says: "250.00 credits added. Balance 592.18." */
export function addedText(result: CreditsAddResult, locale: string): string {
  const [amount, balance] = [formatCredits(result.grant.amountMicroCredits, 2, locale), formatCredits(result.balance.balanceMicroCredits, 2, locale)];
  return result.created ? t('{0} credits added. Balance {1}.', amount, balance) : t('These {0} credits had been added already; nothing was added twice. Balance {1}.', amount, balance);
}

/** Failures after which the credits may have been added all the same. */
const unknownOutcomes: readonly ProblemCode[] = ['broker_unreachable', 'broker_stopping', 'ledger_unavailable', 'internal'];

/** What a failure says: what happened, what to do, and, where the outcome is unknown, that a second try cannot add twice. */
export function notAddedText(problem: Problem): string {
  return [problemWords(problem), ...(unknownOutcomes.includes(problem.code) ? [t('Trying again with the same amount cannot add it twice.')] : [])].join(' ');
}

/** What a request costs on average, over the charged ones of today that the snapshot lists. */
export interface AverageCost {
  readonly microCredits: number;
  /** How many requests it is computed from. */
  readonly requests: number;
  /** Whether these are all of today's. */
  readonly isWholeDay: boolean;
}

/** The average of today; undefined before the first charged request. Refused and free ones are left out: they would make the average too small. */
export function averageCost({ recent, today }: Pick<Snapshot, 'recent' | 'today'>): AverageCost | undefined {
  const listed = recent.filter((attempt) => attempt.atMs >= today.dayStartMs);
  const costs = listed.map((attempt) => attempt.costMicroCredits ?? 0).filter((cost) => cost > 0);
  if (costs.length === 0) return undefined;
  return {
    microCredits: Math.round(sum(costs, 'costs of today') / costs.length), requests: costs.length,
    isWholeDay: new Set(listed.map((attempt) => attempt.requestId)).size >= today.total.requests,
  };
}

/** About how many average requests an amount pays for: "370 at today's average (2.30)"; undefined when it is none. */
export function requestsBought(microCredits: number, average: AverageCost | undefined, locale: string): string | undefined {
  if (average === undefined || average.microCredits <= 0) return undefined;
  const count = Math.floor(microCredits / average.microCredits);
  if (count === 0) return undefined;
  const [requests, each] = [requestsText(count, locale), creditsText(average.microCredits, locale)];
  return average.isWholeDay ? t('{0} at today\'s average ({1})', requests, each) : t('{0} at the average of the last {1} ({2})', requests, countText(average.requests, locale), each);
}
