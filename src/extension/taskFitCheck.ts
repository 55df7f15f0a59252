// Before a task starts: says when tasks of this workspace usually cost more than is left, and leaves it to the person.
import { tooSmallRoom, usualTask, type Room, type TaskCost, type TooSmall } from '../domain/taskFit.ts';
import { formatCredits, formatTokens } from '../domain/units.ts';
import { budgetAmountWords } from '../protocol/budgetWords.ts';
import { t } from '../protocol/language.ts';
import { payerOf } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetLeft, budgetName } from '../protocol/windowBudgets.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { withoutLinks } from './markdownText.ts';
import type { Schedule } from './schedule.ts';
import type { WindowWorkspace } from './windowWorkspace.ts';

/** What the check needs from outside. */
export interface FitParts {
  readonly editor: Pick<Editor, 'window' | 'commands' | 'env'>;
  readonly log: Log;
  readonly schedule: Pick<Schedule, 'nowMs'>;
  readonly call: BrokerCall;
  readonly workspace: Pick<WindowWorkspace, 'token'>;
  snapshot(): Snapshot | undefined;
}

/** Credits, or a budget by its name. */
type What = 'credits' | { readonly budget: string; readonly isPerTask: boolean };

const dayMs = 86_400_000;
/** Looks back so many days, until there are enough former tasks. */
export const daysMax = 7;
const tasksEnough = 12;

/** A task may start; what such tasks usually come to, as a sentence, where that is known. */
export interface Passed { readonly estimate?: string }

/** Whether the task may start: it fits as far as can be told, or the person wants it all the same. Undefined where it may not. */
export async function passFit(parts: FitParts): Promise<Passed | undefined> {
  const snapshot = parts.snapshot();
  if (!snapshot) return {};
  const { workspaceId } = await parts.workspace.token();
  let former: readonly TaskCost[];
  try {
    former = await formerTasks(parts, workspaceId);
  } catch (error) {
    // A look ahead is a help, not a gate: without it the broker still decides about each request.
    parts.log.warn(`Former tasks could not be looked up: ${error instanceof Error ? error.message : 'unknown failure'}`);
    return {};
  }
  const found = tooSmallRoom(former, roomsOf(snapshot, workspaceId));
  if (found) return await ask(parts, found) ? {} : undefined;
  const estimate = estimateWords(former, snapshot, parts.editor.env.language);
  return estimate === undefined ? {} : { estimate };
}

function estimateWords(former: readonly TaskCost[], snapshot: Snapshot, locale: string): string | undefined {
  const usual = usualTask(former);
  if (!usual) return undefined;
  const tokens = [usual.from, usual.to].map((one) => formatTokens(one.tokens, locale));
  if (payerOf(snapshot) === 'plan') return t('Tasks here usually take {0} to {1} tokens.', ...tokens);
  const credits = [usual.from.microCredits, usual.to.microCredits].map((amount) => formatCredits(amount, 2, locale));
  if (!snapshot.balance.tracked) return t('Tasks here usually take {0} to {1} tokens and {2} to {3} credits.', ...tokens, ...credits);
  return t('Tasks here usually take {0} to {1} tokens and {2} to {3} credits; {4} are left.', ...tokens, ...credits, formatCredits(snapshot.balance.balanceMicroCredits - snapshot.balance.heldMicroCredits, 2, locale));
}

/** Everything hard that a task of this workspace draws on. On a plan, which pays where no key can be used, no credits are a matter. */
function roomsOf(snapshot: Snapshot, workspaceId: string): Room<What>[] {
  const { balance, budgets } = snapshot;
  const isOnPlan = payerOf(snapshot) === 'plan';
  const credits: Room<What>[] = balance.tracked && !isOnPlan ? [{ unit: 'credits', left: Math.max(0, balance.balanceMicroCredits - balance.heldMicroCredits), what: 'credits' }] : [];
  return [...credits, ...budgets.filter(({ budget }) => budget.mode === 'hard' && (budget.unit === 'tokens' || !isOnPlan)).flatMap((view): Room<What>[] => {
    const { budget } = view;
    if (budget.per === 'task') return budget.of === undefined ? [{ unit: budget.unit, left: budgetLeft(view, { used: 0 }), what: { budget: budgetName(view), isPerTask: true } }] : [];
    if (budget.per !== 'everything' && budget.per !== 'workspace' || budget.per === 'workspace' && budget.of !== undefined && budget.of !== workspaceId) return [];
    const use = view.uses.find(({ key }) => key === (budget.per === 'everything' ? '' : workspaceId));
    return [{ unit: budget.unit, left: budgetLeft(view, { used: use ? use.used + use.reserved : 0 }), what: { budget: budgetName(view), isPerTask: false } }];
  })];
}

/** What threads of this workspace came to, the last days' first. */
async function formerTasks({ call, schedule }: FitParts, workspaceId: string): Promise<TaskCost[]> {
  const costs = new Map<string, TaskCost>();
  const nowMs = schedule.nowMs();
  for (let day = 0; day < daysMax && costs.size < tasksEnough; day += 1) {
    const { rows } = await call('workspaceUsage', { by: 'thread', workspaceId, fromMs: nowMs - (day + 1) * dayMs, untilMs: nowMs - day * dayMs });
    for (const { key, costMicroCredits, inputTokens, outputTokens } of rows) {
      const before = costs.get(key);
      if (key !== '') costs.set(key, { microCredits: costMicroCredits + (before?.microCredits ?? 0), tokens: inputTokens + outputTokens + (before?.tokens ?? 0) });
    }
  }
  return [...costs.values()];
}

async function ask({ editor }: FitParts, { room, needed }: TooSmall<What>): Promise<boolean> {
  const { what, unit, left } = room;
  const { language } = editor.env;
  const amount = (value: number) => budgetAmountWords(unit, value, language);
  const usual = what === 'credits' ? t('Three of four tasks in this workspace cost up to {0}, and {1} are left.', amount(needed), amount(left))
    : what.isPerTask ? t('Three of four tasks in this workspace cost up to {0}, and the budget of {1} lets a task have {2}.', amount(needed), what.budget, amount(left))
      : t('Three of four tasks in this workspace cost up to {0}, and the budget of {1} has {2} left.', amount(needed), what.budget, amount(left));
  const cure = what === 'credits' ? [t('Top Up'), commandNames.topUp] as const : [t('Show Budgets'), commandNames.showBudgets] as const;
  const runAnyway = t('Run Anyway');
  const chosen = await editor.window.showWarningMessage(t('This task may not fit into what is left.'), {
    modal: true, detail: withoutLinks(`${usual} ${t('When that is used up the task stops where it is; what it did until then stays.')}`),
  }, runAnyway, cure[0]);
  if (chosen === cure[0]) await editor.commands.executeCommand(cure[1]);
  return chosen === runAnyway;
}
