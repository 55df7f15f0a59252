// What requests wait to be told, on top of every page: each question with its answers, what they mean, and when
// it ends by itself. It asks; the extension has lasting answers confirmed, the broker keeps them.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatUsd } from '../domain/units.ts';
import { answerChoices, questionTitle } from '../protocol/answerWords.ts';
import { plural, t } from '../protocol/language.ts';
import type { QuestionView, Snapshot } from '../protocol/snapshot.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { movingText } from './moving.ts';
import { countdown, stopwatch, timeOfDay } from './timeText.ts';
import { changeProblem, icon, isChanging } from './view.ts';
import type { View } from './view.ts';

/** More questions than these are counted, not shown: answering the first ones brings them up. */
export const questionsShownMax = 5;

/** Clauses that each stand for themselves. */
function timeLine(question: QuestionView, nowMs: number, view: View): string {
  const leftMs = question.endsAtMs - nowMs;
  return [
    t('Waits for {0}', stopwatch(nowMs - question.sinceMs)),
    leftMs <= 0 ? t('refused now') : t('refused at {0}, in {1}, if nobody answers', timeOfDay(question.endsAtMs, view.place), countdown(leftMs)),
    t('nothing is charged until then'),
    ...(question.estimateMicroCredits === undefined || view.practice ? [] : [t('at the most {0}', formatUsd(question.estimateMicroCredits, 2, view.place.locale))]),
  ].join(' · ');
}

function questionPart(question: QuestionView, view: View): TemplateResult {
  const { requestId } = question;
  const title = questionTitle(question);
  const choices = answerChoices(question);
  const underWay = view.changing.get(`answer ${requestId}`);
  const busy = isChanging(view, { kind: 'answer', requestId, answer: 'once' }) || view.stale;
  return html`<div class="notice warning question" role="group" aria-label=${title} data-test="question">${icon('question', 'warn')}<div class="grow">
      <strong>${title}</strong> ${question.text}
      <p class="dim">${movingText(view, (nowMs) => timeLine(question, nowMs, view))}</p>
      <div class="row actions">${choices.map(({ answer, label, lasts }) => html`<vscode-button secondary data-test=${`answer-${answer}`} title=${lasts} ?disabled=${busy} aria-disabled=${busy ? 'true' : 'false'}
        @click=${() => view.act.change({ kind: 'answer', requestId, answer })}>${underWay?.kind === 'answer' && underWay.answer === answer ? `${label}…` : label}</vscode-button>`)}</div>
      <details><summary>${t('What each answer means')}</summary><dl class="pairs">${choices.map(({ label, lasts }) => html`<dt>${label}</dt><dd>${lasts}</dd>`)}</dl></details>
      ${changeProblem(view, { kind: 'answer', requestId, answer: 'once' })}</div></div>`;
}

/** The questions, this window's own first; nothing where none is asked. */
export function questionsPanel(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const { questions } = snapshot;
  if (questions.length === 0) return nothing;
  const own = windowQuestions(questions, view.workspaceId);
  const ordered = [...own, ...questions.filter((question) => !own.includes(question))];
  const rest = ordered.length - questionsShownMax;
  const title = questions.length === 1 ? t('A request waits for your answer') : plural(questions.length, '{0} request waits for your answer', '{0} requests wait for your answer');
  return html`<section class="questions" aria-labelledby="head-questions" data-test="questions"><header class="head"><h2 id="head-questions" tabindex="-1">${title}</h2></header>
    <div class="notices">${repeat(ordered.slice(0, questionsShownMax), (question) => question.requestId, (question) => questionPart(question, view))}</div>
    ${rest > 0 ? html`<p class="dim">${plural(rest, '{0} more request waits with a question.', '{0} more requests wait with a question.')}</p>` : nothing}</section>`;
}
