// The words for a long limit that keeps everything from going on: card, dashboard and side bar take them from here. Pure.
import type { LimitStand } from '../domain/tightest.ts';
import { formatCredits } from '../domain/units.ts';
import { clockWords } from './clockWords.ts';
import { t } from './language.ts';
import type { Snapshot } from './snapshot.ts';

/** What is blocked until when, and why. */
export interface BlockedWords {
  /** "Blocked until Tue 17 Nov 09:00" */
  readonly title: string;
  /** What is used up; and that credits do not help, where there are some. */
  readonly because: string;
}

/** Words a limit that stops everything. */
export function blockedWords({ name, endsAtMs }: LimitStand, { balance }: Pick<Snapshot, 'balance'>, nowMs: number, locale: string): BlockedWords {
  const { tracked, balanceMicroCredits } = balance;
  const credits = tracked && balanceMicroCredits > 0 ? [t('Credits are not the reason: {0} are left, but they do not lift it.', formatCredits(balanceMicroCredits, 2, locale))] : [];
  return {
    title: endsAtMs === undefined ? t('Blocked') : t('Blocked until {0}', clockWords(endsAtMs, nowMs, locale)),
    because: [t('The {0} is used up.', name), ...credits].join(' '),
  };
}
