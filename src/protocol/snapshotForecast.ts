// What of a snapshot runs out when, in words: its balance at the pace of the last hours, limits and budgets at their own. Pure.
import type { RunOut } from '../domain/forecast.ts';
import { limitAhead, type LimitAhead } from '../domain/limitAhead.ts';
import { lowShare, type LimitStand } from '../domain/tightest.ts';
import { clockWords } from './clockWords.ts';
import { plural, t } from './language.ts';
import { limitStands, type LimitFacts } from './limitStands.ts';

/** "At the pace of the last 2 hours, credits last until about 17:40 (16:55 to 18:50)." */
export function runOutWords(ahead: RunOut, nowMs: number, locale: string): string {
  const until = untilWords(ahead, nowMs, locale);
  const minutes = Math.round(ahead.spanMs / 60_000);
  return minutes < 90 ? plural(minutes, 'At the pace of the last minute, credits last until about {1}.', 'At the pace of the last {0} minutes, credits last until about {1}.', until)
    : plural(Math.round(minutes / 60), 'At the pace of the last hour, credits last until about {1}.', 'At the pace of the last {0} hours, credits last until about {1}.', until);
}

/** The moment, with its band in brackets; without one where it is not known, or where both its ends read the same. */
function untilWords({ runsOutAtMs, earliestAtMs, latestAtMs }: Pick<LimitRunOut, 'runsOutAtMs' | 'earliestAtMs' | 'latestAtMs'>, nowMs: number, locale: string): string {
  const words = (atMs: number) => clockWords(atMs, nowMs, locale);
  const until = words(runsOutAtMs);
  if (earliestAtMs === undefined) return until;
  const earliest = words(earliestAtMs);
  if (latestAtMs === undefined) return t('{0} ({1} at the earliest)', until, earliest);
  const latest = words(latestAtMs);
  return earliest === latest ? until : t('{0} ({1} to {2})', until, earliest, latest);
}

/** A limit or budget that is used up before it begins anew. */
export interface LimitRunOut {
  readonly limit: LimitStand;
  readonly runsOutAtMs: number;
  readonly earliestAtMs?: number;
  readonly latestAtMs?: number;
  /** Absent where it refills steadily, or is for good. */
  readonly resetsAtMs?: number;
}

/** A limit with its run-out; undefined while it lasts, and where too little is known. */
export function limitRunOut(limit: LimitStand, nowMs: number): LimitRunOut | undefined {
  const { runsOutAtMs, seenUntilMs: _seen, ...band } = limit.left > 0 ? limitAhead(limit, nowMs) ?? noneAhead : noneAhead;
  return runsOutAtMs === undefined ? undefined : { limit, runsOutAtMs, ...band, ...(limit.timeLeft === undefined || limit.endsAtMs === undefined ? {} : { resetsAtMs: limit.endsAtMs }) };
}

const noneAhead: LimitAhead = { seenUntilMs: 0 };

/** The limits and budgets of a window that are used up before they begin anew at their own pace so far, the first one first. */
export function snapshotLimitRunOuts(snapshot: LimitFacts, workspaceId: string | undefined, nowMs: number): LimitRunOut[] {
  return limitStands(snapshot, workspaceId, nowMs).flatMap((limit) => limitRunOut(limit, nowMs) ?? []).toSorted((a, b) => a.runsOutAtMs - b.runsOutAtMs);
}

/** "At its pace so far, the limit per week of the plan plus is used up about Thu 26 Nov 14:00 (Wed 25 Nov 20:00 to Fri 27 Nov 11:00); it begins anew Sat 28 Nov 09:00." */
export function limitRunOutWords(found: LimitRunOut, nowMs: number, locale: string): string {
  const { limit: { name }, resetsAtMs } = found;
  const until = untilWords(found, nowMs, locale);
  return resetsAtMs === undefined ? t('At its pace so far, the {0} is used up about {1}.', name, until)
    : t('At its pace so far, the {0} is used up about {1}; it begins anew {2}.', name, until, clockWords(resetsAtMs, nowMs, locale));
}

/** A limit's run-out beside its gauge: "at its pace until about Thu 26 Nov 14:00 (Wed 25 Nov 20:00 to Fri 27 Nov 11:00)"; undefined while it lasts, and where too little is known. */
export function runOutPhrase(stand: LimitStand | undefined, nowMs: number, locale: string): string | undefined {
  const found = stand && limitRunOut(stand, nowMs);
  return found && t('at its pace until about {0}', untilWords(found, nowMs, locale));
}

/** How long a limit lasts, as a row says it beside its pace: "until about 17:40 (16:55 to 18:50)", "lasts"; undefined where nothing of it is left, or used, or where its pace says all. */
export function aheadWords(stand: LimitStand, nowMs: number, locale: string): string | undefined {
  if (stand.left <= 0 || stand.left >= 1) return undefined;
  const ahead = limitAhead(stand, nowMs);
  // Of one that has only begun its pace says so already, unless that has a worse thing to say.
  if (!ahead) return stand.timeLeft !== undefined && stand.left >= lowShare ? undefined : t('too little is known yet');
  const { runsOutAtMs, earliestAtMs } = ahead;
  if (runsOutAtMs !== undefined) return t('until about {0}', untilWords({ ...ahead, runsOutAtMs }, nowMs, locale));
  // That it lasts is what a pace with something to spare says.
  if (earliestAtMs === undefined) return stand.timeLeft === undefined ? t('lasts') : undefined;
  return t('lasts, or until {0} at the earliest', clockWords(earliestAtMs, nowMs, locale));
}
