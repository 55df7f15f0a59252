// The page's top line and its tabs: whose numbers these are, whether they are live, and the way to
// add credits. It shows no amounts.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { movingText } from './moving.ts';
import type { Moment } from './moving.ts';
import { tabs } from './pageState.ts';
import type { Tab } from './pageState.ts';
import { age } from './timeText.ts';
import { icon } from './view.ts';
import type { PageActions } from './view.ts';

function linkText(link: LinkState, snapshot: Snapshot | undefined, moment: Moment): TemplateResult {
  if (link.state === 'connected' && snapshot) {
    return html`${icon('pass', 's good')} ${t('Live')}<span class="hide-m dim"> · ${t('updated after each request')}</span>`;
  }
  if (link.state === 'down') {
    return html`${icon('debug-disconnect', 's bad')} ${t('Broker down')}${snapshot ? html`<span class="hide-m"> · ${movingText(moment, (nowMs) => t('numbers from {0}', age(Math.max(0, nowMs - snapshot.atMs))))}</span>` : nothing}`;
  }
  return html`${icon('loading', 's codicon-modifier-spin')} ${t('Connecting…')}${link.attempt !== undefined && link.attempt > 1 ? html`<span class="hide-m dim"> ${t('attempt {0}', link.attempt)}</span>` : nothing}`;
}

/** The top line. `moment` is the page's. @param host where broker and ledger are, in a remote window */
export function headerBar(link: LinkState, snapshot: Snapshot | undefined, host: string | undefined, moment: Moment, act: PageActions): TemplateResult {
  const practice = snapshot?.broker.mode === 'practice';
  return html`<header class="topline">
    <h1>${t('Codex usage')}</h1>
    <span class="mode ell" data-test="mode">${practice ? html`<span class="tag">${icon('beaker', 't')} <span class="only-s">${t('Practice')}</span><span class="hide-s">${t('Practice mode')}</span></span><span class="dim hide-s"> ${snapshot.broker.upstream}</span>`
    : snapshot ? html`<span class="dim hide-s">${icon('vm', 's')} ${snapshot.broker.upstream}</span>` : nothing}${host === undefined ? nothing : html`<span class="dim hide-s" data-test="host" title=${t('Broker and ledger are on {0}.', host)}> ${icon('remote', 's')} <span class="sr">${t('Broker and ledger are on {0}.', host)}</span><span aria-hidden="true">${host}</span></span>`}</span>
    <span class="grow"></span>
    <span class="nowrap link-state" data-test="link-state">${linkText(link, snapshot, moment)}</span>
    <vscode-button secondary class="compact" data-test="add-credits" aria-label=${t('Add credits')} ?disabled=${!snapshot} aria-disabled=${snapshot ? 'false' : 'true'} @click=${act.addCredits}><span><span class="only-s">${icon('add')}</span><span class="hide-s">${t('Add credits…')}</span></span></vscode-button>
    <button type="button" class="ico" title=${t('Settings')} aria-label=${t('Settings')} @click=${() => act.run('openSettings')}>${icon('settings-gear')}</button>
  </header>`;
}

function tabTitle(tab: Tab): string {
  switch (tab) {
    case 'now': return t('Now');
    case 'history': return t('History');
    case 'ledger': return t('Ledger');
    case 'credits': return t('Credits');
    case 'events': return t('Events');
    case 'insights': return t('Insights');
  }
}

/** Where a key moves the selection to: arrows turn round at the ends, Home and End jump. */
export function tabAfterKey(tab: Tab, key: string): Tab | undefined {
  const index = tabs.indexOf(tab);
  const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[key];
  return to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
}

/** The tabs. `select` opens one; a key press moves the focus with the selection. */
export function tabBar(open: Tab, select: (tab: Tab) => void): TemplateResult {
  const onKey = (event: KeyboardEvent) => {
    const next = tabAfterKey(open, event.key);
    if (!next) return;
    event.preventDefault();
    select(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${t('Dashboard pages')} @keydown=${onKey}>${tabs.map((tab) => html`<button type="button" role="tab" id="tab-${tab}" data-test="tab-${tab}"
    aria-controls="page-${tab}" aria-selected=${tab === open ? 'true' : 'false'} tabindex=${tab === open ? 0 : -1} @click=${() => select(tab)}>${tabTitle(tab)}</button>`)}</div>`;
}
