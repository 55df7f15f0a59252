// What is known of a plan's limits that belong to some models alone: by their ids, with the models that answers name
// them for, used up for those and for nobody else.
import assert from 'node:assert/strict';
import { limitModelsMax, modelLimitsMax, observeModelLimits, usedUpModelLimit, type ModelLimit } from '../../src/domain/modelLimits.ts';

const atMs = 1_000_000;
const resetsAtMs = atMs + 500_000;
const told = (usedPercent: number, limitId = 'codex_fox') => [{ limitId, name: 'sonic', windows: [{ windowMinutes: 300, usedPercent, resetsAtMs }] }];
const fox = (model: string) => ({ limitId: 'codex_fox', model });
const endOf = (known: readonly ModelLimit[], model: string) => usedUpModelLimit(known, model, undefined, atMs + 1);

describe('limits of some models of a plan', () => {
  it('are used up for the models that answers name them for', () => {
    const known = observeModelLimits([], told(100), fox('sonic-1'), atMs);
    assert.deepEqual([endOf(known, 'sonic-1'), endOf(known, 'gpt-5.5')], [{ name: 'sonic', untilMs: resetsAtMs, windowMinutes: 300 }, undefined]);
    const both = observeModelLimits(known, [], fox('sonic-2'), atMs);
    assert.deepEqual(both[0]?.models, ['sonic-1', 'sonic-2']);
    assert.equal(endOf(observeModelLimits(both, told(10), fox('sonic-2'), atMs + 1), 'sonic-1'), undefined, 'newer figures say otherwise');
  });

  it('belong to a model no more once another limit applied to it', () => {
    const known = observeModelLimits([], told(100), fox('sonic-1'), atMs);
    for (const limitId of ['premium', 'codex']) assert.equal(endOf(observeModelLimits(known, [], { limitId, model: 'sonic-1' }, atMs), 'sonic-1'), undefined);
    const moved = observeModelLimits(known, told(100, 'codex_other'), { limitId: 'codex_other', model: 'sonic-1' }, atMs);
    assert.deepEqual(moved.map(({ models }) => models), [[], ['sonic-1']]);
  });

  it('are used up by a refusal, and not where the provider goes on with credits', () => {
    const refused = observeModelLimits([], [{ limitId: 'codex_fox', windows: [], refused: { untilMs: resetsAtMs } }], fox('sonic-1'), atMs);
    assert.deepEqual(endOf(refused, 'sonic-1'), { name: 'codex_fox', untilMs: resetsAtMs });
    const full = observeModelLimits([], told(100), fox('sonic-1'), atMs);
    assert.equal(usedUpModelLimit(full, 'sonic-1', { hasCredits: true, isUnlimited: false }, atMs), undefined);
  });

  it('keep their name, and are ordered by when the attempts were sent', () => {
    const known = observeModelLimits([], told(60), fox('sonic-1'), atMs + 5_000, atMs + 4_000);
    const late = observeModelLimits(known, [{ limitId: 'codex_fox', windows: [{ windowMinutes: 300, usedPercent: 10, resetsAtMs }] }], undefined, atMs + 6_000, atMs);
    assert.deepEqual(late.map(({ name, limits, models }) => [name, limits.windows[0]?.usedPercent, models]), [['sonic', 60, ['sonic-1']]]);
  });

  it('stay few, whatever is told', () => {
    let known: readonly ModelLimit[] = [];
    for (let count = 0; count < 40; count += 1) known = observeModelLimits(known, told(1, `limit_${count % 12}`), { limitId: `limit_${count % 12}`, model: `m${count}` }, atMs);
    assert.equal(known.length, modelLimitsMax);
    for (let count = 0; count < 40; count += 1) known = observeModelLimits(known, [], { limitId: known[0]?.limitId ?? '', model: `n${count}` }, atMs);
    assert.equal(known[0]?.models.length, limitModelsMax);
  });
});
