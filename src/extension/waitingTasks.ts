// Codex tasks that a limit stopped and that go on by themselves once it has begun anew, or was raised. They are kept with the
// workspace, so that they outlive a reload of the window and a broker that is started anew. One that goes on stays in the
// list with a mark until its run has ended: with a window that closes meanwhile it comes back, but goes on only if a
// person says so, because nobody knows how far it came.
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
  /** When it went on last; of a run that has not ended. */
  readonly begunAtMs?: number;
}

/** What waiting needs from outside. */
export interface WaitingParts {
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  readonly schedule: Schedule;
  /** Whether Codex could run now: the workspace is trusted and the broker is there. */
  isReady(): boolean;
  /** Lets a task go on and resolves when that run has ended; never rejects. @returns false where Codex was not started */
  goOn(task: WaitingTask): Promise<boolean>;
  /** A task could not go on: it is kept, and waits for a person's word. */
  interrupted(task: WaitingTask): void;
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
  /** The threads that go on in this window. */
  readonly #running = new Set<string>();

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    this.#arm();
  }

  /** Those that wait, the next one first. */
  list(): readonly WaitingTask[] {
    return this.#kept().filter((task) => task.begunAtMs === undefined && !this.#running.has(task.threadId)).toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Those whose run did not begin, or ended with its window. They go on only if a person says so. */
  interrupted(): readonly WaitingTask[] {
    return this.#kept().filter((task) => task.begunAtMs !== undefined && !this.#running.has(task.threadId));
  }

  /** Lets a task wait; a thread waits once. */
  async add(task: WaitingTask): Promise<void> {
    await this.#keep([...this.#kept().filter(({ threadId }) => threadId !== task.threadId), task].slice(-waitingTasksMax));
  }

  /** Takes a task from the list, so that it does not go on by itself. */
  async remove(threadId: string): Promise<void> {
    await this.#keep(this.#kept().filter((task) => task.threadId !== threadId));
  }

  /** Lets a task go on before its time, or one that was interrupted. */
  async goOnNow(threadId: string): Promise<void> {
    const task = [...this.list(), ...this.interrupted()].find((one) => one.threadId === threadId);
    if (task) await this.#goOn(task);
  }

  /** Takes note of the limits of all budgets by their ids: whose every budget was raised or taken away since goes on at once. */
  async budgetsAre(limits: ReadonlyMap<string, number>): Promise<void> {
    const nowMs = this.#parts.schedule.nowMs();
    const isFreed = ({ atMs, stoppedBy = [], begunAtMs }: WaitingTask) => begunAtMs === undefined && atMs > nowMs && stoppedBy.length > 0 && stoppedBy.every(({ id, limit }) => (limits.get(id) ?? Infinity) > limit);
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
    await this.#parts.memory.update(waitingMemory, listed(tasks));
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
    const { schedule, isReady } = this.#parts;
    const [first] = this.list();
    if (!first || first.atMs + marginMs > schedule.nowMs()) { this.#arm(); return; }
    if (!isReady()) {
      this.#cancel = schedule.after(lookEveryMs, () => { void this.#look(); });
      return;
    }
    this.#isBusy = true;
    try {
      await this.#goOn(first);
    } finally {
      this.#isBusy = false;
      this.#arm();
    }
  }

  /** One run of a task, which stays in the list until that has ended. */
  async #goOn({ begunAtMs: _begunAtMs, ...task }: WaitingTask): Promise<void> {
    const { goOn, interrupted, changed, memory, schedule } = this.#parts;
    const { threadId } = task;
    this.#running.add(threadId);
    try {
      await this.#keep(this.#kept().map((one) => (one.threadId === threadId ? { ...task, begunAtMs: schedule.nowMs() } : one)));
      const hasRun = await goOn(task);
      // With the window its runs end too: the next one finds the mark.
      if (this.#isStopped) return;
      this.#running.delete(threadId);
      const left = this.#kept().find((one) => one.threadId === threadId);
      if (!left) return;
      // Without the mark it waits for a limit again.
      if (hasRun && left.begunAtMs !== undefined) {
        await memory.update(waitingMemory, listed(this.#kept().filter((one) => one !== left)));
        return;
      }
      this.#arm();
      changed();
      if (!hasRun) interrupted(task);
    } finally {
      if (!this.#isStopped) this.#running.delete(threadId);
    }
  }
}

function listed(tasks: readonly WaitingTask[]): readonly WaitingTask[] | undefined {
  return tasks.length === 0 ? undefined : tasks;
}

function isWaitingTask(value: unknown): value is WaitingTask {
  if (typeof value !== 'object' || value === null) return false;
  const { threadId, title, atMs, continuedTimes, stoppedBy = [], begunAtMs = 0 } = value as Partial<Record<keyof WaitingTask, unknown>>;
  return Array.isArray(stoppedBy) && stoppedBy.every((each: unknown) => typeof each === 'object' && each !== null) && typeof threadId === 'string' && /^[\w-]{1,100}$/.test(threadId) && typeof title === 'string' && Number.isFinite(atMs) && Number.isFinite(begunAtMs) && Number.isInteger(continuedTimes);
}
