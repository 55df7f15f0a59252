// The line of waiting requests: interactive before agent before batch, inside a class equal shares by cost
// for workspaces (`shareLine.ts`), inside a workspace for threads, inside a thread first come first served.
// It holds no time and starts nothing; its length is bounded, and a turn costs the same however long it is.
import { ShareLine, type Member } from './shareLine.ts';

/** Who goes first. */
export const priorities = ['interactive', 'agent', 'batch'] as const;
/** See `priorities`. */
export type Priority = (typeof priorities)[number];

/** Something that waits. `cost` is a positive integer in any unit, the same for the whole queue. */
export interface QueueItem {
  readonly id: string;
  readonly priority: Priority;
  readonly workspaceId: string;
  readonly threadId?: string;
  readonly cost: number;
  /** Every turn costs about as much: a thread that missed one while its answer took long gets it back. Where they differ, tags tell amounts and no turns. */
  readonly isEven?: true;
}

/** Bounds of a queue. */
export interface QueueBounds {
  readonly itemsMax: number;
  readonly itemsPerWorkspaceMax: number;
  /** So many more of each for what goes first, so that no number of agents and batches turns it away. */
  readonly peopleMax?: number;
}

/** The bounds of a broker's queue. */
export const queueBounds: QueueBounds = { itemsMax: 1000, itemsPerWorkspaceMax: 600, peopleMax: 50 };

/** The bounds for an item of a class. */
export function boundsFor(priority: Priority, { itemsMax, itemsPerWorkspaceMax, peopleMax = 0 }: QueueBounds = queueBounds): Required<QueueBounds> {
  const more = priority === 'interactive' ? peopleMax : 0;
  return { itemsMax: itemsMax + more, itemsPerWorkspaceMax: itemsPerWorkspaceMax + more, peopleMax };
}

/**
 * How many times what its next item costs the classes above a waiting class are served before it gets one turn. By cost,
 * not by turns: a large request that went ahead of twenty small ones would let people wait until there is room for all of it.
 */
export const passedOverMax = 20;

type Thread<T> = Member<T[]>;
type Workspace<T> = Member<ShareLine<T[]>>;
/** `passedOver` is what those above it cost since its last turn. */
interface ClassLine<T> { passedOver: number; readonly workspaces: ShareLine<ShareLine<T[]>> }
type Classes<T> = Readonly<Record<Priority, ClassLine<T>>>;

/** A bounded fair queue. */
export class FairQueue<T extends QueueItem> {
  readonly #bounds: QueueBounds;
  readonly #items = new Map<string, T>();
  readonly #perWorkspace = new Map<string, number>();
  /** What is missing of the limit that all share, as a cost: so much may workspaces with something running catch up. */
  catchUpMax = 0;
  readonly #classes: Classes<T> = { interactive: classLine(), agent: classLine(), batch: classLine() };

  constructor(bounds: QueueBounds = queueBounds) {
    this.#bounds = bounds;
  }

  /** How many wait. */
  get size(): number {
    return this.#items.size;
  }

  /** The waiting item of that id. */
  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  /** How many of a workspace wait. */
  countOf(workspaceId: string): number {
    return this.#perWorkspace.get(workspaceId) ?? 0;
  }

  /** Whether anything of a class waits. */
  has(priority: Priority): boolean {
    return this.#classes[priority].workspaces.size > 0;
  }

  /**
   * Puts an item at the end of its thread's line.
   * @returns why it was not taken in, or `queued`.
   */
  enqueue(item: T): 'queued' | 'queue-full' | 'workspace-full' | 'known' {
    if (this.#items.has(item.id)) return 'known';
    const { itemsMax, itemsPerWorkspaceMax } = boundsFor(item.priority, this.#bounds);
    if (this.#items.size >= itemsMax) return 'queue-full';
    if (this.countOf(item.workspaceId) >= itemsPerWorkspaceMax) return 'workspace-full';
    this.#count(item, 1);
    this.#append(item);
    return 'queued';
  }

  /**
   * Puts an item that was taken before at the head of its class again. The bounds do not apply:
   * it was counted when it came, and what runs is bounded elsewhere. What its first turn cost is given back.
   * @param paid what that was
   */
  putBack(item: T, paid: number = item.cost): void {
    if (this.#items.has(item.id)) return;
    this.#count(item, 1);
    this.#classes[item.priority].workspaces.joinFront(item.workspaceId, paid).line.joinFront(item.threadId ?? '', paid).line.unshift(item);
  }

  /** Puts an item first among those of its workspace, which waits for its turn like the others. The bounds do not apply. */
  rejoin(item: T): void {
    if (this.#items.has(item.id)) return;
    this.#count(item, 1);
    this.#classes[item.priority].workspaces.join(item.workspaceId, this.catchUpMax).line.joinFront(item.threadId ?? '', 0).line.unshift(item);
  }

  /** Takes an item out, wherever it stands. */
  remove(id: string): T | undefined {
    const item = this.#items.get(id);
    const line = item && this.#classes[item.priority];
    const workspace = line?.workspaces.find(item?.workspaceId ?? '');
    const thread = workspace?.line.find(item?.threadId ?? '');
    if (!item || !line || !workspace || !thread) return undefined;
    thread.line.splice(thread.line.indexOf(item), 1);
    leaveIfEmpty(line, workspace, thread);
    this.#count(item, -1);
    return item;
  }

  /** Puts a changed item, such as one of another class, to the end of its thread in the place of the waiting one. @returns whether that waited */
  move(item: T): boolean {
    if (!this.remove(item.id)) return false;
    this.#count(item, 1);
    this.#append(item);
    return true;
  }

  /** The item whose turn is next; it stays in line. */
  peek(): T | undefined {
    const priority = nextClass(this.#classes);
    return priority && headOf(this.#classes[priority]);
  }

  /** Takes the item whose turn is next. */
  take(): T | undefined {
    const priority = nextClass(this.#classes);
    const line = priority && this.#classes[priority];
    const workspace = line?.workspaces.next;
    const thread = workspace?.line.next;
    const item = thread?.line.shift();
    if (!line || !workspace || !thread || !item) return undefined;
    pass(this.#classes, priority, item.cost);
    workspace.line.served(thread, item.cost);
    line.workspaces.served(workspace, item.cost);
    leaveIfEmpty(line, workspace, thread);
    this.#count(item, -1);
    return item;
  }

  /** An item that was taken runs, until `ended`. */
  began({ priority, workspaceId }: T): void {
    this.#classes[priority].workspaces.began(workspaceId);
  }

  /** It ended. @param beyond what it took more than its cost, or less; its workspace pays for it */
  ended({ priority, workspaceId }: T, beyond: number): void {
    this.#classes[priority].workspaces.ended(workspaceId, beyond);
  }

  /**
   * The items in the order in which they will be taken if nothing else comes.
   * @param itemsMax how many of them at most; all without it
   */
  order(itemsMax = this.size): T[] {
    const copy = new FairQueue<T>({ itemsMax: Infinity, itemsPerWorkspaceMax: Infinity });
    for (const priority of priorities) copy.#copyClass(priority, this.#classes[priority], itemsMax);
    const items: T[] = [];
    while (items.length < itemsMax) {
      const item = copy.take();
      if (!item) break;
      items.push(item);
    }
    return items;
  }

  /** 1 for the next in line; absent when it does not wait. */
  place(id: string): number | undefined {
    if (!this.#items.has(id)) return undefined;
    return this.order().findIndex((item) => item.id === id) + 1;
  }

  /** As much of a class as so many turns can reach. */
  #copyClass(priority: Priority, from: ClassLine<T>, itemsMax: number): void {
    const to = this.#classes[priority];
    to.passedOver = from.passedOver;
    for (const workspace of from.workspaces.upcoming(itemsMax)) {
      const ownWorkspace = to.workspaces.copyOf(workspace);
      for (const thread of workspace.line.upcoming(itemsMax)) {
        for (const item of thread.line.slice(0, itemsMax)) {
          ownWorkspace.line.copyOf(thread).line.push(item);
          this.#count(item, 1);
        }
      }
    }
  }

  #append(item: T): void {
    this.#classes[item.priority].workspaces.join(item.workspaceId, this.catchUpMax).line.join(item.threadId ?? '', 0, item.isEven ? item.cost : 0).line.push(item);
  }

  #count(item: T, by: 1 | -1): void {
    const count = (this.#perWorkspace.get(item.workspaceId) ?? 0) + by;
    if (count > 0) this.#perWorkspace.set(item.workspaceId, count);
    else this.#perWorkspace.delete(item.workspaceId);
    if (by > 0) this.#items.set(item.id, item);
    else this.#items.delete(item.id);
  }
}

function classLine<T>(): ClassLine<T> {
  return { passedOver: 0, workspaces: new ShareLine(() => new ShareLine<T[]>(() => [])) };
}

function headOf<T>(line: ClassLine<T>): T | undefined {
  return line.workspaces.next?.line.next?.line[0];
}

/** The class whose turn is next: the highest, or one below it that was passed over for too much. */
function nextClass<T extends QueueItem>(classes: Classes<T>): Priority | undefined {
  const waits = (priority: Priority) => classes[priority].workspaces.size > 0;
  const first = priorities.find(waits);
  return priorities.find((priority) => priority !== first && waits(priority) && classes[priority].passedOver >= passedOverMax * (headOf(classes[priority])?.cost ?? Infinity)) ?? first;
}

/** Notes that a class had a turn that cost so much, and that those below it had to wait. */
function pass<T>(classes: Classes<T>, served: Priority, cost: number): void {
  classes[served].passedOver = 0;
  for (const priority of priorities.slice(priorities.indexOf(served) + 1)) {
    if (classes[priority].workspaces.size > 0) classes[priority].passedOver += cost;
  }
}

/** Who has nothing left to wait for leaves the line. */
function leaveIfEmpty<T>(line: ClassLine<T>, workspace: Workspace<T>, thread: Thread<T>): void {
  if (thread.line.length === 0) workspace.line.leave(thread);
  if (workspace.line.size === 0) {
    workspace.line.forget();
    line.workspaces.leave(workspace);
  }
  if (line.workspaces.size === 0) line.passedOver = 0;
}
