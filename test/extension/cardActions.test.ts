// The links at the foot of the card: whatever keeps work from going on, what cures it comes first, and nothing else is offered as a cure.
import assert from 'node:assert/strict';
import { cardActionsMax, curesOf } from '../../src/extension/cardActions.ts';
import type { TooltipFacts } from '../../src/extension/meterFacts.ts';
import { meterTooltip, tooltipCommands } from '../../src/extension/meterTooltip.ts';
import type { Snapshot, WindowView } from '../../src/protocol/snapshot.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { budgetFixture, practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

const facts: TooltipFacts = {
  link: { state: 'connected' }, snapshot: snapshotFixture(), taste: { show: 'left', unit: 'credits', locale: 'en' }, theme: 'dark', nowMs: 1_000_000, workspaceId: 'ws_1',
};
const { balance } = snapshotFixture();
const week: WindowView = { id: 'w', model: 'gpt-5.5', measure: 'requests', windowMinutes: 10_080, limit: 100, remaining: 0, resetsAtMs: 1_000_000 + 151_200_000 };
const plan: WindowView = { id: 'ChatGPT 3fa9/300', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 300, limit: 100, remaining: 0, resetsAtMs: 4_600_000 };
const planOfModel: WindowView = { ...plan, id: 'p/spark', model: 'Spark', ofPlan: { name: 'ChatGPT 3fa9', models: ['gpt-5.5'] } };
const plans = [{ account: 'ChatGPT 3fa9', observedAtMs: 1 }];
const waitingTasks = [{ threadId: 't', title: 'Fix it', atMs: 2_000_000, continuedTimes: 0 }];
const denied = { everywhere: false, workspaceIds: [], deniedWorkspaceIds: ['ws_1'] };
const tokens = budgetFixture(0, { id: 'tokens', unit: 'tokens', limit: 10 }, { used: 10 });
const noCredits = { ...balance, balanceMicroCredits: 0, heldMicroCredits: 0, grants: [] };
const notBegun = { ...balance, grants: balance.grants.map((grant) => ({ ...grant, kind: 'promotional' as const, workspaces: ['ws_9'] })) };

/** What is in the way, and its cures: label, command, value. */
const causes: readonly (readonly [cause: string, change: Partial<TooltipFacts> | Partial<Snapshot>, cures: readonly string[]])[] = [
  ['nothing', {}, []],
  ['nothing, practising', practiceSnapshot(), []],
  ['nothing, untracked', untrackedSnapshot(), []],
  ['the broker is down', { link: { state: 'down' } }, ['Start broker startBroker', 'Log showLog']],
  ['the broker is down before anything is known', { link: { state: 'down' }, snapshot: undefined } as never, ['Start broker startBroker', 'Log showLog']],
  ['nobody knows while it connects', { link: { state: 'connecting' }, snapshot: snapshotFixture({ budgets: [budgetFixture(100)] }) }, []],
  ['a question of this window', { questions: [questionFixture()] }, ['Answer answerQuestion']],
  ['a question of another window', { questions: [questionFixture({ workspaceId: 'ws_2' })] }, []],
  ['no key', { key: { state: 'missing' } }, ['Set API key setApiKey']],
  ['a rejected key', { key: { state: 'rejected' } }, ['Set API key setApiKey']],
  ['no key, which practice does not need', practiceSnapshot({ key: { state: 'missing' } }), []],
  ['owed credits', { balance: { ...balance, owedMicroCredits: 5 } }, ['Add credits topUp']],
  ['a hard budget', { budgets: [budgetFixture(10), budgetFixture(100, { id: 'b2' })] }, ['Raise the budget… showBudgets b2']],
  ['a hard budget in practice', practiceSnapshot({ budgets: [budgetFixture(100)] }), ['Raise the budget… showBudgets b1']],
  ['a soft budget only warns', { budgets: [budgetFixture(140, { mode: 'soft' })] }, []],
  ['a budget of another workspace', { budgets: [budgetFixture(100, { per: 'workspace', of: 'ws_2' }, { key: 'ws_2' })] }, []],
  ['no credits', withBalance(0), ['Add credits topUp']],
  ['credits that running requests hold', { balance: { ...balance, grants: balance.grants.map((grant) => ({ ...grant, heldMicroCredits: grant.remainingMicroCredits })) } }, ['Add credits topUp']],
  ['credits for others', { balance: notBegun }, ['Add credits topUp']],
  ['no permission', { consent: denied }, ['Allow purchased credits… allowPurchased']],
  ['a permission that is asked for', { consent: { ...denied, deniedWorkspaceIds: [] } }, []],
  ['a long limit of the model in use', { windows: [week] }, ['Choose another model openSettings models']],
  ['the same, with a task that waits for it', { snapshot: snapshotFixture({ windows: [week] }), waitingTasks }, ['Choose another model openSettings models', 'Waiting tasks showWaitingTasks']],
  ['a task waits, and nothing else is in the way', { waitingTasks }, []],
  ['no credits and a long limit: the meter tells of credits', { ...withBalance(0), windows: [week] }, ['Add credits topUp']],
  ['a plan that is used up, without a key', { windows: [plan], plans, key: { state: 'missing' } }, ['Set API key setApiKey']],
  ['the same, with a task that waits for it', { snapshot: snapshotFixture({ windows: [plan], plans, key: { state: 'missing' } }), waitingTasks }, ['Set API key setApiKey', 'Waiting tasks showWaitingTasks']],
  ['a plan that is used up, beyond which purchased credits would go', { windows: [plan], plans, balance: noCredits }, ['Add credits topUp']],
  ['the same, and they may not be used', { windows: [plan], plans, consent: denied }, ['Allow purchased credits… allowPurchased']],
  ['the same, and a budget is used up', { windows: [plan], plans, budgets: [budgetFixture(100)] }, ['Raise the budget… showBudgets b1']],
  ['a plan that is used up where the key goes on', { windows: [plan], plans }, []],
  ['a plan that goes on where the key does not', { plans, balance: noCredits }, []],
  ['a model\'s own limit of a plan', { windows: [planOfModel], plans, key: { state: 'missing' } }, ['Set API key setApiKey', 'Choose another model openSettings models']],
  ['a budget in tokens stops a plan too', { plans, key: { state: 'missing' }, budgets: [tokens] }, ['Raise the budget… showBudgets tokens']],
  ['a budget in credits stops no plan', { plans, key: { state: 'missing' }, budgets: [budgetFixture(100)] }, []],
];

function factsOf(change: (typeof causes)[number][1]): TooltipFacts {
  return 'link' in change || 'waitingTasks' in change ? { ...facts, ...change } : { ...facts, snapshot: snapshotFixture(change as Partial<Snapshot>) };
}

describe('links of the card', () => {
  for (const [cause, change, cures] of causes) {
    it(`${cause}: ${cures.length === 0 ? 'no cure' : cures.join(', ')}`, () => {
      const now = factsOf(change);
      assert.deepEqual(curesOf(now).map(({ label, command, value }) => [label, command.replace('codexBroker.', ''), value].filter((one) => one !== undefined).join(' ')), cures);
      const card = meterTooltip(now);
      const foot = card.split('\n').at(-1)?.split(' &nbsp; ') ?? [];
      assert.ok(foot.length <= cardActionsMax && foot.length >= 5, foot.join('\n'));
      assert.deepEqual(foot.map((link) => link.startsWith('**')), foot.map((_, index) => index < cures.length), 'cures come first, and are bold');
      const commands = [...card.matchAll(/\]\(command:([\w.]+)/g)].map(([, command = '']) => command);
      assert.deepEqual(commands.filter((command) => !tooltipCommands.includes(command)), [], 'the card may run them');
      const own = foot.map((link) => /\(command:([\w.]+)/.exec(link)?.[1]);
      assert.equal(new Set(own).size, own.length, 'no command stands there twice');
    });
  }

  it('are in the language of the editor', async () => {
    const said = await spokenIn(pseudo, () => causes.flatMap(([, change]) => curesOf(factsOf(change)).map(({ label }) => label)).join('\n'));
    assert.equal(untranslated(said, []), '');
  });
});
