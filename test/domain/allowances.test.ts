// An allowance gives one grant for each period, by the person's own calendar, however often it is asked.
import assert from 'node:assert/strict';
import { allowanceGrant } from '../../src/domain/allowances.ts';
import type { Allowance } from '../../src/domain/allowances.ts';

const weekly: Allowance = { id: 'weekly', kind: 'included', amountMicroCredits: 250_000_000, every: 'week', timeZone: 'Europe/Berlin', priority: 50 };
const at = (text: string) => Date.parse(text);

describe('an allowance', () => {
  it('gives the same grant throughout a period, and another in the next, also where clocks change in it', () => {
    const first = allowanceGrant(weekly, at('2026-10-19T00:00:00+02:00'));
    assert.deepEqual(first, { key: `allowance weekly ${at('2026-10-18T22:00:00Z')}`, startsAtMs: at('2026-10-18T22:00:00Z'), expiresAtMs: at('2026-10-25T23:00:00Z') });
    assert.deepEqual(allowanceGrant(weekly, first.expiresAtMs - 1), first);
    const second = allowanceGrant(weekly, first.expiresAtMs);
    assert.equal(second.startsAtMs, first.expiresAtMs);
    assert.notEqual(second.key, first.key);
    assert.equal(first.expiresAtMs - first.startsAtMs, 169 * 3_600_000);
  });

  it('gives a past period its own old key, so that a clock that is set back gives nothing twice', () => {
    const now = allowanceGrant(weekly, at('2026-11-25T12:00:00Z'));
    const back = allowanceGrant(weekly, at('2026-11-15T12:00:00Z'));
    assert.notEqual(back.key, now.key);
    assert.equal(allowanceGrant(weekly, at('2026-11-25T12:00:01Z')).key, now.key);
  });
});
