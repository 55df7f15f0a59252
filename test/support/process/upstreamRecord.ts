// The ledger beside the upstream's own record: every token and every microcredit is the same, nothing is held, and
// the ledger adds up.
import assert from 'node:assert/strict';
import { chargeFor } from '../../../src/domain/pricing.ts';
import type { UsageResult } from '../../../src/protocol/control.ts';
import { priceLookup } from '../../../src/broker/prices/priceTable.ts';
import type { Sandbox } from '../../../src/sandbox/sandboxServer.ts';
import type { BrokerProcess } from './brokerProgram.ts';
import { codexModel } from './codexBench.ts';
import { callBroker } from './workbench.ts';

/** As many charges are compared one by one as the broker lists of the newest. */
const listedMax = 30;

/** What the upstream's own record and the dated price list say that each request cost, in microcredits. */
function costByRecord(sandbox: Sandbox): number[] {
  const price = priceLookup([])(codexModel, Date.now());
  assert.ok(price, 'the price list has the model');
  return sandbox.meter.attempts.flatMap(({ billedUsage }) => (billedUsage ? [chargeFor(billedUsage, price, 'standard').costMicroCredits] : []));
}

/** The sum of amounts. */
export const total = (amounts: readonly number[]) => amounts.reduce((sum, one) => sum + one, 0);

/** Fails unless the ledger has exactly what the upstream counted. @param credits how many were added at first */
export async function compareWithRecord(broker: BrokerProcess, sandbox: Sandbox, credits: number): Promise<UsageResult> {
  const usage = await callBroker(broker, 'usage', { by: 'workspace' });
  const balance = await callBroker(broker, 'creditsList', {});
  const costs = costByRecord(sandbox);
  const { recent } = await callBroker(broker, 'status', {});
  const charged = recent.flatMap((one) => (one.costMicroCredits === undefined ? [] : [one.costMicroCredits]));
  if (sandbox.meter.attempts.length <= listedMax) assert.deepEqual(charged.sort((a, b) => a - b), costs.sort((a, b) => a - b));
  assert.equal(usage.total.costMicroCredits, total(costs));
  assert.equal(credits * 1_000_000 - balance.balanceMicroCredits, total(usage.rows.map((row) => row.costMicroCredits)));
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = sandbox.meter.totals;
  assert.deepEqual([usage.total.inputTokens, usage.total.cachedInputTokens, usage.total.cacheWriteTokens, usage.total.outputTokens, usage.total.reasoningTokens, usage.total.estimated],
    [inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens, 0]);
  const audit = await callBroker(broker, 'audit', { full: true });
  assert.deepEqual([audit.ok, audit.violations, audit.openHolds, balance.heldMicroCredits], [true, [], 0, 0]);
  return usage;
}
