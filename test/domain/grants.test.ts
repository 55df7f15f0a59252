// Which grants burn first, what a hold is made of, and how a cost is drawn against it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { appliesTo, availableMicroCredits, burnOrder, isExpired, isInForce, planPosting, takeSlices } from '../../src/domain/grants.ts';
import type { Grant, GrantKind } from '../../src/domain/grants.ts';

function grant(id: string, more: Partial<Grant> = {}): Grant {
  const amount = more.remainingMicroCredits ?? 1000;
  return { id, kind: 'promotional', amountMicroCredits: amount, remainingMicroCredits: amount, heldMicroCredits: 0, priority: 50, createdAtMs: 0, order: 1, ...more };
}

const ids = (grants: readonly { id: string }[]) => grants.map((one) => one.id).join(' ');

/** Any grants, some expired at 100, some used up or reserved to the full. */
const anyGrants = fc.array(fc.record({
  kind: fc.constantFrom<GrantKind>('included', 'promotional', 'purchased'), left: fc.integer({ min: 0, max: 1000 }), held: fc.integer({ min: 0, max: 1000 }),
  priority: fc.integer({ min: 1, max: 3 }), expires: fc.option(fc.integer({ min: 90, max: 110 }), { nil: undefined }), createdAtMs: fc.integer({ min: 0, max: 3 }),
}), { maxLength: 8 }).map((all) => all.map((one, order) => grant(`g${order}`, {
  kind: one.kind, remainingMicroCredits: one.left, heldMicroCredits: Math.min(one.held, one.left), priority: one.priority, createdAtMs: one.createdAtMs, order,
  ...(one.expires === undefined ? {} : { expiresAtMs: one.expires }),
})));

/** A use of the model that the tests are about. */
const at = (nowMs: number) => ({ nowMs, model: 'gpt-test', workspaceId: 'ws_a' });

describe('burn order', () => {
  it('is kind, priority, earlier expiry, earlier creation, order', () => {
    assert.equal(ids(burnOrder([grant('p', { kind: 'purchased' }), grant('o'), grant('i', { kind: 'included' })])), 'i o p');
    assert.equal(ids(burnOrder([grant('b', { priority: 2 }), grant('a', { priority: 1, expiresAtMs: 9 }), grant('c', { priority: 2, expiresAtMs: 1 })])), 'a c b');
    assert.equal(ids(burnOrder([grant('never'), grant('late', { expiresAtMs: 9 }), grant('soon', { expiresAtMs: 5 })])), 'soon late never');
    assert.equal(ids(burnOrder([grant('c', { createdAtMs: 2 }), grant('b', { createdAtMs: 1, order: 2 }), grant('a', { createdAtMs: 1, order: 1 })])), 'a b c');
  });

  it('does not depend on the order in which grants are given, and leaves them as they are', () => {
    fc.assert(fc.property(anyGrants, (grants) => {
      const before = ids(grants);
      assert.equal(ids(burnOrder(grants)), ids(burnOrder(grants.toReversed())));
      assert.equal(ids(grants), before);
    }));
  });
});

describe('expiry', () => {
  it('is at its moment, not after it', () => {
    assert.deepEqual([99, 100, 101].map((nowMs) => isExpired(grant('g', { expiresAtMs: 100 }), nowMs)), [false, true, true]);
    assert.equal(isExpired(grant('g'), Number.MAX_SAFE_INTEGER), false);
  });
});

describe('what a grant is for', () => {
  it('begins at its moment, ends at its moment, and not at all once it was taken back', () => {
    const dated = grant('g', { startsAtMs: 50, expiresAtMs: 100 });
    assert.deepEqual([49, 50, 99, 100].map((nowMs) => isInForce(dated, nowMs)), [false, true, true, false]);
    for (const voided of ['undone', 'disputed'] as const) assert.equal(isInForce(grant('g', { voided }), 0), false);
  });

  it('is the models and workspaces that it names, families by their beginning', () => {
    const use = (model: string, workspaceId = 'ws_a') => ({ model, workspaceId });
    const family = grant('g', { models: ['gpt-5*', 'o9'] });
    assert.deepEqual(['gpt-5', 'gpt-5.4-mini', 'gpt-6', 'o9', 'o9-mini'].map((model) => appliesTo(family, use(model))), [true, true, false, true, false]);
    assert.deepEqual(['ws_a', 'ws_b'].map((id) => appliesTo(grant('g', { workspaces: ['ws_b'] }), use('m', id))), [false, true]);
    assert.equal(appliesTo(grant('g'), use('anything')), true);
  });

  it('keeps slices away from every other use', () => {
    const grants = [grant('other', { models: ['gpt-x'] }), grant('later', { startsAtMs: 1 }), grant('gone', { voided: 'undone' }), grant('elsewhere', { workspaces: ['ws_b'] }), grant('fits', { priority: 99 })];
    assert.deepEqual(takeSlices(grants, 10, at(0)).map((one) => one.grantId), ['fits']);
  });
});

describe('slices', () => {
  it('take what is free in burn order and stop when it is enough', () => {
    const grants = [grant('bought', { kind: 'purchased' }), grant('gift', { heldMicroCredits: 900 }), grant('weekly', { kind: 'included', remainingMicroCredits: 30 })];
    assert.deepEqual(takeSlices(grants, 200, at(0)).map((one) => [one.grantId, one.microCredits]), [['weekly', 30], ['gift', 100], ['bought', 70]]);
    assert.deepEqual(takeSlices(grants, 30, at(0)).length, 1);
    assert.deepEqual(takeSlices(grants, 0, at(0)), []);
    assert.throws(() => takeSlices(grants, 0.5, at(0)), RangeError);
  });

  it('sum to the amount, or to everything that is free; none is empty, expired or beyond what is free', () => {
    fc.assert(fc.property(anyGrants, fc.integer({ min: 0, max: 5000 }), (grants, amount) => {
      const slices = takeSlices(grants, amount, at(100));
      const free = grants.filter((one) => !(one.expiresAtMs !== undefined && one.expiresAtMs <= 100)).reduce((sum, one) => sum + availableMicroCredits(one), 0);
      assert.equal(slices.reduce((sum, one) => sum + one.microCredits, 0), Math.min(amount, free));
      for (const slice of slices) {
        const from = grants.find((one) => one.id === slice.grantId);
        assert.ok(from && slice.microCredits > 0 && slice.microCredits <= availableMicroCredits(from) && !isExpired(from, 100));
      }
    }));
  });
});

describe('posting', () => {
  it('draws the cost from the slices in their order and gives back the rest', () => {
    const slices = [{ grantId: 'a', kind: 'included' as const, microCredits: 30 }, { grantId: 'b', kind: 'promotional' as const, microCredits: 50 }, { grantId: 'c', kind: 'purchased' as const, microCredits: 20 }];
    const plan = planPosting({ slices, tracked: true }, 40, [], at(0));
    assert.deepEqual(plan.postings.map((one) => [one.kind, one.grantId, one.microCredits, one.releasedHoldMicroCredits]), [['post', 'a', 30, 30], ['post', 'b', 10, 50], ['void', 'c', 0, 20]]);
    assert.deepEqual([plan.drawnMicroCredits, plan.uncoveredMicroCredits], [40, 0]);
  });

  it('draws nothing for an attempt that reserved nothing', () => {
    assert.deepEqual(planPosting({ slices: [], tracked: false }, 500, [grant('g')], at(0)), { postings: [], drawnMicroCredits: 0, uncoveredMicroCredits: 0 });
  });

  it('never makes anything negative: what is posted and given back is what was reserved, what is left over is told', () => {
    fc.assert(fc.property(anyGrants, fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 6000 }), (free, hold, cost) => {
      const slices = takeSlices(free, hold, at(100));
      const held = free.map((one) => ({ ...one, heldMicroCredits: one.heldMicroCredits + (slices.find((slice) => slice.grantId === one.id)?.microCredits ?? 0) }));
      const plan = planPosting({ slices, tracked: true }, cost, held, at(100));
      const drawnFrom = (id: string) => plan.postings.filter((one) => one.grantId === id).reduce((sum, one) => sum + one.microCredits, 0);
      for (const one of held) {
        const released = plan.postings.filter((posting) => posting.grantId === one.id).reduce((sum, posting) => sum + posting.releasedHoldMicroCredits, 0);
        const left = { remaining: one.remainingMicroCredits - drawnFrom(one.id), held: one.heldMicroCredits - released };
        assert.equal(released, slices.find((slice) => slice.grantId === one.id)?.microCredits ?? 0);
        assert.ok(left.held >= 0 && left.remaining >= left.held, one.id);
      }
      assert.equal(plan.drawnMicroCredits, plan.postings.reduce((sum, one) => sum + one.microCredits, 0));
      if (slices.length > 0) assert.equal(plan.drawnMicroCredits + plan.uncoveredMicroCredits, cost);
      for (const one of plan.postings) if (one.kind === 'post') assert.ok(one.microCredits > 0 && one.microCredits <= one.releasedHoldMicroCredits);
    }));
  });
});
