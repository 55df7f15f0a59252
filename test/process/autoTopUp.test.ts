// The real broker with an automatic top-up: requests go on until its cap, the refusal then says so, and a broker that
// is killed at any moment around a crossing never adds twice, never more than the cap, and proves it.
import assert from 'node:assert/strict';
import type { CreditsListResult } from '../../src/protocol/control.ts';
import { callBroker, codexHeaders, offlineAudit, openBench, sleep } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const rounds = isLong ? 40 : 6;
const credit = 1_000_000;
const rule = (below: number, add: number, cap: number) => ({ belowMicroCredits: Math.round(below * credit), amountMicroCredits: Math.round(add * credit), capMicroCredits: Math.round(cap * credit), timeZone: 'UTC' });
const added = ({ grants }: CreditsListResult) => grants.filter((grant) => grant.source === 'auto').map((grant) => grant.amountMicroCredits);
const sum = (amounts: readonly number[]) => amounts.reduce((all, one) => all + one, 0);

describe('the broker with an automatic top-up', function () {
  this.timeout(isLong ? 300_000 : 120_000);
  let bench: Workbench;
  beforeEach(async () => { bench = await openBench({ credits: 1 }); });
  afterEach(() => bench.close());

  it('carries requests until its cap, tells where credits came from, and then why they do not come', async () => {
    await callBroker(bench.broker, 'autoTopUpSet', { rule: rule(1, 1, 3) });
    let answer = await bench.ask({ headers: codexHeaders });
    let carried = 0;
    for (; answer.bytes.includes('response.completed') && carried < 100; carried += 1) answer = await bench.ask({ headers: codexHeaders });
    assert.ok(carried > 10, String(carried));
    assert.match(answer.bytes.toString(), /The automatic top-up has added 3\.00 of its 3\.00 credits this month, so that it may not add the 1\.00 that this needs/);
    const { autoTopUp, balance, nextDraw } = await callBroker(bench.broker, 'status', {});
    assert.deepEqual([autoTopUp?.addedMicroCredits, added(balance), nextDraw], [3 * credit, [credit, credit, credit], 'purchased']);
    const { rows } = await callBroker(bench.broker, 'happenings', { filter: 'all', limit: 20 });
    assert.deepEqual(rows.flatMap((one) => (one.from === 'directive' ? [one.directive.kind] : [String(one.row.source)])), ['auto', 'auto', 'auto', 'price', 'auto-top-up', 'undefined', 'consent']);
    // More room, and it goes on.
    await callBroker(bench.broker, 'autoTopUpSet', { rule: rule(1, 1, 4) });
    assert.ok((await bench.ask({ headers: codexHeaders })).bytes.includes('response.completed'));
    assert.equal((await bench.audit()).ok, true);
  });

  it(`adds no crossing twice and never more than its cap in ${rounds} lives that are killed`, async () => {
    const cap = 0.6 * rounds;
    // Not far from the first crossing; each few answers bring the next one.
    for (let before = 0; before < 9; before += 1) await bench.ask();
    await callBroker(bench.broker, 'autoTopUpSet', { rule: rule(0.3, 0.3, cap) });
    let before: readonly number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const answers = Array.from({ length: 12 }, () => bench.ask().catch(() => undefined));
      // Spread over the life of such a group, so that some kills meet a commit; every other one comes when some are answered.
      if (round % 2 === 0) await Promise.race(answers);
      await sleep(3 + round * 37 % 90);
      await bench.broker.kill();
      await Promise.all(answers);
      const offline = await offlineAudit(bench.dataDir);
      assert.deepEqual([offline.code, offline.found.violations], [0, []], `round ${round}`);
      await bench.restart();
      const [balance, again] = [await callBroker(bench.broker, 'creditsList', {}), await callBroker(bench.broker, 'creditsList', {})];
      assert.deepEqual(added(again), added(balance), 'looking adds nothing more');
      assert.ok(sum(added(balance)) <= Math.round(cap * credit) && added(balance).length >= before.length, `round ${round}: ${added(balance).join()}`);
      assert.deepEqual(added(balance).slice(0, before.length), before, 'nothing that was added is lost');
      before = added(balance);
      const { total } = await callBroker(bench.broker, 'usage', { by: 'model' });
      const { overshootMicroCredits } = await bench.audit();
      assert.equal(balance.balanceMicroCredits, credit + sum(before) - total.costMicroCredits + overshootMicroCredits, `round ${round}`);
    }
    assert.ok(before.length > 0, 'something was added');
  });
});
