// Members in the order of their tags, each found and moved in steps that grow with the logarithm of their number.

/** A member: the smallest tag comes first, of equal ones the smallest order. `at` is the heap's own. */
export interface Tagged { tag: number; order: number; at: number }

/** A member's `at` while it is in no heap. */
export const nowhere = -1;

/** A heap of members that know their place. */
export class TagHeap<M extends Tagged> {
  readonly #members: M[] = [];

  /** How many there are. */
  get size(): number { return this.#members.length; }

  /** The first one. */
  get first(): M | undefined { return this.#members[0]; }

  /** Takes a member in, or to its place after its tag or order changed. */
  put(member: M): void {
    if (member.at === nowhere) member.at = this.#members.push(member) - 1;
    this.#sink(this.#rise(member));
  }

  /** Takes a member out; one that is not in is left alone. */
  remove(member: M): void {
    const { at } = member;
    const last = this.#members.at(-1);
    if (at === nowhere || !last) return;
    this.#members.pop();
    member.at = nowhere;
    if (last === member) return;
    last.at = at;
    this.#members[at] = last;
    this.#sink(this.#rise(last));
  }

  /** The first so many in order, found without sorting the others. */
  smallest(count: number): M[] {
    const found: M[] = [];
    const edge = this.first ? [this.first] : [];
    while (found.length < count && edge.length > 0) {
      const next = edge.reduce((best, each) => (isBefore(each, best) ? each : best));
      edge.splice(edge.indexOf(next), 1);
      found.push(next);
      for (const child of [2 * next.at + 1, 2 * next.at + 2]) {
        const member = this.#members[child];
        if (member) edge.push(member);
      }
    }
    return found;
  }

  #rise(member: M): M {
    while (member.at > 0) {
      const parent = this.#members[(member.at - 1) >> 1];
      if (!parent || !isBefore(member, parent)) break;
      this.#swap(member, parent);
    }
    return member;
  }

  #sink(member: M): void {
    for (;;) {
      const [left, right] = [this.#members[2 * member.at + 1], this.#members[2 * member.at + 2]];
      const child = left && right && isBefore(right, left) ? right : left;
      if (!child || !isBefore(child, member)) return;
      this.#swap(child, member);
    }
  }

  #swap(a: M, b: M): void {
    [a.at, b.at] = [b.at, a.at];
    this.#members[a.at] = a;
    this.#members[b.at] = b;
  }
}

function isBefore(a: Tagged, b: Tagged): boolean {
  return a.tag < b.tag || a.tag === b.tag && a.order < b.order;
}
