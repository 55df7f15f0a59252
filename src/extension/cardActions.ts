// The links at the foot of the card: where nothing can go on, first the one or two that cure it, then the usual ones. Pure.
import { t } from '../protocol/language.ts';
import { stoppingLimit } from '../protocol/limitStands.ts';
import { isKeyUsable, payerOf } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { commandNames } from './commandNames.ts';
import { commandLink } from './markdownText.ts';
import type { TooltipFacts } from './meterFacts.ts';

/** A link of the card. */
export interface CardAction {
  readonly label: string;
  readonly command: string;
  readonly value?: string;
}

/** More links than these are not read. */
export const cardActionsMax = 6;

type ActionFacts = Pick<TooltipFacts, 'link' | 'snapshot' | 'workspaceId' | 'waitingTasks' | 'nowMs' | 'taste'>;

/** The foot of the card. */
export function actionsLine(facts: ActionFacts): string {
  const cures = curesOf(facts);
  const others = usualActions(facts).filter((one) => cures.every(({ command }) => command !== one.command)).slice(0, cardActionsMax - cures.length);
  const written = ({ label, command, value }: CardAction) => commandLink(label, command, ...(value === undefined ? [] : [value]));
  return [...cures.map((one) => `**${written(one)}**`), ...others.map(written)].join(' &nbsp; ');
}

function usualActions({ taste }: ActionFacts): CardAction[] {
  return [
    { label: t('Dashboard'), command: commandNames.openDashboard }, addCredits(),
    { label: t('Metered terminal'), command: commandNames.openMeteredTerminal },
    { label: taste.show === 'left' ? t('Show used') : t('Show left'), command: commandNames.switchLeftUsed },
    showLog(), { label: t('Settings'), command: commandNames.openSettings },
  ];
}

/** What lets work go on, the best first; empty while nothing keeps it, or while nobody knows. In the order in which the meter tells what is in the way. */
export function curesOf({ link, snapshot, workspaceId, waitingTasks = [], nowMs }: ActionFacts): CardAction[] {
  if (link.state === 'down') return [{ label: t('Start broker'), command: commandNames.startBroker }, showLog()];
  if (link.state !== 'connected' || !snapshot) return [];
  if (windowQuestions(snapshot.questions, workspaceId).length > 0) return [{ label: t('Answer'), command: commandNames.answerQuestion }];
  const payer = payerOf(snapshot);
  const planBudget = payer === 'key' ? undefined : stoppingBudget(snapshot.budgets, workspaceId, payer);
  if (planBudget) return [raiseBudget(planBudget.view.id)];
  const keyCure = curesOfKey(snapshot, workspaceId);
  if (payer === 'key' && keyCure) return [keyCure];
  const limit = stoppingLimit(snapshot, workspaceId, nowMs);
  if (!limit) return [];
  const wait = waitingTasks.length > 0 ? [{ label: t('Waiting tasks'), command: commandNames.showWaitingTasks }] : [];
  const window = snapshot.windows.find(({ id }) => id === limit.id);
  const isOfModel = window !== undefined && (window.measure !== 'percent' || window.ofPlan !== undefined);
  // Where a plan is used up, requests with a key go beyond it, once nothing keeps those.
  return [...(payer === 'key' || !keyCure ? [] : [keyCure]), ...(isOfModel ? [{ label: t('Choose another model'), command: commandNames.openSettings, value: 'models' }] : []), ...wait].slice(0, 2);
}

/** What lets requests with a key go on, long limits apart. */
function curesOfKey(snapshot: Snapshot, workspaceId: string | undefined): CardAction | undefined {
  if (!isKeyUsable(snapshot)) return { label: t('Set API key'), command: commandNames.setApiKey };
  if (snapshot.balance.owedMicroCredits > 0) return addCredits();
  const budget = stoppingBudget(snapshot.budgets, workspaceId, 'key');
  if (budget) return raiseBudget(budget.view.id);
  const draw = windowDraw(snapshot, workspaceId);
  if (draw === 'none') return addCredits();
  return draw === 'not-allowed' ? { label: t('Allow purchased credits…'), command: commandNames.allowPurchased } : undefined;
}

function addCredits(): CardAction {
  return { label: t('Add credits'), command: commandNames.topUp };
}

function showLog(): CardAction {
  return { label: t('Log'), command: commandNames.showLog };
}

function raiseBudget(budgetId: string): CardAction {
  return { label: t('Raise the budget…'), command: commandNames.showBudgets, value: budgetId };
}
