// Does what the dashboard page asks for: top up, explain, cancel, run a command. Adding credits in
// live mode is confirmed by a native dialog, because it allows money to be spent.
import { problem } from '../domain/problem.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { grantMicroCreditsMax } from '../protocol/control.ts';
import type { ExtensionMessage, PageMessage } from '../protocol/dashboardMessages.ts';
import { problemOf } from './brokerLink.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What the actions need from outside. */
export interface ActionParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'env'>;
  readonly log: Log;
  readonly call: BrokerCall;
  readonly workspace: Pick<WindowWorkspace, 'token' | 'label'>;
  practice(): boolean;
}

type Asked = Exclude<PageMessage, { type: 'ready' }>;

/** Does what a message asks. @returns the answer for the page; failures are part of it */
export async function dashboardAction(parts: ActionParts, message: Asked): Promise<ExtensionMessage | undefined> {
  switch (message.type) {
    case 'topUp': return topUp(parts, message);
    case 'explain':
      try {
        return { type: 'explainResult', id: message.id, result: await parts.call('explain', { id: message.requestId }) };
      } catch (error) {
        return { type: 'explainResult', id: message.id, problem: problemOf(error) };
      }
    case 'cancel':
      try {
        return { type: 'cancelResult', id: message.id, ...await parts.call('cancel', { requestId: message.requestId }) };
      } catch (error) {
        return { type: 'cancelResult', id: message.id, cancelled: false, problem: problemOf(error) };
      }
    case 'run':
      await parts.editor.commands.executeCommand(commandNames[message.command]);
      return undefined;
  }
}

async function topUp(parts: ActionParts, message: Extract<Asked, { type: 'topUp' }>): Promise<ExtensionMessage> {
  const { amountMicroCredits, key, scope, id } = message;
  const answer = { type: 'topUpResult', id } as const;
  if (amountMicroCredits > grantMicroCreditsMax) return { ...answer, problem: problem('argument_invalid', `At most ${formatCredits(grantMicroCreditsMax, 0)} credits are added at once; nothing was added.`) };
  try {
    const consent = scope === 'everywhere' ? { scope } as const : { scope, workspaceId: (await parts.workspace.token()).workspaceId } as const;
    if (!parts.practice() && !await confirmed(parts, amountMicroCredits, scope)) {
      return { ...answer, problem: { ...problem('cancelled', 'No credits were added, because the confirmation was closed.'), remedy: 'Confirm the dialog to add them.' } };
    }
    const result = await parts.call('creditsAdd', { amountMicroCredits, kind: 'purchased', key, consent, note: 'Added in the dashboard' });
    parts.log.info(`${formatCredits(amountMicroCredits)} credits ${result.created ? 'were added' : 'had been added already'}; grant ${result.grant.id}.`);
    return { ...answer, result };
  } catch (error) {
    return { ...answer, problem: problemOf(error) };
  }
}

async function confirmed(parts: ActionParts, amountMicroCredits: number, scope: 'everywhere' | 'workspace'): Promise<boolean> {
  const { language } = parts.editor.env;
  const amount = `${formatCredits(amountMicroCredits, 2, language)} credits (${formatUsd(amountMicroCredits, 2, language)})`;
  const who = scope === 'everywhere' ? 'Requests of every workspace' : `Requests of the workspace "${parts.workspace.label}"`;
  const chosen = await parts.editor.window.showInformationMessage(`Add ${amount}?`, {
    modal: true,
    detail: `${who} may be paid from them. This is a cap on what is spent through the broker; OpenAI bills your API key for what is used.`,
  }, 'Add Credits');
  return chosen === 'Add Credits';
}
