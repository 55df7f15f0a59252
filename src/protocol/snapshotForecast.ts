// What of a snapshot runs out when: its balance at the pace of its newest requests, limits and budgets at their own. Pure.
import type { RunOut } from '../domain/forecast.ts';
import { usedUpAtMs, type LimitStand } from '../domain/tightest.ts';
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

/** The moment, with its band in brackets; without one where both its ends read the same. */
function untilWords({ runsOutAtMs, earliestAtMs, latestAtMs }: RunOut, nowMs: number, locale: string): string {
  const [until, earliest] = [clockWords(runsOutAtMs, nowMs, locale), clockWords(earliestAtMs, nowMs, locale)];
  if (latestAtMs === undefined) return t('{0} ({1} at the earliest)', until, earliest);
  const latest = clockWords(latestAtMs, nowMs, locale);
  return earliest === latest ? until : t('{0} ({1} to {2})', until, earliest, latest);
}

/** A limit or budget that is used up before it begins anew. */
export interface LimitRunOut {
  readonly limit: LimitStand;
  readonly runsOutAtMs: number;
  readonly resetsAtMs: number;
}

/** The limit or budget of a window that is used up first at its own pace so far; undefined while all of them last. */
export function snapshotLimitRunOut(snapshot: LimitFacts, workspaceId: string | undefined, nowMs: number): LimitRunOut | undefined {
  return limitStands(snapshot, workspaceId, nowMs)
    .flatMap((limit) => {
      const [runsOutAtMs, resetsAtMs] = [usedUpAtMs(limit, nowMs), limit.endsAtMs];
      return runsOutAtMs === undefined || resetsAtMs === undefined ? [] : [{ limit, runsOutAtMs, resetsAtMs }];
    })
    .toSorted((a, b) => a.runsOutAtMs - b.runsOutAtMs)[0];
}

/** "At its pace so far, the limit per week of the plan plus is used up about Thu 26 Nov 14:00; it begins anew at Sat 28 Nov 09:00." */
export function limitRunOutWords({ limit, runsOutAtMs, resetsAtMs }: LimitRunOut, nowMs: number, locale: string): string {
  return t('At its pace so far, the {0} is used up about {1}; it begins anew at {2}.', limit.name, clockWords(runsOutAtMs, nowMs, locale), clockWords(resetsAtMs, nowMs, locale));
}
