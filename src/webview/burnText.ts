// The words of a burn-down: what is left of a budget, or of the balance, against even use. Pure.
import { formatTokens, microCreditsPerCredit } from '../domain/units.ts';
import type { Course } from '../protocol/ledgerPages.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
import { creditsText, percentText } from './amountText.ts';
import type { ShownTable } from './shownTable.ts';
import { dayAndTime } from './timeText.ts';
import type { Place } from './timeText.ts';

/** A course with everything that is said about it. */
export interface BurnDown {
  readonly course: Course;
  /** What an amount is divided by for the scale. */
  readonly scale: number;
  readonly sentence: string;
  /** The same in short, below the picture. */
  readonly verdict: string;
  /** The same numbers; made when they are looked at. */
  readonly table: () => ShownTable;
}

/** Whose course may be shown. */
export interface BurnSubject {
  readonly id: string;
  readonly name: string;
  readonly budgetId?: string;
  readonly key?: string;
}

/** On pace within so much of the whole. */
const onPaceShare = 0.03;

/** The budgets with a period that ends, those of everything first, then the balance where there is one. */
export function burnSubjects(snapshot: Pick<Snapshot, 'budgets' | 'balance'>, workspaceId: string | undefined): BurnSubject[] {
  const budgets = snapshot.budgets.filter(({ budget }) => budget.per !== 'request' && (budget.period === 'day' || budget.period === 'week' || budget.period === 'month'))
    .toSorted((a, b) => Number(b.budget.per === 'everything') - Number(a.budget.per === 'everything'));
  return [
    ...budgets.flatMap((view): BurnSubject[] => {
      const { budget, uses } = view;
      if (budget.per === 'everything' || budget.of !== undefined) return [{ id: `budget ${view.id}`, name: budgetName(view), budgetId: view.id }];
      // Of a budget that counts each by itself, this window's own workspace, else what used the most.
      const use = uses.find((one) => budget.per === 'workspace' && one.key === workspaceId) ?? uses[0];
      return use ? [{ id: `budget ${view.id}`, name: `${budgetName(view)}: ${use.label ?? use.key}`, budgetId: view.id, key: use.key }] : [];
    }),
    ...(snapshot.balance.tracked ? [{ id: 'balance', name: t('Balance') }] : []),
  ];
}

/** Puts the words to a course. */
export function burnDown(course: Course, name: string, nowMs: number, place: Place): BurnDown {
  const { ideal, left, fromMs, untilMs, unit } = course;
  const amount = (value: number) => (unit === 'credits' ? creditsText(value, place.locale) : formatTokens(value, place.locale));
  const now = left.at(-1)?.amount ?? 0;
  const evenAt = (atMs: number) => (ideal && untilMs > fromMs ? Math.round(ideal.atStart + (ideal.atEnd - ideal.atStart) * (atMs - fromMs) / (untilMs - fromMs)) : undefined);
  const even = evenAt(left.at(-1)?.atMs ?? nowMs);
  const isCredits = unit === 'credits';
  const verdict = even === undefined ? isCredits ? t('{0} credits left.', amount(now)) : t('{0} tokens left.', amount(now))
    : `${isCredits ? t('{0} credits left; even use would leave {1}.', amount(now), amount(even)) : t('{0} tokens left; even use would leave {1}.', amount(now), amount(even))} ${paceWords(now - even, ideal!.atStart - ideal!.atEnd)}`;
  return {
    course, scale: isCredits ? microCreditsPerCredit : 1, verdict,
    sentence: `${t('{0}, from {1} to {2}.', name, dayAndTime(fromMs, nowMs, place), dayAndTime(untilMs, nowMs, place))} ${verdict}`,
    table: () => ({
      title: t('{0}: left and even use', name),
      columns: [{ key: 'at', title: t('Time') }, { key: isCredits ? 'leftMicroCredits' : 'leftTokens', title: t('Left'), isNumber: true }, { key: isCredits ? 'evenMicroCredits' : 'evenTokens', title: t('Even use'), isNumber: true }],
      rows: left.map((one) => {
        const ideally = evenAt(one.atMs);
        return [
          { text: dayAndTime(one.atMs, nowMs, place), value: new Date(one.atMs).toISOString() }, { text: amount(one.amount), value: one.amount },
          { text: ideally === undefined ? '—' : amount(ideally), value: ideally ?? null },
        ];
      }).toReversed(),
    }),
  };
}

function paceWords(spare: number, whole: number): string {
  const share = whole > 0 ? spare / whole : 0;
  if (Math.abs(share) <= onPaceShare) return t('On pace.');
  return share > 0 ? t('{0} spare.', percentText(share)) : t('{0} ahead of even use.', percentText(-share));
}
