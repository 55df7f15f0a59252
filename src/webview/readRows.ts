// The rows of a list that is read page by page, newest first: an answer to a question for older rows goes behind those
// that are there, any other replaces them.

/** A page of rows as an answer brings it; `next` is where the following one lies. */
interface AnsweredPage<Row, Next> {
  readonly id: number;
  readonly result?: { readonly rows: readonly Row[]; readonly next?: Next };
}

/** Rows that were read, at most so many. */
export class ReadRows<Row, Next> {
  rows: readonly Row[] = [];
  /** Where older rows lie; undefined when there are none. */
  next: Next | undefined;
  /** Something was answered, even that there is nothing. */
  isKnown = false;
  /** The question for rows behind those that are shown, where it is open. */
  olderId: number | undefined;
  readonly rowsMax: number;
  #takenId: number | undefined;

  /** @param rowsMax rows that are kept; who wants to read on narrows what is listed */
  constructor(rowsMax: number) {
    this.rowsMax = rowsMax;
  }

  /** Takes a new answer in, once. */
  take(answer: AnsweredPage<Row, Next> | undefined): void {
    if (!answer?.result || answer.id === this.#takenId) return;
    const { rows, next } = answer.result;
    this.#takenId = answer.id;
    this.rows = answer.id === this.olderId ? [...this.rows, ...rows].slice(0, this.rowsMax) : rows;
    this.next = next;
    this.isKnown = true;
    this.olderId = undefined;
  }

  /** Forgets what is shown, until something else is answered. */
  clear(): void {
    this.rows = [];
    this.next = undefined;
    this.isKnown = false;
  }
}
