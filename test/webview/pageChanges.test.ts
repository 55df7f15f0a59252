// Changes that the page asked for: one at a time of each subject, answered once, said aloud when made; and the texts
// about answers that last, prices and estimates.
import assert from 'node:assert/strict';
import { problem } from '../../src/domain/problem.ts';
import { changeSubject } from '../../src/protocol/changeSubject.ts';
import type { PageChange } from '../../src/protocol/dashboardChanges.ts';
import { answerRows } from '../../src/webview/answersTable.ts';
import { estimateSentence } from '../../src/webview/estimateLine.ts';
import { beginChange, changesUnderWay, endChange, focusAfter, madeText, noChanges } from '../../src/webview/pageChanges.ts';
import { firstPageState, receive } from '../../src/webview/pageState.ts';
import type { PageState } from '../../src/webview/pageState.ts';
import { viewOf } from '../../src/webview/pageView.ts';
import { unseenPrices } from '../../src/webview/priceNews.ts';
import type { PageActions } from '../../src/webview/view.ts';
import { workspaceNames } from '../../src/webview/workspaceNames.ts';
import { askingSnapshot, ruledSnapshot, sampleBudgets, samplePriceChanges } from './sampleRules.ts';
import { sampleNowMs, sampleSnapshot } from './sampleSnapshot.ts';
import { stateMessage } from './sampleStates.ts';

const once = { kind: 'answer', requestId: 'r', answer: 'once' } as const;
const never = { ...once, answer: 'never' } as const;
const what = problem('ledger_full', 'The disk is full.');
const { of: _of, ...budget } = { of: undefined, ...sampleBudgets[0]!.budget };
const budgetSet: PageChange = { kind: 'budgetSet', budget };

describe('changes of the page', () => {
  it('are known by their subject until they are answered', () => {
    const begun = beginChange(noChanges, 3, once);
    assert.deepEqual([...changesUnderWay(begun)], [['answer r', once]]);
    assert.equal(changeSubject(once), changeSubject(never), 'one question has one answer');
    const ended = endChange(begun, { type: 'changeResult', id: 3 });
    assert.deepEqual([ended?.change, ended?.state], [once, noChanges]);
    assert.equal(endChange(begun, { type: 'changeResult', id: 4 }), undefined);
  });

  it('keep why they were not made, until the next try', () => {
    const failed = endChange(beginChange(noChanges, 3, once), { type: 'changeResult', id: 3, problem: what })!.state;
    assert.deepEqual([...failed.failures], [['answer r', what]]);
    assert.equal(beginChange(failed, 4, { kind: 'askEverywhere' }).failures.size, 1);
    assert.equal(beginChange(failed, 4, never).failures.size, 0);
  });

  it('are said when they are made, with what moved', () => {
    const said = (change: PageChange, movedMicroCredits?: number) => madeText(change, { type: 'changeResult', id: 1, ...(movedMicroCredits === undefined ? {} : { movedMicroCredits }) }, 'en');
    assert.match(said(once), /goes on/);
    assert.match(said(never), /refused, and nothing is charged/);
    assert.equal(said({ kind: 'undo', grantId: 'g' }, -250_000_000), '250.00 credits were taken back.');
    assert.equal(said({ kind: 'seePrices', untilMs: 1 }), '');
    assert.deepEqual(focusAfter(once), ['#head-questions']);
  });

  it('close the budget form when it is set or its budget is removed, and not when that fails', () => {
    const open = (budgetId?: string): PageState => ({ ...firstPageState('credits'), budgetForm: budgetId === undefined ? {} : { budgetId }, changes: beginChange(noChanges, 3, budgetSet) });
    assert.equal(receive(open(), { type: 'changeResult', id: 3 }, 0).budgetForm, undefined);
    assert.equal(receive(open(), { type: 'changeResult', id: 3 }, 0).announcement, 'The budget is set.');
    const failed = receive(open(), { type: 'changeResult', id: 3, problem: what }, 0);
    assert.deepEqual([failed.budgetForm, failed.changes.failures.get('budgetSet')], [{}, what]);
    const removing = { ...open('b'), changes: beginChange(noChanges, 3, { kind: 'budgetRemove', budgetId: 'b' }) };
    assert.equal(receive(removing, { type: 'changeResult', id: 3 }, 0).budgetForm, undefined);
    assert.deepEqual(receive({ ...removing, budgetForm: { budgetId: 'c' } }, { type: 'changeResult', id: 3 }, 0).budgetForm, { budgetId: 'c' });
    assert.equal(receive(open(), { type: 'changeResult', id: 9 }, 0).budgetForm !== undefined, true);
  });

  it('announce a question once', () => {
    const said = (...messages: readonly ReturnType<typeof stateMessage>[]) => messages.reduce((state, message) => receive(state, message, 0), firstPageState('now')).announcement;
    const asking = askingSnapshot();
    assert.match(said(stateMessage(sampleSnapshot()), stateMessage(asking)), /^A request waits for your answer\. SDK script/);
    assert.equal(said(stateMessage(asking), stateMessage({ ...asking, sequence: 42 })), '');
  });

  it('count down what can still be taken back by the page\'s own clock', () => {
    const act = {} as PageActions;
    const message = { ...stateMessage(sampleSnapshot()), undo: { grantId: 'g', leftMs: 60_000 } };
    const state = receive(firstPageState('now'), message, 1_000);
    const left = (page: PageState, nowMs: number) => viewOf(page, sampleSnapshot(), { nowMs }, act).undo;
    assert.deepEqual([left(state, 1_000), left(state, 60_999), left(state, 61_000)], [{ grantId: 'g', leftMs: 60_000 }, { grantId: 'g', leftMs: 1 }, undefined]);
    assert.equal(left(receive(state, stateMessage(sampleSnapshot({ sequence: 42 })), 2_000), 2_000), undefined, 'the extension says no more');
  });

  it('open the budgets when the meter leads there', () => {
    assert.deepEqual([receive(firstPageState('now'), { type: 'openBudgets' }, 0).tab, receive(firstPageState('now'), { type: 'openBudgets' }, 0).focusNext], ['credits', 'budgets']);
  });

  it('open the form of the budget that keeps work from going on, and the budgets where it is gone', () => {
    const state = receive(firstPageState('now'), stateMessage(ruledSnapshot()), 0);
    const [known] = ruledSnapshot().budgets;
    const led = (budgetId: string) => { const { tab, budgetForm, focusNext } = receive(state, { type: 'openBudgets', budgetId }, 0); return [tab, budgetForm, focusNext]; };
    assert.deepEqual(led(known?.id ?? ''), ['credits', { budgetId: known?.id }, 'budgetForm']);
    assert.deepEqual(led('gone'), ['credits', undefined, 'budgets']);
  });
});

describe('answers that last', () => {
  it('are listed with names, the widest first, each with its way back', () => {
    const snapshot = ruledSnapshot();
    const own = { workspaceId: 'ws_billing-service', workspaceLabel: 'billing-service' };
    const rows = answerRows(snapshot, { ...own, workspaceNames: workspaceNames(snapshot, own) });
    assert.deepEqual(rows.map((row) => `${row.who} ${row.what}`), ['billing-service may use purchased credits', 'old-prototype may use purchased credits', 'docs-site is refused them without a question', 'gpt-7-preview is sent without a known price', 'gpt-old is refused while its price is not known']);
    assert.deepEqual(rows.map((row) => row.isOwn), [true, false, false, false, false]);
    assert.deepEqual(rows.map((row) => changeSubject(row.change)), ['askWorkspace ws_billing-service', 'askWorkspace ws_unseen', 'askWorkspace ws_docs-site', 'askModel gpt-7-preview', 'askModel gpt-old']);
  });

  it('name every workspace where that was answered, and show an id where nothing is known', () => {
    const consent = { everywhere: false, workspaceIds: ['ws_x'], deniedWorkspaceIds: [] };
    const names = { workspaceId: undefined, workspaceNames: new Map<string, string>() };
    assert.deepEqual(answerRows({ consent: { ...consent, everywhere: true } }, names).map((row) => row.who), ['Every workspace', 'ws_x']);
    assert.deepEqual(answerRows({ consent: { ...consent, deniedEverywhere: true } }, names).map((row) => `${row.who} ${row.isAllowed}`), ['Every other workspace false', 'ws_x true']);
    assert.deepEqual(answerRows({ consent: { ...consent, workspaceIds: [] } }, names), []);
  });
});

describe('prices and estimates on the page', () => {
  it('tell changed prices until they were seen', () => {
    assert.deepEqual(unseenPrices(samplePriceChanges.toReversed(), 0).map((change) => change.model), ['gpt-6.1-sol', 'gpt-6-luna']);
    assert.deepEqual(unseenPrices(samplePriceChanges, samplePriceChanges[1]!.atMs).map((change) => change.model), ['gpt-6.1-sol']);
    assert.deepEqual(unseenPrices(samplePriceChanges, sampleNowMs), []);
  });

  it('judge estimates over all days that are shown, and say nothing before anything was measured', () => {
    assert.equal(estimateSentence(sampleSnapshot()), undefined);
    const [day] = ruledSnapshot().days.slice(-1);
    assert.match(estimateSentence({ days: [day!] }) ?? '', /of 120 measured requests/);
    assert.match(estimateSentence({ days: [day!, day!] }) ?? '', /of 240 measured requests/);
  });
});
