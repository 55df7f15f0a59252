// What people are told about as it is used up: credits, budgets, long upstream limits; with the sentence for each.
// Pure; the words are the broker's own names, and say what happens now and until when.
import { noticeSteps, rearmShare, stepOf, usedUpStep, type Watched } from '../domain/crossings.ts';
import { limitAhead } from '../domain/limitAhead.ts';
import type { LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from './clockWords.ts';
import { leftShare, usedShare } from './cutShare.ts';
import { t } from './language.ts';
import { paceMinutesMin, renewsAtMs, standOfBudget, standOfWindow } from './limitStands.ts';
import { grantedMicroCredits, type MeterTaste } from './meterInput.ts';
import { payerOf, type Payer } from './payer.ts';
import type { BudgetView, Snapshot } from './snapshot.ts';
import { limitRunOut, limitRunOutWords, runOutWords } from './snapshotForecast.ts';
import { budgetKeyName, budgetName, budgetStands, type BudgetStand } from './windowBudgets.ts';

/** Something watched, and what is said of it now. */
export interface LimitStory extends Watched {
  /** `run-out`: of the credits, at their pace. */
  readonly kind: 'credits' | 'budget' | 'window' | 'run-out';
  readonly text: string;
  /** When credits were added last: those that come next begin it anew, as a period's end does for limits. */
  readonly addedAtMs?: number;
}

/** Whether shares are told as what is left or what is used. */
type Show = MeterTaste['show'];

/** A budget with what it allows: a changed one is another one. */
export function budgetTerms({ id, budget: { limit, unit, mode, pace } }: BudgetView): string {
  return JSON.stringify([id, limit, unit, mode, ...(pace === undefined ? [] : [pace])]);
}

/** The terms of all budgets. */
export function allTerms(snapshot: Pick<Snapshot, 'budgets'>): ReadonlySet<string> {
  return new Set(snapshot.budgets.map(budgetTerms));
}

/** Every story of a snapshot. @param termsBefore the budgets of the last one: a key that is new in one of them has used nothing before @param show whether shares are told as what is left or what is used */
export function limitStories(snapshot: Snapshot, termsBefore: ReadonlySet<string>, locale: string, show: Show): LimitStory[] {
  const mode = snapshot.broker.mode;
  const payer = payerOf(snapshot);
  return [...creditsStory(snapshot, payer, locale, show), ...runOutStory(snapshot, payer, locale), ...storyBudgets(snapshot).map((stand) => budgetStory(stand, payer, termsBefore, snapshot.atMs, locale, show)), ...windowStories(snapshot, locale, show), ...aheadStories(snapshot, locale)]
    .map((story) => ({ ...story, key: `${mode} ${story.key}`, text: mode === 'practice' ? t('Practice mode: {0}', story.text) : story.text }));
}

/** On a plan without a key no budget in credits counts anything. */
function storyBudgets(snapshot: Snapshot): BudgetStand[] {
  return budgetStands(snapshot.budgets).filter(({ view: { budget } }) => budget.unit === 'tokens' || payerOf(snapshot) !== 'plan');
}

function creditsStory({ balance, atMs }: Snapshot, payer: Payer, locale: string, show: Show): LimitStory[] {
  if (payer === 'plan') return [];
  const granted = grantedMicroCredits(balance, atMs);
  if (!balance.tracked || granted <= 0 && balance.balanceMicroCredits <= 0 && balance.grants.length === 0) return [];
  const left = balance.balanceMicroCredits <= 0 || granted <= 0 ? 0 : Math.min(1, balance.balanceMicroCredits / granted);
  const used = 1 - left;
  const text = left <= 0 && payer === 'both' ? t('No Codex credits are left. The plan goes on; requests with a key are refused until credits are added, and nothing more is charged.')
    : left <= 0 ? t('No Codex credits are left. Requests are refused until credits are added; nothing more is charged.')
    : show === 'left' ? (stepOf(used) >= 2 ? t('Codex credits are almost used up: {0} is left.', formatShare(left, locale)) : t('Codex credits are low: {0} is left.', formatShare(left, locale)))
    : stepOf(used) >= 2 ? t('Codex credits are almost used up: {0} is used.', usedShare(used, locale)) : t('Codex credits are low: {0} is used.', usedShare(used, locale));
  return [{ kind: 'credits', key: 'credits', used, text, addedAtMs: Math.max(0, ...balance.grants.map(({ createdAtMs }) => createdAtMs)) }];
}

/** Credits that run out within this time are told of; beyond twice as much the next time is another episode. */
export const runOutSoonMs = 2 * 3_600_000;
/** Neither a step nor a fresh start: what was told stays told. */
const unchangedShare = rearmShare;

/** Credits that run out soon at their pace, told once until they last for long again. What is not known changes nothing. */
function runOutStory({ balance, forecast, atMs }: Snapshot, payer: Payer, locale: string): LimitStory[] {
  if (payer === 'plan' || !balance.tracked) return [];
  const runOut = forecast?.runOut;
  return [{ kind: 'run-out', key: 'run-out', used: soonShare(forecast ? (runOut?.runsOutAtMs ?? forecast.seenUntilMs) - atMs : undefined, runOut !== undefined), text: runOut ? runOutWords(runOut, atMs, locale) : '' }];
}

/** How near something is that runs out, as a share of use. @param lastsMs how long it lasts at least; absent where that is not known */
function soonShare(lastsMs: number | undefined, isSeen: boolean): number {
  if (lastsMs === undefined) return unchangedShare;
  return lastsMs > runOutSoonMs * 2 ? 0 : isSeen && lastsMs <= runOutSoonMs ? noticeSteps[0] ?? 1 : unchangedShare;
}

function budgetStory(stand: BudgetStand, payer: Payer, termsBefore: ReadonlySet<string>, atMs: number, locale: string, show: Show): LimitStory {
  const { view, use, share, isForToday } = stand;
  // Each day has a share of its own; that it is used up is worth a word, that it will be is not.
  const endsAtMs = isForToday ? view.today?.day?.untilMs : use.endsAtMs;
  const key = JSON.stringify([budgetTerms(view), use.key, endsAtMs ?? null]);
  return {
    kind: 'budget', key, used: stand.level === 'used-up' ? Math.max(1, share) : share, isNew: termsBefore.has(budgetTerms(view)), text: isForToday ? shareStoryText(stand, payer, atMs, locale, show) : budgetStoryText(stand, payer, atMs, locale, show),
    ...(isForToday || view.budget.mode === 'soft' ? { firstStep: usedUpStep } : {}), ...(endsAtMs === undefined ? {} : { endsAtMs }),
  };
}

function shareStoryText(stand: BudgetStand, payer: Payer, atMs: number, locale: string, show: Show): string {
  const { view, untilMs } = stand;
  const key = budgetKeyName(stand);
  const name = key === '' ? budgetName(view) : `${budgetName(view)} · ${key}`;
  if (stand.level !== 'used-up') {
    return show === 'left' ? t('{0} of today\'s share of the budget of {1} is left.', leftShare(stand.share, locale), name) : t('{0} of today\'s share of the budget of {1} is used.', usedShare(stand.share, locale), name);
  }
  const goesOn = untilMs === undefined ? '' : clockWords(untilMs, atMs, locale);
  if (isKeysOnly(stand, payer)) return t('The budget of {0} is used up for today, so that requests with a key are refused until {1}. The plan goes on.', name, goesOn);
  return view.budget.mode === 'soft' ? t('The budget of {0} is used up for today; its next share begins {1}. It only warns: requests go on.', name, goesOn)
    : t('The budget of {0} is used up for today, so that what it counts is refused; it goes on {1}. Nothing more is charged to it.', name, goesOn);
}

function budgetStoryText(stand: BudgetStand, payer: Payer, atMs: number, locale: string, show: Show): string {
  const { view, use, share } = stand;
  const key = budgetKeyName(stand);
  const name = key === '' ? budgetName(view) : t('{0}, for {1},', budgetName(view), key);
  const until = use.endsAtMs === undefined ? undefined : clockWords(use.endsAtMs, atMs, locale);
  if (share < 1) {
    if (show === 'left') {
      const left = leftShare(share, locale);
      return until === undefined ? t('{0} of the budget of {1} is left.', left, name) : t('{0} of the budget of {1} is left; it begins anew {2}.', left, name, until);
    }
    const used = usedShare(share, locale);
    return until === undefined ? t('{0} of the budget of {1} is used.', used, name) : t('{0} of the budget of {1} is used; it begins anew {2}.', used, name, until);
  }
  if (view.budget.mode === 'soft') {
    return until === undefined ? t('The budget of {0} is used up. It only warns: requests go on.', name) : t('The budget of {0} is used up; it begins anew {1}. It only warns: requests go on.', name, until);
  }
  if (isKeysOnly(stand, payer)) {
    return until === undefined ? t('The budget of {0} is used up, so that requests with a key that it counts are refused. The plan goes on.', name)
      : t('The budget of {0} is used up, so that requests with a key that it counts are refused until {1}. The plan goes on.', name, until);
  }
  return until === undefined ? t('The budget of {0} is used up, so that what it counts is refused. Nothing more is charged to it.', name)
    : t('The budget of {0} is used up, so that what it counts is refused; it begins anew {1}. Nothing more is charged to it.', name, until);
}

/** A hard budget that stops requests with a key, while a plan goes on. */
function isKeysOnly({ view: { budget } }: BudgetStand, payer: Payer): boolean {
  return payer !== 'key' && budget.mode === 'hard' && budget.unit === 'credits';
}


/** Shorter limits begin anew before anybody would act on a look ahead. */
const aheadLengthMsMin = 5 * 3_600_000;
/** Share of a limit's time that has to be over, and that it has to be used up for, before a look ahead is told. */
const aheadShareMin = 0.2;

/** A limit that will be used up long before it begins anew, at its pace so far: told once in each of its periods, while there is time to slow down. One without a period is told of as credits are. */
function aheadStories(snapshot: Snapshot, locale: string): LimitStory[] {
  const { windows, atMs } = snapshot;
  const stands = [...storyBudgets(snapshot).filter(({ isForToday }) => !isForToday).map((stand) => standOfBudget(stand, atMs)), ...windows.flatMap((window) => standOfWindow(window, atMs) ?? [])];
  return stands.flatMap((limit) => {
    const { id, kind, stops, timeLeft, lengthMs = Infinity, endsAtMs } = limit;
    if (!stops || lengthMs < aheadLengthMsMin) return [];
    const found = limitRunOut(limit, atMs);
    const base = { kind, key: `ahead ${id}`, text: found ? limitRunOutWords(found, atMs, locale) : '' };
    // What refills steadily begins anew at no time: it is told as the credits are.
    if (timeLeft === undefined) {
      const untilMs = limit.left > 0 ? found?.runsOutAtMs ?? limitAhead(limit, atMs)?.seenUntilMs : undefined;
      return [{ ...base, used: soonShare(untilMs === undefined ? undefined : untilMs - atMs, found !== undefined) }];
    }
    if (endsAtMs === undefined) return [];
    const isFarOver = found !== undefined && 1 - timeLeft >= aheadShareMin && endsAtMs - found.runsOutAtMs >= lengthMs * aheadShareMin;
    return [{ ...base, used: isFarOver ? noticeSteps[0] ?? 1 : 0, endsAtMs }];
  });
}

function windowStories({ windows, atMs }: Snapshot, locale: string, show: Show): LimitStory[] {
  return windows.filter(({ windowMinutes }) => windowMinutes >= paceMinutesMin).flatMap((window) => {
    const stand = standOfWindow(window, atMs);
    if (!stand) return [];
    const used = 1 - stand.left;
    // What has room for one request again is told no second time when that is used up too.
    const endsAtMs = window.opensAtMs === undefined ? stand.endsAtMs : window.resetsAtMs;
    return [{ kind: 'window' as const, key: `window ${window.id} ${window.windowMinutes}`, used, text: windowStoryText(stand, atMs, locale, show), refills: true, ...(endsAtMs === undefined ? {} : { endsAtMs }) }];
  });
}

function windowStoryText(stand: LimitStand, atMs: number, locale: string, show: Show): string {
  const { name, left } = stand;
  const endsAtMs = renewsAtMs(stand);
  const until = endsAtMs === undefined ? undefined : clockWords(endsAtMs, atMs, locale);
  if (left > 0) {
    if (show === 'left') {
      const rest = leftShare(1 - left, locale);
      return until === undefined ? t('{0} of the {1} is left.', rest, name) : t('{0} of the {1} is left; it begins anew {2}.', rest, name, until);
    }
    const used = usedShare(1 - left, locale);
    return until === undefined ? t('{0} of the {1} is used.', used, name) : t('{0} of the {1} is used; it begins anew {2}.', used, name, until);
  }
  return until === undefined ? t('The {0} is used up. Credits do not lift it, and nothing is charged while requests wait.', name)
    : t('The {0} is used up until {1}. Credits do not lift it, and nothing is charged while requests wait.', name, until);
}

/** Those used most first; of equals the ones that stop everything. */
export function byUse(a: LimitStory, b: LimitStory): number {
  return Math.min(stepOf(b.used), noticeSteps.length) - Math.min(stepOf(a.used), noticeSteps.length) || b.used - a.used;
}
