// What people are told about as it is used up: credits, budgets, long upstream limits; with the sentence for each.
// Pure; the words are the broker's own names, and say what happens now and until when.
import { noticeSteps, stepOf, usedUpStep, type Watched } from '../domain/crossings.ts';
import { usedUpAtMs } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { clockWords } from './clockWords.ts';
import { paceMinutesMin, standOfBudget, standOfWindow } from './limitStands.ts';
import { grantedMicroCredits } from './meterInput.ts';
import type { BudgetView, Snapshot } from './snapshot.ts';
import { limitRunOutWords } from './snapshotForecast.ts';
import { budgetKeyName, budgetName, budgetStands, type BudgetStand } from './windowBudgets.ts';

/** Something watched, and what is said of it now. */
export interface LimitStory extends Watched {
  readonly kind: 'credits' | 'budget' | 'window';
  readonly text: string;
}

/** A budget with what it allows: a changed one is another one. */
export function budgetTerms({ id, budget }: BudgetView): string {
  return JSON.stringify([id, budget.limit, budget.unit, budget.mode]);
}

/** The terms of all budgets. */
export function allTerms(snapshot: Pick<Snapshot, 'budgets'>): ReadonlySet<string> {
  return new Set(snapshot.budgets.map(budgetTerms));
}

/** Every story of a snapshot. @param termsBefore the budgets of the last one: a key that is new in one of them has used nothing before */
export function limitStories(snapshot: Snapshot, termsBefore: ReadonlySet<string>, locale: string): LimitStory[] {
  const mode = snapshot.broker.mode;
  return [...creditsStory(snapshot), ...budgetStands(snapshot.budgets).map((stand) => budgetStory(stand, termsBefore, snapshot.atMs, locale)), ...windowStories(snapshot, locale), ...aheadStories(snapshot, locale)]
    .map((story) => ({ ...story, key: `${mode} ${story.key}`, text: mode === 'practice' ? `Practice mode: ${story.text}` : story.text }));
}

function creditsStory({ balance, atMs }: Snapshot): LimitStory[] {
  const granted = grantedMicroCredits(balance, atMs);
  if (!balance.tracked || granted <= 0 && balance.balanceMicroCredits <= 0 && balance.grants.length === 0) return [];
  const left = balance.balanceMicroCredits <= 0 || granted <= 0 ? 0 : Math.min(1, balance.balanceMicroCredits / granted);
  const used = 1 - left;
  const text = left <= 0 ? 'No Codex credits are left. Requests are refused until credits are added; nothing more is charged.'
    : `Codex credits are ${stepOf(used) >= 2 ? 'almost used up' : 'low'}: ${formatShare(left)} is left.`;
  return [{ kind: 'credits', key: 'credits', used, text }];
}

function budgetStory(stand: BudgetStand, termsBefore: ReadonlySet<string>, atMs: number, locale: string): LimitStory {
  const { view, use, share } = stand;
  const isSoft = view.budget.mode === 'soft';
  const key = JSON.stringify([budgetTerms(view), use.key, use.endsAtMs ?? null]);
  return {
    kind: 'budget', key, used: share, isNew: termsBefore.has(budgetTerms(view)), text: budgetStoryText(stand, atMs, locale),
    ...(isSoft ? { firstStep: usedUpStep } : {}), ...(use.endsAtMs === undefined ? {} : { endsAtMs: use.endsAtMs }),
  };
}

function budgetStoryText(stand: BudgetStand, atMs: number, locale: string): string {
  const { view, use, share } = stand;
  const key = budgetKeyName(stand);
  const name = `he budget of ${budgetName(view)}${key === '' ? '' : `, for ${key},`}`;
  const ends = use.endsAtMs === undefined ? '' : `; it begins anew ${clockWords(use.endsAtMs, atMs, locale)}`;
  if (share < 1) return `${Math.floor(share * 100)} % of t${name} is used${ends}.`;
  return view.budget.mode === 'soft' ? `T${name} is used up${ends}. It only warns: requests go on.`
    : `T${name} is used up, so that what it counts is refused${ends}. Nothing more is charged to it.`;
}

/** Shorter limits begin anew before anybody would act on a look ahead. */
const aheadLengthMsMin = 5 * 3_600_000;
/** Share of a limit's time that has to be over, and that it has to be used up for, before a look ahead is told. */
const aheadShareMin = 0.2;

/** A limit that will be used up long before it begins anew, at its pace so far: told once in each of its periods, while there is time to slow down. */
function aheadStories({ windows, budgets, atMs }: Snapshot, locale: string): LimitStory[] {
  const stands = [...budgetStands(budgets).map((stand) => standOfBudget(stand, atMs)), ...windows.flatMap((window) => standOfWindow(window, atMs) ?? [])];
  return stands.flatMap((limit) => {
    const { id, kind, stops, timeLeft = 1, lengthMs = 0, endsAtMs } = limit;
    if (!stops || lengthMs < aheadLengthMsMin || endsAtMs === undefined) return [];
    const runsOutAtMs = usedUpAtMs(limit, atMs) ?? endsAtMs;
    const isFarOver = 1 - timeLeft >= aheadShareMin && endsAtMs - runsOutAtMs >= lengthMs * aheadShareMin;
    return [{ kind, key: `ahead ${id}`, used: isFarOver ? noticeSteps[0] ?? 1 : 0, endsAtMs, text: limitRunOutWords({ limit, runsOutAtMs, resetsAtMs: endsAtMs }, atMs, locale) }];
  });
}

function windowStories({ windows, atMs }: Snapshot, locale: string): LimitStory[] {
  return windows.filter(({ windowMinutes }) => windowMinutes >= paceMinutesMin).flatMap((window) => {
    const stand = standOfWindow(window, atMs);
    if (!stand) return [];
    const used = 1 - stand.left;
    const until = stand.endsAtMs === undefined ? '' : clockWords(stand.endsAtMs, atMs, locale);
    const text = stand.left <= 0 ? `The ${stand.name} is used up${until === '' ? '' : ` until ${until}`}. Credits do not lift it, and nothing is charged while requests wait.`
      : `${Math.floor(used * 100)} % of the ${stand.name} is used${until === '' ? '' : `; it begins anew ${until}`}.`;
    return [{ kind: 'window' as const, key: `window ${window.id} ${window.windowMinutes}`, used, text, refills: true, ...(stand.endsAtMs === undefined ? {} : { endsAtMs: stand.endsAtMs }) }];
  });
}

/** Those used most first; of equals the ones that stop everything. */
export function byUse(a: LimitStory, b: LimitStory): number {
  return Math.min(stepOf(b.used), noticeSteps.length) - Math.min(stepOf(a.used), noticeSteps.length) || b.used - a.used;
}
