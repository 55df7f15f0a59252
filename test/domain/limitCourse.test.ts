// The course of a limit's use: marks enough to tell how even its pace is and no more of them, a fresh one with each period.
import assert from 'node:assert/strict';
import { aheadSpans } from '../../src/domain/forecast.ts';
import { limitAhead } from '../../src/domain/limitAhead.ts';
import { coursePace, courseFrom, noteUse, type LimitCourse, type LimitLook } from '../../src/domain/limitCourse.ts';
import type { LimitStand } from '../../src/domain/tightest.ts';
import { seededRandom } from '../support/seededRandom.ts';

const hourMs = 3_600_000;
const lengthMs = 100 * hourMs;
/** `steady`: it has no period. */
const look = (used: number, fromMs: number | 'steady' = 0): LimitLook => ({ used, lengthMs, ...(fromMs === 'steady' ? {} : { fromMs }) });
/** The course of looks each quarter of an hour up to a moment. */
const courseOf = (usedAt: (atMs: number) => number, fromMs: number, untilMs: number, periodMs: number | 'steady' = 0): LimitCourse => {
  let course: LimitCourse | undefined;
  for (let atMs = fromMs; atMs <= untilMs; atMs += hourMs / 4) course = noteUse(course, look(usedAt(atMs), periodMs), atMs);
  assert.ok(course);
  return course;
};
const even = (atMs: number) => atMs / lengthMs * 1.5;

describe('the course of a limit', () => {
  it('is marked now and then, from the beginning of its period on', () => {
    const course = courseOf(even, 10 * hourMs, 50 * hourMs);
    assert.deepEqual(course.marks.slice(0, 2), [{ atMs: 0, used: 0 }, { atMs: 10 * hourMs, used: even(10 * hourMs) }]);
    assert.ok(course.marks.length > 15 && course.marks.length <= 20, `${course.marks.length}`);
    const pace = coursePace(course, look(even(50 * hourMs)), 50 * hourMs);
    assert.ok(pace && Math.abs(pace.perMs * lengthMs - 1.5) < 1e-9 && (pace.spread ?? 1) < 1e-20, JSON.stringify(pace));
  });

  it('knows no band from one look, and a wide one where use came in bursts', () => {
    assert.equal(coursePace(courseOf(even, 50 * hourMs, 50 * hourMs), look(0.75), 50 * hourMs)?.spread, undefined);
    const bursts = (atMs: number) => 0.375 * Math.ceil(atMs / (25 * hourMs));
    assert.ok((coursePace(courseOf(bursts, 0, 50 * hourMs), look(0.75), 50 * hourMs)?.spread ?? 0) > 1e-10);
  });

  it('begins anew with another period, after credits back, and where the clock was set back; not for a reset told a little otherwise', () => {
    const course = courseOf(even, 10 * hourMs, 50 * hourMs);
    for (const [next, atMs] of [[look(0, lengthMs), 101 * hourMs], [look(0.3), 51 * hourMs], [look(0.75), 20 * hourMs]] as const) assert.ok(noteUse(course, next, atMs).marks.length <= 2);
    for (const next of [look(0.8, 5 * 60_000), look(0.7)]) assert.ok(noteUse(course, next, 53 * hourMs).marks.length > course.marks.length);
  });

  it('is of the last hours where a limit refills steadily, with what comes back', () => {
    const course = courseOf((atMs) => 0.9 - atMs / lengthMs, 0, 60 * hourMs, 'steady');
    assert.ok(course.marks.length <= 18 && (course.marks[0]?.atMs ?? 0) > 40 * hourMs);
    const pace = coursePace(course, look(0.3, 'steady'), 60 * hourMs);
    assert.ok(pace && pace.perMs < 0 && Math.abs(pace.perMs * lengthMs + 1) < 1e-9);
    assert.equal(coursePace(courseOf(even, 0, hourMs, 'steady'), look(0.015, 'steady'), hourMs), undefined, 'too short to say');
  });

  it('can be made from what is known otherwise', () => {
    const marks = Array.from({ length: 150 }, (_, index) => ({ atMs: index * hourMs / 3, used: even(index * hourMs / 3) }));
    const course = courseFrom(marks, look(0.75));
    assert.ok(course.marks.length > 15 && course.marks.length <= 26, `${course.marks.length}`);
    assert.deepEqual(course.marks[0], { atMs: 0, used: 0 });
  });
});

describe('the look ahead at a limit', () => {
  const stand = (left: number, timeLeft: number | undefined, more: Partial<LimitStand> = {}): LimitStand => ({ id: 'a', kind: 'window', name: 'n', left, stops: true, lengthMs, ...(timeLeft === undefined ? {} : { timeLeft, endsAtMs: timeLeft * lengthMs }), ...more });

  it('is a straight line where that is all that is known, and nothing where it is too early', () => {
    assert.deepEqual(limitAhead(stand(0.25, 0.5), 0), { seenUntilMs: 50 * hourMs, runsOutAtMs: Math.round(lengthMs * 0.5 / 3) });
    assert.deepEqual(limitAhead(stand(0.6, 0.5), 0), { seenUntilMs: 50 * hourMs });
    assert.equal(limitAhead(stand(0.8, 0.95), 0), undefined);
    assert.equal(limitAhead(stand(0.8, undefined), 0), undefined, 'refills steadily, at a pace that is not known');
  });

  it('has a band where it is known how even the pace is, whose end may be beyond the reset', () => {
    const pace = (spread: number) => ({ perMs: 1, spanMs: 1, spread });
    const near = limitAhead(stand(0.25, 0.5, { pace: pace(1e-11) }), 0);
    assert.ok(near?.earliestAtMs !== undefined && near.runsOutAtMs !== undefined && near.latestAtMs !== undefined);
    assert.ok(near.earliestAtMs < near.runsOutAtMs && near.runsOutAtMs < near.latestAtMs && near.latestAtMs < near.seenUntilMs);
    const wide = limitAhead(stand(0.25, 0.5, { pace: pace(1e-9) }), 0);
    assert.ok(wide?.earliestAtMs !== undefined && wide.latestAtMs === undefined && wide.earliestAtMs < near.earliestAtMs);
    const lasting = limitAhead(stand(0.52, 0.5, { pace: pace(1e-10) }), 0);
    assert.ok(lasting && lasting.runsOutAtMs === undefined && lasting.earliestAtMs !== undefined);
  });

  it('looks at one that refills steadily a few times as far ahead as back', () => {
    const pace = { perMs: 0.1 / hourMs, spanMs: 2 * hourMs };
    assert.equal(limitAhead(stand(0.5, undefined, { pace }), 0)?.runsOutAtMs, 5 * hourMs);
    assert.deepEqual(limitAhead(stand(0.9, undefined, { pace }), 0), { seenUntilMs: 2 * hourMs * aheadSpans });
    assert.deepEqual(limitAhead(stand(0.1, undefined, { pace: { ...pace, perMs: -1 } }), 0), { seenUntilMs: 2 * hourMs * aheadSpans });
  });

  it('holds its band about four of five times over weeks of uneven use', () => {
    const random = seededRandom(9);
    const arrival = (meanMs: number) => -Math.log(1 - random.next()) * meanMs;
    let [seen, inside] = [0, 0];
    for (let history = 0; history < 1500; history += 1) {
      const size = 0.005 + random.next() * 0.02;
      const meanMs = lengthMs * size / (1.2 + random.next() * 1.5);
      const steps: { readonly atMs: number; readonly used: number }[] = [];
      for (let [atMs, used] = [arrival(meanMs), 0]; used < 1; atMs += arrival(meanMs)) { used += arrival(size); steps.push({ atMs, used }); }
      const usedAt = (at: number) => steps.findLast(({ atMs }) => atMs <= at)?.used ?? 0;
      const nowMs = Math.ceil((0.2 + random.next() * 0.3) * 400) * hourMs / 4;
      const used = usedAt(nowMs);
      if (used >= 1) continue;
      const pace = coursePace(courseOf(usedAt, 0, nowMs), look(used), nowMs);
      const found = limitAhead({ ...stand(1 - used, 1 - nowMs / lengthMs, pace ? { pace } : {}), endsAtMs: lengthMs }, nowMs);
      if (found?.earliestAtMs === undefined) continue;
      const endAtMs = steps.at(-1)?.atMs ?? Infinity;
      seen += 1;
      if (endAtMs >= found.earliestAtMs && endAtMs <= (found.latestAtMs ?? Infinity)) inside += 1;
    }
    assert.ok(seen > 1000 && inside / seen > 0.7 && inside / seen < 0.92, `${inside} of ${seen}`);
  });
});
