// The limits of a snapshot in one shape: upstream windows and a window's own budgets, with what is left of each and
// of its time. What the status bar, the card, the side bar and the dashboard say about limits is computed here. Pure.
import { periodIn } from '../domain/calendar.ts';
import { isPaceKnown, levelOf, lowShare, onPaceShare, spareOf, tightest, type LimitStand } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from './clockWords.ts';
import { languageTag, t } from './language.ts';
import { isSameModel, modelsInUse, type UseFacts } from './modelsInUse.ts';
import { payerOf } from './payer.ts';
import type { Snapshot, WindowView } from './snapshot.ts';
import { budgetName, budgetStand, type BudgetStand } from './windowBudgets.ts';
import { keyGoesOn, type KeyFacts } from './windowDraw.ts';

/** Windows shorter than this refill steadily; time left says nothing about their pace, and they never take the headline. */
export const paceMinutesMin = 60;
const minuteMs = 60_000;

/** Names a window by its length: "minute", "5 hours", "day", "week". */
export function windowLength(minutes: number): string {
  if (minutes === 1) return t('minute');
  if (minutes === 60) return t('hour');
  if (minutes === 1440) return t('day');
  if (minutes === 10_080) return t('week');
  if (minutes % 1440 === 0) return t('{0} days', minutes / 1440);
  return minutes % 60 === 0 ? t('{0} hours', minutes / 60) : t('{0} minutes', minutes);
}

/** "Tokens per minute", "Requests per 5 hours", "Plan per week". */
export function windowName({ measure, windowMinutes }: Pick<WindowView, 'measure' | 'windowMinutes'>): string {
  const length = windowLength(windowMinutes);
  switch (measure) {
    case 'tokens': return t('Tokens per {0}', length);
    case 'requests': return t('Requests per {0}', length);
    case 'images': return t('Images per {0}', length);
    case 'madeImages': return t('Made images per {0}', length);
    case 'percent': return t('Plan per {0}', length);
  }
}

/** What a window is, as a sentence calls it behind "the": a translation has to give it the same gender as it gives a budget. */
function windowPhrase({ measure, windowMinutes, model, ofPlan }: WindowView): string {
  const length = windowLength(windowMinutes);
  switch (measure) {
    case 'tokens': return t('limit of tokens per {0} of {1}', length, model);
    case 'requests': return t('limit of requests per {0} of {1}', length, model);
    case 'images': return t('limit of images per {0} of {1}', length, model);
    case 'madeImages': return t('limit of made images per {0} of {1}', length, model);
    case 'percent': return ofPlan ? t('limit per {0} of the plan {1} for {2}', length, ofPlan.name, model) : t('limit per {0} of the plan {1}', length, model);
  }
}

/** Share that is left, 0 to 1; undefined while the limit or what is left of it is unknown. */
export function shareLeft(window: WindowView): number | undefined {
  if (window.limit === undefined || window.remaining === undefined || window.limit <= 0) return undefined;
  return Math.min(1, Math.max(0, window.remaining / window.limit));
}

/**
 * Share of the window's time that is left, where that means something. A limit of OpenAI's that refills
 * steadily is full after exactly the share that was used, so its time left repeats the bar. A plan's never does.
 */
export function timeLeft(window: WindowView, nowMs: number): number | undefined {
  const left = shareLeft(window);
  if (left === undefined || window.resetsAtMs === undefined || window.windowMinutes < paceMinutesMin) return undefined;
  const share = Math.min(1, Math.max(0, (window.resetsAtMs - nowMs) / (window.windowMinutes * minuteMs)));
  return window.measure !== 'percent' && Math.abs(share - (1 - left)) < 0.02 ? undefined : share;
}

/** What was told of a plan longer ago than this is shown with its age: it is used elsewhere, too. */
export const oldAfterMs = 3_600_000;

/** The time that a plan's window was told at, where that is worth a word: "09:00", "Thu 19 Nov 09:00". */
export function toldAtWords({ measure, observedAtMs }: Pick<WindowView, 'measure' | 'observedAtMs'>, nowMs: number, locale: string): string | undefined {
  return measure === 'percent' && observedAtMs !== undefined && nowMs - observedAtMs >= oldAfterMs ? clockWords(observedAtMs, nowMs, locale) : undefined;
}

/** A share as a text shows it: "38 %". */
const shownShare = (share: number) => formatShare(share, languageTag());

/** A share as a voice reads it: "38 percent", "less than 1 percent". */
export function spokenShare(share: number): string {
  if (share > 0 && share < 0.01) return t('less than 1 percent');
  return share < 1 && share > 0.99 ? t('more than 99 percent') : t('{0} percent', Math.round(Math.min(1, Math.max(0, share)) * 100));
}

/** How a limit comes back whose time says nothing about its pace. */
export type Refills = 'too short' | 'refills steadily' | '';

/** How an upstream window does: only OpenAI's own limits refill steadily, a plan's never. */
export function refillsOf({ windowMinutes, measure }: Pick<WindowView, 'windowMinutes' | 'measure'>): Refills {
  return windowMinutes < paceMinutesMin ? 'too short' : measure === 'percent' ? '' : 'refills steadily';
}

/** When a limit is full again of which no moment is known: what refills steadily does so all the time. */
export function unannouncedReset(window: Pick<WindowView, 'windowMinutes' | 'measure'>): string {
  return refillsOf(window) === 'refills steadily' ? t('bit by bit') : t('time not announced');
}

/** The pace in words: "13 % spare", "9 % ahead of even use", "on pace", "too early to tell"; where time says nothing about it, how it refills. @param write how a share is written */
export function paceWords(stand: Pick<LimitStand, 'left' | 'timeLeft'>, refills: Refills, write = shownShare): string {
  const { left, timeLeft: time } = stand;
  if (left <= 0) return t('used up');
  const isLow = left < lowShare;
  const spare = spareOf(stand);
  if (time !== undefined && !isPaceKnown(time)) return isLow ? t('low') : t('too early to tell');
  if (spare === undefined) return isLow ? t('low') : refills === 'too short' ? t('refills within minutes') : refills === 'refills steadily' ? t('refills steadily') : '';
  if (Math.abs(spare) < onPaceShare) return isLow ? t('low, on pace') : t('on pace');
  return spare > 0 ? t('{0} spare', write(spare)) : t('{0} ahead of even use', write(-spare));
}

/** An upstream window as a limit; undefined while it is unknown. */
export function standOfWindow(window: WindowView, nowMs: number): LimitStand | undefined {
  const left = shareLeft(window);
  if (left === undefined) return undefined;
  const { shareUsedUntilMs } = window;
  if (shareUsedUntilMs !== undefined && shareUsedUntilMs > nowMs && left > 0) {
    return { id: window.id, kind: 'window', name: t('share so far of the limit per {0} of the plan {1}', windowLength(window.windowMinutes), window.model), left: 0, stops: true, endsAtMs: shareUsedUntilMs };
  }
  const own = { id: window.id, kind: 'window', name: windowPhrase(window), left, stops: true } as const;
  // Work goes on with the first room, not when all of it is back.
  if (left <= 0 && window.opensAtMs !== undefined) return { ...own, endsAtMs: window.opensAtMs };
  const time = timeLeft(window, nowMs);
  return {
    ...own, lengthMs: window.windowMinutes * minuteMs,
    ...(time === undefined ? {} : { timeLeft: time }), ...(window.pace ? { pace: window.pace } : {}),
    ...(window.resetsAtMs === undefined ? {} : { endsAtMs: window.resetsAtMs }),
  };
}

/** When a limit begins anew, or goes on where it is used up; undefined where nobody knows, and for one that refills steadily and never begins anew. */
export function renewsAtMs({ kind, left, timeLeft: time, endsAtMs }: LimitStand): number | undefined {
  return kind === 'window' && left > 0 && time === undefined ? undefined : endsAtMs;
}

/** Whether the moment of a used-up limit is that of the next room in it: it refills, or has its next share, and begins anew at no time. */
export function isOpening({ kind, left, timeLeft: time, lengthMs, endsAtMs }: LimitStand): boolean {
  return kind === 'window' && left <= 0 && time === undefined && lengthMs === undefined && endsAtMs !== undefined;
}

/** How much of a budget's period is left; undefined for one that has none, such as the last hours. */
export function budgetTime({ budget }: BudgetStand['view'], use: BudgetStand['use'], nowMs: number): { readonly timeLeft: number; readonly lengthMs: number } | undefined {
  if (typeof budget.period === 'object' || budget.period === 'life' || use.endsAtMs === undefined) return undefined;
  const { fromMs, untilMs } = periodIn(budget.timeZone, budget.period, use.endsAtMs - 1);
  const lengthMs = untilMs - fromMs;
  return { lengthMs, timeLeft: Math.min(1, Math.max(0, (untilMs - nowMs) / lengthMs)) };
}

/** One key of a budget as a limit. */
export function standOfBudget({ view, use, share, isForToday, untilMs }: BudgetStand, nowMs: number): LimitStand {
  // A day is used as people like: its time left says nothing about its pace, and nothing is used up before its time.
  if (isForToday) {
    return {
      id: `${view.id} ${use.key}`, kind: 'budget', name: t('share for today of the budget of {0}', budgetName(view)), left: Math.max(0, 1 - share), stops: view.budget.mode === 'hard',
      ...(untilMs === undefined ? {} : { endsAtMs: untilMs }),
    };
  }
  return {
    id: `${view.id} ${use.key}`, kind: 'budget', name: t('budget of {0}', budgetName(view)), left: Math.max(0, 1 - share), stops: view.budget.mode === 'hard',
    ...(typeof view.budget.period === 'object' ? { lengthMs: view.budget.period.rollingHours * 60 * minuteMs } : {}), ...(view.today?.day ? {} : budgetTime(view, use, nowMs)), ...(use.pace ? { pace: use.pace } : {}), ...(use.endsAtMs === undefined ? {} : { endsAtMs: use.endsAtMs }),
  };
}

/** The budgets that every request of a window's workspace counts under. */
export function ownBudgets(snapshot: Pick<Snapshot, 'budgets'>, workspaceId: string | undefined): BudgetStand[] {
  return snapshot.budgets
    .filter(({ budget }) => budget.per === 'everything' || budget.per === 'workspace')
    .flatMap((view) => view.uses.filter((use) => view.budget.per === 'everything' || use.key === workspaceId).map((use) => budgetStand(view, use)));
}

/** What tells of a window's limits, who pays, and which models are in use. */
export type LimitFacts = KeyFacts & Pick<Snapshot, 'windows'> & UseFacts;

/** Whether its time is not over: of one that is, nothing is known until the broker tells of the next. */
const lasts = ({ endsAtMs = Infinity }: LimitStand, nowMs: number) => endsAtMs > nowMs;

/**
 * Tells of a model whether its long limits end all work: every other model in use is used up, and for as long. Where another
 * one goes on, or goes on sooner, they are worth a warning only.
 */
function endsAllOf({ windows, ...use }: Pick<Snapshot, 'windows'> & UseFacts, nowMs: number): (model: string) => boolean {
  const models = modelsInUse(use, nowMs);
  const usedUp = windows.filter(({ measure, windowMinutes }) => measure !== 'percent' && windowMinutes >= paceMinutesMin)
    .flatMap((window) => { const stand = standOfWindow(window, nowMs); return stand && stand.left <= 0 && lasts(stand, nowMs) ? [{ model: window.model, untilMs: stand.endsAtMs ?? Infinity }] : []; });
  const untilMs = (model: string) => Math.max(0, ...usedUp.filter((one) => isSameModel(one.model, model)).map((one) => one.untilMs));
  return (model) => [...models].every((other) => isSameModel(model, other) || untilMs(other) > 0 && untilMs(other) >= untilMs(model));
}

/**
 * Everything that may end a window's work for a while, credits aside. What goes on a plan alone knows neither budgets in
 * credits nor the windows of a key; where a key goes on too, each of the two only warns. So does a limit of one model while
 * another one is in use.
 */
export function limitStands(snapshot: LimitFacts, workspaceId: string | undefined, nowMs: number): LimitStand[] {
  const payer = payerOf(snapshot);
  const keyPays = keyGoesOn(snapshot, workspaceId);
  const isPlanUsedUp = snapshot.windows.some((window) => window.measure === 'percent' && !window.ofPlan && standOfWindow(window, nowMs)?.left === 0 && (window.resetsAtMs ?? Infinity) > nowMs);
  const planPays = payer === 'both' && !isPlanUsedUp;
  const endsAll = endsAllOf(snapshot, nowMs);
  const models = [...modelsInUse(snapshot, nowMs)];
  const isForAll = (some: readonly string[]) => models.length > 0 && models.every((model) => some.some((one) => isSameModel(one, model)));
  const calmed = (stand: LimitStand, isCalm: boolean | undefined) => (isCalm ? { ...stand, stops: false } : stand);
  return [
    ...ownBudgets(snapshot, workspaceId).filter(({ view: { budget } }) => payer !== 'plan' || budget.unit === 'tokens')
      .map((stand) => calmed(standOfBudget(stand, nowMs), planPays && stand.view.budget.unit === 'credits')),
    ...snapshot.windows.filter(({ windowMinutes, measure }) => windowMinutes >= paceMinutesMin && (payer !== 'plan' || measure === 'percent')).flatMap((window) => {
      const stand = standOfWindow(window, nowMs);
      return stand ? [calmed(stand, window.measure === 'percent' ? keyPays || window.ofPlan && !isForAll(window.ofPlan.models) : planPays || !endsAll(window.model))] : [];
    }),
  ];
}

/** The limit to speak of now. One whose time is over says nothing until the broker tells of the next. @param isMeant leaves out others */
export function tightestStand(snapshot: LimitFacts, workspaceId: string | undefined, nowMs: number, isMeant: (stand: LimitStand) => boolean = () => true): LimitStand | undefined {
  return tightest(limitStands(snapshot, workspaceId, nowMs).filter((stand) => lasts(stand, nowMs) && isMeant(stand)), nowMs);
}

/** The long limit that keeps every request of a window from going on, whatever credits there are; undefined where none does. */
export function stoppingLimit(snapshot: LimitFacts, workspaceId: string | undefined, nowMs: number): LimitStand | undefined {
  return stopping(limitStands(snapshot, workspaceId, nowMs).filter(({ kind }) => kind === 'window'), nowMs);
}

/** The long limit that keeps all requests with a key from going on, whatever a plan does. */
export function keyStoppingLimit(snapshot: Pick<Snapshot, 'windows'> & UseFacts, nowMs: number): LimitStand | undefined {
  const endsAll = endsAllOf(snapshot, nowMs);
  return stopping(snapshot.windows.filter(({ windowMinutes, measure, model }) => windowMinutes >= paceMinutesMin && measure !== 'percent' && endsAll(model)).flatMap((window) => standOfWindow(window, nowMs) ?? []), nowMs);
}

function stopping(stands: readonly LimitStand[], nowMs: number): LimitStand | undefined {
  return tightest(stands.filter((stand) => lasts(stand, nowMs) && levelOf(stand) === 'used-up'), nowMs);
}
