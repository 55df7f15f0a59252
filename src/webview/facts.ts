// The three headline facts of the Now page: what is left, what is tightest or was used today, what
// the next request draws from, while the broker answers. Nothing else on the page is set this large.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { BalanceLevel } from '../domain/balanceLevel.ts';
import { formatCredits, formatUsd } from '../domain/units.ts';
import { t } from '../protocol/language.ts';
import { tightestStand } from '../protocol/limitStands.ts';
import { grantedMicroCredits } from '../protocol/meterInput.ts';
import { payerOf } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { costText, creditsText, isCostKnown, requestsText, tokensLine } from './amountText.ts';
import { balanceLevel, drawText } from './balanceText.ts';
import type { DrawText } from './balanceText.ts';
import { filled } from './filled.ts';
import { moving } from './moving.ts';
import { tightText } from './tightestText.ts';
import type { TightText } from './tightestText.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

function balanceFact(snapshot: Snapshot, view: View): TemplateResult {
  const { balance } = snapshot;
  const { locale } = view.place;
  const { practice } = view;
  if (!balance.tracked) {
    return html`<div class="fact"><dt>${practice ? t('Practice credits') : t('Credits')}</dt><dd class="big"><span data-test="balance">${t('not tracked')}</span> <small data-test="balance-usd"></small></dd>
      <dd>${t('Usage is counted and priced.')} <span class="dim">${t('The first top-up begins the balance.')}</span> <button type="button" class="link" @click=${view.act.addCredits}>${t('Add credits…')}</button></dd></div>`;
  }
  const used = view.show === 'used';
  const granted = grantedMicroCredits(balance, snapshot.atMs);
  const shown = used ? Math.max(0, granted - balance.balanceMicroCredits) : balance.balanceMicroCredits;
  const held = balance.heldMicroCredits;
  const title = used ? (practice ? t('Practice credits used') : t('Credits used')) : practice ? t('Practice credits left') : t('Credits left');
  // Where only a plan pays, no credits are drawn.
  const warned = payerOf(snapshot) === 'plan' ? undefined : levelWords(balanceLevel(snapshot));
  const number = html`<span data-test="balance">${formatCredits(shown, 2, locale)}</span>`;
  return html`<div class="fact"><dt>${title}</dt>
    <dd class="big">${number} <small>${filled(t('credits · {0}'), html`<span data-test="balance-usd">${formatUsd(shown, 2, locale)}</span>`)}</small></dd>
    <dd>${warned === undefined ? nothing : html`<span class="nowrap">${icon('warning', 's warn')} ${warned}</span> <span class="dim">·</span> `}
    ${used ? t('{0} left', creditsText(balance.balanceMicroCredits, locale)) : t('of {0} granted', formatCredits(granted, 2, locale))}
    <span class="dim">· ${held > 0 ? t('{0} held by running requests', creditsText(held, locale)) : t('nothing held')}${practice ? ` · ${t('dollars at real prices')}` : ''}</span></dd></div>`;
}

/** What the balance warns of. */
function levelWords(level: BalanceLevel): string | undefined {
  switch (level) {
    case 'blocked': return t('used up');
    case 'critical': return t('almost used up');
    case 'low': return t('running low');
    default: return undefined;
  }
}

/** The tightest limit with the unit of a budget's large number, and whether it has nothing left. */
interface TightFact extends TightText {
  readonly unit: string;
  readonly isUsedUp: boolean;
}

function tightFact(snapshot: Snapshot, { workspaceId, show, place }: View, nowMs: number): TightFact | undefined {
  const tight = tightText(snapshot, workspaceId, nowMs, show, place);
  const stand = tight && tightestStand(snapshot, workspaceId, nowMs);
  if (!stand) return undefined;
  const budget = stand.kind === 'budget' ? snapshot.budgets.find((view) => view.uses.some((use) => `${view.id} ${use.key}` === stand.id))?.budget : undefined;
  // As the tables below mark it: a soft budget, and a share of a limit that has more, only warn.
  const isUsedUp = stand.left <= 0 && (budget ? budget.mode === 'hard' : snapshot.windows.find(({ id }) => id === stand.id)?.remaining === 0);
  return { ...tight, unit: budget ? `${budget.unit === 'credits' ? t('credits') : t('tokens')} ` : '', isUsedUp };
}

function useFact(tight: TightFact | undefined, snapshot: Snapshot, view: View): TemplateResult {
  if (tight) {
    const ends = [tight.ends, ...(view.stale || tight.ahead === undefined ? [] : [tight.ahead])].join(' · ');
    return html`<div class="fact"><dt>${t('Tightest limit: {0}', tight.title)}</dt><dd class="big">${tight.amount} <small>${tight.unit}${tight.of}</small></dd>
      <dd>${tight.isUsedUp ? icon('circle-slash', 's bad') : icon('warning', 's warn')} ${tight.pace} <span class="dim">· ${ends}</span></dd></div>`;
  }
  const { total } = snapshot.today;
  const { locale } = view.place;
  return html`<div class="fact"><dt>${t('Used today')}</dt><dd class="big">${costText(total, locale)} <small>${isCostKnown(total) ? t('credits · {0}', formatUsd(total.costMicroCredits, 2, locale)) : t('no price is known')}</small></dd>
    <dd>${requestsText(total.requests, locale)} <span class="dim">· ${total.requests === 0 ? t('none since midnight') : tokensLine(total, locale)}</span></dd></div>`;
}

function drawFact({ title, amount, then }: DrawText): TemplateResult {
  return html`<div class="fact"><dt>${t('The next request draws from')}</dt><dd class="big">${title} ${amount === undefined ? nothing : html`<small>· ${amount}</small>`}</dd><dd class="dim">${then}</dd></div>`;
}

/** The facts. Of a broker that gives no answer nobody knows what the next request would draw from. */
export function facts(snapshot: Snapshot, view: View): TemplateResult {
  return html`<dl class="facts" data-test="facts">${balanceFact(snapshot, view)}${moving(view, (nowMs) => tightFact(snapshot, view, nowMs), (tight) => useFact(tight, snapshot, view))}
    ${view.stale ? nothing : moving(view, (nowMs) => drawText(snapshot, view.place.locale, view.workspaceId, nowMs), drawFact)}</dl>`;
}
