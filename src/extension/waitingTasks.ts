// Codex tasks that a limit stopped and that go on by themselves once it has begun anew, or was raised. They are kept with the
// workspace, so that they outlive a reload of the window and a broker that is started anew.
import type * as vscode from 'vscode';
import type { Schedule } from './schedule.ts';

/** A task that waits. It holds no prompt beyond its title: Codex keeps the rest with the thread. */
export interface WaitingTask {
  readonly threadId: string;
  readonly title: string;
  /** When the limit begins anew. */
  readonly atMs: number;
  /** How often it went on already. */
  readonly continuedTimes: number;
  /** The budgets that stopped it, with their limits then; absent where something else did. */
  readonly stoppedBy?: readonly { readonly id: string; readonly limit: number }[];
}

/** What waiting needs from outside. */
export interface WaitingParts {
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  readonly schedule: Schedule;
  /** Whether Codex could run now: the workspace is trusted and the broker is there. */
  isReady(): boolean;
  /** Lets a task go on and resolves when that run has ended; never rejects. */
  goOn(task: WaitingTask): Promise<void>;
  /** The list is another one now. */
  changed(): void;
}

/** Name under which they are kept. */
export const waitingMemory = 'waitingTasks';
/** No more than these wait in one workspace; the oldest gives way. */
export const waitingTasksMax = 20;
/** Limits are told in whole seconds and clocks differ: a little after the reset nobody is refused for being early. */
export const marginMs = 5_000;
/** It is looked again this often, since a timer stands still while the computer sleeps, and waits for a broker that is not there. */
export const lookEveryMs = 60_000;

/** Keeps them and lets each go on at its time. */
export class WaitingTasks {
  readonly #parts: WaitingParts;
  #cancel = () => undefined as void;
  #isStopped = false;
  #isBusy = false;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    this.#arm();
  }

  /** Those that wait, the next one first. */
  list(): readonly WaitingTask[] {
    return this.#kept().toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Lets a task wait; a thread waits once. */
  async add(task: WaitingTask): Promise<void> {
    await this.#keep([...this.#kept().filter(({ threadId }) => threadId !== task.threadId), task].slice(-waitingTasksMax));
  }

  /** Takes a task from the list, so that it does not go on by itself. */
  async remove(threadId: string): Promise<void> {
    await this.#keep(this.#kept().filter((task) => task.threadId !== threadId));
  }

  /** Lets a task go on before its time. */
  async goOnNow(threadId: string): Promise<void> {
    const task = this.list().find((one) => one.threadId === threadId);
    if (!task) return;
    await this.remove(threadId);
    await this.#parts.goOn(task);
  }

  /** Takes note of the limits of all budgets by their ids: whose every budget was raised or taken away since goes on at once. */
  async budgetsAre(limits: ReadonlyMap<string, number>): Promise<void> {
    const nowMs = this.#parts.schedule.nowMs();
    const isFreed = ({ atMs, stoppedBy = [] }: WaitingTask) => atMs > nowMs && stoppedBy.length > 0 && stoppedBy.every(({ id, limit }) => (limits.get(id) ?? Infinity) > limit);
    const kept = this.#kept();
    if (kept.some(isFreed)) await this.#keep(kept.map((task) => (isFreed(task) ? { ...task, atMs: nowMs - marginMs } : task)));
  }

  /** Ends the waiting in this window; what waits stays in the list. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Those that wait, in the order in which they came. */
  #kept(): WaitingTask[] {
    const kept = this.#parts.memory.get<unknown>(waitingMemory);
    return (Array.isArray(kept) ? kept : []).filter(isWaitingTask);
  }

  async #keep(tasks: readonly WaitingTask[]): Promise<void> {
    await this.#parts.memory.update(waitingMemory, tasks.length === 0 ? undefined : tasks);
    this.#arm();
    this.#parts.changed();
  }

  #arm(): void {
    this.#cancel();
    const [first] = this.list();
    if (!first || this.#isStopped || this.#isBusy) return;
    const { schedule } = this.#parts;
    this.#cancel = schedule.after(Math.min(lookEveryMs, Math.max(0, first.atMs + marginMs - schedule.nowMs())), () => { void this.#look(); });
  }

  /** Those whose time has come go on one after the other: together they would only meet the same limit again. */
  async #look(): Promise<void> {
    const { schedule, isReady, goOn } = this.#parts;
    const [first] = this.list();
    if (!first || first.atMs + marginMs > schedule.nowMs()) { this.#arm(); return; }
    if (!isReady()) {
      this.#cancel = schedule.after(lookEveryMs, () => { void this.#look(); });
      return;
    }
    this.#isBusy = true;
    try {
      await this.remove(first.threadId);
      await goOn(first);
    } finally {
      this.#isBusy = false;
      this.#arm();
    }
  }
}

function isWaitingTask(value: unknown): value is WaitingTask {
  if (typeof value !== 'object' || value === null) return false;
  const { threadId, title, atMs, continuedTimes, stoppedBy = [] } = value as Partial<Record<keyof WaitingTask, unknown>>;
  return Array.isArray(stoppedBy) && stoppedBy.every((each: unknown) => typeof each === 'object' && each !== null) && typeof threadId === 'string' && /^[\w-]{1,100}$/.test(threadId) && typeof title === 'string' && Number.isFinite(atMs) && Number.isInteger(continuedTimes);
}
