// Allowances: grants that come back by themselves, such as 250 included credits a week. Each period
// becomes one grant with a key of its own, so that no clock, restart or replay gives a period twice.
import { periodIn } from './calendar.ts';
import type { CalendarPeriod } from './calendar.ts';
import type { GrantKind } from './grants.ts';

/** A recurring grant as a person set it up. */
export interface Allowance {
  readonly id: string;
  readonly kind: Exclude<GrantKind, 'purchased'>;
  readonly amountMicroCredits: number;
  readonly every: CalendarPeriod;
  /** Weeks only: 1 is Monday, 7 Sunday. */
  readonly weekStartsOn?: number;
  /** IANA name; periods begin at midnight there. */
  readonly timeZone: string;
  readonly priority: number;
  readonly models?: readonly string[];
  readonly workspaces?: readonly string[];
  readonly note?: string;
}

/** The grant of one period of an allowance. */
export interface AllowanceGrant {
  /** The same for the same period, whoever asks and however often. */
  readonly key: string;
  readonly startsAtMs: number;
  readonly expiresAtMs: number;
}

/** The grant that an allowance gives for the period of a moment. What is left at its end expires. */
export function allowanceGrant(allowance: Allowance, nowMs: number): AllowanceGrant {
  const { fromMs, untilMs } = periodIn(allowance.timeZone, allowance.every, nowMs, allowance.weekStartsOn);
  return { key: `allowance ${allowance.id} ${fromMs}`, startsAtMs: fromMs, expiresAtMs: untilMs };
}
