// What a message changes on the page, which messages are believed, and which answers are too late.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problem } from '../../src/domain/problem.ts';
import { incomingMessage } from '../../src/webview/incomingMessage.ts';
import { brokerNowMs, firstPageState, receive, tabFrom } from '../../src/webview/pageState.ts';
import { beginQuestion, isOpen } from '../../src/webview/pageQuestions.ts';
import { nextTurnMs } from '../../src/webview/pageView.ts';
import { sampleAnswer, sampleHistory } from './sampleAnswers.ts';
import { sampleExplanation, sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { sampleStates, stateMessage } from './sampleStates.ts';

const snapshot = sampleSnapshot();
const connected = receive(firstPageState('now'), stateMessage(snapshot), 1000);

describe('incoming messages', () => {
  it('lets every message of the extension through', () => {
    for (const message of Object.values(sampleStates).flat()) assert.equal(incomingMessage(message), message);
    assert.deepEqual(incomingMessage({ type: 'openTopUp', extra: 1 }), { type: 'openTopUp' });
    assert.deepEqual(incomingMessage({ type: 'openBudgets', extra: 1 }), { type: 'openBudgets' });
    assert.deepEqual([{ budgetId: 'b1' }, { budgetId: 1 }].map((more) => incomingMessage({ type: 'openBudgets', ...more })), [{ type: 'openBudgets', budgetId: 'b1' }, { type: 'openBudgets' }]);
    assert.deepEqual([incomingMessage({ type: 'openRequest', requestId: 'req_1', extra: 1 }), incomingMessage({ type: 'openRequest', requestId: 1 })], [{ type: 'openRequest', requestId: 'req_1' }, undefined]);
    for (const type of ['topUpResult', 'allowResult', 'changeResult']) assert.ok(incomingMessage({ type, id: 1 }));
  });

  it('drops everything else without failing', () => {
    for (const data of [null, 'state', 7, { type: 'state' }, { type: 'state', link: { state: 'odd' }, locale: 'en' }, { type: 'explainResult', id: 'x' }, { type: 'eval', code: '1' }]) {
      assert.equal(incomingMessage(data), undefined);
    }
    fc.assert(fc.property(fc.jsonValue(), (data) => incomingMessage(data) === undefined));
  });
});

describe('a page at rest', () => {
  const rest = receive(firstPageState('now'), stateMessage(sampleSnapshot({ running: [], waiting: [], questions: [], windows: [] })), 1000);
  const dayEndsInMs = new Date(sampleNowMs).setHours(24, 0, 0, 0) - sampleNowMs;

  it('is painted whole again only when its day ends, a grant begins or ends, or an offer is over', () => {
    assert.equal(nextTurnMs(rest, 3000), 1000 + dayEndsInMs, 'by the broker\'s clock');
    assert.equal(nextTurnMs({ ...rest, undo: { grantId: 'g', untilMs: 61_000 } }, 3000), 61_000);
    assert.equal(nextTurnMs({ ...rest, undo: { grantId: 'g', untilMs: 61_000 } }, 61_000), 1000 + dayEndsInMs, 'it is over');
    const { balance } = snapshot;
    const grants = [{ ...balance.grants[0]!, startsAtMs: sampleNowMs - 5, expiresAtMs: sampleNowMs + 40_000 }, { ...balance.grants[0]!, id: 'later', startsAtMs: sampleNowMs + 30_000 }];
    const granted = (state: 'connected' | 'connecting') => receive(rest, stateMessage({ ...snapshot, sequence: 99, balance: { ...balance, grants } }, { link: { state } }), 2000);
    assert.deepEqual([nextTurnMs(granted('connected'), 2000), nextTurnMs(granted('connected'), 32_000)], [32_000, 42_000]);
    assert.ok(nextTurnMs(granted('connecting'), 2000) > 42_000, 'the numbers stand still');
    assert.ok(nextTurnMs(firstPageState('now'), 1) > 0);
  });

  it('lets a page that asks on demand look once more when its last answer is old enough', () => {
    assert.equal(nextTurnMs({ ...rest, tab: 'history' }, 1000), 6050);
    assert.equal(nextTurnMs({ ...rest, tab: 'history' }, 6050), 1000 + dayEndsInMs);
    assert.equal(nextTurnMs({ ...rest, tab: 'credits' }, 1000), 1000 + dayEndsInMs);
  });
});

describe('answers on demand', () => {
  it('count for the newest question of their kind, and what is known stays until then', () => {
    const asked = { ...connected, questions: beginQuestion(connected.questions, 'history', 2) };
    const answer = { type: 'answer', about: 'history', id: 2, result: sampleHistory(7) } as const;
    assert.equal(isOpen(asked.questions, 'history'), true);
    assert.equal(receive(asked, { ...answer, id: 1 }, 0), asked);
    assert.equal(receive(connected, answer, 0), connected);
    const answered = receive(asked, answer, 0);
    assert.deepEqual([isOpen(answered.questions, 'history'), isOpen(answered.questions, 'entries'), answered.questions.answers.history?.result?.steps.length], [false, false, 7]);
    const again = { ...answered, questions: beginQuestion(answered.questions, 'history', 5) };
    assert.deepEqual([isOpen(again.questions, 'history'), again.questions.answers.history?.id], [true, 2]);
  });

  it('are believed only with their lists', () => {
    for (const question of [{ about: 'history', days: 7, by: 'model' }, { about: 'saving', days: 7 }, { about: 'entries', kind: 'all' }, { about: 'happenings', filter: 'all' }, { about: 'course', days: 7 }] as const) assert.ok(incomingMessage(sampleAnswer(1, question)), question.about);
    for (const wrong of [{ about: 'history', result: { groups: [], steps: [] } }, { about: 'history' }, { about: 'entries', result: { rows: 1 } }, { about: 'toString', result: {} }, { about: 7, result: {} }]) assert.equal(incomingMessage({ type: 'answer', id: 1, ...wrong }), undefined);
  });
});

describe('page state', () => {
  it('opens the stored tab, and Now for anything else', () => {
    assert.equal(tabFrom('ledger'), 'ledger');
    assert.equal(tabFrom('__proto__'), 'now');
    assert.equal(tabFrom(undefined), 'now');
  });

  it('carries the broker clock on from the snapshot and not from a repeated one', () => {
    assert.equal(brokerNowMs(connected, 4000), sampleNowMs + 3000);
    const repeated = receive(connected, stateMessage(snapshot), 9000);
    assert.equal(brokerNowMs(repeated, 10_000), sampleNowMs + 9000);
    const fresh = receive(connected, stateMessage(sampleSnapshot({ sequence: 42, atMs: sampleNowMs + 8000 })), 9000);
    assert.equal(brokerNowMs(fresh, 10_000), sampleNowMs + 9000);
    assert.equal(brokerNowMs(firstPageState('now'), 5), 5);
  });

  it('takes an explanation only for the question that is open', () => {
    const asked = { ...connected, explanation: { id: 2, requestId: 'req_1' } };
    assert.equal(receive(asked, { type: 'explainResult', id: 1, result: sampleExplanation() }, 0).explanation?.result, undefined);
    assert.equal(receive(asked, { type: 'explainResult', id: 2, result: sampleExplanation() }, 0).explanation?.result?.id, 'req_7f3a91c2');
    assert.equal(receive(connected, { type: 'explainResult', id: 2, result: sampleExplanation() }, 0), connected);
    const failed = receive(asked, { type: 'explainResult', id: 2, problem: problem('request_not_found', 'No such request.') }, 0);
    assert.deepEqual(failed.explanation, { id: 2, requestId: 'req_1', problem: problem('request_not_found', 'No such request.') });
  });

  it('opens the top-up and remembers its answer', () => {
    const opened = receive(connected, { type: 'openTopUp' }, 0);
    assert.deepEqual([opened.tab, opened.focusNext], ['credits', 'amount']);
    assert.equal(receive(opened, { type: 'topUpResult', id: 9 }, 0).topUpAnswer?.id, 9);
  });

  it('ends the question about permission with words or with its problem, and takes no other answer', () => {
    const asked = { ...connected, consentQuestion: { id: 4 } };
    assert.equal(receive(asked, { type: 'allowResult', id: 3 }, 0), asked);
    assert.equal(receive(connected, { type: 'allowResult', id: 4 }, 0), connected);
    const allowed = receive(asked, { type: 'allowResult', id: 4 }, 0);
    assert.deepEqual([allowed.consentQuestion, allowed.announcement], [undefined, 'This workspace may use purchased credits now.']);
    const what = problem('ledger_full', 'The disk is full.');
    assert.deepEqual(receive(asked, { type: 'allowResult', id: 4, problem: what }, 0).consentQuestion, { id: 4, problem: what });
  });

  it('ends a cancellation with words', () => {
    const cancelling = { ...connected, cancelling: new Map([[3, 'req_1'], [4, 'req_2']]) };
    const done = receive(cancelling, { type: 'cancelResult', id: 3, cancelled: true }, 0);
    assert.deepEqual([...done.cancelling], [[4, 'req_2']]);
    assert.equal(done.announcement, 'Cancelled.');
    assert.match(receive(cancelling, { type: 'cancelResult', id: 4, cancelled: false }, 0).announcement, /had ended/);
    assert.equal(receive(cancelling, { type: 'cancelResult', id: 5, cancelled: true }, 0), cancelling);
  });

  it('announces the crossing of a line once, never each number', () => {
    const said = (...names: string[]) => names.map((name) => sampleStates[name]![0]!).reduce((state, message) => receive(state, message, 0), firstPageState('now')).announcement;
    assert.equal(said('normal', 'used'), '');
    assert.equal(said('normal', 'blocked'), 'No credits left. New requests are refused and cost nothing.');
    assert.equal(said('blocked', 'normal'), 'There are credits again.');
    assert.equal(said('normal', 'low'), 'Credits are running low.');
    assert.match(said('normal', 'down'), /not running/);
    assert.equal(said('down', 'normal'), 'The broker runs again.');
  });
});
