// Answers about purchased credits: the most specific one holds, an answer that was taken back holds nothing.
import assert from 'node:assert/strict';
import { consentFor, workspaceMayBuy } from '../../src/domain/consent.ts';
import type { Consent } from '../../src/domain/consent.ts';

const subject = { requestId: 'r1', workspaceId: 'ws_a', threadId: 't1' };
const consent = (scope: Consent['scope'], answer: Consent['answer'], of = ({ request: 'r1', task: 't1', workspace: 'ws_a', everywhere: '' })[scope]): Consent => ({ scope, of, answer });

describe('consent', () => {
  it('is asked for until somebody answered', () => {
    assert.deepEqual(consentFor([], subject), { answer: 'ask' });
    assert.deepEqual(consentFor([consent('workspace', 'allow', 'ws_b'), consent('task', 'allow', 't2'), consent('request', 'allow', 'r2')], subject), { answer: 'ask' });
  });

  it('goes by the most specific answer, whatever the order', () => {
    const all = [consent('everywhere', 'allow'), consent('workspace', 'deny'), consent('task', 'allow'), consent('request', 'deny')];
    for (const list of [all, all.toReversed()]) {
      assert.deepEqual(consentFor(list, subject), { answer: 'deny', scope: 'request' });
      assert.deepEqual(consentFor(list, { ...subject, requestId: 'r9' }), { answer: 'allow', scope: 'task' });
      assert.deepEqual(consentFor(list, { requestId: 'r9', workspaceId: 'ws_a' }), { answer: 'deny', scope: 'workspace' });
      assert.deepEqual(consentFor(list, { requestId: 'r9', workspaceId: 'ws_z' }), { answer: 'allow', scope: 'everywhere' });
    }
  });

  it('falls back to the wider answer where the specific one was taken back', () => {
    assert.deepEqual(consentFor([consent('workspace', 'ask'), consent('everywhere', 'allow')], subject), { answer: 'allow', scope: 'everywhere' });
    assert.equal(consentFor([consent('workspace', 'ask')], subject).answer, 'ask');
  });

  it('of a task is none for its workspace', () => {
    assert.equal(workspaceMayBuy([consent('task', 'allow'), consent('request', 'allow')], 'ws_a'), false);
    assert.equal(workspaceMayBuy([consent('workspace', 'allow')], 'ws_a'), true);
  });
});
