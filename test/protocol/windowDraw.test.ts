// Proves what one window's next request draws from, for every kind of permission and for grants that are for some
// workspaces, not begun, over or taken back.
import assert from 'node:assert/strict';
import type { GrantView, Snapshot } from '../../src/protocol/snapshot.ts';
import { isDenied, mayUsePurchased, windowDraw } from '../../src/protocol/windowDraw.ts';

const nobody: Snapshot['consent'] = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] };
const everybody = { ...nobody, everywhere: true };
const oneOnly = { ...nobody, workspaceIds: ['a'] };
const grant = (more: Partial<GrantView> = {}): GrantView => ({ id: 'g', kind: 'purchased', amountMicroCredits: 9, remainingMicroCredits: 9, heldMicroCredits: 0, priority: 50, createdAtMs: 0, ...more });
const facts = (consent: Snapshot['consent'], ...grants: readonly GrantView[]) => ({ atMs: 10, consent, balance: { tracked: true, balanceMicroCredits: 9, heldMicroCredits: 0, owedMicroCredits: 0, grants } });

describe('windowDraw', () => {
  it('gives purchased credits to the workspaces that are allowed, and asks about every other', () => {
    assert.equal(windowDraw(facts(oneOnly, grant()), 'a'), 'purchased');
    assert.equal(windowDraw(facts(oneOnly, grant()), 'b'), 'asks');
    assert.equal(windowDraw(facts({ ...oneOnly, everywhere: true }, grant()), 'b'), 'purchased');
    assert.equal(windowDraw(facts(nobody, grant()), 'a'), 'asks');
  });

  it('refuses where they were refused, and asks nobody there any more', () => {
    const refused = { ...everybody, deniedWorkspaceIds: ['b'] };
    assert.deepEqual(['a', 'b'].map((id) => windowDraw(facts(refused, grant()), id)), ['purchased', 'not-allowed']);
    assert.equal(windowDraw(facts({ ...nobody, deniedWorkspaceIds: ['b'] }, grant()), 'b'), 'not-allowed');
    assert.deepEqual(['a', 'b', undefined].map((id) => windowDraw(facts({ ...oneOnly, deniedEverywhere: true }, grant()), id)), ['purchased', 'not-allowed', 'purchased']);
    assert.equal(windowDraw(facts({ ...nobody, deniedEverywhere: true }, grant()), undefined), 'not-allowed');
    assert.deepEqual([isDenied(refused, 'b'), isDenied(refused, 'a'), mayUsePurchased(refused, 'b')], [true, false, false]);
  });

  it('does not claim that a workspace is refused before it is known', () => {
    assert.equal(windowDraw(facts(oneOnly, grant()), undefined), 'purchased');
    assert.equal(windowDraw(facts(nobody, grant()), undefined), 'asks');
  });

  it('tells permission that nobody has from credits that nobody has', () => {
    assert.equal(windowDraw(facts(nobody, grant({ heldMicroCredits: 9 })), 'a'), 'none');
    assert.equal(windowDraw(facts(nobody, grant({ expiresAtMs: 10 })), 'a'), 'none');
    assert.equal(windowDraw(facts(nobody), 'a'), 'none');
  });

  it('leaves out what cannot be used: not begun, taken back, for other workspaces', () => {
    const purchased = grant({ id: 'p' });
    for (const more of [{ startsAtMs: 11 }, { voided: 'undone' }, { workspaces: ['b'] }, { remainingMicroCredits: 0 }] as const) {
      assert.equal(windowDraw(facts(everybody, grant({ kind: 'included', ...more }), purchased), 'a'), 'purchased', JSON.stringify(more));
    }
    assert.equal(windowDraw(facts(everybody, grant({ kind: 'included', startsAtMs: 10, workspaces: ['a'] }), purchased), 'a'), 'included');
    assert.equal(windowDraw(facts(everybody, grant({ kind: 'included', workspaces: ['b'] }), purchased), undefined), 'included', 'as long as the workspace is not known');
  });

  it('needs no permission for other credits, and none at all without a balance', () => {
    for (const kind of ['included', 'promotional'] as const) assert.equal(windowDraw(facts({ ...nobody, deniedEverywhere: true }, grant({ kind }), grant({ id: 'p' })), 'a'), kind);
    assert.equal(windowDraw({ ...facts(nobody), balance: { ...facts(nobody).balance, tracked: false } }, 'a'), 'untracked');
  });
});
