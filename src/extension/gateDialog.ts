// Asks a person what the spending gate needs to know, and remembers the answer that is meant to
// last: uncapped runs here. A permission for purchased credits is kept by the broker. It spends nothing.
import type * as vscode from 'vscode';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { spendingVerdict, type GateFacts, type GateVerdict } from './spendingGate.ts';

/** What the dialog needs from outside. */
export interface GateParts {
  readonly editor: Pick<Editor, 'window' | 'commands'>;
  /** Where the lasting answer is kept, per workspace. */
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  facts(): Omit<GateFacts, 'uncappedAllowed'>;
  /** What is asked for may go on a ChatGPT plan, which needs no key: how Codex is signed in is only known when it starts. */
  readonly planMayPay?: boolean;
  /** Allows this workspace to use purchased credits, at the broker. @throws ProblemError */
  allowWorkspace(): Promise<unknown>;
}

/** Goes on without a key. */
const planButton = 'Go On with a Plan';

/** Name under which the lasting answer is kept. */
export const uncappedMemory = 'uncappedAllowed';

const offers: Record<Exclude<GateVerdict, 'go' | 'uncapped' | 'not-allowed'>, { readonly message: string; readonly buttons: readonly (readonly [label: string, command: string])[] }> = {
  trust: {
    message: 'Codex runs only in a workspace that you trust. The meter and adding credits work without it.',
    buttons: [['Manage Workspace Trust', 'workbench.trust.manage']],
  },
  broker: {
    message: 'The Codex broker is not connected, so nothing can be sent yet.',
    buttons: [['Start Broker', commandNames.startBroker], ['Show Log', commandNames.showLog]],
  },
  key: {
    message: 'No OpenAI API key is stored, so requests that need one are refused. Practice mode works without one.',
    buttons: [['Set API Key', commandNames.setApiKey], ['Practice Mode', commandNames.startPracticeMode]],
  },
  'key-rejected': {
    message: 'OpenAI rejected the stored API key.',
    buttons: [['Set API Key', commandNames.setApiKey]],
  },
  owed: {
    message: 'Credits are owed: they were spent before they were taken back. The broker refuses requests until purchased credits are added. Nothing was sent or charged.',
    buttons: [['Top Up', commandNames.topUp]],
  },
  budget: {
    message: 'A budget of this workspace is used up, so the broker would refuse the request. Nothing was sent or charged.',
    buttons: [['Show Budgets', commandNames.showBudgets]],
  },
  'top-up': {
    message: 'No credits are left, so the broker would refuse the request. Nothing was sent or charged.',
    buttons: [['Top Up', commandNames.topUp]],
  },
};

/** Passes the gate or says why not. @returns true when the command may spend now */
export async function passGate(parts: GateParts): Promise<boolean> {
  const verdict = spendingVerdict({ ...parts.facts(), uncappedAllowed: parts.memory.get(uncappedMemory) === true });
  if (verdict === 'go') return true;
  if (verdict === 'uncapped') return askUncapped(parts);
  if (verdict === 'not-allowed') return askAllowance(parts);
  const offer = offers[verdict];
  const mayGoOn = parts.planMayPay === true && (verdict === 'key' || verdict === 'key-rejected');
  const message = mayGoOn ? `${offer.message} Codex that is signed in with ChatGPT goes on its plan.` : offer.message;
  const chosen = await parts.editor.window.showWarningMessage(message, ...(mayGoOn ? [planButton] : []), ...offer.buttons.map(([label]) => label));
  if (chosen === planButton) return true;
  const command = offer.buttons.find(([label]) => label === chosen)?.[1];
  if (command !== undefined) await parts.editor.commands.executeCommand(command);
  return false;
}

async function askUncapped(parts: GateParts): Promise<boolean> {
  const choices = ['Add Credits First', 'Run Once', 'Always in This Workspace'] as const;
  const chosen = await parts.editor.window.showWarningMessage(
    'Codex will be paid by your OpenAI account, and nothing caps it.',
    { modal: true, detail: 'No credits were added to the broker yet, so it counts and prices requests but blocks none. Adding credits sets a cap.' },
    ...choices,
  );
  if (chosen === 'Add Credits First') await parts.editor.commands.executeCommand(commandNames.topUp);
  if (chosen === 'Always in This Workspace') await parts.memory.update(uncappedMemory, true);
  return chosen === 'Run Once' || chosen === 'Always in This Workspace';
}

async function askAllowance(parts: GateParts): Promise<boolean> {
  const chosen = await parts.editor.window.showWarningMessage(
    'This workspace may not use purchased credits.',
    { modal: true, detail: 'Only purchased credits are free, and they were refused to this workspace, so the broker refuses its requests. Nothing was sent or charged. The permission is for all purchased credits, and lasts until it is taken back.' },
    'Allow This Workspace', 'Top Up',
  );
  if (chosen === 'Top Up') await parts.editor.commands.executeCommand(commandNames.topUp);
  if (chosen !== 'Allow This Workspace') return false;
  await parts.allowWorkspace();
  return true;
}
