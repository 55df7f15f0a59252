// The three headline facts of the Now page: what is left, what is tightest or was used today, what
// the next request draws from. Nothing else on the page is set this large.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { grantedMicroCredits } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { costText, creditsText, isCostKnown, requestsText, tokensLine } from './amountText.ts';
import { balanceLevel, drawText } from './balanceText.ts';
import { tightText } from './tightestText.ts';
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
  const tight = tightText(snapshot, view.workspaceId, view.nowMs, view.show, view.place);
  if (tight) {
    return html`<div class="fact"><dt>Tightest limit: ${tight.title}</dt><dd class="big">${tight.amount} <small>${tight.of}</small></dd>
      <dd>${icon('warning', 's warn')} ${tight.pace} <span class="dim">· ${tight.ends}</span></dd></div>`;
  }
  const { total } = snapshot.today;
  const { locale } = view.place;
  return html`<div class="fact"><dt>Used today</dt><dd class="big">${costText(total, locale)} <small>${isCostKnown(total) ? `credits · ${formatUsd(total.costMicroCredits, 2, locale)}` : 'no price is known'}</small></dd>
    <dd>${requestsText(total.requests, locale)} <span class="dim">· ${total.requests === 0 ? 'none since midnight' : tokensLine(total, locale)}</span></dd></div>`;
}

/** The facts. */
export function facts(snapshot: Snapshot, view: View): TemplateResult {
  const draw = drawText(snapshot, view.place.locale, view.workspaceId);
  return html`<dl class="facts" data-test="facts">${balanceFact(snapshot, view)}${useFact(snapshot, view)}
    <div class="fact"><dt>The next request draws from</dt><dd class="big">${draw.title} ${draw.amount === undefined ? nothing : html`<small>· ${draw.amount}</small>`}</dd><dd class="dim">${draw.then}</dd></div></dl>`;
}
