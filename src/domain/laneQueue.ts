// The waiting requests of one model: a fair line, and beside it one for each limit on images. What only such a limit
// holds back steps aside, so that it holds back nobody without images, and comes back to its workspace's next turn
// once there is room. Nothing is paid for stepping aside; a turn costs the same however many wait.
import { boundsFor, FairQueue, priorities, type Priority, type QueueBounds, type QueueItem } from './fairQueue.ts';
import { imageMeasures, type ImageMeasure } from './measure.ts';

const unbounded: QueueBounds = { itemsMax: Infinity, itemsPerWorkspaceMax: Infinity };

/** A bounded fair line with places beside it. */
export class LaneQueue<T extends QueueItem> {
  readonly #bounds: QueueBounds;
  readonly #line = new FairQueue<T>(unbounded);
  readonly #aside: Readonly<Record<ImageMeasure, FairQueue<T>>> = { images: new FairQueue<T>(unbounded), madeImages: new FairQueue<T>(unbounded) };
  /** What came back into the line and has not had its turn: at most one of a class from each place beside it. */
  readonly #returned = new Map<string, { readonly measure: ImageMeasure; readonly priority: Priority }>();

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** How many wait, in the line and beside it. */
  get size(): number {
    return this.#all.reduce((sum, each) => sum + each.size, 0);
  }

  /** How many wait in the line, or beside it for a limit. */
  sizeOf(aside?: ImageMeasure): number {
    return (aside ? this.#aside[aside] : this.#line).size;
  }

  /** How many are shown ahead of those that wait beside the line for a limit, or of the line itself. */
  sizeBefore(aside?: ImageMeasure): number {
    return aside === undefined ? 0 : this.#all.slice(0, 1 + imageMeasures.indexOf(aside)).reduce((sum, each) => sum + each.size, 0);
  }

  /** The waiting item of that id. */
  get(id: string): T | undefined {
    return this.#of(id)?.get(id);
  }

  /** Beside the line for which limit an item waits; absent when it does not. */
  asideOf(id: string): ImageMeasure | undefined {
    return imageMeasures.find((measure) => this.#aside[measure].get(id) !== undefined);
  }

  /**
   * Puts an item at the end of its thread's line.
   * @param catchUpMax see `FairQueue.catchUpMax`
   * @returns why it was not taken in, or `queued`
   */
  enqueue(item: T, catchUpMax = 0): ReturnType<FairQueue<T>['enqueue']> {
    if (this.get(item.id)) return 'known';
    const { itemsMax, itemsPerWorkspaceMax } = boundsFor(item.priority, this.#bounds);
    if (this.size >= itemsMax) return 'queue-full';
    this.#line.catchUpMax = catchUpMax;
    const ofWorkspace = this.#all.reduce((sum, each) => sum + each.countOf(item.workspaceId), 0);
    return ofWorkspace >= itemsPerWorkspaceMax ? 'workspace-full' : this.#line.enqueue(item);
  }

  /** Puts an item that was taken before at the head of its class again; see `FairQueue.putBack`. */
  putBack(item: T): void {
    this.#line.putBack(item);
  }

  /** Takes an item out, wherever it waits. */
  remove(id: string): T | undefined {
    this.#returned.delete(id);
    return this.#of(id)?.remove(id);
  }

  /** Puts a changed item, such as one of another class, into the line in the place of the waiting one. @returns whether that waited */
  move(item: T): boolean {
    if (!this.remove(item.id)) return false;
    this.#line.enqueue(item);
    return true;
  }

  /** The item whose turn is next in the line; it stays there. */
  peek(): T | undefined {
    return this.#line.peek();
  }

  /** Takes the item whose turn is next in the line. */
  take(): T | undefined {
    const item = this.#line.take();
    if (item) this.#returned.delete(item.id);
    return item;
  }

  /** An item that was taken runs, until `ended`; see `FairQueue.began`. */
  began(item: T): void {
    this.#line.began(item);
  }

  /** It ended; see `FairQueue.ended`. */
  ended(item: T, beyond: number): void {
    this.#line.ended(item, beyond);
  }

  /** Whether somebody of an item's class or a higher one waits for that limit already, so that it may not take what is left of it. */
  isBehind({ id, priority }: T, measure: ImageMeasure): boolean {
    const last = priorities.indexOf(priority);
    return this.#returned.get(id)?.measure !== measure && priorities.slice(0, last + 1).some((each) => this.#aside[measure].has(each));
  }

  /** An item of the line steps aside. @param isFirst whether it had a turn before and waits ahead of the others of its class */
  setAside(item: T, measure: ImageMeasure, isFirst: boolean): void {
    const cameFrom = this.#returned.get(item.id);
    if (!this.remove(item.id)) return;
    if (cameFrom?.measure === measure) this.#aside[measure].putBack(item);
    else if (isFirst) this.#aside[measure].putBack(item, 0);
    else this.#aside[measure].enqueue(item);
  }

  /** The next of those that wait for a limit; absent while one of its class came back and waits for its turn. */
  asideHead(measure: ImageMeasure): T | undefined {
    const head = this.#aside[measure].peek();
    const isOut = head && [...this.#returned.values()].some((each) => each.measure === measure && each.priority === head.priority);
    return isOut ? undefined : head;
  }

  /** The next of those that wait for a limit comes back to its workspace's next turn. */
  bringBack(measure: ImageMeasure): void {
    const item = this.asideHead(measure) && this.#aside[measure].take();
    if (!item) return;
    this.#line.rejoin(item);
    this.#returned.set(item.id, { measure, priority: item.priority });
  }

  /** The items of the line, or of those beside it, in the order in which they will be taken if nothing else comes. @param itemsMax how many of them at most; all without it */
  order(itemsMax?: number, aside?: ImageMeasure): T[] {
    return (aside ? this.#aside[aside] : this.#line).order(itemsMax);
  }

  get #all(): FairQueue<T>[] {
    return [this.#line, ...imageMeasures.map((measure) => this.#aside[measure])];
  }

  #of(id: string): FairQueue<T> | undefined {
    return this.#all.find((each) => each.get(id) !== undefined);
  }
}
