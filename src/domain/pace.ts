// How fast something is used, how even that was, and when what is left is used up at that pace, with a band. Pure: what
// was used is passed in as moments or as sums over spans, of whatever unit.

/** Something used: at a moment, or a sum of what was used from `sinceMs` on. Sums do not overlap. */
export interface Use {
  readonly atMs: number;
  readonly amount: number;
  readonly sinceMs?: number;
}

/** A pace over a span that is over. */
export interface Pace {
  readonly perMs: number;
  readonly spanMs: number;
  /** How uneven it was: the variance of each millisecond, times the square of how far a band of 80 % goes; absent while too few parts of the span are known. */
  readonly spread?: number;
}

/** When what is left is used up, in milliseconds from now. */
export interface Band {
  readonly earliestMs: number;
  /** Absent where it may last for ever. */
  readonly latestMs?: number;
}

/** The span is cut into so many parts at the most, whose differences tell how even the pace is. */
const parts = 6;
/** Student's t for 80 % on both sides together, by degrees of freedom: one less than there are parts (https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm). */
const quantiles = [3.078, 1.886, 1.638, 1.533, 1.476];

/** The pace of what was used since a moment. */
export function paceOf(uses: readonly Use[], fromMs: number, nowMs: number): Pace {
  const spanMs = nowMs - fromMs;
  const perMs = uses.reduce((total, { amount }) => total + amount, 0) / spanMs;
  const edges = partEdges(uses, fromMs, nowMs);
  const quantile = quantiles[edges.length - 2];
  if (quantile === undefined) return { perMs, spanMs };
  const variance = edges.reduce((total, edge, index) => {
    const untilMs = edges[index + 1] ?? Infinity;
    const amount = uses.reduce((sum, use) => { const atMs = Math.max(fromMs, use.sinceMs ?? use.atMs); return atMs >= edge && atMs < untilMs ? sum + use.amount : sum; }, 0);
    const lengthMs = Math.min(untilMs, nowMs) - edge;
    return total + (amount - perMs * lengthMs) ** 2 / lengthMs;
  }, 0) / (edges.length - 1);
  return { perMs, spanMs, spread: quantile ** 2 * variance };
}

/** Where the parts of a span begin: evenly, but never inside of a sum, and none much shorter than it should be. */
function partEdges(uses: readonly Use[], fromMs: number, nowMs: number): number[] {
  const stepMs = (nowMs - fromMs) / parts;
  const edges = [fromMs];
  for (let index = 1; index < parts; index += 1) {
    const wanted = fromMs + index * stepMs;
    const edge = uses.find(({ sinceMs = wanted, atMs }) => sinceMs < wanted && wanted < atMs)?.atMs ?? wanted;
    if (edge - (edges.at(-1) ?? fromMs) >= stepMs / 2 && nowMs - edge >= stepMs / 2) edges.push(edge);
  }
  return edges;
}

/**
 * When an amount is used up, four of five times: what is used within a time is a sum of parts as uneven as the ones seen, at a mean
 * that is known from them alone. Undefined where it is not known how even the pace is.
 */
export function bandOf(left: number, { perMs, spanMs, spread }: Pace): Band | undefined {
  if (spread === undefined) return undefined;
  // left = perMs * h -+ sqrt(spread * h * (1 + h / span)), squared.
  const [a, b] = [perMs ** 2 - spread / spanMs, 2 * left * perMs + spread];
  const root = Math.sqrt(Math.max(0, b ** 2 - 4 * a * left ** 2));
  return { earliestMs: 2 * left ** 2 / (b + root), ...(a > 0 && perMs > 0 ? { latestMs: (b + root) / (2 * a) } : {}) };
}
