// What the dashboard asks on demand: in which parts the broker is asked, how they are put together, when it stops, what
// is remembered, and where things go that the person keeps.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { DashboardQuestions, entriesAtOnce, partsLookedThroughMax } from '../../src/extension/dashboardQuestions.ts';
import type { BrokerCall } from '../../src/extension/liveSocket.ts';
import { saveForPage } from '../../src/extension/dashboardSaving.ts';
import { pageQuestion, pageSaving } from '../../src/protocol/dashboardQuestions.ts';
import type { PageSaving } from '../../src/protocol/dashboardQuestions.ts';
import { noUsage } from '../../src/protocol/history.ts';
import { fakeEditor } from '../support/fakeEditor.ts';

const hourMs = 3_600_000;
/** Noon in a place whose clocks were set back by an hour ten days ago. */
const nowMs = Date.UTC(2026, 10, 4, 11);
const changeMs = Date.UTC(2026, 9, 25, 1);
const utcOffsetMs = (atMs: number) => (atMs < changeMs ? 2 : 1) * hourMs;

type Args = Readonly<Record<string, unknown>>;

function scene(answer: (method: string, args: Args, count: number) => unknown) {
  const calls: [string, Args][] = [];
  let ledger = '/data';
  const call = (async (method: string, args: Args) => {
    calls.push([method, args]);
    await Promise.resolve();
    return answer(method, args, calls.length);
  }) as BrokerCall;
  const questions = new DashboardQuestions({ call, nowMs: () => nowMs, utcOffsetMs, ledger: () => ledger });
  return { calls, questions, moveTo: (path: string) => { ledger = path; } };
}

describe('questions of the dashboard', () => {
  it('ask for the history of everything at once, from the beginning of the first local day', async () => {
    const { calls, questions } = scene(() => ({ groups: [], steps: [], costs: [] }));
    assert.deepEqual(await questions.answer(3, { about: 'history', days: 30, by: 'thread' }), { type: 'answer', about: 'history', id: 3, result: { groups: [], steps: [], costs: [] } });
    assert.deepEqual(calls, [['history', { by: 'thread', step: 'day', fromMs: Date.UTC(2026, 9, 5, 22) }]]);
    await questions.answer(4, { about: 'history', days: 1, by: 'model' });
    assert.deepEqual(calls[1], ['history', { by: 'model', step: 'hour', fromMs: Date.UTC(2026, 10, 3, 23) }]);
  });

  it('ask for insights as they are, and tell why there are none', async () => {
    const result = { insights: [{ kind: 'unpriced', subject: 'new', names: {}, numbers: { requests: 3, tokens: 9 } }], days: 30, comparedDays: 30 };
    const { calls, questions } = scene((_method, _args, count) => { if (count > 1) throw new ProblemError(problem('broker_unreachable', 'Gone.')); return result; });
    assert.deepEqual(await questions.answer(1, pageQuestion.parse({ about: 'insights', days: 30, workspaceId: 'ws_1' })), { type: 'answer', about: 'insights', id: 1, result });
    assert.deepEqual(calls, [['insights', { days: 30, workspaceId: 'ws_1' }]]);
    assert.match((await questions.answer(2, { about: 'insights', days: 7 }))?.problem?.message ?? '', /Gone/);
  });

  it('put the history of one workspace together from local days, also from one of 25 hours', async () => {
    const { calls, questions } = scene((_method, { fromMs, untilMs }) => ({ rows: [{ ...noUsage('m'), costMicroCredits: (Number(untilMs) - Number(fromMs)) / hourMs }] }));
    const answer = await questions.answer(1, { about: 'history', days: 30, by: 'model', workspaceId: 'ws_1' });
    assert.ok(answer?.about === 'history' && answer.result);
    assert.equal(calls.length, 30);
    assert.ok(calls.every(([method, args], index) => method === 'workspaceUsage' && args['workspaceId'] === 'ws_1' && (index === 0 || args['fromMs'] === calls[index - 1]![1]['untilMs'])));
    const { steps, total } = answer.result;
    assert.deepEqual([steps[0]?.key, steps.at(-1)?.key, steps.find((step) => step.costMicroCredits === 25)?.key], ['2026-10-06', '2026-11-04', '2026-10-25']);
    assert.equal(total.costMicroCredits, 30 * 24 + 1);
    const today = await questions.answer(2, { about: 'history', days: 1, by: 'model', workspaceId: 'ws_1' });
    assert.ok(today?.about === 'history' && today.result);
    assert.deepEqual([today.result.steps.length, today.result.steps[0]?.key, today.result.steps.at(-1)?.key], [13, '2026-11-04T00', '2026-11-04T12']);
  });

  it('remember what the cache saved on past days, of this ledger only', async () => {
    const { calls, questions, moveTo } = scene(() => ({ savedMicroCredits: 2, cachedInputTokens: 3 }));
    const ask = async (id: number) => (await questions.answer(id, { about: 'saving', days: 7 }))?.result;
    assert.deepEqual(await ask(1), { savedMicroCredits: 14, cachedInputTokens: 21 });
    assert.equal(calls.length, 7);
    assert.equal(calls[0]?.[1]['fromMs'], Date.UTC(2026, 10, 3, 23), 'the newest first');
    assert.deepEqual(await ask(2), { savedMicroCredits: 14, cachedInputTokens: 21 });
    assert.equal(calls.length, 8, 'only today is asked for again');
    moveTo('/other');
    await ask(3);
    assert.equal(calls.length, 15);
  });

  it('fill a page of entries from as many parts as it takes, and stop somewhere', async () => {
    const { calls, questions } = scene((_method, { before = 100_001 }) => ({ rows: [{ sequence: Number(before) - 1 }], next: Number(before) - 1000 }));
    const answer = await questions.answer(1, { about: 'entries', kind: 'all', search: 'x', days: 7 });
    assert.ok(answer?.about === 'entries' && answer.result);
    assert.equal(answer.result.rows.length, entriesAtOnce);
    assert.deepEqual(calls.map(([, args]) => args['limit']), Array.from({ length: entriesAtOnce }, (_, index) => entriesAtOnce - index));
    assert.deepEqual([calls[0]?.[1]['before'], calls[1]?.[1]['before'], calls[0]?.[1]['fromMs'], calls[0]?.[1]['search']], [undefined, 99_001, Date.UTC(2026, 9, 28, 23), 'x']);
    const empty = scene((_method, { before = 9_000_000 }) => ({ rows: [], next: Number(before) - 20_000 }));
    const found = await empty.questions.answer(1, { about: 'entries', kind: 'all', search: 'nowhere' });
    assert.equal(empty.calls.length, partsLookedThroughMax);
    assert.deepEqual(found?.result, { rows: [], next: 9_000_000 - partsLookedThroughMax * 20_000 }, 'it says where to look further');
  });

  it('end as soon as something newer of the same kind is asked, or nobody looks', async () => {
    const { calls, questions } = scene(() => ({ rows: [], next: 5 }));
    const older = questions.answer(1, { about: 'entries', kind: 'all', search: 'a' });
    const newer = questions.answer(2, { about: 'happenings', filter: 'all' });
    const last = questions.answer(3, { about: 'entries', kind: 'grants' });
    questions.drop('entries');
    assert.deepEqual([await older, (await newer)?.id, await last], [undefined, 2, undefined]);
    assert.equal(calls.filter(([method]) => method === 'entryPage').length, 2);
  });

  it('answer with the problem, unless nobody waits for it any more', async () => {
    const why = problem('broker_unreachable', 'Gone.');
    const { questions } = scene(() => { throw new ProblemError(why); });
    assert.deepEqual(await questions.answer(1, { about: 'course', days: 7, budgetId: 'b' }), { type: 'answer', about: 'course', id: 1, problem: why });
    const late = questions.answer(2, { about: 'course', days: 7 });
    questions.drop('course');
    assert.equal(await late, undefined);
  });

  it('are checked: nothing else is a question, whatever the page says', () => {
    assert.ok(pageQuestion.safeParse({ about: 'history', days: 7, by: 'kind' }).success);
    for (const wrong of [{ about: 'history', days: 8, by: 'kind' }, { about: 'history', days: 7, by: 'prompt' }, { about: 'entries', kind: 'all', search: 'x'.repeat(201) }, { about: 'entries', kind: 'all', before: 0 }, { about: 'course', days: 7, extra: 1 }]) assert.equal(pageQuestion.safeParse(wrong).success, false);
    fc.assert(fc.property(fc.jsonValue(), (value) => !pageQuestion.safeParse(value).success));
  });
});

describe('what the person keeps', () => {
  const saving = (change: Partial<PageSaving> = {}): PageSaving => ({ type: 'save', id: 6, name: 'Codex ledger all.csv', to: 'file', content: 'a,b\r\n', encoding: 'text', ...change });

  it('goes into the file that was chosen, or nowhere', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/projects/shop' });
    assert.deepEqual(await saveForPage(fake.editor, saving()), { type: 'saveResult', id: 6, saved: false });
    assert.deepEqual(fake.saveDialogs, [{ path: '/projects/shop/Codex ledger all.csv', endings: ['csv'] }]);
    fake.saveTo = '/projects/shop/kept.csv';
    assert.deepEqual(await saveForPage(fake.editor, saving()), { type: 'saveResult', id: 6, saved: true });
    assert.equal(fake.written.get('/projects/shop/kept.csv')?.toString(), 'a,b\r\n');
    await saveForPage(fake.editor, saving({ name: 'chart.png', content: 'iVBORw==', encoding: 'base64' }));
    assert.deepEqual([...fake.written.get('/projects/shop/kept.csv') ?? []], [0x89, 0x50, 0x4e, 0x47]);
  });

  it('goes to the clipboard where it is text', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    assert.equal((await saveForPage(fake.editor, saving({ to: 'clipboard', name: 'receipt.md' }))).saved, true);
    assert.deepEqual(fake.copied, ['a,b\r\n']);
    assert.equal((await saveForPage(fake.editor, saving({ to: 'clipboard', name: 'chart.png', encoding: 'base64' }))).problem?.code, 'argument_invalid');
  });

  it('says what to do where it cannot be written', async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    fake.saveTo = '/full';
    fake.writing = () => { throw new Error('no space left'); };
    const { saved, problem: why } = await saveForPage(fake.editor, saving());
    assert.deepEqual([saved, why?.message, why?.remedy], [false, 'It was not saved (no space left).', 'Choose another place, or check that the folder can be written.']);
  });

  it('has a name without a path, and a size that is bounded', () => {
    for (const name of ['../x.csv', '/etc/passwd.csv', 'x.sh', '.csv', 'a\\b.csv', 'a\n.csv']) assert.equal(pageSaving.safeParse(saving({ name })).success, false, name);
    assert.ok(pageSaving.safeParse(saving()).success);
  });
});
