// The three headline facts of the Now page: what is left, what is tightest or was used today, what
// the next request draws from. Nothing else on the page is set this large.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { grantedMicroCredits } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { creditsText, percentText, requestsText, tokensLine } from './amountText.ts';
import { balanceLevel, drawText } from './balanceText.ts';
import { limitRow, tightestLimit } from './limitText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

function balanceFact(snapshot: Snapshot, view: View): TemplateResult {
  const { balance } = snapshot;
  const { locale } = view.place;
  const kind = view.practice ? 'Practice credits' : 'Credits';
  if (!balance.tracked) {
    return html`<div class="fact"><dt>${kind}</dt><dd class="big"><span data-test="balance">not tracked</span> <small data-test="balance-usd"></small></dd>
      <dd>Usage is counted and priced. <span class="dim">The first top-up begins the balance.</span> <button type="button" class="link" @click=${view.act.addCredits}>Add credits…</button></dd></div>`;
  }
  const used = view.show === 'used';
  const shown = used ? Math.max(0, grantedMicroCredits(balance, snapshot.atMs) - balance.balanceMicroCredits) : balance.balanceMicroCredits;
  const level = balanceLevel(snapshot);
  const held = balance.heldMicroCredits;
  const warned = level === 'low' || level === 'critical' || level === 'blocked';
  return html`<div class="fact"><dt>${kind} ${view.show}</dt>
    <dd class="big"><span data-test="balance">${formatCredits(shown, 2, locale)}</span> <small>credits · <span data-test="balance-usd">${formatUsd(shown, 2, locale)}</span></small></dd>
    <dd>${warned ? html`<span class="nowrap">${icon('warning', 's warn')} ${level === 'blocked' ? 'used up' : level === 'critical' ? 'almost used up' : 'running low'}</span> <span class="dim">·</span> ` : nothing}
    ${used ? html`${creditsText(balance.balanceMicroCredits, locale)} left` : html`of ${formatCredits(grantedMicroCredits(balance, snapshot.atMs), 2, locale)} granted`}
    <span class="dim">· ${held > 0 ? `${creditsText(held, locale)} held by running requests` : 'nothing held'}${view.practice ? ' · dollars at real prices' : ''}</span></dd></div>`;
}

function useFact(snapshot: Snapshot, view: View): TemplateResult {
  const tight = tightestLimit(snapshot.windows, view.nowMs);
  if (tight) {
    const row = limitRow(tight, view.nowMs, view.show, view.place);
    return html`<div class="fact"><dt>Tightest limit: ${row.name}</dt><dd class="big">${row.amount} <small>${view.show}${row.share === undefined ? '' : ` · ${percentText(row.share)}`}</small></dd>
      <dd>${icon('warning', 's warn')} ${row.pace} <span class="dim">· ${[row.resets, row.countdown].filter(Boolean).join(' · ')}</span></dd></div>`;
  }
  const { total } = snapshot.today;
  const { locale } = view.place;
  return html`<div class="fact"><dt>Used today</dt><dd class="big">${creditsText(total.costMicroCredits, locale, total.estimated > 0)} <small>credits · ${formatUsd(total.costMicroCredits, 2, locale)}</small></dd>
    <dd>${requestsText(total.requests, locale)} <span class="dim">· ${total.requests === 0 ? 'none since midnight' : tokensLine(total, locale)}</span></dd></div>`;
}

/** The facts. */
export function facts(snapshot: Snapshot, view: View): TemplateResult {
  const draw = drawText(snapshot, view.place.locale, view.workspaceId);
  return html`<dl class="facts" data-test="facts">${balanceFact(snapshot, view)}${useFact(snapshot, view)}
    <div class="fact"><dt>The next request draws from</dt><dd class="big">${draw.title} ${draw.amount === undefined ? nothing : html`<small>· ${draw.amount}</small>`}</dd><dd class="dim">${draw.then}</dd></div></dl>`;
}
