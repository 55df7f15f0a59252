// What is remembered of plans over a restart: shown with its age, dropped once it is old, and nothing of a sign-in in it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelLimit } from '../../src/domain/modelLimits.ts';
import { PlanMemory, rememberedMsMax, writeEveryMs, type RememberedPlan } from '../../src/broker/planMemory.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';

const id = createHash('sha256').update('account-one').digest('hex');
const plan = (usedPercent: number): RememberedPlan => ({
  id, limits: { windows: [{ windowMinutes: 10_080, usedPercent, resetsAtMs: noonMs + 86_400_000, observedAtMs: noonMs }], planType: 'pro', credits: { hasCredits: true, isUnlimited: false, balance: '3' }, observedAtMs: noonMs }, modelLimits: [],
});
const ownLimit = (usedPercent: number, observedAtMs = noonMs): ModelLimit => ({
  limitId: 'codex_bengalfox', name: 'sonic', models: ['gpt-sonic'], limits: { windows: [{ windowMinutes: 300, usedPercent, observedAtMs }], observedAtMs },
});

describe('plans over a restart', () => {
  it('are written once for what comes together, for their owner alone, and read again', () => withFolder((folder) => {
    const clock = manualClock();
    const memory = new PlanMemory(folder, clock, () => assert.fail('nothing is wrong'));
    assert.deepEqual(memory.read(), []);
    for (const used of [10, 11, 12]) memory.keep([plan(used)]);
    assert.deepEqual(clock.pendingMs, [writeEveryMs]);
    clock.advance(writeEveryMs);
    assert.deepEqual(memory.read(), [plan(12)]);
    const path = join(folder, 'plans.json');
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
    memory.keep([{ ...plan(13), limits: { ...plan(13).limits, refused: { atMs: noonMs } } }]);
    memory.close();
    assert.deepEqual([memory.read(), clock.pendingMs], [[plan(13)], []], 'a refusal is not remembered');
    assert.doesNotMatch(readFileSync(path, 'utf8'), /account-one|refused/);
  }));

  it('are dropped when they are old or of a clock that was ahead, or make no sense', () => withFolder((folder) => {
    const clock = manualClock();
    const memory = new PlanMemory(folder, clock, () => undefined);
    memory.keep([plan(10)]);
    memory.close();
    clock.jumpWall(rememberedMsMax);
    assert.equal(memory.read().length, 1);
    clock.jumpWall(1);
    assert.deepEqual(memory.read(), []);
    clock.jumpWall(-rememberedMsMax - 2);
    assert.deepEqual(memory.read(), []);
    for (const text of ['', '{', '[{"id":"../x","limits":{"windows":[],"observedAtMs":1}}]', '[{"id":1}]', 'null']) {
      writeFileSync(join(folder, 'plans.json'), text);
      assert.deepEqual(memory.read(), [], text);
    }
  }));

  it('keep their limits for some models alone, each as long as it is fresh itself, and the plan\'s own where those make no sense', () => withFolder((folder) => {
    const clock = manualClock();
    const memory = new PlanMemory(folder, clock, () => assert.fail('nothing is wrong'));
    const keep = (one: RememberedPlan) => { memory.keep([one]); memory.close(); };
    keep({ ...plan(10), modelLimits: [{ ...ownLimit(40), limits: { ...ownLimit(40).limits, refused: { atMs: noonMs, untilMs: noonMs + 60_000 } } }, { ...ownLimit(1), limitId: 'untold', limits: { windows: [] } }] });
    assert.deepEqual(memory.read(), [{ ...plan(10), modelLimits: [ownLimit(40)] }]);
    assert.doesNotMatch(readFileSync(join(folder, 'plans.json'), 'utf8'), /refused|untold/);
    keep({ id, limits: { windows: [] }, modelLimits: [ownLimit(41)] });
    assert.deepEqual(memory.read(), [{ id, limits: { windows: [] }, modelLimits: [ownLimit(41)] }], 'nothing was told of the plan itself');
    clock.jumpWall(rememberedMsMax);
    keep({ ...plan(10), modelLimits: [ownLimit(40), { ...ownLimit(50, clock.nowMs()), limitId: 'codex_later' }] });
    clock.jumpWall(1);
    assert.deepEqual(memory.read(), [{ id, limits: { windows: [] }, modelLimits: [{ ...ownLimit(50, clock.nowMs() - 1), limitId: 'codex_later' }] }], 'the rest is old');
    clock.jumpWall(-rememberedMsMax - 1);
    const { modelLimits: _, ...before } = plan(12);
    for (const modelLimits of [undefined, null, 'all', [{ ...ownLimit(1), limitId: '../x' }], [{ ...ownLimit(1), models: [7] }], Array.from({ length: 9 }, () => ownLimit(1))]) {
      writeFileSync(join(folder, 'plans.json'), JSON.stringify([{ ...before, modelLimits }]));
      assert.deepEqual(memory.read(), [plan(12)], JSON.stringify(modelLimits));
    }
  }));

  it('are nothing where a number is none that ChatGPT could have told, and lose windows of a clock that was ahead', () => withFolder((folder) => {
    const memory = new PlanMemory(folder, manualClock(), () => assert.fail('nothing is wrong'));
    const read = (made: object) => {
      const window = { windowMinutes: 10_080, usedPercent: 1, observedAtMs: noonMs, ...made };
      writeFileSync(join(folder, 'plans.json'), JSON.stringify([{ ...plan(1), limits: { ...plan(1).limits, windows: [...plan(1).limits.windows, window] }, modelLimits: [{ ...ownLimit(2), limits: { windows: [window], observedAtMs: noonMs } }] }]));
      return memory.read().map((one) => [one.limits.windows.length, one.modelLimits.map(({ limits }) => limits.windows.length)]);
    };
    assert.deepEqual(read({}), [[2, [1]]]);
    for (const absurd of [{ resetsAtMs: 9e15 }, { observedAtMs: 9e15 }, { usedPercent: 100_001 }, { windowMinutes: 400 * 1440 + 1 }]) assert.deepEqual(read(absurd), [], JSON.stringify(absurd));
    for (const ahead of [{ observedAtMs: noonMs + 1 }, { resetsAtMs: 8.64e15 }]) assert.deepEqual(read(ahead), [[1, [0]]], JSON.stringify(ahead));
  }));

  it('cost nothing but a line in the log where they cannot be written', () => withFolder((folder) => {
    const clock = manualClock();
    const logged: string[] = [];
    mkdirSync(join(folder, 'plans.json.new'));
    const memory = new PlanMemory(folder, clock, (event) => { logged.push(event); });
    memory.keep([plan(10)]);
    clock.advance(writeEveryMs);
    assert.deepEqual(logged, ['plans-not-remembered']);
  }));
});
