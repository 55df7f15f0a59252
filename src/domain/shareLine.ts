// A line whose members get equal shares by cost, whoever waits: each has a tag, what it was served so far, and
// the least served comes next. It is deficit round robin with the smallest quantum, without walking the rounds.
// Who comes anew, or comes back after nothing of it waited or ran, starts where the line stands: no credit is saved up
// by being away, and what was taken ahead is not forgotten while anything waits or runs. Who has something running is
// not away: what others took ahead of it while there was enough for all it catches up on, as far as it is missing now.
// A member holds items, or a line of its own. One that works on one item after the other is always away meanwhile: it may be
// given back a turn that it missed so.
import { nowhere, TagHeap, type Tagged } from './tagHeap.ts';

/** A member that items wait for, and how many of those that had their turn still run. */
export interface Member<L> extends Tagged { readonly id: string; readonly line: L; running: number }

/** Members that are remembered although nothing of them waits or runs, beside those of which something does. */
const rememberedMax = 256;

/** Equal shares for members of one kind. */
export class ShareLine<L> {
  readonly #members = new Map<string, Member<L>>();
  readonly #waiting = new TagHeap<Member<L>>();
  readonly #make: () => L;
  /** The largest tag with which a turn was had. */
  #clock = 0;
  #running = 0;
  #last = 0;
  #front = 0;

  constructor(make: () => L) {
    this.#make = make;
  }

  /** How many wait. */
  get size(): number { return this.#waiting.size; }

  /** Whose turn is next. */
  get next(): Member<L> | undefined { return this.#waiting.first; }

  /** The next so many in the order of their first turns. */
  upcoming(count: number): Member<L>[] { return this.#waiting.smallest(count); }

  /** The member of that name, if anything of it waits. */
  find(id: string): Member<L> | undefined {
    const member = this.#members.get(id);
    return member && member.at !== nowhere ? member : undefined;
  }

  /**
   * The member of that name, taken into the line if it is not.
   * @param catchUpMax how far behind the line it may start, where it has something running or nobody waits
   * @param missedMax  how far behind the line it may start anyhow, if it is remembered: one that is new missed nothing
   */
  join(id: string, catchUpMax = 0, missedMax = 0): Member<L> {
    // Once nothing waits or runs, nobody can be ahead of anybody.
    if (this.size === 0 && this.#running === 0) this.#members.clear();
    const before = this.#members.get(id);
    const member = before ?? this.#memberOf(id);
    if (member.at !== nowhere) return member;
    const behind = this.#clock - (before && missedMax > 0 ? missedMax : catchUpMax);
    const from = before && missedMax > 0 || member.running > 0 || !this.next ? behind : Math.max(behind, Math.min(this.#clock, this.next.tag));
    member.tag = Math.max(before?.tag ?? from, from);
    member.order = this.#last += 1;
    this.#waiting.put(member);
    return member;
  }

  /** Takes a member in, or moves it, before all others, and gives back what it paid for a turn that came to nothing. */
  joinFront(id: string, paid: number): Member<L> {
    const member = this.#memberOf(id);
    member.tag = Math.min(member.tag - paid, this.next?.tag ?? Infinity);
    member.order = this.#front -= 1;
    this.#waiting.put(member);
    return member;
  }

  /** Takes in a member with the place that it has in another line. */
  copyOf({ id, tag, order }: Member<L>): Member<L> {
    const member = this.#memberOf(id);
    if (member.at !== nowhere) return member;
    [member.tag, member.order] = [tag, order];
    this.#last = Math.max(this.#last, order);
    this.#waiting.put(member);
    return member;
  }

  /** A member had its turn, which cost so much. */
  served(member: Member<L>, cost: number): void {
    this.#clock = Math.max(this.#clock, member.tag);
    member.tag += cost;
    member.order = this.#last += 1;
    if (member.at !== nowhere) this.#waiting.put(member);
  }

  /** What had its turn runs until `ended`. */
  began(id: string): void {
    this.#memberOf(id).running += 1;
    this.#running += 1;
  }

  /** It ended. @param beyond what it took more than its turn had cost, or less */
  ended(id: string, beyond: number): void {
    const member = this.#members.get(id);
    if (!member || member.running === 0) return;
    member.running -= 1;
    this.#running -= 1;
    member.tag += beyond;
    if (member.at !== nowhere) this.#waiting.put(member);
  }

  /** Nothing of a member waits any more. */
  leave(member: Member<L>): void {
    this.#waiting.remove(member);
    if (this.#members.size > this.size + this.#running + rememberedMax) this.forget();
  }

  /** Forgets everybody of whom nothing waits or runs. */
  forget(): void {
    for (const [id, member] of this.#members) if (member.at === nowhere && member.running === 0) this.#members.delete(id);
  }

  #memberOf(id: string): Member<L> {
    let member = this.#members.get(id);
    if (!member) this.#members.set(id, member = { id, line: this.#make(), tag: this.#clock, order: 0, at: nowhere, running: 0 });
    return member;
  }
}
