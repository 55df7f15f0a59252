// An explanation's parts as rows: the formula's terms, the layers that decided, what was drawn.
// Pure; every number comes from the broker's answer, and the one rounded charge is never recomputed.
import { formatCredits, formatUsd, sum } from '../domain/units.ts';
import type { ChargeTerm } from '../domain/pricing.ts';
import type { BudgetVerdict } from '../domain/budgets.ts';
import type { LayerVerdict } from '../domain/decisionRecord.ts';
import type { CorrectionView, ExplainResult } from '../protocol/control.ts';
import { pricePerMillion } from '../protocol/priceWords.ts';
import { countText, signedCredits } from './amountText.ts';
import { unitAmount } from './budgetText.ts';

/** One term of the formula, ready to print; the amount has six decimals. */
export interface TermRow {
  readonly what: string;
  readonly tokens: string;
  /** "× 50", or "× 50 × 1/2" with a tier's multiplier. */
  readonly price: string;
  readonly credits: string;
}

/** Prints a term. The amount is exact to the printed decimals; rounding happens once, in the total. */
export function termRow(term: ChargeTerm, locale: string): TermRow {
  const { numerator, denominator } = term.multiplier ?? { numerator: 1, denominator: 1 };
  const microCredits = term.tokens * term.microCreditsPerMillion * numerator / denominator / 1_000_000;
  return {
    what: term.what === 'input' ? 'Fresh input' : sentenceCase(term.what),
    tokens: countText(term.tokens, locale),
    price: `× ${pricePerMillion(term.microCreditsPerMillion, locale)}${numerator === denominator ? '' : ` × ${numerator}${denominator === 1 ? '' : `/${denominator}`}`}`,
    credits: formatCredits(microCredits, 6, locale),
  };
}

/** Headline of the panel. */
export function explainTitle(result: ExplainResult, locale: string): string {
  if (result.decision.outcome === 'refuse') return 'Why was it refused?';
  if (!result.charge) return 'Why was nothing charged?';
  return `Why ${formatCredits(result.charge.costMicroCredits, 6, locale)} credits?`;
}

/** Why there is no charge, where there is none. */
export function noChargeText(result: ExplainResult): string {
  if (result.decision.outcome === 'refuse') return 'It was refused before it was sent. Nothing was charged.';
  const attempt = result.attempts.at(-1);
  if (attempt === undefined) return 'It was not sent. Nothing was charged.';
  if (attempt.outcome === undefined) return 'It is still running. The charge follows when it ends.';
  return attempt.freeReason ?? 'Nothing was charged.';
}

/** The charge's currency line: "$0.1349". */
export function chargeUsd(microCredits: number, locale: string): string {
  return formatUsd(microCredits, 4, locale);
}

/** A layer's icon and its verdict as a word for people who do not see the icon. */
export function verdictMark(verdict: LayerVerdict['verdict']): { readonly icon: string; readonly word: string } {
  switch (verdict) {
    case 'passed': return { icon: 'check', word: 'Passed' };
    case 'took': return { icon: 'arrow-small-right', word: 'Took' };
    case 'warned': return { icon: 'warning', word: 'Warned' };
    case 'asked': return { icon: 'question', word: 'Asked' };
    case 'waited': return { icon: 'clock', word: 'Waited' };
    case 'ended': return { icon: 'circle-slash', word: 'Ended' };
    case 'skipped': return { icon: 'circle-outline', word: 'Not reached' };
  }
}

/** A layer's or token kind's name with a capital. */
export function sentenceCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The story's sentences that the decision's lists below do not say already. */
export function storyBesideLayers(result: ExplainResult): string[] {
  const said = new Set([...result.decision.layers.map((layer) => `${sentenceCase(layer.layer)}: ${layer.because}`), ...result.decision.toChange ?? []]);
  // When it changes by itself stands below the decision, by the local clock.
  return result.story.filter((sentence) => !said.has(sentence) && !(result.decision.retryAtMs !== undefined && sentence.startsWith('It changes by itself at ')));
}

/** The formula as one line, unless the story tells it already. */
export function formulaLine(result: ExplainResult): string | undefined {
  const formula = result.charge?.formula;
  return formula === undefined || result.story.some((sentence) => sentence.includes(formula)) ? undefined : formula;
}

/** One budget's part in a decision as a row. */
export interface BudgetVerdictRow {
  readonly id: string;
  readonly mode: string;
  readonly icon: string;
  readonly word: string;
  /** "12.00 used + 3.00 reserved + 4.00 wanted of 20.00 credits" */
  readonly sum: string;
}

/** Words a budget's verdict as it was at the decision. */
export function budgetVerdictRow(verdict: BudgetVerdict, locale: string): BudgetVerdictRow {
  const amount = (value: number) => unitAmount(verdict.unit, value, locale);
  const reserved = verdict.reserved > 0 ? ` + ${amount(verdict.reserved)} reserved` : '';
  return {
    id: verdict.budgetId, mode: verdict.mode,
    icon: verdict.verdict === 'fits' ? 'check' : verdict.mode === 'soft' ? 'warning' : verdict.verdict === 'reserved' ? 'clock' : 'circle-slash',
    word: verdict.verdict === 'fits' ? 'Fits' : verdict.verdict === 'reserved' ? 'Fits once reservations come back' : verdict.mode === 'soft' ? 'Goes over, only warned' : 'Does not fit',
    sum: `${amount(verdict.used)} used${reserved} + ${amount(verdict.wanted)} wanted of ${amount(verdict.limit)} ${verdict.unit}`,
  };
}

/** What a late correction changed: "refund", "−0.500000". */
export function correctionRow({ basis, costMicroCredits }: CorrectionView, locale: string): { readonly what: string; readonly credits: string } {
  return { what: basis === 'refund' ? 'Refund' : 'Usage corrected', credits: signedCredits(costMicroCredits, locale, 6) };
}

/** What a request cost after its corrections. */
export function correctedCost(result: Pick<ExplainResult, 'charge' | 'corrections'>): number {
  return sum([result.charge?.costMicroCredits ?? 0, ...result.corrections.map((one) => one.costMicroCredits)], 'corrected cost');
}
