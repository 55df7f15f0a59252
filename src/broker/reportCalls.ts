// The control calls behind the dashboard's history, ledger and event pages. Each answers from a bounded part of the
// ledger, so that holds never wait long behind a question; who wants more asks again.
import { dayStartMs, localDayOf, offsetSpans } from '../domain/localDays.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { ControlApi } from '../protocol/control.ts';
import { historyGroupsMax } from '../protocol/history.ts';
import type { Stored } from '../protocol/sentReport.ts';
import type { Clock } from './clock.ts';
import type { LedgerStore, Span } from './store/ledgerPort.ts';

/** What the calls read. */
export interface ReportParts {
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly utcOffsetMs: (atMs: number) => number;
  /** Looks into the data folder. */
  readonly stored: () => Stored;
}

/** The longest range of a history: 90 days, and the hours that clocks are set back meanwhile. */
const rangeMsMax = 91 * 86_400_000;
/** The longest local day has 25 hours. */
const spanMsMax = 25 * 3_600_000;
const hourMs = 3_600_000;

/** Makes the calls. */
export function reportCalls({ ledger, clock, utcOffsetMs, stored }: ReportParts): Pick<ControlApi, 'history' | 'workspaceUsage' | 'cacheSaving' | 'sent' | 'stored' | 'entryPage' | 'happenings' | 'course'> {
  return {
    history: async ({ by, fromMs, step }) => {
      const untilMs = clock.nowMs();
      if (fromMs > untilMs || untilMs - fromMs > rangeMsMax) throw new ProblemError(problem('argument_invalid', 'fromMs: a history reaches back 90 days at the most.'));
      const beginMs = step === 'day' ? dayStartMs(localDayOf(fromMs, utcOffsetMs), utcOffsetMs) : hourStartMs(fromMs, utcOffsetMs);
      return ledger.query('history', { by, fromMs: beginMs, untilMs, step, utcOffsets: offsetSpans(beginMs, untilMs, utcOffsetMs), groupsMax: historyGroupsMax });
    },
    workspaceUsage: async (args) => {
      checkSpan(args);
      return { rows: await ledger.query('workspaceUsage', args) };
    },
    cacheSaving: async ({ workspaceId, ...span }) => {
      checkSpan(span);
      return ledger.query('cacheSaving', { ...span, ...(workspaceId === undefined ? {} : { workspaceId }) });
    },
    sent: async (args) => {
      checkSpan(args);
      return { rows: await ledger.query('sent', args) };
    },
    stored: () => Promise.resolve(stored()),
    entryPage: (args) => ledger.query('entryPage', withoutAbsent(args)),
    happenings: (args) => ledger.query('happenings', withoutAbsent(args)),
    course: async (args) => ({ course: await ledger.query('course', { ...withoutAbsent(args), nowMs: clock.nowMs() }) }),
  };
}

/** When the local hour of a moment began. */
function hourStartMs(atMs: number, utcOffsetMs: (atMs: number) => number): number {
  const offsetMs = utcOffsetMs(atMs);
  return Math.floor((atMs + offsetMs) / hourMs) * hourMs - offsetMs;
}

/** @throws ProblemError `argument_invalid` */
function checkSpan({ fromMs, untilMs }: Span): void {
  if (untilMs < fromMs || untilMs - fromMs > spanMsMax) throw new ProblemError(problem('argument_invalid', 'untilMs: such a report is of one day at the most.'));
}

/** The same without keys that have no value, as exact optional types want it. */
function withoutAbsent<T extends object>(args: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
