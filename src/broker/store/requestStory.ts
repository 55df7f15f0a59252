// Tells one request's story as sentences, in the order in which things happened. Pure; the rows were read
// before.
import type { Answered, QuestionKind } from '../../domain/decisionRecord.ts';
import { formatCredits, formatTokens, formatUsd } from '../../domain/units.ts';
import { clientName } from '../../protocol/clientName.ts';
import type { CorrectionView, ExplainResult } from '../../protocol/control.ts';

/** The story as sentences, in the order in which things happened. */
export function storyOf(result: Omit<ExplainResult, 'story'>, notice: string | undefined): string[] {
  const { decision, charge } = result;
  const story = [`${clientName(result.client)} in workspace ${result.workspaceLabel} asked for ${result.model}.`];
  if (result.waitedMs > 0) story.push(`It waited ${(result.waitedMs / 1000).toFixed(1)} s in line before it was sent.`);
  if (decision.answered) story.push(answeredText(decision.answered));
  for (const layer of decision.layers) story.push(`${layer.layer[0]?.toUpperCase()}${layer.layer.slice(1)}: ${layer.because}`);
  if (decision.outcome === 'refuse') {
    story.push(`It was refused (${decision.code ?? 'no code'}); nothing was sent and nothing was charged.`, ...(decision.toChange ?? []), ...(decision.remedy ? [decision.remedy] : []));
    if (decision.retryAtMs !== undefined) story.push(`It changes by itself at ${new Date(decision.retryAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.`);
    return story;
  }
  if (decision.holdMicroCredits > 0) story.push(`${formatCredits(decision.holdMicroCredits, 6)} credits were reserved before it was sent.`);
  const earlier = result.attempts.length - 1;
  if (earlier > 0 && decision.fallback) story.push(`It was sent ${earlier === 1 ? 'once' : `${earlier} times`} before the fallback was asked.`);
  else if (earlier > 0) story.push(`The upstream turned it away ${result.attempts.length - 1} time${result.attempts.length === 2 ? '' : 's'} for its rate limit; the broker waited and sent it again.`);
  const attempt = result.attempts.at(-1);
  if (!attempt?.outcome) return [...story, 'It is still running.'];
  const usage = attempt.usage;
  story.push(`It ended as ${attempt.outcome}${usage ? `: ${formatTokens(usage.inputTokens)} tokens in (${formatTokens(usage.cachedInputTokens)} cached), ${formatTokens(usage.outputTokens)} out (${formatTokens(usage.reasoningTokens)} reasoning), ${attempt.measured ? 'as the upstream reported' : 'estimated'}` : ''}.`);
  if (notice) story.push(notice);
  if (attempt.freeReason) story.push(`It cost nothing: ${attempt.freeReason}`);
  if (attempt.exposureMicroCredits) story.push(`The upstream may have billed up to ${formatCredits(attempt.exposureMicroCredits, 6)} credits for it; that is noted and was not taken.`);
  if (charge) {
    story.push(`It cost ${formatCredits(charge.costMicroCredits, 6)} credits (${formatUsd(charge.costMicroCredits, 4)}) at the price "${charge.priceVersion}": ${charge.formula}.`);
    story.push(decision.holdMicroCredits > 0 || decision.tracked === true
      ? `${formatCredits(charge.drawnMicroCredits, 6)} credits were drawn; ${formatCredits(Math.max(0, decision.holdMicroCredits - charge.drawnMicroCredits), 6)} of the reservation came back.`
      : `Nothing was drawn, because ${decision.fallback ? 'a fallback answered' : 'the balance was not tracked'}.`);
    if (charge.uncoveredMicroCredits > 0) story.push(`${formatCredits(charge.uncoveredMicroCredits, 6)} credits of it no grant covered; they are booked on an account of their own, given back by rule at once, and were not taken.`);
  } else if (!attempt.freeReason) {
    story.push('It has no price, so it is counted as unpriced and drew nothing.');
  }
  for (const one of result.corrections) story.push(correctionText(one));
  return story;
}

const answeredTexts: Readonly<Record<QuestionKind, string>> = { consent: 'whether it may use purchased credits', unpriced: 'whether it may be sent without a price', runaway: 'whether its task may go on' };

/** How a question was answered while the request waited. */
function answeredText({ kind, answer, afterMs }: Answered): string {
  const what = answeredTexts[kind];
  const seconds = (afterMs / 1000).toFixed(1);
  return answer === undefined ? `A person was asked ${what}; nobody answered within ${seconds} s.` : `A person was asked ${what}, and answered "${answer}" after ${seconds} s.`;
}

/** A late correction as a sentence. */
function correctionText({ basis, costMicroCredits, drawnMicroCredits, reason }: CorrectionView): string {
  const moved = drawnMicroCredits === 0 ? 'no credits moved' : `${formatCredits(Math.abs(drawnMicroCredits), 6)} credits ${drawnMicroCredits < 0 ? 'came back' : 'were drawn'}`;
  return `${basis === 'refund' ? 'It was refunded later' : 'Its usage was corrected later'} by ${formatCredits(Math.abs(costMicroCredits), 6)} credits ${costMicroCredits < 0 ? 'less' : 'more'}; ${moved} (${reason}).`;
}
