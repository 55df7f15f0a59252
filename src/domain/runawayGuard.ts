// Watches each task and workspace for work that has got out of hand: circles, a spike against what is usual, and
// spending that would empty the balance before anyone looks. It first slows a task down, then asks a person, and
// says by which evidence. It holds no timer and reads no clock; every moment is passed in.
//
// What it knows is kept in memory alone: a broker that starts anew has seen no circle. What is usual comes from
// the ledger, so it is known from the first request on.
import { say } from './say.ts';
import type { Because } from './say.ts';
import { addSpend, spendAt, spendHistory } from './spendHistory.ts';
import type { SpendHistory } from './spendHistory.ts';
import { judgeSpend } from './spendJudge.ts';
import { addStep, circleOf, noSteps, roundWeight, timesThrough } from './taskSteps.ts';
import type { TaskSteps } from './taskSteps.ts';

/** Rounds of a circle of one step after which a task is slowed down, and after which a person is asked; fewer of a longer one (`roundWeight`). */
export const circleRounds = { slow: 10, ask: 25 } as const;
/** The same for a client that names no task: one that asks many times for the same thing may want just that. */
export const sameRequestRounds = { slow: 200, ask: 1000 } as const;
/** Such a client may go through so many questions over and over because it wants a sample of each. */
const sameRequestsMax = 4;
/** The first pause of a task that is slowed down; it doubles with every request up to the longest. */
export const slowMs = { first: 1_000, longest: 15_000 } as const;
/** Spending is slowed down for so many requests before anybody is asked about it, however grave it is. */
export const slowedFirst = 3;
/** A spike that goes on for so many slowed requests is asked about: being slow has not ended it. */
export const slowedRequestsMax = 20;
/** A released task or workspace may go on this many times as far before it is looked at again. */
export const releaseFactor = 4;
/** Tasks and workspaces that are remembered; the one that was quiet for longest is forgotten first. */
export const watchedMax = 5_000;

/** A request as the guard sees it. */
export interface WatchedRequest {
  readonly workspaceId: string;
  /** Absent for a client that names none. */
  readonly threadId?: string;
  readonly client: string;
  /** The print of what it adds to its task; absent where it cannot be told. */
  readonly print?: string;
  /** The print is of results alone, without the calls that they are of: two edits of one file are answered in the same words. */
  readonly isHalf?: boolean;
  /** It is known to be no look at something that goes on by itself. */
  readonly isWork?: boolean;
}

/** What was found, and what is to be done about it; `because` is the evidence, with its numbers. */
export interface Runaway extends Because {
  readonly kind: 'circle' | 'spike' | 'burn' | 'stopped';
  /** `let` goes on and `stop` is refused, without asking, since a person said so. */
  readonly action: 'slow' | 'ask' | 'let' | 'stop';
  /** How long a request that is slowed down waits. */
  readonly waitMs: number;
}

/** What a person releases: one task, everything in a workspace, or everything, which is not looked at again. */
export type ReleaseScope = 'task' | 'workspace' | 'everywhere';

interface Watched {
  steps: TaskSteps;
  endedAtMs: number | undefined;
  /** What the model wrote last for others to read, in tokens: stands for calls that a request does not name. */
  writtenTokens: number | undefined;
  /** The print of the request that ended last, where nothing came of it. */
  lostPrint: string | undefined;
  /** By how much its bounds were raised. */
  patience: number;
  slowed: number;
  isStopped: boolean;
}

interface Spending {
  history: SpendHistory;
  patience: number;
  /** Requests that were slowed down, and the last quarter hour in which that was: who goes on so in the next one has not been helped by it. */
  slowed: number;
  slowedIn: number | undefined;
}

/** Watches all requests of one broker. */
export class RunawayGuard {
  readonly #tasks = new Map<string, Watched>();
  #isOff = false;
  readonly #spending = new Map<string, Spending>();

  /** Whether a workspace's history is known. Where it is not, give it with `learn`; until then nothing is said about spending. */
  knows(workspaceId: string): boolean {
    return this.#spending.has(workspaceId);
  }

  /** What a workspace spent in past quarter hours, oldest first, in microcredits. @param others the same of the person's other workspaces, which counts while it is new */
  learn(workspaceId: string, past: readonly number[], nowMs: number, others: readonly number[] = []): void {
    if (!this.#spending.has(workspaceId)) keep(this.#spending, workspaceId, { history: spendHistory(past, nowMs, others), patience: 1, slowed: 0, slowedIn: undefined });
  }

  /**
   * Judges a request that wants to start, and counts it. @param freeMicroCredits what is left of the balance; absent when it is not tracked
   * @param nowMs wall time for spending; `monotonicMs` for what is measured within a task
   */
  judge(request: WatchedRequest, at: { readonly nowMs: number; readonly monotonicMs: number; readonly freeMicroCredits?: number }): Runaway | undefined {
    const task = this.#task(request);
    if (task.isStopped) return { kind: 'stopped', action: 'stop', ...say('A person stopped this task because it had got out of hand.'), waitMs: 0 };
    if (this.#isOff) return undefined;
    const print = request.isHalf ? task.writtenTokens === undefined ? undefined : `${request.print ?? ''} ${task.writtenTokens}` : request.print;
    // Who got no answer asks again, as Codex and SDKs do by themselves: that is the same step once more, and no round of a circle.
    if (print !== undefined && print !== task.lostPrint) task.steps = addStep(task.steps, print, task.endedAtMs === undefined ? undefined : at.monotonicMs - task.endedAtMs, request.isWork);
    const circle = this.#circle(request, task);
    const found = circle ?? this.#spend(request, at);
    if (!circle) task.slowed = 0;
    if (!found) return undefined;
    // Spending is the workspace's, whichever of its tasks goes on with it.
    const slowed = circle ? task : this.#spending.get(request.workspaceId) ?? task;
    const waitMs = Math.min(slowMs.longest, slowMs.first * 2 ** Math.min(slowed.slowed, 10));
    slowed.slowed += 1;
    return { ...found, waitMs };
  }

  /**
   * A request of a task is over. @param writtenTokens output without reasoning; absent when unknown
   * @param isLost nothing came of it: it was refused or lost, and nothing was used
   */
  ended(request: WatchedRequest, monotonicMs: number, writtenTokens?: number, isLost = false): void {
    const task = this.#task(request);
    task.endedAtMs = monotonicMs;
    task.writtenTokens = writtenTokens;
    task.lostPrint = isLost ? request.print : undefined;
  }

  /** What a request cost. */
  spent(workspaceId: string, costMicroCredits: number, nowMs: number): void {
    const known = this.#spending.get(workspaceId);
    if (known) known.history = addSpend(known.history, costMicroCredits, nowMs);
  }

  /** A person lets a task, or a whole workspace, go on: its bounds are raised, and what was counted of its circles begins anew. */
  release(scope: ReleaseScope, request: WatchedRequest): void {
    letGo(this.#task(request));
    // A spike is the workspace's, whichever task of it was asked about.
    const spending = this.#spending.get(request.workspaceId);
    if (spending) easeSpending(spending);
    if (scope === 'workspace') for (const [key, task] of this.#tasks) if (key.startsWith(`${request.workspaceId}\n`)) letGo(task);
    this.#isOff ||= scope === 'everywhere';
  }

  /** A person stops a task: its requests are refused until it is released. */
  stop(request: WatchedRequest): void {
    this.#task(request).isStopped = true;
  }

  /** Releases every task and the spending of one workspace, or of all. */
  releaseAll(workspaceId?: string): void {
    for (const [key, task] of this.#tasks) if (workspaceId === undefined || key.startsWith(`${workspaceId}\n`)) letGo(task);
    for (const [key, spending] of this.#spending) if (workspaceId === undefined || key === workspaceId) easeSpending(spending);
  }

  #circle(request: WatchedRequest, task: Watched): Omit<Runaway, 'waitMs'> | undefined {
    const isNamed = request.threadId !== undefined;
    const circle = circleOf(task.steps, isNamed ? undefined : sameRequestsMax);
    if (!circle) return undefined;
    const bounds = isNamed ? circleRounds : sameRequestRounds;
    const rounds = circle.rounds * (isNamed ? roundWeight(circle) : 1);
    if (rounds < bounds.slow * task.patience) return undefined;
    const times = timesThrough(task.steps, circle);
    const evidence = !isNamed && circle.length === 1 ? say('It looks like a circle: {0} has sent the same request {1} times in a row, after {2} requests.', request.client, times, task.steps.steps)
      : !isNamed ? say('It looks like a circle: {0} has sent the same {1} requests {2} times in a row, after {3} requests.', request.client, circle.length, times, task.steps.steps)
      : circle.length === 1 ? say('It looks like a circle: this task got the same result {0} times in a row, after {1} requests.', times, task.steps.steps)
        : say('It looks like a circle: this task went through the same {0} steps {1} times in a row, after {2} requests.', circle.length, times, task.steps.steps);
    return { kind: 'circle', action: rounds >= bounds.ask * task.patience ? 'ask' : 'slow', ...evidence };
  }

  #spend(request: WatchedRequest, { nowMs, freeMicroCredits }: { readonly nowMs: number; readonly freeMicroCredits?: number }): Omit<Runaway, 'waitMs'> | undefined {
    const known = this.#spending.get(request.workspaceId);
    if (!known) return undefined;
    known.history = spendAt(known.history, nowMs);
    const found = judgeSpend(known.history, known.patience, nowMs, freeMicroCredits);
    const { bucket } = known.history;
    if (known.slowedIn !== undefined && bucket > known.slowedIn + 1) Object.assign(known, { slowed: 0, slowedIn: undefined });
    if (!found) return undefined;
    known.slowedIn = bucket;
    const { isGrave, ...why } = found;
    return { ...why, action: known.slowed >= (isGrave ? slowedFirst : slowedRequestsMax) ? 'ask' : 'slow' };
  }

  #task({ workspaceId, threadId, client }: WatchedRequest): Watched {
    const key = `${workspaceId}\n${threadId ?? `\n${client}`}`;
    const known = this.#tasks.get(key) ?? { steps: noSteps, endedAtMs: undefined, writtenTokens: undefined, lostPrint: undefined, patience: 1, slowed: 0, isStopped: false };
    // What was used last stands last.
    this.#tasks.delete(key);
    keep(this.#tasks, key, known);
    return known;
  }
}

function easeSpending(spending: Spending): void {
  Object.assign(spending, { patience: spending.patience * releaseFactor, slowed: 0 });
}

function letGo(task: Watched): void {
  Object.assign(task, { steps: noSteps, patience: task.patience * releaseFactor, slowed: 0, isStopped: false });
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  if (map.size >= watchedMax) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
