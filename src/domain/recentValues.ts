// The newest values of one quantity, and what they say of the next one. A value counts less with
// every newer one, and one that was cut short counts as "at least this". No clock: age is order.

/** Values remembered. */
export const valuesMax = 160;
/** After so many newer values one counts half. */
const halfLife = 50;
const decay = 2 ** (-1 / halfLife);

interface Value { readonly value: number; readonly weight: number; readonly isCut: boolean }

/** The middle of a quantity, and what it stays below in the wanted share of cases. */
export interface Spread { readonly likely: number; readonly high: number }

/** Remembers values in the order in which they came. */
export class RecentValues {
  readonly #values: Value[] = [];
  /** The values by size, each with the weight that it still has; made anew after one was added. */
  #weighed: readonly Value[] | undefined;

  /** @param isCut the true value is not known, only that it is not smaller */
  add(value: number, weight = 1, isCut = false): void {
    this.#weighed = undefined;
    this.#values.push({ value, weight, isCut });
    if (this.#values.length > valuesMax) this.#values.shift();
  }

  /** How many values there are, older ones counted as the parts that they still count. */
  get weight(): number {
    return this.#values.reduce((sum, one) => sum * decay + one.weight, 0);
  }

  /** The largest value remembered; 0 without any. */
  get largest(): number {
    return this.#values.reduce((most, one) => Math.max(most, one.value), 0);
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
    const weighed = this.#weighed ??= this.#values.map((one, index) => ({ ...one, weight: one.weight * decay ** (this.#values.length - 1 - index) }))
      .sort((a, b) => a.value - b.value || Number(a.isCut) - Number(b.isCut));
    let left = weighed.reduce((sum, one) => sum + one.weight, next);
    let beyond = 1;
    for (const one of weighed) {
      if (!one.isCut) beyond *= 1 - one.weight / left;
      left -= one.weight;
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
  // Half of the values may have been cut: then their middle lies at least at the largest.
  const middle = Math.max(smallest, own.quantile(0.5, 0) ?? own.largest);
  const trust = weight / (weight + expectedWeight);
  const likely = Math.exp((1 - trust) * Math.log(Math.max(smallest, expected.likely)) + trust * Math.log(middle));
  const moved = Math.max(likely, expected.high * likely / Math.max(smallest, expected.likely));
  // What stands for less than one value covers only a part of the way to its largest.
  const high = own.quantile(share) ?? moved * Math.max(1, own.largest / moved) ** Math.min(1, weight);
  return { likely, high: Math.max(high, likely) };
}

/** Stands for nothing where a logarithm is taken; small against a token and against a ratio of tokens. */
const smallest = 0.01;
