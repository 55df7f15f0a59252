// Before a task starts: says when tasks of this workspace usually cost more than is left, and leaves it to the person.
import { budgetAmountText } from '../domain/budgets.ts';
import { tooSmallRoom, type Room, type TaskCost, type TooSmall } from '../domain/taskFit.ts';
import { formatCredits } from '../domain/units.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
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
const runAnyway = 'Run Anyway';

/** Whether the task may start: it fits as far as can be told, or the person wants it all the same. */
export async function passFit(parts: FitParts): Promise<boolean> {
  const snapshot = parts.snapshot();
  if (!snapshot) return true;
  const { workspaceId } = await parts.workspace.token();
  const rooms = roomsOf(snapshot, workspaceId);
  if (rooms.length === 0) return true;
  let former: readonly TaskCost[];
  try {
    former = await formerTasks(parts, workspaceId);
  } catch (error) {
    // A look ahead is a help, not a gate: without it the broker still decides about each request.
    parts.log.warn(`Former tasks could not be looked up: ${error instanceof Error ? error.message : 'unknown failure'}`);
    return true;
  }
  const found = tooSmallRoom(former, rooms);
  return !found || ask(parts, found);
}

/** Everything hard that a task of this workspace draws on. Tasks go on the broker's key, never on a plan. */
function roomsOf(snapshot: Snapshot, workspaceId: string): Room<What>[] {
  const { balance, budgets } = snapshot;
  const credits: Room<What>[] = balance.tracked ? [{ unit: 'credits', left: Math.max(0, balance.balanceMicroCredits - balance.heldMicroCredits), what: 'credits' }] : [];
  return [...credits, ...budgets.filter(({ budget }) => budget.mode === 'hard').flatMap((view): Room<What>[] => {
    const { budget } = view;
    if (budget.per === 'task') return budget.of === undefined ? [{ unit: budget.unit, left: budget.limit, what: { budget: budgetName(view), isPerTask: true } }] : [];
    if (budget.per !== 'everything' && budget.per !== 'workspace' || budget.per === 'workspace' && budget.of !== undefined && budget.of !== workspaceId) return [];
    const use = view.uses.find(({ key }) => key === (budget.per === 'everything' ? '' : workspaceId));
    return [{ unit: budget.unit, left: Math.max(0, budget.limit - (use ? use.used + use.reserved : 0)), what: { budget: budgetName(view), isPerTask: false } }];
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
  const amount = (value: number) => (unit === 'credits' ? `${formatCredits(value, 2, language)} credits` : budgetAmountText(unit, value));
  const lets = what === 'credits' ? `${amount(left)} are left` : what.isPerTask ? `the budget of ${what.budget} lets a task have ${amount(left)}` : `the budget of ${what.budget} has ${amount(left)} left`;
  const cure = what === 'credits' ? ['Top Up', commandNames.topUp] as const : ['Show Budgets', commandNames.showBudgets] as const;
  const chosen = await editor.window.showWarningMessage('This task may not fit into what is left.', {
    modal: true, detail: withoutLinks(`Three of four tasks in this workspace cost up to ${amount(needed)}, and ${lets}. When that is used up the task stops where it is; what it did until then stays.`),
  }, runAnyway, cure[0]);
  if (chosen === cure[0]) await editor.commands.executeCommand(cure[1]);
  return chosen === runAnyway;
}
