// An explanation's parts as rows: the formula's terms, the layers that decided, what was drawn.
// Pure; every number comes from the broker's answer, and the one rounded charge is never recomputed.
import { formatCredits, formatUsd } from '../domain/units.ts';
import type { ChargeTerm } from '../domain/pricing.ts';
import type { LayerVerdict } from '../domain/decisionRecord.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { countText } from './amountText.ts';

/** One term of the formula, ready to print; the amount has six decimals. */
export interface TermRow {
  readonly what: string;
  readonly tokens: string;
  /** "× 50", or "× 50 × 1/2" with a tier's multiplier. */
  readonly price: string;
  readonly credits: string;
}

/** Writes a price in microcredits per million tokens as credits per million, without idle zeros. */
export function pricePerMillion(microCredits: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(microCredits / 1_000_000);
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

/** The story's sentences that the decision's list below does not say already. */
export function storyBesideLayers(result: ExplainResult): string[] {
  const said = new Set(result.decision.layers.map((layer) => `${sentenceCase(layer.layer)}: ${layer.because}`));
  return result.story.filter((sentence) => !said.has(sentence));
}

/** The formula as one line, unless the story tells it already. */
export function formulaLine(result: ExplainResult): string | undefined {
  const formula = result.charge?.formula;
  return formula === undefined || result.story.some((sentence) => sentence.includes(formula)) ? undefined : formula;
}
