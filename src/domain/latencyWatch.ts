// Whether an upstream that announces no limits becomes slow under what it carries, by the time to its first byte beside
// its own best. Times are compared by blocks of answers to requests of about the same size, middle by middle, and
// only where they are even enough to say something: a model that thinks for a while before it speaks varies by more
// than any load would tell, and is left alone.

/** Answers of a block. */
const blockAnswers = 16;
/** Of a sorted block, the middle, and the answer that about five of six do not exceed. */
const middleAt = 7;
const upperAt = 13;
/** So many blocks of one size are remembered. */
const blocksMax = 40;
/** A block is slow when its middle is so many times the best, and more where times vary more. */
const slowRatioMin = 2;
/** From this power of that on it is slower than usual. */
const slowerPower = 0.7;
/** Blocks that differ by less are about as quick; and so much of what ran in one is clearly fewer. */
const aboutRatio = 1.1;
const fewerShare = 0.75;
/** Where the upper answer is so many times the middle one, and where the best middle is so long, times say nothing. */
const spreadMax = 2.5;
const bestMsMax = 10_000;
/** Sizes that are compared with each other lie within this factor; the first holds everything smaller. */
const sizeFactor = 4;
const smallTokens = 4_000;
const sizesMax = 6;

/** After so many slow blocks in a row the times must have become better by this, or they have another cause than the load. */
const slowBlocksMax = 3;
const betterShare = 0.9;

/** How the newest answers came: `slow` once for every slow block, `slower` between that and the usual. */
export type AnswerPace = 'usual' | 'slower' | 'slow';

/** `running`: how many attempts were under way at the most. */
interface Block { readonly middleMs: number; readonly spread: number; readonly running: number }
interface Size { times: number[]; running: number; blocks: Block[] }

/** The times of one model. */
export class LatencyWatch {
  /** By size; of each the times of the block that fills, and the blocks before. */
  readonly #sizes = Array.from({ length: sizesMax }, (): Size => ({ times: [], running: 0, blocks: [] }));
  #slowSinceMs = -Infinity;
  #pace: 'usual' | 'slower' = 'usual';
  /** Slow blocks in a row of one size, and how slow the first one was. */
  #series: { readonly size: Size; readonly firstMs: number; readonly blocks: number } | undefined;

  /** An attempt was answered. @param running attempts under way, this one included @returns how the newest block went */
  answered(inputTokens: number, running: number, sentAtMs: number, nowMs: number): AnswerPace {
    // What was sent before the last step down says nothing about what came of it.
    if (sentAtMs < this.#slowSinceMs) return this.#pace;
    const size = this.#sizes[Math.min(sizesMax - 1, Math.max(0, Math.ceil(Math.log(inputTokens / smallTokens) / Math.log(sizeFactor))))];
    if (!size) return this.#pace;
    size.running = Math.max(size.running, running);
    if (size.times.push(Math.max(1, nowMs - sentAtMs)) < blockAnswers) return this.#pace;
    const sorted = size.times.toSorted((a, b) => a - b);
    const middleMs = sorted[middleAt] ?? 1;
    const block = { middleMs, spread: (sorted[upperAt] ?? middleMs) / middleMs, running: size.running };
    [size.times, size.running] = [[], 0];
    size.blocks = [...size.blocks.slice(1 - blocksMax), block];
    const bestMs = Math.min(...size.blocks.map((each) => each.middleMs));
    const runningAtBest = Math.max(...size.blocks.map((each) => (each.middleMs <= bestMs * aboutRatio ? each.running : 0)));
    const spread = Math.exp(size.blocks.reduce((sum, each) => sum + Math.log(each.spread), 0) / size.blocks.length);
    const isTelling = bestMs <= bestMsMax && spread <= spreadMax;
    const slowRatio = Math.max(slowRatioMin, spread ** 2);
    const isSlower = isTelling && middleMs > bestMs * slowRatio ** slowerPower;
    // Where clearly fewer run than did at the best, what makes answers slower than usual is not their number.
    this.#pace = isSlower && block.running > fewerShare * runningAtBest ? 'slower' : 'usual';
    if (!isSlower) this.#series = undefined;
    if (!isTelling || middleMs <= bestMs * slowRatio) return this.#pace;
    if (this.#series?.size !== size) this.#series = { size, firstMs: middleMs, blocks: 0 };
    this.#series = { ...this.#series, blocks: this.#series.blocks + 1 };
    if (this.#series.blocks > slowBlocksMax && middleMs > this.#series.firstMs * betterShare) {
      // Fewer at once did not help. This is how quick the upstream is now.
      this.#series = undefined;
      for (const each of this.#sizes) each.blocks = each === size ? each.blocks.slice(-1) : [];
      this.#pace = 'usual';
      return this.#pace;
    }
    this.#slowSinceMs = nowMs;
    for (const each of this.#sizes) [each.times, each.running] = [[], 0];
    return 'slow';
  }
}
