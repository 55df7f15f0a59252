// Does what the dashboard page asks for: top up, allow, change, explain, cancel, run a command. Adding credits
// and allowing them in live mode is confirmed by a native dialog, because it lets money be spent.
import { problem } from '../domain/problem.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { grantMicroCreditsMax } from '../protocol/controlArguments.ts';
import type { ExtensionMessage, PageMessage } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import { explainWords } from '../protocol/brokerWords.ts';
import { problemOf } from './brokerLink.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { dashboardChange, type ChangeParts } from './dashboardChanges.ts';
import type { DashboardQuestions } from './dashboardQuestions.ts';
import { saveForPage } from './dashboardSaving.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What the actions need from outside. */
export interface ActionParts extends ChangeParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'env' | 'workspace' | 'Uri'>;
  readonly questions: Pick<DashboardQuestions, 'answer' | 'drop'>;
  readonly workspace: Pick<WindowWorkspace, 'token' | 'label'>;
}

type Asked = Exclude<PageMessage, { type: 'ready' }>;

/** Does what a message asks. @returns the answer for the page; failures are part of it */
export async function dashboardAction(parts: ActionParts, message: Asked): Promise<ExtensionMessage | undefined> {
  switch (message.type) {
    case 'topUp': return topUp(parts, message);
    case 'allow': return allow(parts, message.id);
    case 'change': return dashboardChange(parts, message.id, message.change);
    case 'explain':
      try {
        return { type: 'explainResult', id: message.id, result: explainWords(await parts.call('explain', { id: message.requestId })) };
      } catch (error) {
        return { type: 'explainResult', id: message.id, problem: problemOf(error) };
      }
    case 'cancel':
      try {
        return { type: 'cancelResult', id: message.id, ...await parts.call('cancel', { requestId: message.requestId }) };
      } catch (error) {
        return { type: 'cancelResult', id: message.id, cancelled: false, problem: problemOf(error) };
      }
    case 'ask': return parts.questions.answer(message.id, message.question);
    case 'drop':
      parts.questions.drop(message.about);
      return undefined;
    case 'save': return saveForPage(parts.editor, message);
    case 'run':
      await parts.editor.commands.executeCommand(commandNames[message.command]);
      return undefined;
  }
}

async function topUp(parts: ActionParts, message: Extract<Asked, { type: 'topUp' }>): Promise<ExtensionMessage> {
  const { amountMicroCredits, key, scope, id } = message;
  const answer = { type: 'topUpResult', id } as const;
  if (amountMicroCredits > grantMicroCreditsMax) return { ...answer, problem: problem('argument_invalid', 'At most {0} credits are added at once; nothing was added.', { values: [{ credits: grantMicroCreditsMax, decimals: 0 }] }) };
  try {
    const consent = scope === 'everywhere' ? { scope } as const : { scope, workspaceId: (await parts.workspace.token()).workspaceId } as const;
    if (!parts.practice() && !await confirmed(parts, amountMicroCredits, scope)) {
      return { ...answer, problem: problem('cancelled', 'No credits were added, because the confirmation was closed.', { remedy: 'Confirm the dialog to add them.' }) };
    }
    const result = await parts.call('creditsAdd', { amountMicroCredits, kind: 'purchased', key, consent, note: 'Added in the dashboard' });
    if (result.created) parts.topUps.add(result.grant.id);
    parts.log.info(`${formatCredits(amountMicroCredits)} credits ${result.created ? 'were added' : 'had been added already'}; grant ${result.grant.id}.`);
    return { ...answer, result };
  } catch (error) {
    return { ...answer, problem: problemOf(error) };
  }
}

async function allow(parts: ActionParts, id: number): Promise<ExtensionMessage> {
  const answer = { type: 'allowResult', id } as const;
  try {
    const { workspaceId } = await parts.workspace.token();
    if (!parts.practice() && !await allowConfirmed(parts)) {
      return { ...answer, problem: problem('cancelled', 'Nothing was allowed, because the confirmation was closed.', { remedy: 'Confirm the dialog to allow this workspace.' }) };
    }
    await parts.call('consent', { scope: 'workspace', workspaceId });
    parts.log.info(`The workspace "${parts.workspace.label}" may use purchased credits.`);
    return answer;
  } catch (error) {
    return { ...answer, problem: problemOf(error) };
  }
}

async function allowConfirmed(parts: ActionParts): Promise<boolean> {
  const allowIt = t('Allow');
  const chosen = await parts.editor.window.showInformationMessage(t('Allow the workspace "{0}" to use purchased credits?', parts.workspace.label), {
    modal: true,
    detail: t('Its requests are then paid from purchased credits when nothing else is left, whenever those were added. OpenAI bills your API key for what is used.'),
  }, allowIt);
  return chosen === allowIt;
}

async function confirmed(parts: ActionParts, amountMicroCredits: number, scope: 'everywhere' | 'workspace'): Promise<boolean> {
  const { language } = parts.editor.env;
  const who = scope === 'everywhere' ? t('Every workspace may then use purchased credits, these and those added before.')
    : t('The workspace "{0}" may then use purchased credits, these and those added before.', parts.workspace.label);
  const addThem = t('Add Credits');
  const chosen = await parts.editor.window.showInformationMessage(t('Add {0} credits ({1})?', formatCredits(amountMicroCredits, 2, language), formatUsd(amountMicroCredits, 2, language)), {
    modal: true,
    detail: `${who} ${t('This is a cap on what is spent through the broker; OpenAI bills your API key for what is used.')}`,
  }, addThem);
  return chosen === addThem;
}
