// The answers that hold until somebody takes them back: who may use purchased credits, who may not, and which models
// without a price are sent. Each row has the way back to being asked.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { changeSubject } from '../protocol/changeSubject.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { changeLink, changeProblem, icon, workspaceName } from './view.ts';
import type { View } from './view.ts';

/** One answer that holds. */
export interface AnswerRow {
  readonly who: string;
  readonly isOwn: boolean;
  readonly isAllowed: boolean;
  readonly what: string;
  readonly change: PageChange;
}

/** The answers as rows, the widest first. */
export function answerRows(snapshot: Pick<Snapshot, 'consent' | 'unpricedModels'>, view: Pick<View, 'workspaceId' | 'workspaceNames'>): AnswerRow[] {
  const { consent } = snapshot;
  const purchased = (isAllowed: boolean) => (isAllowed ? t('may use purchased credits') : t('is refused them without a question'));
  const workspaceRow = (isAllowed: boolean) => (workspaceId: string): AnswerRow => ({
    who: workspaceName(view, workspaceId), isOwn: workspaceId === view.workspaceId, isAllowed,
    what: purchased(isAllowed), change: { kind: 'askWorkspace', workspaceId },
  });
  return [
    ...(consent.everywhere || consent.deniedEverywhere ? [{
      who: consent.everywhere ? t('Every workspace') : t('Every other workspace'), isOwn: false, isAllowed: consent.everywhere,
      what: purchased(consent.everywhere), change: { kind: 'askEverywhere' } as const,
    }] : []),
    ...consent.workspaceIds.map(workspaceRow(true)), ...consent.deniedWorkspaceIds.map(workspaceRow(false)),
    ...(snapshot.unpricedModels ?? []).map(({ model, answer }): AnswerRow => ({
      who: model, isOwn: false, isAllowed: answer === 'allow', what: answer === 'allow' ? t('is sent without a known price') : t('is refused while its price is not known'), change: { kind: 'askModel', model },
    })),
  ];
}

/** The area, or nothing where no answer holds. */
export function answersTable(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const rows = answerRows(snapshot, view);
  if (rows.length === 0) return nothing;
  return html`<section class="area" aria-labelledby="head-answers" data-test="answers"><header class="head"><h2 id="head-answers" tabindex="-1">${t('Answers that last')}</h2><span class="dim hide-s">${t('Taken back, the next request asks again.')}</span></header>
    <table class="stack answers" data-rows aria-labelledby="head-answers"><thead><tr><th scope="col">${t('Who')}</th><th scope="col">${t('What holds')}</th><th scope="col"><span class="sr">${t('Actions')}</span></th></tr></thead>
      <tbody>${repeat(rows, (row) => changeSubject(row.change), (row) => html`<tr><td class="what">${row.who}${row.isOwn ? html` <span class="tag line">${t('this window')}</span>` : nothing}</td>
        <td>${icon(row.isAllowed ? 'check' : 'circle-slash', 's')} ${row.what}</td>
        <td class="act">${changeLink(view, row.change, t('Take back'), 'take-back', t('Take back: {0} {1}', row.who, row.what))}</td></tr>`)}</tbody></table>
    ${rows.map((row) => changeProblem(view, row.change))}</section>`;
}
