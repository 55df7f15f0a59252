// Whose window asks a question, which questions one answer answers, and that each answer says what it means.
import assert from 'node:assert/strict';
import { answerChoices, questionDetail, questionTitle } from '../../src/protocol/answerWords.ts';
import type { QuestionView } from '../../src/protocol/snapshot.ts';
import { isAnsweredToo, windowQuestions } from '../../src/protocol/windowQuestions.ts';

const question = (requestId: string, more: Partial<QuestionView> = {}): QuestionView => ({
  requestId, kind: 'consent', workspaceId: 'ws_a', workspaceLabel: 'shop', client: 'codex_exec', model: 'gpt-5.5', sinceMs: 0, endsAtMs: 9, estimateMicroCredits: 4_500_000, text: 'May it?', hasWindow: true, ...more,
});

describe('questions of a window', () => {
  it('are those of its own workspace and those that no window is open for', () => {
    const all = [question('own'), question('other', { workspaceId: 'ws_b' }), question('orphan', { workspaceId: 'ws_c', hasWindow: false })];
    assert.deepEqual(windowQuestions(all, 'ws_a').map((one) => one.requestId), ['own', 'orphan']);
    assert.deepEqual(windowQuestions(all, undefined).map((one) => one.requestId), ['orphan']);
  });

  it('are answered together as far as the answer reaches', () => {
    const first = question('1', { threadId: 't' });
    const others = [question('same task', { threadId: 't' }), question('same workspace'), question('elsewhere', { workspaceId: 'ws_b', threadId: 'u' }), question('unpriced', { kind: 'unpriced', threadId: 't' })];
    const reach = (answer: Parameters<typeof isAnsweredToo>[1]) => others.filter((other) => isAnsweredToo(first, answer, other)).map((one) => one.requestId);
    assert.deepEqual(reach('once'), []);
    assert.deepEqual(reach('task'), ['same task']);
    assert.deepEqual(reach('workspace'), ['same task', 'same workspace']);
    assert.deepEqual(reach('never'), ['same task', 'same workspace']);
    assert.deepEqual(reach('always'), ['same task', 'same workspace', 'elsewhere']);
    assert.ok(isAnsweredToo(first, 'once', first));
    const unpriced = question('u', { kind: 'unpriced', model: 'm' });
    assert.deepEqual([isAnsweredToo(unpriced, 'once', question('v', { kind: 'unpriced', model: 'm' })), isAnsweredToo(unpriced, 'always', question('v', { kind: 'unpriced', model: 'm', workspaceId: 'x' })), isAnsweredToo(unpriced, 'never', question('v', { kind: 'unpriced', model: 'n' }))], [false, true, false]);
  });
});

describe('words of answers', () => {
  it('offer the task only where there is one', () => {
    assert.deepEqual(answerChoices(question('1', { threadId: 't' })).map((one) => one.answer), ['once', 'task', 'workspace', 'always', 'never']);
    assert.deepEqual(answerChoices(question('1')).map((one) => one.answer), ['once', 'workspace', 'always', 'never']);
    assert.deepEqual(answerChoices(question('1', { kind: 'unpriced', threadId: 't' })).map((one) => one.answer), ['once', 'always', 'never']);
  });

  it('say how long each lasts, and that a lasting one can be taken back', () => {
    for (const kind of ['consent', 'unpriced'] as const) {
      for (const { lasts, isLasting, label, title } of answerChoices(question('1', { kind, threadId: 't' }))) {
        assert.equal(lasts.includes('until you take it back'), isLasting, lasts);
        assert.equal(title.toLowerCase(), label.toLowerCase());
      }
    }
  });

  it('name what is asked and what waits', () => {
    assert.deepEqual([questionTitle(question('1')), questionDetail(question('1'), 'en')], ['May "shop" use purchased credits?', 'Codex CLI in "shop" waits; up to 4.50 credits for gpt-5.5']);
    const { estimateMicroCredits: _none, ...unpriced } = question('1', { kind: 'unpriced' });
    assert.deepEqual([questionTitle(unpriced), questionDetail(unpriced, 'en')], ['Send to gpt-5.5 without a known price?', 'Codex CLI in "shop" waits']);
  });
});
