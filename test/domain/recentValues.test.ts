// Recent values: the quantile of the next one, the newer before the older, and what was cut.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { narrowed, RecentValues, valuesMax } from '../../src/domain/recentValues.ts';

function valuesOf(values: readonly number[], isCut: (value: number) => boolean = () => false): RecentValues {
  const made = new RecentValues();
  for (const value of values) made.add(value, 1, isCut(value));
  return made;
}

describe('recent values', () => {
  it('say nothing of what they are too few for', () => {
    assert.equal(new RecentValues().quantile(0.5), undefined);
    assert.equal(valuesOf([7]).quantile(0.95), undefined);
    assert.equal(valuesOf([7]).quantile(0.5), 7, 'the next one is as likely above as below');
    assert.equal(valuesOf([7, 9]).quantile(0.95, 0), 9);
    assert.equal(valuesOf(Array.from({ length: 18 }, (_, index) => index)).quantile(0.95), undefined);
  });

  it('count less with every newer one, and are forgotten at last', () => {
    const made = valuesOf([...Array.from({ length: 100 }, () => 1000), ...Array.from({ length: 100 }, () => 10)]);
    assert.equal(made.quantile(0.5, 0), 10);
    assert.equal(made.quantile(0.95), 1000, 'the old ones still weigh more than one in twenty');
    for (let index = 0; index < valuesMax - 100; index += 1) made.add(10);
    assert.equal(made.largest, 10);
    assert.equal(made.quantile(0.95), 10);
    assert.ok(made.weight < valuesMax / 2);
  });

  it('hand the weight of a cut value on to the larger ones', () => {
    // Efron's example of redistribution: 1, then "at least 2", then 3 and 4, without the next value.
    const made = valuesOf([1, 2, 3, 4], (value) => value === 2);
    assert.equal(made.quantile(0.5, 0), 3);
    assert.equal(made.quantile(0.6, 0), 3, 'a quarter, and half of the rest');
    assert.equal(made.quantile(0.7, 0), 4);
    assert.equal(valuesOf([5, 5, 5], () => true).quantile(0.1), undefined, 'cut ones alone have no end');
  });

  it('give a quantile that was seen, grows with the share, and is the same again', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.boolean()), { minLength: 1, maxLength: 300 }), (values) => {
      const made = new RecentValues();
      for (const [value, isCut] of values) made.add(value, 1, isCut);
      let last = 0;
      for (const share of [0.1, 0.5, 0.9, 0.95]) {
        const found = made.quantile(share);
        assert.equal(made.quantile(share), found);
        if (found === undefined) { last = Infinity; continue; }
        assert.ok(found >= last && values.some(([value]) => value === found));
        last = found;
      }
    }));
  });
});

describe('a spread narrowed by own values', () => {
  const expected = { likely: 100, high: 600 };

  it('stays where nothing is known', () => {
    assert.deepEqual(narrowed(expected, undefined, 0.95, 8), expected);
    assert.deepEqual(narrowed(expected, new RecentValues(), 0.95, 8), expected);
  });

  it('moves to few values, covers the largest of them, and gives way to many', () => {
    const one = narrowed(expected, valuesOf([1000]), 0.95, 8);
    assert.ok(one.likely > 110 && one.likely < 200 && Math.abs(one.high - 1000) < 1e-6, JSON.stringify(one));
    const ten = narrowed(expected, valuesOf(Array.from({ length: 10 }, (_, index) => 1000 + index)), 0.95, 8);
    assert.ok(ten.likely > one.likely && ten.high > 1500, 'the expected spread around their middle');
    const many = narrowed(expected, valuesOf(Array.from({ length: 150 }, (_, index) => 1000 + index)), 0.95, 8);
    assert.ok(many.high <= 1149 && many.high > 1130 && many.likely > 1050, JSON.stringify(many));
  });

  it('is not moved down by values that were all cut, only up', () => {
    const low = narrowed(expected, valuesOf(Array.from({ length: 100 }, () => 20), () => true), 0.95, 8);
    assert.deepEqual([Math.round(low.likely), Math.round(low.high)], [100, 600]);
    assert.ok(narrowed(expected, valuesOf([900, 900, 900], () => true), 0.95, 8).high >= 900);
  });

  it('follows values of small weight only a part of the way', () => {
    const made = new RecentValues();
    made.add(100_000, 0.1);
    assert.ok(narrowed(expected, made, 0.95, 8).high < 1100);
  });

  it('is in order and finite whatever it is given', () => {
    const any = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(fc.property(any, any, fc.array(fc.tuple(any, fc.double({ min: 0.001, max: 1, noNaN: true }), fc.boolean()), { maxLength: 40 }), (likely, more, values) => {
      const made = new RecentValues();
      for (const [value, weight, isCut] of values) made.add(value, weight, isCut);
      const spread = narrowed({ likely, high: likely + more }, made, 0.95, 8);
      assert.ok(Number.isFinite(spread.likely) && Number.isFinite(spread.high) && spread.likely <= spread.high, JSON.stringify(spread));
    }));
  });
});
