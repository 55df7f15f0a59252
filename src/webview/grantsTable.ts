// The grants in the order in which they are used, with what each has left. The order is the
// waterfall's; this part only draws it.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { lowShare } from '../domain/meter.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import type { GrantView, Snapshot } from '../protocol/snapshot.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { creditsText } from './amountText.ts';
import { consentLine } from './consentLine.ts';
import { burnOrder, expiryText, kindName } from './balanceText.ts';
import type { LimitLevel } from './limitText.ts';
import type { View } from './view.ts';

function grantLevel(grant: GrantView): LimitLevel {
  if (grant.remainingMicroCredits <= 0) return 'empty';
  return grant.remainingMicroCredits < grant.amountMicroCredits * lowShare ? 'low' : 'fine';
}

function grantLine(grant: GrantView, place: number, inUse: boolean, view: View): TemplateResult {
  const { locale } = view.place;
  const left = grant.amountMicroCredits > 0 ? Math.max(0, grant.remainingMicroCredits) / grant.amountMicroCredits : 0;
  const spent = Math.max(0, grant.amountMicroCredits - grant.remainingMicroCredits);
  const shown = view.show === 'left' ? grant.remainingMicroCredits : spent;
  const sentence = `${kindName(grant.kind)}: ${creditsText(shown, locale)} of ${creditsText(grant.amountMicroCredits, locale)} credits ${view.show}`;
  return html`<tr><td class="what"><span class="dim">${place}</span> ${kindName(grant.kind)}${grant.note === undefined ? nothing : html` <span class="dim">· ${grant.note}</span>`}${inUse ? html` <span class="tag line">in use</span>` : nothing}</td>
    <td><usage-gauge .share=${view.show === 'left' ? left : 1 - left} .level=${grantLevel(grant)} .sentence=${sentence}></usage-gauge></td>
    <td class="n">${formatCredits(shown, 2, locale)}</td><td class="n dim hide-s">${formatCredits(grant.amountMicroCredits, 2, locale)}</td><td class="dim">${expiryText(grant, view.nowMs, view.place)}</td></tr>`;
}

/** The area. */
export function grantsTable(snapshot: Snapshot, view: View): TemplateResult {
  const { balance } = snapshot;
  const { locale } = view.place;
  const draw = windowDraw(snapshot, view.workspaceId);
  const grants = burnOrder(balance.grants);
  const first = grants.find((grant) => grant.kind === draw && grant.remainingMicroCredits > 0);
  const free = balance.balanceMicroCredits - balance.heldMicroCredits;
  return html`<section class="area" aria-labelledby="head-grants"><header class="head"><h2 id="head-grants">Credits in the order they are used</h2></header>
    ${grants.length === 0 ? html`<p class="dim empty">${balance.tracked ? 'Every grant has expired.' : 'The balance is not tracked. Usage is counted and priced; the first credits that you add begin the balance.'}</p>`
    : html`<table class="stack grants" aria-labelledby="head-grants"><thead><tr><th scope="col">Grant</th><th scope="col" class="gauge-column"><span class="sr">Gauge</span></th><th scope="col" class="n">${view.show === 'left' ? 'Left' : 'Used'}</th><th scope="col" class="n hide-s">of</th><th scope="col">Until</th></tr></thead>
      <tbody>${repeat(grants, (grant) => grant.id, (grant, index) => grantLine(grant, index + 1, grant === first, view))}</tbody>
      <tfoot><tr><td>Balance</td><td></td><td class="n">${formatCredits(balance.balanceMicroCredits, 2, locale)}</td><td class="n plain dim hide-s">${formatUsd(balance.balanceMicroCredits, 2, locale)}</td>
        <td class="plain dim">${formatCredits(balance.heldMicroCredits, 2, locale)} held · ${formatCredits(free, 2, locale)} free</td></tr></tfoot></table>`}${consentLine(snapshot, view)}</section>`;
}
