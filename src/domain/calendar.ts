// Calendar periods of a named time zone: which day, week or month a moment lies in, and when it
// begins and ends. Days are not all 24 hours long, so a period is found by its dates, never by adding.
import { dayStartMs, localDayOf } from './localDays.ts';
import type { UtcOffsetAt } from './localDays.ts';

/** Periods that follow the calendar. */
export type CalendarPeriod = 'day' | 'week' | 'month';

/** A span of time; `untilMs` belongs to the next one. */
export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** 24 hours in milliseconds. */
const dayMs = 86_400_000;
/** 1970-01-01 was a Thursday; days are counted from it. */
const weekdayOfDayZero = 4;
/** Zones whose formatter is kept; making one costs more than using it. */
const zonesMax = 50;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether a name is a time zone that this platform knows, such as `Europe/Berlin` or `UTC`. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    // The platform throws a RangeError for a name that it does not know.
    return false;
  }
}

/** What has to be added to UTC in a time zone, summer time included. @throws RangeError for an unknown zone */
export function offsetIn(timeZone: string): UtcOffsetAt {
  const formatter = formatterOf(timeZone);
  return (atMs) => {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of formatter.formatToParts(atMs)) if (type !== 'literal') parts[type] = Number(value);
    const wall = Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day ?? 1, parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0);
    return wall - Math.floor(atMs / 1000) * 1000;
  };
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en', {
    timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  if (formatters.size >= zonesMax) formatters.clear();
  formatters.set(timeZone, made);
  return made;
}

/**
 * The calendar period that a moment lies in.
 * @param weekStartsOn 1 is Monday (ISO 8601), 7 Sunday; only weeks look at it
 */
export function periodOf(kind: CalendarPeriod, atMs: number, offsetAt: UtcOffsetAt, weekStartsOn = 1): Period {
  const today = localDayOf(atMs, offsetAt);
  const [first, next] = daysOf(kind, today, weekStartsOn);
  return { fromMs: dayStartMs(first, offsetAt), untilMs: dayStartMs(next, offsetAt) };
}

/** Periods that were found last, with their minute; asking a zone for its offset costs more than all the rest of a decision. */
const found = new Map<string, { readonly minute: number; readonly period: Period }>();
const foundMax = 200;
const minuteMs = 60_000;

/** The calendar period of a named zone that a moment lies in. No zone changes within a minute, so one answer serves for all of it. @throws RangeError for an unknown zone */
export function periodIn(timeZone: string, kind: CalendarPeriod, atMs: number, weekStartsOn = 1): Period {
  const name = `${timeZone} ${kind} ${weekStartsOn}`;
  const minute = Math.floor(atMs / minuteMs);
  const known = found.get(name);
  if (known?.minute === minute) return known.period;
  const period = periodOf(kind, atMs, offsetIn(timeZone), weekStartsOn);
  if (found.size >= foundMax) found.clear();
  found.set(name, { minute, period });
  return period;
}

/** First day of the period and of the next one, counted from 1970-01-01. */
function daysOf(kind: CalendarPeriod, today: number, weekStartsOn: number): readonly [number, number] {
  if (kind === 'day') return [today, today + 1];
  if (kind === 'week') {
    const weekday = ((today + weekdayOfDayZero) % 7 + 7) % 7;
    const first = today - ((weekday - weekStartsOn % 7) % 7 + 7) % 7;
    return [first, first + 7];
  }
  const date = new Date(today * dayMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return [Date.UTC(year, month, 1) / dayMs, Date.UTC(year, month + 1, 1) / dayMs];
}
