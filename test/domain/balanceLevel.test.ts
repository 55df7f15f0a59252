// How a balance stands: by what is left of what was granted, and untracked only where nothing ever was.
import assert from 'node:assert/strict';
import { balanceLevelOf, balanceShare } from '../../src/domain/balanceLevel.ts';

const stand = (balanceMicroCredits: number, grantedMicroCredits = 100, tracked = true) => ({ balanceMicroCredits, grantedMicroCredits, tracked });

describe('the level of a balance', () => {
  it('changes at a quarter, at a tenth and at nothing', () => {
    assert.deepEqual([100, 25, 24, 10, 9, 1, 0, -5].map((left) => balanceLevelOf(stand(left))), ['ok', 'ok', 'low', 'low', 'critical', 'critical', 'blocked', 'blocked']);
  });

  it('is untracked before the first credits, whatever was used', () => {
    assert.equal(balanceLevelOf(stand(0, 0, false)), 'untracked');
  });

  it('is critical where all that counts has expired, and something is left', () => {
    assert.deepEqual([balanceShare(stand(5, 0)), balanceLevelOf(stand(5, 0))], [0, 'critical']);
  });
});
