// The Running and waiting area: what runs now, what waits and why, and the ways to stop it or to let it go first. The
// broker's own reason is shown as it is.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Priority } from '../domain/fairQueue.ts';
import { formatTokens } from '../domain/units.ts';
import { changeSubject } from '../protocol/changeSubject.ts';
import { clientName } from '../protocol/clientName.ts';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import { modelText } from '../protocol/modelText.ts';
import type { RunView, Snapshot } from '../protocol/snapshot.ts';
import { creditsText } from './amountText.ts';
import { movingText } from './moving.ts';
import { runState, runSummary, waitSentence } from './runText.ts';
import { stopwatch } from './timeText.ts';
import { turnChoice } from './turnChoice.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

/** The choice of a request's turn, and why it was not changed. */
function turnOf(run: RunView, view: View): { readonly choice: TemplateResult | typeof nothing; readonly failure: TemplateResult | typeof nothing } {
  const change = (priority: Priority) => ({ kind: 'priority', requestId: run.requestId, priority }) as const;
  const subject = changeSubject(change('agent'));
  const underWay = view.changing.get(subject);
  const why = run.state === 'waiting' ? view.failures.get(subject) : undefined;
  return {
    choice: turnChoice(run, { underWay: underWay?.kind === 'priority' ? underWay.priority : undefined, isLocked: view.stale }, (priority) => view.act.change(change(priority))),
    failure: why ? html`<span class="sub">${problemWords(why)}</span>` : nothing,
  };
}

function runLine(run: RunView, asked: boolean, view: View): TemplateResult {
  const mark = run.state === 'waiting' ? icon('clock', 's') : run.state === 'parked' ? icon(asked ? 'question' : 'debug-pause', 's') : view.stale ? icon('sync', 's') : icon('sync', 's codicon-modifier-spin');
  const stopping = view.cancelling.has(run.requestId);
  const turn = turnOf(run, view);
  return html`<tr><td class="nowrap state">${mark} ${runState(run, asked)}</td>
    <td class="what">${run.workspaceLabel} <span class="dim">· ${clientName(run.client)}</span>${run.state === 'running' ? nothing : html`<span class="sub">${movingText(view, (nowMs) => waitSentence(run, nowMs, asked) ?? '')}</span>`}${turn.failure}</td>
    <td class="hide-m nowrap">${modelText(run)}</td><td class="n hide-s">≈ ${formatTokens(run.estimatedTokens, view.place.locale)}</td>
    <td class="n hide-m">${run.heldMicroCredits > 0 ? creditsText(run.heldMicroCredits, view.place.locale) : html`<span class="dim">${t('none')}</span>`}</td>
    <td class="n time">${movingText(view, (nowMs) => stopwatch(nowMs - run.sinceMs))}</td>
    <td class="act">${turn.choice}<button type="button" class="link" data-test="cancel" data-row-stop aria-label=${t('Cancel the request of {0}', run.workspaceLabel)} ?disabled=${view.stale || stopping} @click=${() => view.act.cancel(run.requestId)}>${stopping ? t('Cancelling…') : t('Cancel')}</button></td></tr>`;
}

/** The area; the waiting stand in the order of their places. */
export function runsTable(snapshot: Snapshot, view: View): TemplateResult {
  const waiting = snapshot.waiting.toSorted((a, b) => (a.place ?? Infinity) - (b.place ?? Infinity));
  const runs = [...snapshot.running, ...waiting];
  const asking = new Set(snapshot.questions.map((question) => question.requestId));
  return html`<section class="area" aria-labelledby="head-runs" data-test="running"><header class="head"><h2 id="head-runs">${t('Running and waiting')}</h2><span class="dim">${runSummary(snapshot.running.length, waiting.length)}</span></header>
    ${runs.length === 0 ? nothing : html`<table class="stack runs" data-rows aria-labelledby="head-runs"><thead><tr><th scope="col">${t('State')}</th><th scope="col">${t('Workspace and client')}</th><th scope="col" class="hide-m">${t('Model')}</th><th scope="col" class="n hide-s">${t('Tokens')}</th><th scope="col" class="n hide-m">${t('Held')}</th><th scope="col" class="n">${t('Time')}</th><th scope="col"><span class="sr">${t('Actions')}</span></th></tr></thead>
      <tbody>${repeat(runs, (run) => run.requestId, (run) => runLine(run, asking.has(run.requestId), view))}</tbody></table>`}</section>`;
}
