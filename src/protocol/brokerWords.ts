// What the broker tells in sentences, in the language of this process: a window puts a snapshot and an explanation through
// here as they come, so that everything that shows them finds its own words.
import type { DecisionRecord, LayerVerdict } from '../domain/decisionRecord.ts';
import { answeredInstead } from '../domain/fallback.ts';
import { stoppedAt } from '../domain/overrun.ts';
import type { ChargeTerm } from '../domain/pricing.ts';
import { becauseOf } from '../domain/problem.ts';
import { formatCredits, microCreditsPerCredit } from '../domain/units.ts';
import type { ChargeView, ExplainResult } from './control.ts';
import { languageTag, t, translated } from './language.ts';
import { noteWords } from './noteWords.ts';
import { saidWords } from './problemWords.ts';
import { storyBeside } from './requestStory.ts';
import type { QuestionView, RequestView, RunView, Snapshot } from './snapshot.ts';
import { workspaceWords } from './workspaceWords.ts';

/** A snapshot with its questions, reasons and free requests in this language. Problems keep their parts for whoever shows them. */
export function snapshotWords(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot, questions: snapshot.questions.map(questionWords), running: snapshot.running.map(runWords), waiting: snapshot.waiting.map(runWords),
    recent: snapshot.recent.map(requestWords), today: { ...snapshot.today, byWorkspace: snapshot.today.byWorkspace.map((row) => ({ ...row, label: workspaceWords(row.label) })) },
    budgets: snapshot.budgets.map((view) => (view.budget.per === 'workspace' ? { ...view, uses: view.uses.map((use) => (use.label === undefined ? use : { ...use, label: workspaceWords(use.label) })) } : view)),
    ...(snapshot.workspaceLabels ? { workspaceLabels: Object.fromEntries(Object.entries(snapshot.workspaceLabels).map(([id, label]) => [id, workspaceWords(label)])) } : {}),
  };
}

/** An explanation in this language. Its story tells what stands nowhere else in it. */
export function explainWords(result: ExplainResult): ExplainResult {
  const { decision } = result;
  const told = {
    ...result, workspaceLabel: workspaceWords(result.workspaceLabel),
    charge: result.charge && { ...result.charge, formula: formulaWords(result.charge) },
    corrections: result.corrections.map((one) => ({ ...one, reason: noteWords(one.reason) })),
    attempts: result.attempts.map((attempt) => (attempt.freeReason === undefined ? attempt : { ...attempt, freeReason: translated(attempt.freeReason) })),
    decision: decisionWords(decision),
  };
  // A broker that did not send the notice told its story in English alone.
  return result.notice === undefined ? told : { ...told, story: storyBeside(told, result.notice === null ? undefined : noticeWords(result.notice, decision)) };
}

/** A decision in this language. */
export function decisionWords(decision: DecisionRecord): DecisionRecord {
  const { message, remedy, toChange } = decision;
  return {
    ...decision, layers: decision.layers.map(layerWords),
    ...(message === undefined ? {} : { message: saidWords(message, decision.said) }), ...(remedy === undefined ? {} : { remedy: saidWords(remedy, decision.remedySaid) }),
    ...(toChange === undefined ? {} : { toChange: toChange.map((sentence, index) => saidWords(sentence, decision.toChangeSaid?.[index])) }),
  };
}

/**
 * A notice is kept as finished sentences. What has values in it is known by the decision that they came from, or, about a plan's
 * worth, by its amount; each other sentence is known by itself.
 */
function noticeWords(notice: string, decision: DecisionRecord): string {
  const made = [...(decision.fallback ? [answeredInstead(decision.fallback)] : []), ...(decision.stops ?? []).map((stop) => becauseOf(stoppedAt(stop)))].find(({ because }) => notice.startsWith(because));
  if (!made) return noticedSentences(notice);
  const rest = notice.slice(made.because.length).trim();
  return [withoutSentToNobody(saidWords(made.because, made.said)), ...(rest === '' ? [] : [noticeWords(rest, decision)])].join(' ');
}

/** A refusal's words without that nothing was sent: once a fallback answered that is not so, and beside a cost it is said twice. */
export function withoutSentToNobody(words: string): string {
  const ending = [t('Nothing was sent and nothing was charged.'), t('Nothing was sent.')].find((one) => words.endsWith(` ${one}`));
  return ending === undefined ? words : words.slice(0, -ending.length - 1);
}

function noticedSentences(notice: string): string {
  return notice.split(/(?<=\.) (?=[A-Z])/).map((sentence) => {
    const worth = /^By the price list it would have cost ([\d,]+\.\d{4}) credits\.$/.exec(sentence)?.[1];
    return worth === undefined ? translated(sentence)
      : t('By the price list it would have cost {0} credits.', formatCredits(Math.round(Number(worth.replaceAll(',', '')) * microCreditsPerCredit), 4, languageTag()));
  }).join(' ');
}

/** The formula of a charge as one line. */
function formulaWords({ terms, costMicroCredits }: Pick<ChargeView, 'terms' | 'costMicroCredits'>): string {
  const number = new Intl.NumberFormat(languageTag(), { maximumFractionDigits: 20, useGrouping: false });
  if (terms.length === 0) return t('no tokens = 0 credits');
  const parts = terms.map(({ what, tokens, microCreditsPerMillion, multiplier }) => {
    const times = multiplier ? ` × ${multiplier.numerator}${multiplier.denominator === 1 ? '' : `/${multiplier.denominator}`}` : '';
    return `${tokens} ${termName(what)} × ${number.format(microCreditsPerMillion / 1_000_000)}${times}`;
  });
  return t('({0}) ÷ 1,000,000 = {1} credits', parts.join(' + '), number.format(costMicroCredits / 1_000_000));
}

function termName(what: ChargeTerm['what']): string {
  switch (what) {
    case 'input': return t('input');
    case 'cached input': return t('cached input');
    case 'cache write': return t('cache write');
    case 'output': return t('output');
  }
}

function layerWords({ said, ...layer }: LayerVerdict): LayerVerdict {
  return { ...layer, because: saidWords(layer.because, said) };
}

function questionWords({ said, ...question }: QuestionView): QuestionView {
  return { ...question, workspaceLabel: workspaceWords(question.workspaceLabel), text: saidWords(question.text, said) };
}

function runWords({ said, ...run }: RunView): RunView {
  return { ...run, workspaceLabel: workspaceWords(run.workspaceLabel), ...(run.reason === undefined ? {} : { reason: saidWords(run.reason, said) }) };
}

function requestWords({ said, ...request }: RequestView): RequestView {
  return { ...request, workspaceLabel: workspaceWords(request.workspaceLabel), ...(request.freeReason === undefined ? {} : { freeReason: saidWords(request.freeReason, said) }) };
}
