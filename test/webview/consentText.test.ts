// Who may use purchased credits, in words, for every kind of permission and for windows of every kind.
import assert from 'node:assert/strict';
import { consentText, isConsentTold, mayBeAllowed } from '../../src/webview/consentText.ts';
import { sampleSnapshot } from './sampleSnapshot.ts';

const own = { workspaceId: 'a', workspaceLabel: 'shop' };
const unknown = { workspaceId: undefined, workspaceLabel: undefined };
const to = (...workspaceIds: string[]) => ({ consent: { everywhere: false, workspaceIds, deniedWorkspaceIds: [] } });

describe('consent text', () => {
  it('names this workspace first and counts the others', () => {
    assert.equal(consentText(to('a'), own), 'this workspace (shop)');
    assert.equal(consentText(to('b', 'a'), own), 'this workspace (shop) and 1 other');
    assert.equal(consentText(to('a', 'b', 'c'), own), 'this workspace (shop) and 2 others');
    assert.equal(consentText(to('a'), { ...own, workspaceLabel: undefined }), 'this workspace');
  });

  it('counts others where this workspace is not among them', () => {
    assert.equal(consentText(to(), own), 'nobody yet');
    assert.equal(consentText(to('b'), own), '1 other workspace');
    assert.equal(consentText(to('b', 'c'), own), '2 other workspaces');
    assert.equal(consentText(to('b', 'c'), unknown), '2 workspaces');
    assert.equal(consentText({ consent: { everywhere: true, workspaceIds: ['b'], deniedWorkspaceIds: [] } }, own), 'every workspace');
    assert.equal(consentText({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: ['c'] } }, own), 'every workspace but 1 that was refused');
    assert.equal(consentText({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: ['c', 'd'] } }, own), 'every workspace but 2 that were refused');
  });

  it('offers permission to a known workspace that has none', () => {
    assert.deepEqual([to(), to('b'), to('a', 'b')].map((consent) => mayBeAllowed(consent, own)), [true, true, false]);
    assert.equal(mayBeAllowed({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] } }, own), false);
    assert.equal(mayBeAllowed(to(), unknown), false);
    assert.equal(mayBeAllowed({ consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: ['a'] } }, own), true, 'it was refused though every other is allowed');
  });

  it('is told once there is something to allow or something allowed', () => {
    const { balance } = sampleSnapshot();
    const noneBought = { ...balance, grants: balance.grants.filter((grant) => grant.kind !== 'purchased') };
    assert.equal(isConsentTold({ balance, ...to() }), true);
    assert.equal(isConsentTold({ balance: noneBought, ...to() }), false);
    assert.equal(isConsentTold({ balance: noneBought, ...to('b') }), true);
    assert.equal(isConsentTold({ balance: noneBought, consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] } }), true);
  });

  it('does not promise a question where everybody was refused', () => {
    const consent = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] };
    assert.equal(consentText({ consent }, { workspaceId: 'ws_1', workspaceLabel: 'one' }), 'nobody yet');
    assert.equal(consentText({ consent: { ...consent, deniedEverywhere: true } }, { workspaceId: 'ws_1', workspaceLabel: 'one' }), 'nobody');
  });
});
