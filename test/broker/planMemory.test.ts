// What is remembered of plans over a restart: shown with its age, dropped once it is old, and nothing of a sign-in in it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlanMemory, rememberedMsMax, writeEveryMs, type RememberedPlan } from '../../src/broker/planMemory.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';
import { manualClock, noonMs } from '../support/manualClock.ts';

const id = createHash('sha256').update('account-one').digest('hex');
const plan = (usedPercent: number): RememberedPlan => ({
  id, limits: { windows: [{ windowMinutes: 10_080, usedPercent, resetsAtMs: noonMs + 86_400_000, observedAtMs: noonMs }], planType: 'pro', credits: { hasCredits: true, isUnlimited: false, balance: '3' }, observedAtMs: noonMs },
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
