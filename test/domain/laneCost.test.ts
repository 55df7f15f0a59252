// Proves that a cost counts whatever is scarcer, requests or tokens, and how much of that is missing.
import assert from 'node:assert/strict';
import { LaneCost } from '../../src/domain/laneCost.ts';
import { dayMs, minuteMs, reserve, unknownWindow, type RateWindow } from '../../src/domain/rateWindow.ts';
import { observe } from '../../src/domain/windowObservation.ts';
import { request } from '../support/pacerSteps.ts';

const known = (limit: number, remaining: number, lengthMs = minuteMs): RateWindow => observe(unknownWindow, 'a', 0, { limit, remaining, resetMs: lengthMs * (1 - remaining / limit) }, 0);

describe('lane cost', () => {
  it('counts a request by its share of the scarcer limit', () => {
    const small = request({ estimatedTokens: 100 }), large = request({ estimatedTokens: 5_000 });
    const both = { requests: known(60, 60), tokens: known(60_000, 60_000) };
    assert.deepEqual([small, large].map((each) => new LaneCost().of(each, both)), [{ cost: 1_000, isEven: true }, { cost: 5_000 }]);
    assert.deepEqual([small, large].map((each) => new LaneCost().of(each, { ...both, requests: unknownWindow })), [{ cost: 100 }, { cost: 5_000 }]);
    const cost = new LaneCost();
    cost.of(small, { ...both, tokens: unknownWindow });
    const usual = cost.of(large, { ...both, tokens: unknownWindow });
    assert.ok(usual.cost < 250 && usual.isEven, 'like the usual one');
  });

  it('tells what was used beyond the estimate, where that counts', () => {
    const windows = { requests: known(60, 60), tokens: known(60_000, 60_000) };
    const beyond = (usedTokens?: number) => new LaneCost().beyond(request({ estimatedTokens: 3_000 }), usedTokens, windows);
    assert.deepEqual([beyond(5_000), beyond(3_000), beyond(10), beyond()], [2_000, 0, -2_000, 0], 'it took a request at the least');
  });

  it('knows what is missing of the scarcer limit, of longer ones at most what a minute refills', () => {
    const cost = new LaneCost();
    const full = known(60_000, 60_000);
    const missing = (requests: RateWindow, tokens: RateWindow) => Math.round(cost.missing({ requests, tokens }, 0));
    assert.equal(missing(unknownWindow, unknownWindow), 0);
    assert.equal(missing(known(60, 60), full), 0);
    assert.equal(missing(known(60, 45), full), 15_000);
    assert.equal(missing(reserve(known(60, 45), 'b', 15, 0), full), 30_000, 'what is under way is missing too');
    assert.equal(missing(known(60, 45), known(60_000, 20_000)), 40_000);
    assert.equal(missing(reserve(known(60, 0), 'b', 60, 0), full), 60_000);
    assert.equal(missing(known(14_400, 0, dayMs), full), Math.round(60_000 * minuteMs / dayMs));
    cost.of(request({ estimatedTokens: 500 }), { requests: known(60, 30), tokens: unknownWindow });
    assert.equal(missing(known(60, 30), unknownWindow), 15_000);
  });
});
