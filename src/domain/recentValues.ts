// The newest values of one quantity, and what they say of the next one. A value counts less with
// every newer one, and one that was cut short counts as "at least this". No clock: age is order.

/** Values remembered. */
export const valuesMax = 160;
/** After so many newer values one counts half. */
const halfLife = 50;
const decay = 2 ** (-1 / halfLife);
/** What a value still counts, by how many newer ones there are. */
const leftOf = Array.from({ length: valuesMax }, (_, age) => decay ** age);

interface Value { readonly value: number; readonly weight: number; readonly isCut: boolean; readonly number: number }

/** The middle of a quantity, and what it stays below in the wanted share of cases. */
export interface Spread { readonly likely: number; readonly high: number }

/** Remembers values in the order in which they came, and by size. */
export class RecentValues {
  readonly #byAge: Value[] = [];
  readonly #bySize: Value[] = [];
  #newest = 0;

  /** @param isCut the true value is not known, only that it is not smaller */
  add(value: number, weight = 1, isCut = false): void {
    const oldest = this.#byAge.length >= valuesMax ? this.#byAge.shift() : undefined;
    if (oldest) this.#bySize.splice(this.#bySize.indexOf(oldest), 1);
    this.#newest += 1;
    const added = { value, weight, isCut, number: this.#newest };
    this.#byAge.push(added);
    const larger = this.#bySize.findIndex((one) => isBefore(added, one));
    this.#bySize.splice(larger < 0 ? this.#bySize.length : larger, 0, added);
  }

  /** How many values there are, older ones counted as the parts that they still count. */
  get weight(): number {
    return this.#byAge.reduce((sum, one) => sum * decay + one.weight, 0);
  }

  /** The largest value remembered; 0 without any. */
  get largest(): number {
    return this.#bySize.at(-1)?.value ?? 0;
  }

  /**
   * What the next value stays at or below with at least this likelihood: the product-limit estimate
   * (Kaplan and Meier 1958), which hands the weight of a value that was cut on to the larger ones.
   * The next value itself takes part with full weight and no upper bound, which makes the likelihood
   * hold for few values too, of whatever distribution (Barber et al. 2023, weighted conformal).
   * @param next the weight of the next value; 0 asks only about the values that were seen
   * @returns undefined when that lies beyond the values that were seen
   */
  quantile(share: number, next = 1): number | undefined {
    let left = this.weight + next;
    let beyond = 1;
    for (const one of this.#bySize) {
      const weight = one.weight * (leftOf[this.#newest - one.number] ?? 0);
      if (!one.isCut) beyond *= 1 - weight / left;
      left -= weight;
      // Rounding must not move the answer on to the next value.
      if (beyond <= 1 - share + 1e-9) return one.value;
    }
    return undefined;
  }
}

/**
 * What a group's own values make of the spread that is expected of it. While they are few, the
 * expected spread moves to where they lie, by their weight against `expectedWeight`, and covers the
 * largest of them; once they are enough for the wanted share, they speak alone.
 */
export function narrowed(expected: Spread, own: RecentValues | undefined, share: number, expectedWeight: number): Spread {
  const weight = own?.weight ?? 0;
  if (!own || weight <= 0) return expected;
  // Where half were cut their middle is not known: they cannot speak for less than was expected.
  const middle = Math.max(smallest, own.quantile(0.5, 0) ?? Math.max(expected.likely, own.largest));
  const high = own.quantile(share);
  if (high !== undefined) return { likely: middle, high: Math.max(high, middle) };
  const trust = weight / (weight + expectedWeight);
  const expectedLikely = Math.max(smallest, expected.likely);
  const likely = Math.exp((1 - trust) * Math.log(expectedLikely) + trust * Math.log(middle));
  // A few low values never take the cautious figure below what was thought likely.
  const moved = Math.max(likely, expectedLikely, expected.high * likely / expectedLikely);
  // What stands for less than one value covers only a part of the way to its largest.
  return { likely, high: moved * Math.max(1, own.largest / moved) ** Math.min(1, weight) };
}

/** By size; of equal ones, what was cut is the larger. */
function isBefore(a: Value, b: Value): boolean {
  return a.value < b.value || a.value === b.value && !a.isCut && b.isCut;
}

/** Stands for nothing where a logarithm is taken; small against a token and against a ratio of tokens. */
const smallest = 0.01;
