// An explanation's parts as rows: the formula's terms, the layers that decided, what was drawn.
// Pure; every number comes from the broker's answer, and the one rounded charge is never recomputed.
import { formatCredits, formatUsd, sum } from '../domain/units.ts';
import type { ChargeTerm } from '../domain/pricing.ts';
import type { BudgetVerdict } from '../domain/budgets.ts';
import type { LayerVerdict } from '../domain/decisionRecord.ts';
import type { Slice } from '../domain/grants.ts';
import type { CorrectionView, ExplainResult } from '../protocol/control.ts';
import { t } from '../protocol/language.ts';
import { pricePerMillion } from '../protocol/priceWords.ts';
import { toldWaitMsMin } from '../protocol/shortWait.ts';
import { layerSentence, shownLayer } from '../protocol/shownLayer.ts';
import type { ShownLayer } from '../protocol/shownLayer.ts';
import { countText, signedCredits } from './amountText.ts';
import { modeWord, unitAmount } from './budgetText.ts';
import { measuredTime } from './timeText.ts';

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
    what: termName(term.what),
    tokens: countText(term.tokens, locale),
    price: `× ${pricePerMillion(term.microCreditsPerMillion, locale)}${numerator === denominator ? '' : ` × ${numerator}${denominator === 1 ? '' : `/${denominator}`}`}`,
    credits: formatCredits(microCredits, 6, locale),
  };
}

function termName(what: ChargeTerm['what']): string {
  switch (what) {
    case 'input': return t('Fresh input');
    case 'cached input': return t('Cached input');
    case 'cache write': return t('Cache write');
    case 'output': return t('Output');
  }
}

/** Headline of the panel: of what it costs now, after its corrections. */
export function explainTitle(result: ExplainResult, locale: string): string {
  if (result.decision.outcome === 'refuse') return t('Why was it refused?');
  if (!result.charge) return t('Why was nothing charged?');
  return t('Why {0} credits?', formatCredits(correctedCost(result), 6, locale));
}

/** Why there is no charge, where there is none. */
export function noChargeText(result: ExplainResult): string {
  if (result.decision.outcome === 'refuse') return t('It was refused before it was sent. Nothing was charged.');
  const attempt = result.attempts.at(-1);
  if (attempt === undefined) return t('It was not sent. Nothing was charged.');
  if (attempt.outcome === undefined) return t('It is still running. The charge follows when it ends.');
  return attempt.freeReason ?? t('Nothing was charged.');
}

/** The charge's currency line: "$0.1349". */
export function chargeUsd(microCredits: number, locale: string): string {
  return formatUsd(microCredits, 4, locale);
}

/** "waited 2.1 s", where a request waited so long that it is told. */
export function waitedText(waitedMs: number): string | undefined {
  return waitedMs < toldWaitMsMin ? undefined : t('waited {0}', measuredTime(waitedMs));
}

/** A layer's icon and its verdict as a word for people who do not see the icon. */
export function verdictMark(verdict: LayerVerdict['verdict']): { readonly icon: string; readonly word: string } {
  switch (verdict) {
    case 'passed': return { icon: 'check', word: t('Passed') };
    case 'took': return { icon: 'arrow-small-right', word: t('Took') };
    case 'warned': return { icon: 'warning', word: t('Warned') };
    case 'asked': return { icon: 'question', word: t('Asked') };
    case 'waited': return { icon: 'clock', word: t('Waited') };
    case 'ended': return { icon: 'circle-slash', word: t('Ended') };
    case 'skipped': return { icon: 'circle-outline', word: t('Not reached') };
  }
}

/** A layer's name. */
export function layerName(layer: ShownLayer): string {
  switch (layer) {
    case 'safety': return t('Safety');
    case 'budgets': return t('Budgets');
    case 'limits': return t('Limits');
    case 'included': return t('Included');
    case 'promotional': return t('Promotional');
    case 'purchased': return t('Purchased');
    case 'consent': return t('Consent');
    case 'fallback': return t('Fallback');
    case 'wait': return t('Wait');
    case 'price': return t('Price');
  }
}

/** A price tier's name within a sentence; one that is not known as it came. */
export function tierName(tier: string): string {
  switch (tier) {
    case 'standard': return t('standard');
    case 'fast': return t('fast');
    case 'flex': return t('flex');
    default: return tier;
  }
}

/** What was held of a kind of grant: "3.00 included". */
export function sliceText({ kind, microCredits }: Slice, locale: string): string {
  const amount = formatCredits(microCredits, 6, locale);
  switch (kind) {
    case 'included': return t('{0} included', amount);
    case 'promotional': return t('{0} promotional', amount);
    case 'purchased': return t('{0} purchased', amount);
  }
}

/** The story's sentences that the decision's lists below do not say already. */
export function storyBesideLayers(result: ExplainResult): string[] {
  const { decision } = result;
  // An older broker tells each layer by the name that is stored.
  const said = new Set([...decision.layers.flatMap((layer) => [layer.layer, shownLayer(decision, layer)].map((name) => layerSentence(name, layer.because))), ...decision.toChange ?? []]);
  // When it changes by itself stands below the decision, by the local clock.
  return result.story.filter((sentence) => !said.has(sentence) && !(decision.retryAtMs !== undefined && sentence.startsWith('It changes by itself at ')));
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
  return {
    id: verdict.budgetId, mode: modeWord(verdict.mode),
    icon: verdict.verdict === 'fits' ? 'check' : verdict.mode === 'soft' ? 'warning' : verdict.verdict === 'reserved' ? 'clock' : 'circle-slash',
    word: verdict.verdict === 'fits' ? t('Fits') : verdict.verdict === 'reserved' ? t('Fits once reservations come back') : verdict.mode === 'soft' ? t('Goes over, only warned') : t('Does not fit'),
    sum: verdict.allowed === undefined ? [
      t('{0} used', amount(verdict.used)), ...(verdict.reserved > 0 ? [t('{0} reserved', amount(verdict.reserved))] : []),
      verdict.unit === 'credits' ? t('{0} wanted of {1} credits', amount(verdict.wanted), amount(verdict.limit)) : t('{0} wanted of {1} tokens', amount(verdict.wanted), amount(verdict.limit)),
    ].join(' + ') : verdict.unit === 'credits'
      ? t('{0} used, {1} reserved and {2} wanted of {3} that the days so far allowed of {4} credits', amount(verdict.used), amount(verdict.reserved), amount(verdict.wanted), amount(verdict.allowed), amount(verdict.limit))
      : t('{0} used, {1} reserved and {2} wanted of {3} that the days so far allowed of {4} tokens', amount(verdict.used), amount(verdict.reserved), amount(verdict.wanted), amount(verdict.allowed), amount(verdict.limit)),
  };
}

/** What a late correction changed: "refund", "−0.500000". */
export function correctionRow({ basis, costMicroCredits }: CorrectionView, locale: string): { readonly what: string; readonly credits: string } {
  return { what: basis === 'refund' ? t('Refund') : t('Usage corrected'), credits: signedCredits(costMicroCredits, locale, 6) };
}

/** What a request cost after its corrections. */
export function correctedCost(result: Pick<ExplainResult, 'charge' | 'corrections'>): number {
  return sum([result.charge?.costMicroCredits ?? 0, ...result.corrections.map((one) => one.costMicroCredits)], 'corrected cost');
}
