// What the dashboard changes: which calls each change makes, what is confirmed first, and how long a top-up can be
// taken back.
import assert from 'node:assert/strict';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { dashboardChange, pricesSeenMemory, type ChangeParts } from '../../src/extension/dashboardChanges.ts';
import { undoMsMax, UndoableTopUps } from '../../src/extension/undoableTopUps.ts';
import { pageChange, type PageChange } from '../../src/protocol/dashboardChanges.ts';
import { fakeEditor, fakeMemory } from '../support/fakeEditor.ts';
import { budgetFixture, questionFixture, snapshotFixture } from './snapshotFixture.ts';

const budget = { id: 'b1', per: 'workspace', of: 'ws_1', unit: 'credits', limit: 100_000_000, period: 'week', timeZone: 'UTC', mode: 'hard' } as const;

function scene(change: { readonly practice?: boolean; readonly results?: Readonly<Record<string, unknown>> } = {}) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const calls: [string, unknown][] = [];
  const clock = { nowMs: 1_000_000 };
  const topUps = new UndoableTopUps(() => clock.nowMs);
  const parts: ChangeParts = {
    editor: fake.editor, log: fake.log, topUps, memory: fakeMemory(fake.globalState), practice: () => change.practice ?? false,
    snapshot: () => snapshotFixture({ questions: [questionFixture()], budgets: [budgetFixture(10), budgetFixture(10, { id: 'soft', mode: 'soft' })] }),
    call: (async (method: string, args: unknown) => {
      calls.push([method, args]);
      const result = change.results?.[method] ?? { answered: true, removed: true, changed: true, exists: false, changedMicroCredits: -250_000_000 };
      if (result instanceof Error) throw result;
      return result;
    }) as ChangeParts['call'],
  };
  const make = (one: PageChange) => dashboardChange(parts, 4, pageChange.parse(one));
  return { fake, calls, clock, topUps, make };
}

const rule = { belowMicroCredits: 10_000_000, amountMicroCredits: 50_000_000, capMicroCredits: 120_000_000, timeZone: 'UTC' };

describe('changes of the dashboard', () => {
  it('redeems a voucher at once, tells what it gave, and logs nothing of its code', async () => {
    const code = `cbv1_${'A'.repeat(128)}`;
    const { make, calls, fake } = scene({ results: { voucherRedeem: { grant: { id: 'grant_7', amountMicroCredits: 50_000_000 } } } });
    assert.deepEqual(await make({ kind: 'voucher', code }), { type: 'changeResult', id: 4, movedMicroCredits: 50_000_000 });
    assert.deepEqual([calls, fake.shown.length], [[['voucherRedeem', { code }]], 0]);
    assert.ok(fake.logLines.length > 0 && fake.logLines.every((line) => !line.includes(code.slice(5, 20))));
    const refused = scene({ results: { voucherRedeem: new ProblemError(problem('voucher_redeemed', 'This voucher was redeemed before.')) } });
    assert.equal((await refused.make({ kind: 'voucher', code })).problem?.code, 'voucher_redeemed');
  });

  it('says in the question how much the automatic top-up may add', async () => {
    const { make, fake } = scene();
    await make({ kind: 'autoTopUp', rule });
    assert.match(fake.shown[0]?.detail ?? '', /fewer than 10\.00 credits are left, 50\.00 purchased ones are added without a question, at most 120\.00 in a month/);
  });

  const plain: readonly (readonly [PageChange, string, unknown])[] = [
    [{ kind: 'answer', requestId: 'req_q1', answer: 'task' }, 'answer', { requestId: 'req_q1', answer: 'task' }],
    [{ kind: 'askEverywhere' }, 'consent', { scope: 'everywhere', answer: 'ask' }],
    [{ kind: 'askWorkspace', workspaceId: 'ws_1' }, 'consent', { scope: 'workspace', workspaceId: 'ws_1', answer: 'ask' }],
    [{ kind: 'askModel', model: 'm' }, 'unpricedSet', { model: 'm', answer: 'ask' }],
    [{ kind: 'budgetSet', budget }, 'budgetSet', { budget }],
    [{ kind: 'unpricedPolicy', value: 'ask' }, 'policySet', { name: 'unpriced', value: 'ask' }],
    [{ kind: 'unpricedPolicy', value: 'ceiling' }, 'policySet', { name: 'unpriced', value: 'ceiling' }],
    [{ kind: 'priority', requestId: 'req_1', priority: 'interactive' }, 'setPriority', { requestId: 'req_1', priority: 'interactive' }],
    [{ kind: 'autoTopUp', rule: null }, 'autoTopUpSet', { rule: null }],
    [{ kind: 'unattendedPolicy', value: 'refuse' }, 'policySet', { name: 'unattended', value: 'refuse' }],
  ];
  for (const [change, method, args] of plain) {
    it(`${change.kind} ${'value' in change ? change.value : ''}: calls ${method} at once`, async () => {
      const { make, calls, fake } = scene();
      assert.deepEqual(await make(change), { type: 'changeResult', id: 4 });
      assert.deepEqual(calls, [[method, args]]);
      assert.equal(fake.shown.length, 0);
    });
  }

  it('says so where a request waits in line no more', async () => {
    const { make } = scene({ results: { setPriority: { changed: false } } });
    assert.equal((await make({ kind: 'priority', requestId: 'req_1', priority: 'batch' })).problem?.code, 'request_not_found');
  });

  const confirmed: readonly (readonly [PageChange, string, string, RegExp])[] = [
    [{ kind: 'answer', requestId: 'req_q1', answer: 'always' }, 'Always Allow', 'answer', /Let every workspace use purchased credits\?/],
    [{ kind: 'answer', requestId: 'req_q1', answer: 'never' }, 'Never Allow', 'answer', /Never let "billing-service" use purchased credits\?/],
    [{ kind: 'unpricedPolicy', value: 'allow' }, 'Send Them', 'policySet', /every model without a known price/],
    [{ kind: 'unattendedPolicy', value: 'allow' }, 'Allow', 'policySet', /while no window is open/],
    [{ kind: 'autoTopUp', rule }, 'Switch On', 'autoTopUpSet', /Let credits be added by themselves\?/],
    [{ kind: 'budgetRemove', budgetId: 'b1' }, 'Remove', 'budgetRemove', /Remove the budget of 100\.00 credits per week\?/],
  ];
  for (const [change, button, method, words] of confirmed) {
    it(`${change.kind} ${'answer' in change ? change.answer : 'value' in change ? change.value : ''}: asks first in live mode, and not where no money is meant`, async () => {
      const yes = scene();
      yes.fake.answers.push(button);
      assert.deepEqual(await yes.make(change), { type: 'changeResult', id: 4 });
      assert.deepEqual([yes.calls.map(([name]) => name), yes.fake.shown[0]?.modal], [[method], true]);
      assert.match(yes.fake.shown[0]?.message ?? '', words);
      const no = scene();
      const refused = await no.make(change);
      assert.deepEqual([refused.problem?.code, no.calls.length], ['cancelled', 0]);
      const practice = scene({ practice: true });
      await practice.make(change);
      assert.deepEqual([practice.calls.length, practice.fake.shown.length], [1, 0]);
    });
  }

  it('say that a question is over, before and after it was sent', async () => {
    const gone = scene();
    assert.equal((await gone.make({ kind: 'answer', requestId: 'other', answer: 'once' })).problem?.code, 'question_not_found');
    assert.equal(gone.calls.length, 0);
    const late = scene({ results: { answer: { answered: false } } });
    assert.equal((await late.make({ kind: 'answer', requestId: 'req_q1', answer: 'once' })).problem?.code, 'question_not_found');
  });

  it('answer a failure with its problem', async () => {
    const what = problem('argument_invalid', 'There is no time zone "X". Nothing was changed.');
    assert.deepEqual(await scene({ results: { budgetSet: new ProblemError(what) } }).make({ kind: 'budgetSet', budget }), { type: 'changeResult', id: 4, problem: what });
  });

  it('remember up to when changed prices were seen, and ask nobody', async () => {
    const { make, fake, calls } = scene();
    await make({ kind: 'seePrices', untilMs: 77 });
    assert.deepEqual([fake.globalState.get(pricesSeenMemory), calls.length], [77, 0]);
  });

  it('take only what the page may ask for', () => {
    const bad: unknown[] = [
      { kind: 'answer', requestId: 'r', answer: 'yes' }, { kind: 'budgetSet', budget: { ...budget, limit: -1 } }, { kind: 'budgetSet', budget: { ...budget, limit: 1.5 } }, { kind: 'budgetSet', budget: { ...budget, extra: 1 } },
      { kind: 'budgetSet', budget: { ...budget, period: { rollingHours: 0 } } }, { kind: 'unattendedPolicy', value: 'ask' }, { kind: 'undo', grantId: '' }, { kind: 'askModel', model: 'm'.repeat(201) }, { kind: 'creditsAdd' }, null,
    ];
    for (const change of bad) assert.equal(pageChange.safeParse(change).success, false, JSON.stringify(change));
  });
});

describe('a top-up that is taken back', () => {
  it('is one of this window, within a minute, once', async () => {
    const { make, topUps, clock, calls } = scene();
    assert.equal((await make({ kind: 'undo', grantId: 'grant_1' })).problem?.code, 'argument_invalid', 'another window\'s');
    topUps.add('grant_1');
    clock.nowMs += undoMsMax - 1;
    assert.deepEqual(topUps.newest(), { grantId: 'grant_1', leftMs: 1 });
    assert.deepEqual(await make({ kind: 'undo', grantId: 'grant_1' }), { type: 'changeResult', id: 4, movedMicroCredits: -250_000_000 });
    assert.deepEqual(calls, [['correct', { key: 'undo-grant_1', reason: 'Taken back in the dashboard within a minute', what: { kind: 'void', grantId: 'grant_1', disputed: false } }]]);
    assert.equal(topUps.newest(), undefined);
    assert.equal((await make({ kind: 'undo', grantId: 'grant_1' })).problem?.code, 'argument_invalid');
  });

  it('is over after the minute, and when the clock was set back', async () => {
    const { make, topUps, clock, calls } = scene();
    topUps.add('grant_1');
    clock.nowMs += undoMsMax;
    const late = await make({ kind: 'undo', grantId: 'grant_1' });
    assert.match(`${late.problem?.message} ${late.problem?.remedy}`, /minute .* is over.*credits void grant_1/);
    clock.nowMs -= 2 * undoMsMax;
    assert.deepEqual([topUps.leftMs('grant_1'), topUps.newest(), calls.length], [0, undefined, 0]);
  });

  it('stays possible when the broker could not be asked', async () => {
    const { make, topUps } = scene({ results: { correct: new ProblemError(problem('broker_unreachable', 'Gone.')) } });
    topUps.add('grant_1');
    assert.equal((await make({ kind: 'undo', grantId: 'grant_1' })).problem?.code, 'broker_unreachable');
    assert.equal(topUps.newest()?.grantId, 'grant_1');
  });
});
