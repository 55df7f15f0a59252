// Cuts text that arrives in pieces into lines, and holds no more than one line of a bounded length. Pure.

/** Takes pieces of text and gives each finished line. A line that is too long is left out and counted. */
export class BoundedLines {
  readonly #charsMax: number;
  #rest: string[] = [];
  #restChars = 0;
  #isTooLong = false;
  #skipped = 0;

  /** @param charsMax characters of a line at the most, its end not counted */
  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  /** Lines that were left out because they are too long. */
  get skipped(): number { return this.#skipped; }

  /** Takes a piece. @returns the lines that end in it */
  take(piece: string): string[] {
    const [first = '', ...others] = piece.split('\n');
    this.#keep(first);
    const lines: string[] = [];
    for (const next of others) {
      lines.push(...this.end());
      this.#keep(next);
    }
    return lines;
  }

  /** What stands behind the last line's end, as a line: an empty list for nothing. */
  end(): string[] {
    const line = this.#rest.join('');
    const isTooLong = this.#isTooLong;
    this.#rest = [];
    this.#restChars = 0;
    this.#isTooLong = false;
    if (isTooLong) this.#skipped += 1;
    return isTooLong || line === '' ? [] : [line];
  }

  #keep(part: string): void {
    if (part === '' || this.#isTooLong) return;
    this.#restChars += part.length;
    if (this.#restChars <= this.#charsMax) { this.#rest.push(part); return; }
    this.#isTooLong = true;
    this.#rest = [];
  }
}
