// What a decision tells of a budget that is spread evenly: its verdict follows from what the days allowed, which is a
// part of the limit, and the budget was spread like that.
import assert from 'node:assert/strict';
import { auditBudgets } from '../../../src/domain/audit/budgetAudit.ts';
import { DirectiveAudit } from '../../../src/domain/audit/directiveAudit.ts';
import type { Budget, BudgetVerdict } from '../../../src/domain/budgets.ts';
import type { DecisionRecord } from '../../../src/domain/decisionRecord.ts';

const budget: Budget = { id: 'b', per: 'everything', unit: 'credits', limit: 70, period: 'week', timeZone: 'UTC', mode: 'hard' };
const verdict: BudgetVerdict = { budgetId: 'b', key: '', unit: 'credits', mode: 'hard', limit: 70, used: 15, reserved: 0, wanted: 5, verdict: 'fits', allowed: 20 };

function faults(told: Budget, change: Partial<BudgetVerdict>, base = verdict): string[] {
  const found: string[] = [];
  const fail = (_rule: string, text: string) => { found.push(text); };
  const directives = new DirectiveAudit({ isWhole: true, earlier: [], olderUntil: { entries: 0, charges: 0, directives: 0 } }, fail);
  const content = JSON.stringify({ kind: 'budget', id: 'b', budget: told });
  for (const row of directives.along([{ sequence: 1, id: 'k', atMs: 0, kind: 'budget', subject: 'b', content, prevHash: '', hash: '' }])) assert.equal(row.kind, 'budget');
  const record: DecisionRecord = { outcome: 'refuse', layers: [], slices: [], holdMicroCredits: 0, budgets: [{ ...base, ...change }] };
  auditBudgets('r1-1', record, undefined, directives, fail);
  return found.map((text) => text.replace(/^attempt r1-1 was measured by budget b,? ?/, ''));
}

describe('the audit of a budget that is spread evenly', () => {
  const spread: Budget = { ...budget, pace: 'even' };
  it('takes the days\' shares for what it was measured by', () => {
    assert.deepEqual(faults(spread, {}), []);
    assert.deepEqual(faults(spread, { used: 16 }), ['as fits, which its numbers do not give']);
    assert.deepEqual(faults(spread, { used: 16, verdict: 'over' }), []);
  });

  it('finds shares that are no part of the whole', () => {
    for (const allowed of [71, -1, 20.5]) assert.ok(faults(spread, { allowed }).includes('as if its days allowed what is no part of it'), String(allowed));
  });

  it('finds a decision by shares of a budget that was not spread, and one by the whole of one that was', () => {
    assert.deepEqual(faults(budget, {}), ['which never was like that']);
    const { allowed: _allowed, ...whole } = verdict;
    assert.deepEqual(faults(spread, {}, whole), ['which never was like that']);
  });
});
