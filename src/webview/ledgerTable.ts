// The Ledger page: balance entries, newest first, with what each moved and the balance after it. It
// shows what the ledger holds; corrections are entries of their own.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatCredits } from '../domain/units.ts';
import type { EntryView, Snapshot } from '../protocol/snapshot.ts';
import { signedCredits } from './amountText.ts';
import { kindName } from './balanceText.ts';
import { byGrantId, byRequestId, entryText, listedEntries } from './entryText.ts';
import type { EntryFilter, EntryText } from './entryText.ts';
import { explainLink } from './recentTable.ts';
import { rowTime } from './timeText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

function entryLine(entry: EntryView, text: EntryText, drawnFrom: string, view: View): TemplateResult {
  const { locale } = view.place;
  // A void of a hold gives credits free; a void of a grant takes them.
  const holds = entry.kind === 'reserve' || entry.kind === 'void' && entry.requestId !== undefined;
  const chosen = entry.requestId !== undefined && entry.requestId === view.explained;
  return html`<tr class=${chosen ? 'chosen' : ''}><td class="dim nowrap time">${rowTime(entry.atMs, view.nowMs, view.place)}</td>
    <td class="what ell">${icon(text.icon, 's')} ${text.title}${text.detail === undefined ? nothing : html` <span class="dim">· ${text.detail}</span>`}</td>
    <td class="hide-l hide-open mono dim ell id">${entry.requestId ?? '—'}</td><td class="hide-m hide-open">${drawnFrom}</td>
    <td class="n amount">${holds ? html`<span class="dim">${entry.kind === 'reserve' ? 'held' : 'freed'} ${formatCredits(Math.abs(entry.heldDeltaMicroCredits), 4, locale)}</span>` : signedCredits(entry.amountMicroCredits, locale)}</td>
    <td class="n dim after">${formatCredits(entry.balanceAfterMicroCredits, 4, locale)}</td>
    <td class="act">${entry.requestId === undefined ? nothing : explainLink(entry.requestId, view)}</td></tr>`;
}

/** The page. `choose` changes which entries are listed. */
export function ledgerTable(snapshot: Snapshot, filter: EntryFilter, choose: (filter: EntryFilter) => void, view: View): TemplateResult {
  const requests = byRequestId(snapshot.recent);
  const grants = byGrantId(snapshot.balance.grants);
  const rows = listedEntries(snapshot.entries, filter);
  const pressed = (value: EntryFilter) => filter === value ? 'true' : 'false';
  return html`<section class="area" aria-labelledby="head-ledger" data-test="ledger"><header class="head"><h2 id="head-ledger">Balance entries</h2>
      <span class="segments" role="group" aria-label="Entries to list"><button type="button" aria-pressed=${pressed('moves')} @click=${() => choose('moves')}>Charges and grants</button><button type="button" aria-pressed=${pressed('all')} @click=${() => choose('all')}>All, holds too</button></span>
      <span class="grow"></span><span class="dim hide-m">newest first, in credits</span></header>
    ${rows.length === 0 ? html`<p class="dim empty">${snapshot.balance.tracked ? 'Nothing has moved the balance yet.' : 'The balance is not tracked: usage is counted, and nothing is drawn. The first top-up makes the first entry.'}
        ${snapshot.balance.tracked ? nothing : html`<button type="button" class="link" @click=${view.act.addCredits}>Add credits…</button>`}</p>`
    : html`<table class="stack ledger" data-rows aria-labelledby="head-ledger"><thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col" class="hide-l hide-open">Request</th><th scope="col" class="hide-m hide-open">Grant</th><th scope="col" class="n">Credits</th><th scope="col" class="n">Balance after</th><th scope="col"><span class="sr">Explain</span></th></tr></thead>
      <tbody>${repeat(rows, (entry) => entry.sequence, (entry) => {
    const grant = grants.get(entry.grantId ?? '');
    return entryLine(entry, entryText(entry, requests, grants), grant ? kindName(grant.kind) : '—', view);
  })}</tbody></table>`}</section>`;
}
