// The grants in the order in which they are used, with what each has left, when it begins and ends, and whom it is
// for. The order is the waterfall's; this part only draws it, and offers to take back what was added a moment ago.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Allowance } from '../domain/allowances.ts';
import { lowShare } from '../domain/tightest.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { t } from '../protocol/language.ts';
import { noteWords } from '../protocol/noteWords.ts';
import type { GrantView, Snapshot } from '../protocol/snapshot.ts';
import { isFree, windowDraw } from '../protocol/windowDraw.ts';
import { creditsText } from './amountText.ts';
import { grantTitle } from './entryText.ts';
import { consentLine } from './consentLine.ts';
import { kindName } from './balanceText.ts';
import { amountOf } from './budgetText.ts';
import { allowanceOf, allowanceText, burnOrder, expiryParts, grantState, kindCredits, restrictionText } from './grantText.ts';
import type { LimitLevel } from './limitText.ts';
import { moving, movingText } from './moving.ts';
import { countdown } from './timeText.ts';
import { changeLink, changeProblem, workspaceName } from './view.ts';
import type { View } from './view.ts';

function grantLevel(grant: GrantView): LimitLevel {
  if (grant.remainingMicroCredits <= 0) return 'empty';
  return grant.remainingMicroCredits < grant.amountMicroCredits * lowShare ? 'low' : 'fine';
}

/** Whom a grant is for and what brings it back, below its name. */
function subLine(grant: GrantView, snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const allowance = allowanceOf(snapshot, grant);
  const parts = [
    ...(allowance ? [comesBack(allowance)] : []), ...(grant.source ? [grantTitle(grant)] : []),
    ...[restrictionText(grant, (id) => workspaceName(view, id))].filter((text) => text !== undefined),
  ];
  return parts.length === 0 ? nothing : html`<span class="sub">${parts.join(' · ')}</span>`;
}

function comesBack({ every }: Allowance): string {
  switch (every) {
    case 'day': return t('Comes back each day');
    case 'week': return t('Comes back each week');
    case 'month': return t('Comes back each month');
  }
}

function undoLink(grant: GrantView, view: View): TemplateResult | typeof nothing {
  if (view.undo?.grantId !== grant.id || grant.voided !== undefined) return nothing;
  const { leftMs } = view.undo;
  return html`<div>${changeLink(view, { kind: 'undo', grantId: grant.id }, t('Take back'), 'undo', t('Take back the {0} that were just added', kindCredits(grant.kind)))} <span class="dim nowrap" aria-hidden="true">· ${movingText(view, (nowMs) => t('{0} left', countdown(leftMs - (nowMs - view.nowMs))))}</span></div>`;
}

function grantLine(grant: GrantView, place: number, inUse: boolean, snapshot: Snapshot, view: View): TemplateResult {
  const { locale } = view.place;
  const left = grant.amountMicroCredits > 0 ? Math.max(0, grant.remainingMicroCredits) / grant.amountMicroCredits : 0;
  const spent = Math.max(0, grant.amountMicroCredits - grant.remainingMicroCredits);
  const shown = view.show === 'left' ? grant.remainingMicroCredits : spent;
  const state = grantState(grant, view.nowMs);
  const isOver = state !== 'usable' && state !== 'not-begun';
  const sentence = `${kindName(grant.kind)}: ${amountOf('credits', view.show, creditsText(shown, locale), creditsText(grant.amountMicroCredits, locale))}`;
  return html`<tr class=${isOver ? 'over' : ''}><td class="what"><span class="dim">${isOver ? '–' : place}</span> ${kindName(grant.kind)}${grant.note === undefined ? nothing : html` <span class="dim">· ${noteWords(grant.note)}</span>`}${inUse ? html` <span class="tag line">${t('in use')}</span>` : nothing}${subLine(grant, snapshot, view)}${undoLink(grant, view)}</td>
    <td>${isOver ? nothing : html`<usage-gauge .share=${view.show === 'left' ? left : 1 - left} .level=${grantLevel(grant)} .sentence=${sentence}></usage-gauge>`}</td>
    <td class="n">${formatCredits(shown, 2, locale)}</td><td class="n dim hide-s">${formatCredits(grant.amountMicroCredits, 2, locale)}</td><td class="dim">${moving(view, (nowMs) => expiryParts(grant, nowMs, view.place), (parts) => html`${parts.map((part, index) => html`${index === 0 ? nothing : ' · '}<span class=${state === 'usable' ? 'nowrap' : ''}>${part}</span>`)}`)}</td></tr>`;
}

/** What comes back by itself, as a line below the table. */
function allowanceLine(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  if (snapshot.allowances.length === 0) return nothing;
  return html`<p class="dim empty" data-test="allowances">${t('By itself come back: {0}. What is left of them at the end of each period expires.', snapshot.allowances.map((allowance) => allowanceText(allowance, view.place.locale)).join('; '))}</p>`;
}

/** The area. @param tools what else can be done with the list */
export function grantsTable(snapshot: Snapshot, view: View, tools: TemplateResult | typeof nothing): TemplateResult {
  const { balance } = snapshot;
  const { locale } = view.place;
  const draw = windowDraw(snapshot, view.workspaceId);
  const kind = draw === 'asks' ? 'purchased' : draw;
  const grants = burnOrder(balance.grants, view.nowMs);
  const first = grants.find((grant) => grant.kind === kind && isFree(grant, view.workspaceId, snapshot.atMs));
  const free = balance.balanceMicroCredits - balance.heldMicroCredits;
  return html`<section class="area" aria-labelledby="head-grants" data-test="grants"><header class="head"><h2 id="head-grants" tabindex="-1">${t('Credits in the order they are used')}</h2><span class="grow"></span>${tools}</header>
    ${grants.length === 0 ? html`<p class="dim empty">${balance.tracked ? t('Every grant has expired.') : t('The balance is not tracked. Usage is counted and priced; the first credits that you add begin the balance.')}</p>`
    : html`<table class="stack grants" aria-labelledby="head-grants"><thead><tr><th scope="col">${t('Grant')}</th><th scope="col" class="gauge-column"><span class="sr">${t('Gauge')}</span></th><th scope="col" class="n">${view.show === 'left' ? t('Left') : t('Used')}</th><th scope="col" class="n hide-s">${t('of')}</th><th scope="col">${t('Until')}</th></tr></thead>
      <tbody>${repeat(grants, (grant) => grant.id, (grant, index) => grantLine(grant, index + 1, grant === first, snapshot, view))}</tbody>
      <tfoot><tr><td>${t('Balance')}</td><td></td><td class="n">${formatCredits(balance.balanceMicroCredits, 2, locale)}</td><td class="n plain dim hide-s">${formatUsd(balance.balanceMicroCredits, 2, locale)}</td>
        <td class="plain dim">${t('{0} held · {1} free', formatCredits(balance.heldMicroCredits, 2, locale), formatCredits(free, 2, locale))}</td></tr></tfoot></table>`}
    ${view.undo ? changeProblem(view, { kind: 'undo', grantId: view.undo.grantId }) : nothing}${allowanceLine(snapshot, view)}${consentLine(snapshot, view)}</section>`;
}
