// A line whose members get equal shares by cost, whoever waits: each has a tag, what it was served so far, and
// the least served comes next. It is deficit round robin with the smallest quantum, without walking the rounds.
// Who comes anew, or comes back after nothing of it waited, starts where the line stands: no credit is saved up,
// and what was taken ahead is not forgotten while others wait. A member holds items, or a line of its own.
import { nowhere, TagHeap, type Tagged } from './tagHeap.ts';

/** A member that items wait for. */
export interface Member<L> extends Tagged { readonly id: string; readonly line: L }

/** Members that are remembered although nothing of them waits, beside those of which something does. */
const rememberedMax = 256;

/** Equal shares for members of one kind. */
export class ShareLine<L> {
  readonly #members = new Map<string, Member<L>>();
  readonly #waiting = new TagHeap<Member<L>>();
  readonly #make: () => L;
  #clock = 0;
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

  /** The member of that name, taken into the line if it is not. */
  join(id: string): Member<L> {
    const member = this.#memberOf(id);
    if (member.at !== nowhere) return member;
    member.tag = Math.max(member.tag, this.#clock);
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

  /** Nothing of a member waits any more. */
  leave(member: Member<L>): void {
    this.#waiting.remove(member);
    // Once nobody waits, nobody can have been ahead of anybody.
    if (this.size === 0) this.#members.clear();
    else if (this.#members.size > this.size + rememberedMax) this.#forget();
  }

  #memberOf(id: string): Member<L> {
    let member = this.#members.get(id);
    if (!member) this.#members.set(id, member = { id, line: this.#make(), tag: this.#clock, order: 0, at: nowhere });
    return member;
  }

  #forget(): void {
    for (const [id, member] of this.#members) if (member.at === nowhere) this.#members.delete(id);
  }
}
