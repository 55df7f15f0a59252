// The line of waiting requests: interactive before agent before batch, inside a class deficit round
// robin over workspaces, inside a workspace round robin over threads, inside a thread first come
// first served. It holds no time and starts nothing; its length is bounded.

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
}

/** Bounds of a queue. */
export interface QueueBounds {
  readonly itemsMax: number;
  readonly itemsPerWorkspaceMax: number;
}

/** The bounds of a broker's queue. */
export const queueBounds: QueueBounds = { itemsMax: 1000, itemsPerWorkspaceMax: 200 };

/** How often in a row a waiting class is passed over by those above it before it gets one turn. */
export const passedOverMax = 20;

interface ThreadLine<T> { readonly id: string; items: T[] }
interface WorkspaceLine<T> { readonly id: string; deficit: number; threads: ThreadLine<T>[] }
interface ClassLine<T> { passedOver: number; workspaces: WorkspaceLine<T>[] }

/** A bounded fair queue. */
export class FairQueue<T extends QueueItem> {
  readonly #bounds: QueueBounds;
  readonly #items = new Map<string, T>();
  readonly #perWorkspace = new Map<string, number>();
  #classes: Record<Priority, ClassLine<T>> = {
    interactive: { passedOver: 0, workspaces: [] }, agent: { passedOver: 0, workspaces: [] }, batch: { passedOver: 0, workspaces: [] },
  };

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

  /**
   * Puts an item at the end of its thread's line.
   * @returns why it was not taken in, or `queued`.
   */
  enqueue(item: T): 'queued' | 'queue-full' | 'workspace-full' | 'known' {
    if (this.#items.has(item.id)) return 'known';
    if (this.#items.size >= this.#bounds.itemsMax) return 'queue-full';
    if ((this.#perWorkspace.get(item.workspaceId) ?? 0) >= this.#bounds.itemsPerWorkspaceMax) return 'workspace-full';
    this.#count(item, 1);
    threadOf(workspaceOf(this.#classes[item.priority], item.workspaceId), item.threadId ?? '').items.push(item);
    return 'queued';
  }

  /**
   * Puts an item that was taken before at the head of its class again. The bounds do not apply:
   * it was counted when it came, and what runs is bounded elsewhere.
   */
  putBack(item: T): void {
    if (this.#items.has(item.id)) return;
    this.#count(item, 1);
    const line = this.#classes[item.priority];
    const workspace = workspaceOf(line, item.workspaceId);
    const thread = threadOf(workspace, item.threadId ?? '');
    thread.items.unshift(item);
    moveToFront(workspace.threads, thread);
    moveToFront(line.workspaces, workspace);
    // What its first turn cost is given back, so that it is paid once; enough for this turn in any case.
    workspace.deficit = Math.max(workspace.deficit, item.cost);
  }

  /** Takes an item out, wherever it stands. */
  remove(id: string): T | undefined {
    const item = this.#items.get(id);
    if (!item) return undefined;
    const line = this.#classes[item.priority];
    const workspace = workspaceOf(line, item.workspaceId);
    const thread = threadOf(workspace, item.threadId ?? '');
    thread.items = thread.items.filter((each) => each.id !== id);
    dropEmpty(line);
    this.#count(item, -1);
    return item;
  }

  /** The item whose turn is next; it stays in line. */
  peek(): T | undefined {
    return choose(this.#classes)?.item;
  }

  /** Takes the item whose turn is next. */
  take(): T | undefined {
    const item = takeFrom(this.#classes);
    if (item) this.#count(item, -1);
    return item;
  }

  /**
   * The items in the order in which they will be taken if nothing else comes.
   * @param itemsMax how many of them at most; all without it
   */
  order(itemsMax = this.size): T[] {
    const copy = copyOfAll(this.#classes, itemsMax);
    const items: T[] = [];
    for (let item = takeFrom(copy); item && items.push(item) < itemsMax;) item = takeFrom(copy);
    return items;
  }

  /** 1 for the next in line; absent when it does not wait. */
  place(id: string): number | undefined {
    if (!this.#items.has(id)) return undefined;
    return this.order().findIndex((item) => item.id === id) + 1;
  }

  #count(item: T, by: 1 | -1): void {
    const count = (this.#perWorkspace.get(item.workspaceId) ?? 0) + by;
    if (count > 0) this.#perWorkspace.set(item.workspaceId, count);
    else this.#perWorkspace.delete(item.workspaceId);
    if (by > 0) this.#items.set(item.id, item);
    else this.#items.delete(item.id);
  }
}

type Classes<T> = Record<Priority, ClassLine<T>>;

/** The next item, its workspace, and the credit that every workspace of the class gets with its turn. */
function choose<T extends QueueItem>(classes: Classes<T>): { priority: Priority; workspace: WorkspaceLine<T>; credit: number; item: T } | undefined {
  const waiting = priorities.filter((priority) => classes[priority].workspaces.length > 0);
  const starved = waiting.slice(1).find((priority) => classes[priority].passedOver >= passedOverMax);
  const priority = starved ?? waiting[0];
  if (priority === undefined) return undefined;
  // Rounds of a deficit round robin with the smallest quantum, as many at once as the first turn needs.
  let best: { workspace: WorkspaceLine<T>; missing: number; item: T } | undefined;
  for (const workspace of classes[priority].workspaces) {
    const item = workspace.threads[0]?.items[0];
    if (!item) continue;
    const missing = Math.max(0, item.cost - workspace.deficit);
    if (!best || missing < best.missing) best = { workspace, missing, item };
  }
  return best && { priority, workspace: best.workspace, credit: best.missing, item: best.item };
}

function takeFrom<T extends QueueItem>(classes: Classes<T>): T | undefined {
  const next = choose(classes);
  if (!next) return undefined;
  const line = classes[next.priority];
  for (const priority of priorities.slice(priorities.indexOf(next.priority) + 1)) {
    if (classes[priority].workspaces.length > 0) classes[priority].passedOver += 1;
  }
  line.passedOver = 0;
  for (const workspace of line.workspaces) workspace.deficit += next.credit;
  next.workspace.deficit -= next.item.cost;
  const thread = next.workspace.threads[0];
  thread?.items.shift();
  rotate(next.workspace.threads);
  line.workspaces = [...line.workspaces.filter((each) => each !== next.workspace), next.workspace];
  dropEmpty(line);
  return next.item;
}

function workspaceOf<T>(line: ClassLine<T>, id: string): WorkspaceLine<T> {
  let found = line.workspaces.find((each) => each.id === id);
  if (!found) line.workspaces.push(found = { id, deficit: 0, threads: [] });
  return found;
}

function threadOf<T>(workspace: WorkspaceLine<T>, id: string): ThreadLine<T> {
  let found = workspace.threads.find((each) => each.id === id);
  if (!found) workspace.threads.push(found = { id, items: [] });
  return found;
}

/** Who has nothing left to wait for keeps no credit either: a deficit is not savings. */
function dropEmpty<T>(line: ClassLine<T>): void {
  for (const workspace of line.workspaces) workspace.threads = workspace.threads.filter((each) => each.items.length > 0);
  line.workspaces = line.workspaces.filter((each) => each.threads.length > 0);
  if (line.workspaces.length === 0) line.passedOver = 0;
}

function rotate<T>(list: T[]): void {
  const first = list.shift();
  if (first !== undefined) list.push(first);
}

function moveToFront<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1);
  list.unshift(item);
}

/** A copy to take items from, with as much of each thread as so many turns can reach. */
function copyOfAll<T>(classes: Classes<T>, itemsMax: number): Classes<T> {
  const copyOf = (line: ClassLine<T>): ClassLine<T> => ({
    passedOver: line.passedOver,
    workspaces: line.workspaces.map((workspace) => ({ ...workspace, threads: workspace.threads.map((thread) => ({ ...thread, items: thread.items.slice(0, itemsMax) })) })),
  });
  return { interactive: copyOf(classes.interactive), agent: copyOf(classes.agent), batch: copyOf(classes.batch) };
}
