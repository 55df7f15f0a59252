// How what is used of a limit went on: marks now and then, from its period's beginning where it has one, so that it can be
// told how even its pace is. A limit that refills steadily has a course of its last hours, in which refilling is
// use that comes back. Pure: looks and moments are passed in.
import { paceOf, type Pace } from './pace.ts';

/** A limit as it is looked at. */
export interface LimitLook {
  /** Share that is used, from 0 up. */
  readonly used: number;
  readonly lengthMs: number;
  /** When its period began; absent for one that refills steadily. */
  readonly fromMs?: number;
}

/** What was used at some moments, oldest first. */
export interface LimitCourse {
  readonly fromMs?: number;
  readonly marks: readonly { readonly atMs: number; readonly used: number }[];
}

/** Marks of a period. */
const periodMarks = 48;
/** A limit that refills steadily is marked so many times in its length, and these marks are kept. */
const steadyMarks = 144;
const steadyMarksMax = 18;
/** Of one that refills steadily, so many marks have to be over before its pace means anything; of a period, one. */
const steadyMarksMin = 3;
/** The same period may be told with so much difference, as a share of its length. */
const sameShare = 0.02;
/** So much less used is no correction but a fresh start. */
const freshShare = 0.1;

/** The course with what is seen now; a new one where the period is another, or the clock was set back. */
export function noteUse(course: LimitCourse | undefined, look: LimitLook, nowMs: number): LimitCourse {
  const { used, fromMs } = look;
  const last = course?.marks.at(-1);
  if (!course || !last || last.atMs > nowMs || !isSamePeriod(course, look, last.used)) {
    return fromMs === undefined || fromMs >= nowMs ? { marks: [{ atMs: nowMs, used }] } : { fromMs, marks: [{ atMs: fromMs, used: 0 }, { atMs: nowMs, used }] };
  }
  if (nowMs - last.atMs < stepOf(look)) return course;
  const marks = [...course.marks, { atMs: nowMs, used }];
  return { ...course, marks: fromMs === undefined ? marks.slice(-steadyMarksMax) : marks };
}

/** A course of marks that are known otherwise; those that lie closer than is needed are left out. */
export function courseFrom(marks: LimitCourse['marks'], look: LimitLook): LimitCourse {
  const kept = marks.filter(({ atMs }, index) => index === 0 || Math.floor(atMs / stepOf(look)) > Math.floor((marks[index - 1]?.atMs ?? atMs) / stepOf(look)));
  return { ...(look.fromMs === undefined ? {} : { fromMs: look.fromMs }), marks: kept };
}

/** The pace of a course up to now, in shares; undefined while there is none. */
export function coursePace({ marks }: LimitCourse, look: LimitLook, nowMs: number): Pace | undefined {
  const [first] = marks;
  const all = [...marks.filter(({ atMs }) => atMs < nowMs), { atMs: nowMs, used: look.used }];
  if (!first || nowMs - first.atMs < stepOf(look) * (look.fromMs === undefined ? steadyMarksMin : 1)) return undefined;
  const uses = all.slice(1).map(({ atMs, used }, index) => ({ atMs, amount: used - (all[index]?.used ?? 0), sinceMs: all[index]?.atMs ?? atMs }));
  return paceOf(uses, first.atMs, nowMs);
}

function stepOf({ lengthMs, fromMs }: LimitLook): number {
  return lengthMs / (fromMs === undefined ? steadyMarks : periodMarks);
}

function isSamePeriod(course: LimitCourse, { used, fromMs, lengthMs }: LimitLook, before: number): boolean {
  if (fromMs === undefined || course.fromMs === undefined) return fromMs === course.fromMs;
  return Math.abs(course.fromMs - fromMs) <= lengthMs * sameShare && used >= before - freshShare;
}
