// Asks a person what the spending gate needs to know, and remembers the answer that is meant to
// last: uncapped runs here. A permission for purchased credits is kept by the broker. It spends nothing.
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import { mayUsePurchased } from '../protocol/windowDraw.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import { isPlanStopped, spendingVerdict, type GateFacts, type GateVerdict } from './spendingGate.ts';

/** What the dialog needs from outside. */
export interface GateParts {
  readonly editor: Pick<Editor, 'window' | 'commands'>;
  /** Where the lasting answer is kept, per workspace. */
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  facts(): Omit<GateFacts, 'uncappedAllowed' | 'planMayPay'>;
  /** What is asked for may go on a ChatGPT plan, which needs no key: how Codex is signed in is only known when it starts. */
  readonly planMayPay: boolean;
  /** Allows this workspace to use purchased credits, at the broker. @throws ProblemError */
  allowWorkspace(): Promise<unknown>;
}

/** Name under which the lasting answer is kept. */
export const uncappedMemory = 'uncappedAllowed';

interface Offer {
  readonly message: string;
  readonly buttons: readonly (readonly [label: string, command: string])[];
}

function offerOf(verdict: Exclude<GateVerdict, 'go' | 'uncapped' | 'not-allowed'>, planMayPay: boolean): Offer {
  switch (verdict) {
    case 'trust': return {
      message: t('Codex runs only in a workspace that you trust. The meter and adding credits work without it.'),
      buttons: [[t('Manage Workspace Trust'), 'workbench.trust.manage']],
    };
    case 'broker': return {
      message: t('The Codex broker is not connected, so nothing can be sent yet.'),
      buttons: [[t('Start Broker'), commandNames.startBroker], [t('Show Log'), commandNames.showLog]],
    };
    case 'key': return planMayPay ? {
      message: t('No OpenAI API key is stored, so requests that need one are refused. Practice mode works without one.'),
      buttons: [[t('Set API Key'), commandNames.setApiKey], [t('Practice Mode'), commandNames.startPracticeMode]],
    } : {
      message: keyOnlyWords(),
      buttons: [[t('Set API Key'), commandNames.setApiKey], [t('Open Metered Terminal'), commandNames.openMeteredTerminal], [t('Practice Mode'), commandNames.startPracticeMode]],
    };
    case 'key-rejected': return planMayPay ? {
      message: t('OpenAI rejected the stored API key.'),
      buttons: [[t('Set API Key'), commandNames.setApiKey]],
    } : {
      message: `${t('OpenAI rejected the stored API key.')} ${keyOnlyWords()}`,
      buttons: [[t('Set API Key'), commandNames.setApiKey], [t('Open Metered Terminal'), commandNames.openMeteredTerminal]],
    };
    case 'owed': return {
      message: t('Credits are owed: they were spent before they were taken back. The broker refuses requests until purchased credits are added. Nothing was sent or charged.'),
      buttons: [[t('Top Up'), commandNames.topUp]],
    };
    case 'budget': return {
      message: t('A budget of this workspace is used up, so the broker would refuse the request. Nothing was sent or charged.'),
      buttons: [[t('Show Budgets'), commandNames.showBudgets]],
    };
    case 'top-up': return {
      message: t('No credits are left, so the broker would refuse the request. Nothing was sent or charged.'),
      buttons: [[t('Top Up'), commandNames.topUp]],
    };
  }
}

/** What only a key pays for, and what a plan does. */
function keyOnlyWords(): string {
  return t('Questions to Codex need an API key, and so do Codex tasks until the broker has seen a request on your ChatGPT plan; in a metered terminal the plan pays at once.');
}

/** Whether the gate asks in a message that may stand there for long, and does not have to be answered. */
export function asksAside(parts: GateParts): boolean {
  return !['go', 'uncapped', 'not-allowed'].includes(spendingVerdict(factsOf(parts)));
}

function factsOf({ planMayPay, facts, memory }: Pick<GateParts, 'planMayPay' | 'facts' | 'memory'>): GateFacts {
  return { ...facts(), planMayPay, uncappedAllowed: memory.get(uncappedMemory) === true };
}

/** Passes the gate or says why not. @returns true when the command may spend now */
export async function passGate(parts: GateParts): Promise<boolean> {
  const { planMayPay } = parts;
  const facts = factsOf(parts);
  const verdict = spendingVerdict(facts);
  if (verdict === 'go') return true;
  if (verdict === 'uncapped') return askUncapped(parts);
  // How Codex is signed in is not known here: whatever keeps only a key from paying is no obstacle to a plan.
  const mayGoOn = planMayPay && verdict !== 'trust' && verdict !== 'broker' && !isPlanStopped(facts);
  if (verdict === 'not-allowed') return askAllowance(parts, mayGoOn);
  const offer = offerOf(verdict, planMayPay);
  const message = mayGoOn ? `${offer.message} ${planPaysWords()}` : offer.message;
  const planButton = t('Go On with a Plan');
  const chosen = await parts.editor.window.showWarningMessage(message, ...(mayGoOn ? [planButton] : []), ...offer.buttons.map(([label]) => label));
  if (chosen === planButton) return true;
  const command = offer.buttons.find(([label]) => label === chosen)?.[1];
  if (command !== undefined) await parts.editor.commands.executeCommand(command);
  return false;
}

function planPaysWords(): string {
  return t('Codex that is signed in with ChatGPT goes on its plan.');
}

async function askUncapped(parts: GateParts): Promise<boolean> {
  const [addFirst, once, always] = [t('Add Credits First'), t('Run Once'), t('Always in This Workspace')];
  const detail = t('No credits were added to the broker yet, so it counts and prices requests but blocks none. Adding credits sets a cap.');
  const chosen = await parts.editor.window.showWarningMessage(
    parts.planMayPay ? t('Codex that goes with the API key will be paid by your OpenAI account, and nothing caps it.') : t('Codex will be paid by your OpenAI account, and nothing caps it.'),
    { modal: true, detail: parts.planMayPay ? `${detail} ${planPaysWords()}` : detail },
    addFirst, once, always,
  );
  if (chosen === addFirst) await parts.editor.commands.executeCommand(commandNames.topUp);
  if (chosen === always) await parts.memory.update(uncappedMemory, true);
  return chosen === once || chosen === always;
}

/** Asks whether this workspace may use purchased credits, without anything being sent. @throws ProblemError */
export async function allowPurchased(parts: GateParts): Promise<void> {
  const { window, commands } = parts.editor;
  const { connected, snapshot, workspaceId } = parts.facts();
  if (!connected || !snapshot) {
    const { message, buttons } = offerOf('broker', parts.planMayPay);
    const chosen = await window.showWarningMessage(message, ...buttons.map(([label]) => label));
    const command = buttons.find(([label]) => label === chosen)?.[1];
    if (command !== undefined) await commands.executeCommand(command);
    return;
  }
  if (mayUsePurchased(snapshot.consent, workspaceId)) {
    const credits = t('Open Dashboard');
    if (await window.showInformationMessage(t('This workspace may use purchased credits already. The permission can be taken back on the Credits page.'), credits) === credits) await commands.executeCommand(commandNames.openDashboard);
    return;
  }
  const allow = t('Allow This Workspace');
  const chosen = await window.showWarningMessage(t('May this workspace use purchased credits?'), { modal: true, detail: t('The permission is for all purchased credits, and lasts until it is taken back.') }, allow);
  if (chosen === allow) await parts.allowWorkspace();
}

async function askAllowance(parts: GateParts, mayGoOn: boolean): Promise<boolean> {
  const [allow, topUp, plan] = [t('Allow This Workspace'), t('Top Up'), t('Go On with a Plan')];
  const detail = t('Only purchased credits are free, and they were refused to this workspace, so the broker refuses its requests. Nothing was sent or charged. The permission is for all purchased credits, and lasts until it is taken back.');
  const chosen = await parts.editor.window.showWarningMessage(
    t('This workspace may not use purchased credits.'),
    { modal: true, detail: mayGoOn ? `${detail} ${planPaysWords()}` : detail },
    allow, topUp, ...(mayGoOn ? [plan] : []),
  );
  if (chosen === topUp) await parts.editor.commands.executeCommand(commandNames.topUp);
  if (chosen === plan) return true;
  if (chosen !== allow) return false;
  await parts.allowWorkspace();
  return true;
}
