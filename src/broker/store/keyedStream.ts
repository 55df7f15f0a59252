// Rows that come in the order of a key, taken key by key: several of them are read side by side, so that what
// belongs together is seen together and nothing else is kept in memory.

/** A row as an array, its columns in the order of the statement. */
export type Row = readonly unknown[];

/** Rows of one statement in the order of one of their columns. */
export class KeyedStream<Key extends string | number> {
  readonly #rows: Iterator<Row>;
  readonly #place: number;
  #row: Row | undefined;

  /** @param place which column is the key */
  constructor(rows: Iterator<Row>, place: number) {
    this.#rows = rows;
    this.#place = place;
    this.#step();
  }

  /** The key of the next row; undefined behind the last one. */
  get next(): Key | undefined { return this.#row?.[this.#place] as Key | undefined; }

  /** Takes the rows of a key, if it is the next one. */
  take(key: Key): Row[] {
    const taken: Row[] = [];
    while (this.#row && this.#row[this.#place] === key) {
      taken.push(this.#row);
      this.#step();
    }
    return taken;
  }

  #step(): void {
    const { done, value } = this.#rows.next();
    this.#row = done === true ? undefined : value;
  }
}

/** The least key that any of the streams has next; undefined when all have ended. */
export function leastNext<Key extends string | number>(streams: readonly KeyedStream<Key>[]): Key | undefined {
  let least: Key | undefined;
  for (const { next } of streams) if (next !== undefined && (least === undefined || next < least)) least = next;
  return least;
}
