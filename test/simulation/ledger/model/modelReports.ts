// The second mind's reports: usage summed by what people ask about, and every budget with what was used of
// it. Sums are made anew from the uses each time.
import type { UsageRow } from '../../../../src/protocol/snapshot.ts';
import type { ImportedUse } from '../../../../src/broker/store/ledgerCommands.ts';
import { importedSums } from './modelImports.ts';
import { beginsAnewAt, budgetsOf, usedUnder } from './modelBudgets.ts';
import { allowsAt, evenDay } from './modelEven.ts';
import type { ModelState, ModelUse } from './modelState.ts';

/** What usage is asked by. */
export const reportKeys = ['day', 'model', 'workspace', 'client', 'thread', 'kind', 'branch', 'command', 'file'] as const;

/** One line of a report. */
export type ReportLine = Omit<UsageRow, 'label'>;

function keyOf(use: ModelUse, by: (typeof reportKeys)[number]): string {
  switch (by) {
    case 'day': return new Date(use.atMs).toISOString().slice(0, 10);
    case 'model': return use.served;
    case 'workspace': return use.workspaceId;
    case 'client': return use.client;
    case 'thread': return use.threadId ?? '';
    case 'kind': return use.requestKind ?? '';
    case 'branch': return use.branch === undefined ? '' : `${use.workspaceId} ${use.branch}`;
    case 'command': return use.command ?? '';
    case 'file': return use.file === undefined ? '' : `${use.workspaceId} ${use.file}`;
  }
}

/** Usage since a moment by a key, in the order of the keys. A request counts once under each key, when its first attempt ended. */
export function usageBy(state: ModelState, by: (typeof reportKeys)[number], sinceMs = -Infinity): ReportLine[] {
  const groups = new Map<string, ModelUse[]>();
  for (const use of state.uses) if (use.atMs >= sinceMs) groups.set(keyOf(use, by), [...groups.get(keyOf(use, by)) ?? [], use]);
  return [...groups].map(([key, uses]) => lineOf(state, by, key, uses)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

function lineOf(state: ModelState, by: (typeof reportKeys)[number], key: string, uses: readonly ModelUse[]): ReportLine {
  const sum = (pick: (use: ModelUse) => number, of = uses) => of.reduce((total, use) => total + pick(use), 0);
  const isFirst = (use: ModelUse) => !use.isCorrection && state.uses.find((one) => one.requestId === use.requestId && !one.isCorrection && (by !== 'model' || one.served === use.served)) === use;
  const learnt = uses.flatMap((use) => (use.measured && use.cost !== undefined && !use.isCorrection && use.estimate ? [{ use, cost: use.cost, estimate: use.estimate }] : []));
  const total = (pick: (one: (typeof learnt)[number]) => number) => learnt.reduce((all, one) => all + pick(one), 0);
  return {
    key, requests: uses.filter(isFirst).length,
    inputTokens: sum((use) => use.usage.inputTokens), cachedInputTokens: sum((use) => use.usage.cachedInputTokens), cacheWriteTokens: sum((use) => use.usage.cacheWriteTokens),
    outputTokens: sum((use) => use.usage.outputTokens), reasoningTokens: sum((use) => use.usage.reasoningTokens), costMicroCredits: sum((use) => use.cost ?? 0),
    estimated: uses.filter((use) => use.cost !== undefined && !use.measured).length,
    unpriced: uses.filter((use) => use.cost === undefined && !use.covered && use.usage.inputTokens + use.usage.outputTokens > 0).length,
    ...(learnt.length === 0 ? {} : { estimates: {
      requests: learnt.length, covered: learnt.filter((one) => one.estimate.microCredits !== undefined && one.cost <= one.estimate.microCredits).length,
      estimatedInputTokens: total((one) => one.estimate.input), usedInputTokens: total((one) => one.use.usage.inputTokens), inputErrorTokens: total((one) => Math.abs(one.estimate.input - one.use.usage.inputTokens)),
      estimatedOutputTokens: total((one) => one.estimate.output), usedOutputTokens: total((one) => one.use.usage.outputTokens), outputErrorTokens: total((one) => Math.abs(one.estimate.output - one.use.usage.outputTokens)),
    } }),
  };
}

/** The same with what was imported, which tells under each key how much of it that is. */
export function withImports(state: ModelState, by: (typeof reportKeys)[number], sinceMs = -Infinity): ReportLine[] {
  const keyIn = (use: ImportedUse) => ({ day: new Date(use.atMs).toISOString().slice(0, 10), model: use.model ?? '', workspace: use.workspaceId, client: use.client, thread: use.threadId ?? '', kind: 'imported', branch: '', command: '', file: '' })[by];
  const lines = new Map(usageBy(state, by, sinceMs).map((line) => [line.key, line]));
  const around = [...state.imports.values()].filter(({ use }) => use.atMs >= sinceMs);
  for (const key of new Set(around.map(({ use }) => keyIn(use)))) {
    const isOwn = (use: ImportedUse) => use.atMs >= sinceMs && keyIn(use) === key;
    const imported = importedSums(state, isOwn);
    const line = lines.get(key) ?? lineOf(state, by, key, []);
    const total = (name: 'requests' | 'inputTokens' | 'cachedInputTokens' | 'cacheWriteTokens' | 'outputTokens' | 'reasoningTokens' | 'costMicroCredits') => line[name] + imported[name];
    lines.set(key, {
      ...line, requests: total('requests'), inputTokens: total('inputTokens'), cachedInputTokens: total('cachedInputTokens'), cacheWriteTokens: total('cacheWriteTokens'), outputTokens: total('outputTokens'), reasoningTokens: total('reasoningTokens'),
      costMicroCredits: total('costMicroCredits'), unpriced: line.unpriced + around.filter(({ use, cost }) => isOwn(use) && cost === undefined).length, imported,
    });
  }
  return [...lines.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** One key of a budget: what is used and reserved, when it begins anew; of a spread one what was used today, and when it has room again. */
export type BudgetKeyLine = readonly [string, number, number, number | undefined, number | undefined, number | undefined];

/** Every budget with the keys that it counts now, and what its days so far allow and until when. */
export function budgetLines(state: ModelState, nowMs: number): (readonly [string, number | undefined, number | undefined, readonly BudgetKeyLine[]])[] {
  return budgetsOf(state).map((budget) => {
    const endsAtMs = beginsAnewAt(budget, nowMs);
    const day = evenDay(budget, nowMs);
    const share = [day?.allowed, day?.isForGood === false ? day.untilMs : undefined] as const;
    const line = (key: string) => {
      const { used, reserved } = usedUnder(state, budget, key, nowMs);
      if (day?.isForGood !== false) return [key, used, reserved, endsAtMs, undefined, undefined] as const;
      const usedToday = usedUnder(state, budget, key, nowMs, day.fromMs).used;
      return [key, used, reserved, endsAtMs, usedToday, used < day.allowed ? undefined : allowsAt(budget, used + 1, nowMs)] as const;
    };
    if (budget.per === 'request') return [budget.id, ...share, []] as const;
    if (budget.per === 'everything') return [budget.id, ...share, [line('')]] as const;
    if (budget.of !== undefined) return [budget.id, ...share, [line(budget.of)]] as const;
    const keys = new Set(state.uses.map((use) => ({ task: use.threadId ?? '', workspace: use.workspaceId, model: use.asked, client: use.client })[budget.per as 'task' | 'workspace' | 'model' | 'client']));
    return [budget.id, ...share, [...keys].filter((key) => key !== '').map(line).filter(([, used]) => used > 0).sort((a, b) => (a[0] < b[0] ? -1 : 1))] as const;
  });
}
