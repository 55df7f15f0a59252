// Rollups: sums of usage by quarter hour, and by day, and by what people ask about (model, workspace, branch,
// client, command, file, thread, kind), kept beside the usage events so that reports and budgets need not read them all. Pure: what
// one usage event adds to them. The audit computes them a second time from the events.
import { bucketMs } from './budgets.ts';
import type { RequestOrigin, UsageEventRow } from './ledgerRows.ts';

/** What usage is summed by. `asked` is the model as it was asked for, `model` the one that served. */
export const rollupDimensions = ['total', 'model', 'asked', 'workspace', 'client', 'thread', 'kind', 'branch', 'command', 'file'] as const;

/** See `rollupDimensions`. */
export type RollupDimension = (typeof rollupDimensions)[number];

/** The sums of one key in one quarter hour, by column. */
export interface RollupSums {
  /** Requests whose first event it is under this key. */
  readonly requests: number;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cost: number;
  /** Charged attempts with an estimated figure, and attempts with tokens, no price, and no other reason to cost nothing. */
  readonly estimated: number;
  readonly unpriced: number;
  /** Measured attempts: how many, how many cost no more than was held, what was estimated and used, and by how much it was off. */
  readonly measured: number;
  readonly covered: number;
  readonly estimatedInput: number;
  readonly estimatedOutput: number;
  readonly measuredInput: number;
  readonly measuredOutput: number;
  readonly inputError: number;
  readonly outputError: number;
}

/** Names of the sums, in the order in which they are stored. */
export const rollupColumns = [
  'requests', 'input', 'cached', 'cacheWrite', 'output', 'reasoning', 'cost', 'estimated', 'unpriced',
  'measured', 'covered', 'estimatedInput', 'estimatedOutput', 'measuredInput', 'measuredOutput', 'inputError', 'outputError',
] as const satisfies readonly (keyof RollupSums)[];

/** What belongs to a usage event beside its own row. */
export interface RollupContext {
  /** What its request was for. */
  readonly origin: RequestOrigin;
  /** The charge's cost; absent when it was not charged. */
  readonly costMicroCredits?: number;
  /** What was estimated for the attempt; absent for one that was refused. */
  readonly estimate?: { readonly inputTokens: number; readonly outputTokens: number; readonly microCredits: number | null };
}

/** Quarter hours of a day. Days are those of UTC: a sum from any time on is that of whole days and of the quarter hours before the first of them. */
export const bucketsPerDay = 96;

/** The day that a quarter hour is counted in. */
export function dayOf(bucket: number): number {
  return Math.floor(bucket / bucketsPerDay);
}

/** The quarter hour that an event is counted in. */
export function bucketOf(atMs: number): number {
  return Math.floor(atMs / bucketMs);
}

/** What an event is counted under in each dimension. */
export function rollupKeys(event: Pick<UsageEventRow, 'model' | 'modelServed' | 'workspaceId' | 'client' | 'threadId'>, { requestKind, branch, command, file }: RequestOrigin): Readonly<Record<RollupDimension, string>> {
  const { workspaceId } = event;
  return {
    total: '', model: event.modelServed ?? event.model, asked: event.model, workspace: workspaceId, client: event.client,
    thread: event.threadId ?? '', kind: requestKind ?? '', branch: keyWithin(workspaceId, branch), command: command ?? '', file: keyWithin(workspaceId, file),
  };
}

/** The key of what belongs to a workspace, such as a branch: two workspaces have the same names. No workspace's id has a space in it. */
function keyWithin(workspaceId: string, name: string | null): string {
  return name === null ? '' : `${workspaceId} ${name}`;
}

/** The parts of such a key; undefined for the one of what is not known. */
export function partsOfKey(key: string): { readonly workspaceId: string; readonly name: string } | undefined {
  const space = key.indexOf(' ');
  return space === -1 ? undefined : { workspaceId: key.slice(0, space), name: key.slice(space + 1) };
}

/** What an event adds under each of its keys, but for `requests`, which depends on earlier events. */
export function rollupSums(event: UsageEventRow | Omit<UsageEventRow, 'sequence' | 'prevHash' | 'hash'>, { costMicroCredits, estimate }: RollupContext): Omit<RollupSums, 'requests'> {
  const isCorrection = event.corrects !== null;
  const tokens = event.inputTokens + event.outputTokens;
  const learnt = estimate !== undefined && event.measured && costMicroCredits !== undefined && !isCorrection;
  return {
    input: event.inputTokens, cached: event.cachedInputTokens, cacheWrite: event.cacheWriteTokens, output: event.outputTokens, reasoning: event.reasoningTokens,
    cost: costMicroCredits ?? 0,
    estimated: costMicroCredits !== undefined && !event.measured ? 1 : 0,
    unpriced: costMicroCredits === undefined && tokens > 0 && event.freeReason === null ? 1 : 0,
    measured: learnt ? 1 : 0, covered: learnt && estimate.microCredits !== null && costMicroCredits <= estimate.microCredits ? 1 : 0,
    estimatedInput: learnt ? estimate.inputTokens : 0, estimatedOutput: learnt ? estimate.outputTokens : 0,
    measuredInput: learnt ? event.inputTokens : 0, measuredOutput: learnt ? event.outputTokens : 0,
    inputError: learnt ? Math.abs(estimate.inputTokens - event.inputTokens) : 0, outputError: learnt ? Math.abs(estimate.outputTokens - event.outputTokens) : 0,
  };
}
