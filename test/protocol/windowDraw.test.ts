// Proves what one window's next request draws from, for every kind of permission.
import assert from 'node:assert/strict';
import type { GrantKind } from '../../src/domain/grants.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { windowDraw } from '../../src/protocol/windowDraw.ts';

const nobody: Snapshot['consent'] = { everywhere: false, workspaceIds: [] };

function facts(nextDraw: Snapshot['nextDraw'], consent: Snapshot['consent'], kind: GrantKind = 'purchased', heldMicroCredits = 0, expiresAtMs?: number) {
  const grant = { id: 'g', kind, amountMicroCredits: 9, remainingMicroCredits: 9, heldMicroCredits, createdAtMs: 0, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  return { atMs: 10, nextDraw, consent, balance: { tracked: true, balanceMicroCredits: 9, heldMicroCredits, grants: [grant] } };
}

describe('windowDraw', () => {
  it('gives purchased credits to the workspaces that are allowed, and to no other', () => {
    const one = { everywhere: false, workspaceIds: ['a'] };
    assert.equal(windowDraw(facts('purchased', one), 'a'), 'purchased');
    assert.equal(windowDraw(facts('purchased', one), 'b'), 'not-allowed');
    assert.equal(windowDraw(facts('purchased', { ...one, everywhere: true }), 'b'), 'purchased');
  });

  it('does not claim that a workspace is refused before it is known', () => {
    assert.equal(windowDraw(facts('purchased', { everywhere: false, workspaceIds: ['a'] }), undefined), 'purchased');
  });

  it('tells permission that nobody has from credits that nobody has', () => {
    assert.equal(windowDraw(facts('none', nobody), 'a'), 'not-allowed');
    assert.equal(windowDraw(facts('none', nobody), undefined), 'not-allowed');
    assert.equal(windowDraw(facts('none', nobody, 'purchased', 9), 'a'), 'none');
    assert.equal(windowDraw(facts('none', nobody, 'purchased', 0, 10), 'a'), 'none');
    assert.equal(windowDraw(facts('none', nobody, 'promotional'), 'a'), 'none');
  });

  it('leaves credits that need no permission alone', () => {
    for (const draw of ['untracked', 'included', 'promotional'] as const) assert.equal(windowDraw(facts(draw, nobody), 'a'), draw);
  });
});
