// Dated prices that the price library lacks, and the shape in which a user adds own ones in
// `prices.json` of the data folder. Data and its parser; nothing is computed here.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { problem, ProblemError } from '../../domain/problem.ts';

const usd = z.number().nonnegative().max(100_000);
const rates = z.object({ input: usd, cachedInput: usd.optional(), cacheWrite: usd.optional(), output: usd }).strict();

const overlayPrice = z.object({
  /** The model's exact name. */
  model: z.string().min(1).max(200),
  /** First day it holds, as an ISO date. */
  from: z.iso.date(),
  /** US dollars per million tokens. */
  usdPerMillion: rates,
  long: z.object({ aboveInputTokens: z.number().int().positive(), usdPerMillion: rates }).strict().optional(),
}).strict();

/** A price as a person writes it. */
export type OverlayPrice = z.infer<typeof overlayPrice>;

/**
 * Models that are sold but missing from the library's edition. gpt-6.1-sol: list of 2026-09-29;
 * gpt-5.3-codex-spark: models.dev of 2026-07-02 (a preview whose final price is not announced).
 */
export const overlayPrices: readonly OverlayPrice[] = [
  {
    model: 'gpt-6.1-sol', from: '2026-09-29', usdPerMillion: { input: 2, cachedInput: 0.1, cacheWrite: 2.5, output: 10 },
    long: { aboveInputTokens: 272_000, usdPerMillion: { input: 4, cachedInput: 0.2, cacheWrite: 5, output: 15 } },
  },
  { model: 'gpt-5.3-codex-spark', from: '2026-07-02', usdPerMillion: { input: 1.75, cachedInput: 0.175, output: 14 } },
];

/**
 * Reads the user's own prices, `{"prices": [...]}`.
 * @returns none when there is no file
 * @throws ProblemError `argument_invalid` when the file is not what it should be; a wrong price is worse than none
 */
export function readUserPrices(path: string): readonly OverlayPrice[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw unusable(path, error);
  }
  try {
    return z.object({ prices: z.array(overlayPrice).max(1000) }).strict().parse(JSON.parse(text)).prices;
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): ProblemError {
  const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  return new ProblemError(problem('argument_invalid', 'The price file {0} cannot be used: {1}.', { values: [path, why.replaceAll(/\s+/g, ' ').slice(0, 500)] }), { cause: error });
}
