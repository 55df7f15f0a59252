// The automatic top-up: while the balance is below a threshold that a person chose, an amount that she chose is
// added, up to a cap in each calendar month. What it adds are purchased credits, which need permission as ever. Pure.
import { isTimeZone, periodIn } from './calendar.ts';
import type { Period } from './calendar.ts';
import { isInForce } from './grants.ts';
import type { Grant } from './grants.ts';
import { say } from './say.ts';
import type { Because } from './say.ts';
import { sum } from './units.ts';

/** The rule as a person laid it down. Amounts in microcredits. */
export interface AutoTopUp {
  /** Credits are added while less than this is left. */
  readonly belowMicroCredits: number;
  /** Added at a time; not less than the threshold, so that one addition is enough to reach it. */
  readonly amountMicroCredits: number;
  /** Added in one calendar month at the most. */
  readonly capMicroCredits: number;
  /** IANA name; months begin at midnight there. */
  readonly timeZone: string;
}

/** Additions of one month at the most, whatever the cap. */
export const additionsPerMonthMax = 100;

/** Why a rule cannot be taken, as a sentence; undefined when it can. */
export function autoTopUpFault({ belowMicroCredits, amountMicroCredits, capMicroCredits, timeZone }: AutoTopUp): Because | undefined {
  if (![belowMicroCredits, amountMicroCredits, capMicroCredits].every((one) => Number.isSafeInteger(one) && one > 0)) return say('Threshold, amount and cap of the automatic top-up are whole amounts above zero.');
  if (amountMicroCredits < belowMicroCredits) return say('The automatic top-up adds at least as much as its threshold, so that one addition is enough.');
  if (capMicroCredits < amountMicroCredits) return say('The cap of the automatic top-up is not less than what it adds at a time.');
  if (capMicroCredits > amountMicroCredits * additionsPerMonthMax) return say('The automatic top-up adds at most {0} times a month; choose a larger amount or a lower cap.', additionsPerMonthMax);
  return isTimeZone(timeZone) ? undefined : say('There is no time zone "{0}".', timeZone);
}

/** The calendar month of a rule that a moment lies in. */
export function monthOf({ timeZone }: Pick<AutoTopUp, 'timeZone'>, nowMs: number): Period {
  return periodIn(timeZone, 'month', nowMs);
}

/** What can be spent now or is reserved of it. Credits that wait for their time do not count. */
export function balanceInForce(grants: readonly Grant[], nowMs: number): number {
  return sum(grants.filter((grant) => isInForce(grant, nowMs)).map((grant) => grant.remainingMicroCredits));
}

/** Whether the balance calls for an addition. Never before the first credits, which begin the balance, and never while something is owed: a debt is for a person to pay. */
export function isCalledFor({ belowMicroCredits }: AutoTopUp, { tracked, grants, owedMicroCredits }: { readonly tracked: boolean; readonly grants: readonly Grant[]; readonly owedMicroCredits: number }, nowMs: number): boolean {
  return tracked && owedMicroCredits === 0 && balanceInForce(grants, nowMs) < belowMicroCredits;
}

/** How often it may still add in a month in which so much was added. Only whole amounts are. */
export function additionsLeft({ amountMicroCredits, capMicroCredits }: AutoTopUp, addedMicroCredits: number): number {
  return Math.max(0, Math.floor((capMicroCredits - addedMicroCredits) / amountMicroCredits));
}
