// Does what the dashboard page wants changed: answers, permissions, budgets, policies, an undone top-up. What lets
// money be spent without a question, or takes a cap away, is confirmed by a native dialog in live mode.
import type * as vscode from 'vscode';
import type { AutoTopUp } from '../domain/autoTopUp.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import { say } from '../domain/say.ts';
import { formatCredits } from '../domain/units.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
import { answerConfirmed } from './answerConfirm.ts';
import { problemOf } from './brokerLink.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import type { UndoableTopUps } from './undoableTopUps.ts';

/** What the changes need from outside. */
export interface ChangeParts {
  readonly editor: Pick<Editor, 'window' | 'env'>;
  readonly log: Log;
  readonly call: BrokerCall;
  readonly topUps: UndoableTopUps;
  /** Where the seen prices are remembered. */
  readonly memory: Pick<vscode.Memento, 'update'>;
  practice(): boolean;
  snapshot(): Snapshot | undefined;
}

/** Name under which it is kept up to when changed prices were seen. */
export const pricesSeenMemory = 'pricesSeenAtMs';

type Result = Extract<ExtensionMessage, { type: 'changeResult' }>;

/** Makes a change. @returns the answer for the page; failures are part of it */
export async function dashboardChange(parts: ChangeParts, id: number, change: PageChange): Promise<Result> {
  try {
    const movedMicroCredits = await make(parts, change);
    return { type: 'changeResult', id, ...(movedMicroCredits === undefined ? {} : { movedMicroCredits }) };
  } catch (error) {
    return { type: 'changeResult', id, problem: problemOf(error) };
  }
}

/** @returns by how much the balance moved, where it did. @throws ProblemError */
async function make(parts: ChangeParts, change: PageChange): Promise<number | undefined> {
  const { call, log } = parts;
  switch (change.kind) {
    case 'answer': return answer(parts, change);
    case 'askEverywhere':
      await call('consent', { scope: 'everywhere', answer: 'ask' });
      return undefined;
    case 'askWorkspace':
      await call('consent', { scope: 'workspace', workspaceId: change.workspaceId, answer: 'ask' });
      return undefined;
    case 'askModel':
      await call('unpricedSet', { model: change.model, answer: 'ask' });
      return undefined;
    case 'budgetSet':
      await call('budgetSet', { budget: change.budget });
      log.info(`The budget ${change.budget.id} was set.`);
      return undefined;
    case 'budgetRemove': return removeBudget(parts, change.budgetId);
    case 'autoTopUp': return setAutoTopUp(parts, change.rule);
    case 'voucher': {
      const { grant } = await call('voucherRedeem', { code: change.code });
      log.info(`A voucher was redeemed; grant ${grant.id}.`);
      return grant.amountMicroCredits;
    }
    case 'unpricedPolicy':
      if (change.value === 'allow') await confirmed(parts, t('Send requests for every model without a known price?'), t('They are counted, draw no credits, and no budget in credits stops them. OpenAI may bill your API key for them.'), t('Send Them'));
      await call('policySet', { name: 'unpriced', value: change.value });
      return undefined;
    case 'unattendedPolicy':
      if (change.value === 'allow') await confirmed(parts, t('Let requests use purchased credits while no window is open?'), t('Requests of every workspace that was not refused are then paid from purchased credits without a question while no VS Code window can ask it. OpenAI bills your API key for what is used.'), t('Allow'));
      await call('policySet', { name: 'unattended', value: change.value });
      return undefined;
    case 'priority': {
      const { changed } = await call('setPriority', { requestId: change.requestId, priority: change.priority });
      if (!changed) throw new ProblemError(problem('request_not_found', 'The request does not wait in line any more. Nothing was changed.', { remedy: 'It runs, or it has ended.' }));
      return undefined;
    }
    case 'undo': return undo(parts, change.grantId);
    case 'seePrices':
      await parts.memory.update(pricesSeenMemory, change.untilMs);
      return undefined;
  }
}

async function answer(parts: ChangeParts, { requestId, answer: given }: Extract<PageChange, { kind: 'answer' }>): Promise<undefined> {
  const find = () => parts.snapshot()?.questions.find((one) => one.requestId === requestId);
  const question = find();
  if (!question) throw new ProblemError(questionOver());
  if (!parts.practice() && !await answerConfirmed(parts.editor, question, given)) throw new ProblemError(problem('cancelled', 'Nothing was answered, because the confirmation was closed.', { remedy: 'Confirm the dialog to go on.' }));
  const { answered } = await parts.call('answer', { requestId, answer: given });
  if (!answered) throw new ProblemError(questionOver());
  parts.log.info(`The question of request ${requestId} was answered on the dashboard: ${given}.`);
}

function questionOver() {
  return problem('question_not_found', 'No request waits with that question any more. Nothing was changed.');
}

async function setAutoTopUp(parts: ChangeParts, rule: AutoTopUp | null): Promise<undefined> {
  if (rule) {
    const [below, amount, cap] = [rule.belowMicroCredits, rule.amountMicroCredits, rule.capMicroCredits].map((one) => formatCredits(one, 2, parts.editor.env.language));
    await confirmed(parts, t('Let credits be added by themselves?'), t('While fewer than {0} credits are left, {1} purchased ones are added without a question, at most {2} in a month. OpenAI bills your API key for what is used.', below ?? '', amount ?? '', cap ?? ''), t('Switch On'));
  }
  await parts.call('autoTopUpSet', { rule });
  parts.log.info(`The automatic top-up was ${rule ? 'set' : 'switched off'}.`);
}

async function removeBudget(parts: ChangeParts, budgetId: string): Promise<undefined> {
  const view = parts.snapshot()?.budgets.find((one) => one.id === budgetId);
  const name = view ? budgetName(view) : budgetId;
  await confirmed(parts, t('Remove the budget of {0}?', name), view?.budget.mode === 'soft' ? t('It warns no more. What was used stays in the ledger.') : t('It stops no request any more. What was used stays in the ledger.'), t('Remove'));
  const { removed } = await parts.call('budgetRemove', { id: budgetId });
  parts.log.info(`The budget ${budgetId} ${removed ? 'was removed' : 'had been removed already'}.`);
}

async function undo(parts: ChangeParts, grantId: string): Promise<number> {
  if (parts.topUps.leftMs(grantId) <= 0) {
    throw new ProblemError(problem('argument_invalid', 'The minute in which these credits could be taken back here is over. Nothing was changed.', { remedy: say('Run `codex-broker credits void {0}` to take them back.', grantId) }));
  }
  const { changedMicroCredits } = await parts.call('correct', { key: `undo-${grantId}`.slice(0, 200), reason: 'Taken back in the dashboard within a minute', what: { kind: 'void', grantId, disputed: false } });
  parts.topUps.remove(grantId);
  parts.log.info(`The grant ${grantId} was taken back.`);
  return changedMicroCredits;
}

/** Goes on when the person confirms, or where no money is meant. @throws ProblemError `cancelled` */
async function confirmed(parts: ChangeParts, message: string, detail: string, button: string): Promise<void> {
  if (parts.practice()) return;
  if (await parts.editor.window.showWarningMessage(message, { modal: true, detail }, button) !== button) throw new ProblemError(problem('cancelled', 'Nothing was changed, because the confirmation was closed.', { remedy: 'Confirm the dialog to go on.' }));
}
