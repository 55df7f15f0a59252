// What requests wait to be told, on top of every page: each question with its answers, what they mean, and when
// it ends by itself. It asks; the extension has lasting answers confirmed, the broker keeps them.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatUsd } from '../domain/units.ts';
import { answerChoices, questionTitle } from '../protocol/answerWords.ts';
import type { QuestionView, Snapshot } from '../protocol/snapshot.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { countText } from './amountText.ts';
import { duration, stopwatch, timeOfDay } from './timeText.ts';
import { changeProblem, icon, isChanging } from './view.ts';
import type { View } from './view.ts';

/** More questions than these are counted, not shown: answering the first ones brings them up. */
export const questionsShownMax = 5;

function timeLine(question: QuestionView, view: View): string {
  const leftMs = question.endsAtMs - view.nowMs;
  const ends = leftMs <= 0 ? 'refused now' : `refused at ${timeOfDay(question.endsAtMs, view.place)}, in ${duration(leftMs)}, if nobody answers`;
  const money = question.estimateMicroCredits === undefined || view.practice ? '' : ` · at the most ${formatUsd(question.estimateMicroCredits, 2, view.place.locale)}`;
  return `Waits for ${stopwatch(view.nowMs - question.sinceMs)} · ${ends} · nothing is charged until then${money}`;
}

function questionPart(question: QuestionView, view: View): TemplateResult {
  const { requestId } = question;
  const title = questionTitle(question);
  const choices = answerChoices(question);
  const underWay = view.changing.get(`answer ${requestId}`);
  const busy = isChanging(view, { kind: 'answer', requestId, answer: 'once' }) || view.stale;
  return html`<div class="notice warning question" role="group" aria-label=${title} data-test="question">${icon('question', 'warn')}<div class="grow">
      <strong>${title}</strong> ${question.text}
      <p class="dim">${timeLine(question, view)}</p>
      <div class="row actions">${choices.map(({ answer, label, lasts }) => html`<vscode-button secondary data-test=${`answer-${answer}`} title=${lasts} ?disabled=${busy} aria-disabled=${busy ? 'true' : 'false'}
        @click=${() => view.act.change({ kind: 'answer', requestId, answer })}>${underWay?.kind === 'answer' && underWay.answer === answer ? `${label}…` : label}</vscode-button>`)}</div>
      <details><summary>What each answer means</summary><dl class="pairs">${choices.map(({ label, lasts }) => html`<dt>${label}</dt><dd>${lasts}</dd>`)}</dl></details>
      ${changeProblem(view, { kind: 'answer', requestId, answer: 'once' })}</div></div>`;
}

/** The questions, this window's own first; nothing where none is asked. */
export function questionsPanel(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const { questions } = snapshot;
  if (questions.length === 0) return nothing;
  const own = windowQuestions(questions, view.workspaceId);
  const ordered = [...own, ...questions.filter((question) => !own.includes(question))];
  const rest = ordered.length - questionsShownMax;
  const title = questions.length === 1 ? 'A request waits for your answer' : `${countText(questions.length, view.place.locale)} requests wait for your answer`;
  return html`<section class="questions" aria-labelledby="head-questions" data-test="questions"><header class="head"><h2 id="head-questions" tabindex="-1">${title}</h2></header>
    <div class="notices">${repeat(ordered.slice(0, questionsShownMax), (question) => question.requestId, (question) => questionPart(question, view))}</div>
    ${rest > 0 ? html`<p class="dim">${countText(rest, view.place.locale)} more ${rest === 1 ? 'request waits' : 'requests wait'} with a question.</p>` : nothing}</section>`;
}
