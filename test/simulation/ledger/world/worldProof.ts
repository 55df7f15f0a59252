// What must be true of a world's ledger: after every step each balance and the number of rows, in the end
// the audit, the reports, the budgets, plain bookkeeping and, for files, the second checker.
import assert from 'node:assert/strict';
import { importedSums } from '../model/modelImports.ts';
import { budgetLines, reportKeys, usageBy, withImports } from '../model/modelReports.ts';
import { upkeep } from '../model/ledgerModel.ts';
import { copyState } from '../model/modelState.ts';
import type { ModelState } from '../model/modelState.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import { textOf } from './answers.ts';
import type { NameOf } from './answers.ts';
import type { Disk, LedgerUnderTest } from './worldDisk.ts';

/** Both sides of the comparison. */
export interface Sides { readonly ledger: LedgerUnderTest; readonly disk: Disk; readonly state: ModelState; readonly nameOf: NameOf }

/** Compares what the ledger holds with what the model says: every grant, every account beside them, every chain's length. */
export function compareRows({ disk, state, nameOf }: Sides): void {
  const grants = disk.prepare('SELECT grant_id, remaining, held, voided FROM grants ORDER BY ordinal').all().map((row) => [nameOf(String(row['grant_id'])), row['remaining'], row['held'], row['voided']]);
  const expected = [...state.grants.values()].map((grant) => [grant.id, grant.left, grant.held, grant.voided === undefined ? 0 : grant.voided === 'disputed' ? 2 : 1]);
  if (JSON.stringify(grants) !== JSON.stringify(expected)) assert.deepEqual(grants, expected, 'the grants are not what they must be');
  const beside = Object.fromEntries(disk.prepare(`SELECT account, SUM(amount) AS sum FROM entries WHERE account <> 'grant' GROUP BY account`).all().map((row) => [String(row['account']), Number(row['sum'])]));
  assert.deepEqual([-(beside['owed'] ?? 0) + 0, -(beside['exposure'] ?? 0) + 0, beside['overshoot'] ?? 0], [state.owed, state.exposure, 0], 'what is owed, exposed or overshot is not what it must be');
  const rows = disk.prepare(`SELECT (SELECT COUNT(*) FROM usage_events) AS usage, (SELECT COUNT(*) FROM charges) AS charges, (SELECT COUNT(*) FROM entries) AS entries, (SELECT COUNT(*) FROM directives) AS directives, (SELECT COUNT(*) FROM imports) AS imports`).get();
  if (JSON.stringify(rows) !== JSON.stringify(state.rows)) assert.deepEqual({ ...rows }, state.rows, 'there are other rows than there must be');
}

/** Compares what people see of the balance and of their directives. */
export function compareViews({ ledger, state, nameOf }: Sides, nowMs: number): void {
  const balance = ledger.query('balance', { nowMs });
  assert.deepEqual(balance.grants.map((grant) => [nameOf(grant.id), grant.remainingMicroCredits, grant.heldMicroCredits, grant.voided]), [...state.grants.values()].map((grant) => [grant.id, grant.left, grant.held, grant.voided]));
  assert.deepEqual([balance.tracked, balance.owedMicroCredits], [state.grants.size > 0, state.owed]);
  const said = [...state.directives.values()];
  assert.deepEqual(balance.directives.budgets, said.flatMap((one) => (one.kind === 'budget' && one.budget ? [one.budget] : [])));
  assert.deepEqual(balance.directives.allowances, said.flatMap((one) => (one.kind === 'allowance' && one.allowance ? [one.allowance] : [])));
  const topUp = state.directives.get('auto-top-up ledger');
  assert.deepEqual(balance.directives.autoTopUp ?? null, topUp?.kind === 'auto-top-up' ? topUp.rule : null);
  assert.deepEqual(balance.directives.issuers, said.flatMap((one) => (one.kind === 'voucher-issuer' && one.issuer ? [one.issuer] : [])));
  const policyOf = (name: string) => { const one = state.directives.get(`policy ${name}`); return one?.kind === 'policy' ? one.value : 'refuse'; };
  assert.deepEqual(balance.directives.policies, { unpriced: policyOf('unpriced'), unattended: policyOf('unattended') });
  const budgets = ledger.query('budgets', { nowMs }).map((view) => [view.id, view.today?.allowed, view.today?.day?.untilMs, view.uses.map((use) => [use.key, use.used, use.reserved, use.endsAtMs, use.usedToday, use.goesOnAtMs] as const).sort((a, b) => (a[0] < b[0] ? -1 : 1))]);
  assert.deepEqual(budgets, budgetLines(state, nowMs), 'the budgets do not show what was used');
  assert.deepEqual(ledger.query('importedUsage', { sinceMs: 0 }), importedSums(state), 'what was imported is not what it must be');
  const { expired, returned, granted } = upkeep(copyState(state), nowMs);
  assert.equal(balance.upkeepAtMs !== undefined && balance.upkeepAtMs <= nowMs, expired + returned + granted > 0, 'whether upkeep is due is told wrongly');
}

/** Compares one report, or a part of it since a moment of some use. */
export function compareReport({ ledger, state }: Sides, random: SeededRandom): void {
  const by = random.pick(reportKeys);
  const sinceMs = random.chance(0.5) && state.uses.length > 0 ? random.pick(state.uses).atMs + random.pick([-1, 0, 1]) : undefined;
  const isWhole = random.chance(0.5);
  const rows = ledger.query('usage', { by, imported: isWhole, ...(sinceMs === undefined ? {} : { sinceMs }) }).map(({ label: _label, ...row }) => row).sort((a, b) => (a.key < b.key ? -1 : 1));
  const expected = isWhole ? withImports(state, by, sinceMs) : usageBy(state, by, sinceMs);
  assert.deepEqual(rows.map(textOf), expected.map(textOf), `the report by ${by} is wrong`);
}

/** The ledger proves itself, and its sums are those of the model. */
export function proveByAudit({ ledger, state }: Sides): void {
  const { violations, ...found } = ledger.query('audit', { full: true });
  assert.deepEqual(violations, [], 'the audit found something');
  assert.deepEqual([found.balanceMicroCredits, found.exposureMicroCredits + 0, found.overshootMicroCredits, found.owedMicroCredits], [balanceOf(state), state.exposure, state.overshot, state.owed]);
  assert.deepEqual([found.usageEvents, found.charges, found.entries, found.directives, found.imports], [state.rows.usage, state.rows.charges, state.rows.entries, state.rows.directives, state.rows.imports]);
}

/** Plain bookkeeping: whatever was granted is still there, was drawn, paid what was owed, or ended unused. */
export function keepBooks({ state, disk }: Sides): void {
  const number = (sql: string) => Number(Object.values(disk.prepare(sql).get() ?? {})[0] ?? 0);
  const drawn = number('SELECT COALESCE(SUM(drawn), 0) FROM charges');
  assert.equal(number('SELECT COALESCE(SUM(amount), 0) FROM grants'), balanceOf(state) + drawn + state.paid + state.expired + state.voided, 'credits came from nowhere or went nowhere');
}

function balanceOf(state: ModelState): number {
  let balance = 0;
  for (const grant of state.grants.values()) balance += grant.left;
  return balance;
}
