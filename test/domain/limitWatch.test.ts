// Proves when a limit counts as changed and a plan's window as begun anew: three answers in a row, once an hour, and
// nothing that only goes to and fro.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LimitWatch, noteAfter, noteEveryMs, sameAnswersMin, watchedMax } from '../../src/domain/limitWatch.ts';
import type { AnnouncedLimit, LimitNote } from '../../src/domain/limitWatch.ts';

const minuteMs = 60_000;
const requests = (limit: number, windowMinutes = 1): AnnouncedLimit => ({ measure: 'requests', limit, windowMinutes });
const tokens = (limit: number): AnnouncedLimit => ({ measure: 'tokens', limit, windowMinutes: 1 });

/** Answers come one each second unless time passes between them. */
class Answers {
  readonly watch = new LimitWatch();
  nowMs = 0;

  limits(...told: readonly (readonly AnnouncedLimit[])[]): LimitNote[] {
    return told.flatMap((one) => this.watch.limitsTold('gpt-test', one, this.nowMs += 1_000) ?? []);
  }

  /** Windows by what is used of them and their end in minutes. */
  windows(...told: readonly (readonly [usedPercent: number, endMinutes: number])[]): LimitNote[] {
    return told.flatMap(([usedPercent, endMinutes]) => this.watch.windowTold('ChatGPT 0a1b', { windowMinutes: 300, usedPercent, resetsAtMs: endMinutes * minuteMs }, this.nowMs += 1_000) ?? []);
  }
}

describe('a model\'s announced limits', () => {
  const both = [requests(500), tokens(200_000)];

  it('are noted when three answers told them, and not again', () => {
    const answers = new Answers();
    assert.deepEqual(answers.limits(both, both), []);
    assert.deepEqual(answers.limits(both), [{ subject: 'gpt-test', limits: both }]);
    answers.nowMs += noteEveryMs;
    assert.deepEqual(answers.limits(both, both, [requests(500)], [], both), []);
  });

  it('are noted when they changed in three answers in a row, all of them, not only the one that changed', () => {
    const answers = new Answers();
    answers.limits(both, both, both);
    answers.nowMs += noteEveryMs;
    // An odd answer between two of them lets it begin anew; one that does not tell it does not.
    assert.deepEqual(answers.limits([requests(300)], [requests(300)], [requests(500)], [requests(300)], [], [requests(300)]), []);
    assert.deepEqual(answers.limits([requests(300)]), [{ subject: 'gpt-test', limits: [requests(300), tokens(200_000)] }]);
  });

  it('are noted once an hour, with what holds then', () => {
    const answers = new Answers();
    const thrice = (limit: number) => answers.limits([requests(limit)], [requests(limit)], [requests(limit)]);
    assert.equal(thrice(500).length, 1);
    assert.deepEqual([thrice(300), thrice(200)], [[], []]);
    answers.nowMs += noteEveryMs;
    assert.deepEqual(answers.limits([requests(200)]), [{ subject: 'gpt-test', limits: [requests(200)] }]);
    // Back within the hour: there is nothing to tell after it.
    thrice(100);
    thrice(200);
    answers.nowMs += noteEveryMs;
    assert.deepEqual(thrice(200), []);
  });

  it('are others over another time', () => {
    const answers = new Answers();
    answers.limits([requests(500)], [requests(500)], [requests(500)]);
    answers.nowMs += noteEveryMs;
    assert.deepEqual(answers.limits(...Array.from({ length: 3 }, () => [requests(500, 1440)])), [{ subject: 'gpt-test', limits: [requests(500, 1440)] }]);
  });

  it('are noted at most once an hour and never twice the same, whatever comes', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 40 * minuteMs })), { maxLength: 200 }), (told) => {
      const watch = new LimitWatch();
      let nowMs = 0;
      const notes: { readonly atMs: number; readonly text: string }[] = [];
      told.forEach(([limit, afterMs], index) => {
        nowMs += afterMs;
        const note = watch.limitsTold('gpt-test', [requests(limit)], nowMs);
        if (!note) return;
        notes.push({ atMs: nowMs, text: JSON.stringify(note) });
        assert.ok(index + 1 >= sameAnswersMin);
      });
      for (const [index, { atMs, text }] of notes.entries()) {
        const before = notes[index - 1];
        assert.ok(!before || atMs - before.atMs >= noteEveryMs && text !== before.text);
      }
    }));
  });

  it('of models that were asked longest ago are forgotten', () => {
    const watch = new LimitWatch();
    const told = (model: string) => watch.limitsTold(model, [requests(5)], 0);
    told('first');
    told('first');
    for (let index = 0; index < watchedMax; index += 1) told(`model ${index}`);
    assert.deepEqual([told('first'), told('first')], [undefined, undefined]);
    assert.ok(told('first'));
  });
});

describe('a plan\'s window', () => {
  const begun = (endMinutes: number) => [{ subject: 'ChatGPT 0a1b/300', began: { plan: 'ChatGPT 0a1b', windowMinutes: 300, resetsAtMs: endMinutes * minuteMs } }];

  it('began anew when its end moved on and use fell, in three answers in a row', () => {
    const answers = new Answers();
    assert.deepEqual(answers.windows([80, 300], [81, 300], [82, 301], [83, 300]), []);
    assert.deepEqual(answers.windows([1, 700], [82, 300], [1, 700], [2, 700]), []);
    assert.deepEqual(answers.windows([3, 700], [4, 700]), begun(700));
  });

  it('began anew after a whole length too, where as much is used again', () => {
    const answers = new Answers();
    answers.windows([2, 300], [2, 300], [2, 300]);
    assert.deepEqual(answers.windows([5, 600], [6, 600], [7, 600]), begun(600));
  });

  it('did not begin where use went on, nothing had been used, its end creeps, or nobody knows it', () => {
    for (const [before, after] of [[[10, 300], [11, 400]], [[0, 300], [0, 900]], [[10, 300], [5, 200]]] as const) {
      const answers = new Answers();
      assert.deepEqual(answers.windows(before, before, before, after, after, after), [], JSON.stringify([before, after]));
    }
    const answers = new Answers();
    assert.deepEqual(answers.windows(...Array.from({ length: 200 }, (_, index): [number, number] => [60 - index / 10, 300 + index])), []);
    assert.equal(answers.watch.windowTold('ChatGPT 0a1b', { windowMinutes: 300, usedPercent: 0 }, 0), undefined);
  });

  it('is told once an hour, the newest beginning', () => {
    const answers = new Answers();
    const thrice = (used: number, end: number) => answers.windows([used, end], [used, end], [used, end]);
    thrice(90, 300);
    assert.deepEqual(thrice(5, 600), begun(600));
    thrice(50, 600);
    assert.deepEqual([thrice(4, 900), thrice(3, 1_200)], [[], []]);
    answers.nowMs += noteEveryMs;
    assert.deepEqual(thrice(3, 1_200), begun(1_200));
  });
});

describe('what is known after a note', () => {
  const first: LimitNote = { subject: 'm', limits: [requests(500), tokens(9)] };

  it('is what it tells, beside what it does not tell', () => {
    assert.deepEqual(noteAfter(undefined, first), first);
    assert.deepEqual(noteAfter(first, { subject: 'm', limits: [tokens(8)] }), { subject: 'm', limits: [requests(500), tokens(8)] });
    assert.equal(noteAfter(first, { subject: 'm', limits: [tokens(9)] }), undefined);
  });

  it('is nothing new where a window ends as it did', () => {
    const window = (minutes: number): LimitNote => ({ subject: 'p/300', began: { plan: 'p', windowMinutes: 300, resetsAtMs: minutes * minuteMs } });
    assert.deepEqual([noteAfter(window(300), window(301)), noteAfter(window(300), window(600))], [undefined, window(600)]);
    assert.deepEqual(noteAfter(first, window(1)), window(1));
  });
});
