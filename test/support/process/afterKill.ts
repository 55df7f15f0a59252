// What must hold after a broker was killed at any moment: the ledger proves itself while nobody has
// it open, the next broker resolves every hold, and the balance is what was granted minus what the
// requests cost. Used by every test that kills.
import assert from 'node:assert/strict';
import type { UsageResult } from '../../../src/protocol/control.ts';
import { addCredits, callBroker, offlineAudit } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/** A top-up that was asked for; `acknowledged` once the broker said that it is there. */
export interface TopUp { readonly key: string; readonly credits: number; acknowledged: boolean }

/** Asks for a top-up; a broker that dies under it leaves it unacknowledged. */
export async function topUp(bench: Workbench, topUps: TopUp[], key: string, credits: number): Promise<void> {
  const asked: TopUp = { key, credits, acknowledged: false };
  topUps.push(asked);
  try {
    await addCredits(bench.broker, credits, key);
    asked.acknowledged = true;
  } catch {
    // The broker died before it answered; whether the credits are there is found out afterwards.
  }
}

/**
 * Proves the ledger of a killed broker, starts the next one and checks what it recovered.
 * @param topUps every top-up that was ever asked for, but for the bench's own first one
 * @param settled what was known to be settled before the kill; none of it may be lost
 * @returns the usage after recovery
 */
export async function recovered(bench: Workbench, firstCredits: number, topUps: readonly TopUp[], settled?: UsageResult, about = ''): Promise<UsageResult> {
  const offline = await offlineAudit(bench.dataDir);
  assert.deepEqual([offline.code, offline.found.violations, offline.stderr], [0, [], ''], `${about}: the audit after the kill`);
  await bench.restart();
  // The same top-ups again: those that were acknowledged are known, the others are there once after it.
  for (const one of topUps) {
    const { created } = await addCredits(bench.broker, one.credits, one.key);
    if (one.acknowledged) assert.equal(created, false, `${about}: the acknowledged top-up ${one.key} was lost`);
  }
  const audit = await bench.audit();
  assert.deepEqual([audit.ok, audit.violations, audit.openHolds], [true, [], 0], `${about}: the audit after recovery`);
  const balance = await callBroker(bench.broker, 'creditsList', {});
  const usage = await callBroker(bench.broker, 'usage', { by: 'model' });
  const granted = (firstCredits + topUps.reduce((sum, one) => sum + one.credits, 0)) * 1_000_000;
  assert.deepEqual([balance.heldMicroCredits, balance.balanceMicroCredits], [0, granted - usage.total.costMicroCredits], `${about}: what is reserved and left`);
  assert.ok(usage.total.requests >= bench.upstream.requests.length, `${about}: the upstream saw ${bench.upstream.requests.length} requests, the ledger knows ${usage.total.requests}`);
  if (settled) {
    assert.ok(usage.total.requests >= settled.total.requests && usage.total.costMicroCredits >= settled.total.costMicroCredits, `${about}: something settled was lost`);
  }
  return usage;
}
