// The audit of what the ledger notes by itself: limits of one subject are numbered in their order, and none is noted
// again that has not changed.
import assert from 'node:assert/strict';
import { DirectiveAudit } from '../../../src/domain/audit/directiveAudit.ts';
import type { LimitNote } from '../../../src/domain/limitWatch.ts';

const limits = (limit: number, subject = 'm'): LimitNote => ({ subject, limits: [{ measure: 'requests', limit, windowMinutes: 1 }] });
const began = (resetsAtMs: number): LimitNote => ({ subject: 'p/300', began: { plan: 'p', windowMinutes: 300, resetsAtMs } });

function faults(rows: readonly (readonly [id: string, note: LimitNote, subject?: string])[], isWhole = true): string[] {
  const found: string[] = [];
  const audit = new DirectiveAudit({ isWhole, earlier: [], olderUntil: { entries: 0, charges: 0, directives: 0 } }, (_rule, text) => { found.push(text); });
  const written = rows.map(([id, note, subject = note.subject], index) => ({ sequence: index + 1, id, atMs: 0, kind: 'limit', subject, content: JSON.stringify({ kind: 'limit', note }), prevHash: '', hash: '' }));
  assert.equal([...audit.along(written)].length, rows.length);
  return found;
}

describe('the audit of noted limits', () => {
  it('takes each change of each subject in its order', () => {
    assert.deepEqual(faults([['limit m 1', limits(5)], ['limit n 1', limits(5, 'n')], ['limit m 2', limits(6)], ['limit m 3', limits(5)], ['limit p/300 1', began(1)], ['limit p/300 2', began(2)]]), []);
    // Behind a checkpoint the number goes on.
    assert.deepEqual(faults([['limit m 7', limits(5)]], false), []);
  });

  it('finds one out of turn, one that is noted again, and one of something else', () => {
    assert.deepEqual(faults([['limit m 2', limits(5)]]), ['directive limit m 2 notes a limit out of turn']);
    assert.deepEqual(faults([['limit m 1', limits(5)], ['limit m 2', limits(5)]]), ['directive limit m 2 notes a limit out of turn']);
    assert.deepEqual(faults([['limit p/300 1', began(1)], ['limit p/300 2', began(1)]]), ['directive limit p/300 2 notes a limit out of turn']);
    assert.deepEqual(faults([['limit m 1', limits(5), 'n']]), ['directive limit m 1 is filed under something else than it is about']);
  });
});
