// Tells one request's story as sentences, in the order in which things happened, in the language of this process. Pure; the
// rows were read before.
import type { Answered, QuestionKind } from '../domain/decisionRecord.ts';
import { formatCredits, formatTokens, formatUsd } from '../domain/units.ts';
import { clientName } from './clientName.ts';
import type { AttemptView, CorrectionView, ExplainResult } from './control.ts';
import { languageTag, plural, t } from './language.ts';
import { branchSentence, commandWords } from './originWords.ts';
import { outcomeName } from './outcomeWords.ts';
import { toldWaitMsMin } from './shortWait.ts';
import { layerSentence, shownLayer } from './shownLayer.ts';

/** What a story is told of. */
export type ToldRequest = Omit<ExplainResult, 'story' | 'notice'>;

/** The whole story, the layers of the decision among it. */
export function storyOf(result: ToldRequest, notice: string | undefined): string[] {
  const { decision } = result;
  const layers = decision.layers.map((layer) => layerSentence(shownLayer(decision, layer), layer.because));
  const again = decision.retryAtMs === undefined ? [] : [`It changes by itself at ${new Date(decision.retryAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.`];
  const toChange = decision.outcome === 'refuse' ? [...decision.toChange ?? [], ...(decision.remedy ? [decision.remedy] : []), ...again] : [];
  return [...beginning(result), ...layers, ...ending(result, notice), ...toChange];
}

/** The story without the decision's layers, and without what would change it: for places that show those beside it. */
export function storyBeside(result: ToldRequest, notice: string | undefined): string[] {
  return [...beginning(result), ...ending(result, notice)];
}

function beginning({ client, workspaceLabel, branch, command, file, model, waitedMs, decision }: ToldRequest): string[] {
  return [
    t('{0} in workspace {1} asked for {2}.', clientName(client), workspaceLabel, model),
    ...(command === undefined ? [] : [t('It came from the command "{0}".', commandWords(command))]),
    ...(file === undefined ? [] : [t('It was about the file {0}.', file)]),
    ...(branch === undefined ? [] : [branchSentence(branch)]),
    ...(waitedMs < toldWaitMsMin ? [] : [decision.outcome === 'refuse' ? t('It waited {0} s in line.', seconds(waitedMs)) : t('It waited {0} s in line before it was sent.', seconds(waitedMs))]),
    ...(decision.answered ? [answeredText(decision.answered)] : []),
  ];
}

function ending(result: ToldRequest, notice: string | undefined): string[] {
  const { decision, charge } = result;
  if (decision.outcome === 'refuse') return [t('It was refused ({0}); nothing was sent and nothing was charged.', decision.code ?? t('no code'))];
  const story: string[] = [];
  if (decision.holdMicroCredits > 0) story.push(t('{0} credits were reserved before it was sent.', credits(decision.holdMicroCredits)));
  const earlier = result.attempts.length - 1;
  if (earlier > 0 && decision.fallback) story.push(plural(earlier, 'It was sent once before the fallback was asked.', 'It was sent {0} times before the fallback was asked.'));
  else if (earlier > 0) story.push(plural(earlier, 'The upstream turned it away {0} time for its rate limit; the broker waited and sent it again.', 'The upstream turned it away {0} times for its rate limit; the broker waited and sent it again.'));
  const attempt = result.attempts.at(-1);
  if (!attempt?.outcome) return [...story, t('It is still running.')];
  story.push(endText(attempt, attempt.outcome));
  if (notice) story.push(notice);
  if (attempt.freeReason) story.push(t('It cost nothing: {0}', attempt.freeReason));
  if (attempt.exposureMicroCredits) story.push(t('The upstream may have billed up to {0} credits for it; that is noted and was not taken.', credits(attempt.exposureMicroCredits)));
  if (charge) {
    const drawn = decision.holdMicroCredits > 0 || decision.tracked === true;
    story.push(t('It cost {0} credits ({1}) at the price "{2}": {3}.', credits(charge.costMicroCredits), formatUsd(charge.costMicroCredits, 4, languageTag()), charge.priceVersion, charge.formula));
    story.push(drawn ? t('{0} credits were drawn; {1} of the reservation came back.', credits(charge.drawnMicroCredits), credits(Math.max(0, decision.holdMicroCredits - charge.drawnMicroCredits)))
      : decision.fallback ? t('Nothing was drawn, because a fallback answered.') : t('Nothing was drawn, because the balance was not tracked.'));
    if (charge.uncoveredMicroCredits > 0) story.push(t('No grant covered {0} credits of it; they are booked on an account of their own, given back by rule at once, and were not taken.', credits(charge.uncoveredMicroCredits)));
  } else if (!attempt.freeReason) {
    story.push(t('It has no price, so it is counted as unpriced and drew nothing.'));
  }
  for (const one of result.corrections) story.push(correctionText(one));
  return story;
}

function endText({ usage, measured }: AttemptView, outcome: NonNullable<AttemptView['outcome']>): string {
  const how = outcomeName(outcome);
  if (!usage) return t('It ended as {0}.', how);
  const values = [usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, usage.reasoningTokens].map((count) => formatTokens(count, languageTag()));
  return measured ? t('It ended as {0}: {1} tokens in ({2} cached), {3} out ({4} reasoning), as the upstream reported.', how, ...values)
    : t('It ended as {0}: {1} tokens in ({2} cached), {3} out ({4} reasoning), estimated.', how, ...values);
}

/** How a question was answered while the request waited. */
function answeredText({ kind, answer, afterMs }: Answered): string {
  const after = seconds(afterMs);
  return answer === undefined ? unansweredText(kind, after) : answerText(kind, answer, after);
}

function unansweredText(kind: QuestionKind, after: string): string {
  switch (kind) {
    case 'consent': return t('A person was asked whether it may use purchased credits; nobody answered within {0} s.', after);
    case 'unpriced': return t('A person was asked whether it may be sent without a price; nobody answered within {0} s.', after);
    case 'runaway': return t('A person was asked whether its task may go on; nobody answered within {0} s.', after);
  }
}

function answerText(kind: QuestionKind, answer: string, after: string): string {
  switch (kind) {
    case 'consent': return t('A person was asked whether it may use purchased credits, and answered "{0}" after {1} s.', answer, after);
    case 'unpriced': return t('A person was asked whether it may be sent without a price, and answered "{0}" after {1} s.', answer, after);
    case 'runaway': return t('A person was asked whether its task may go on, and answered "{0}" after {1} s.', answer, after);
  }
}

/** A late correction as a sentence. */
function correctionText({ basis, costMicroCredits, drawnMicroCredits, reason }: CorrectionView): string {
  const cost = credits(Math.abs(costMicroCredits));
  const moved = drawnMicroCredits === 0 ? t('no credits moved ({0}).', reason)
    : drawnMicroCredits < 0 ? t('{0} credits came back ({1}).', credits(-drawnMicroCredits), reason) : t('{0} credits were drawn ({1}).', credits(drawnMicroCredits), reason);
  if (basis === 'refund') return costMicroCredits < 0 ? t('It was refunded later by {0} credits less; {1}', cost, moved) : t('It was refunded later by {0} credits more; {1}', cost, moved);
  return costMicroCredits < 0 ? t('Its usage was corrected later by {0} credits less; {1}', cost, moved) : t('Its usage was corrected later by {0} credits more; {1}', cost, moved);
}

const credits = (microCredits: number) => formatCredits(microCredits, 6, languageTag());

const seconds = (ms: number) => new Intl.NumberFormat(languageTag(), { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false }).format(ms / 1000);
