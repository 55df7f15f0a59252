// The Limits area: one row per upstream limit with its gauge. Words come from limitText; a limit that
// was never announced stands there as unknown.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../protocol/language.ts';
import { planWords } from '../protocol/planWords.ts';
import type { Snapshot, WindowView } from '../protocol/snapshot.ts';
import { limitRow } from './limitText.ts';
import type { LimitRow } from './limitText.ts';
import { moving } from './moving.ts';
import { icon } from './view.ts';
import type { View } from './view.ts';

function paceMark(row: LimitRow): TemplateResult | typeof nothing {
  if (row.level === 'empty') return html`${icon('circle-slash', 's bad')}\u00a0`;
  return row.level === 'low' ? html`${icon('warning', 's warn')}\u00a0` : nothing;
}

function limitLine(row: LimitRow, { stale }: View): TemplateResult {
  const ahead = stale || row.ahead === undefined ? '' : ` · ${row.ahead}`;
  return html`<tr><td>${row.name} <span class="dim">· ${row.model}</span></td>
    <td><usage-gauge .share=${row.share} .tick=${row.tick} .level=${row.level} .sentence=${row.sentence}></usage-gauge></td>
    <td class="n">${row.amount}</td><td>${row.resets}${row.countdown === undefined ? nothing : html` <span class="dim">· ${row.countdown}</span>`}</td>
    <td class="${ahead && 'long'} ${row.level === 'fine' && row.hasSpare ? '' : 'dim'}">${paceMark(row)}${row.pace}<span class="dim">${ahead}</span></td></tr>`;
}

/** The area. */
export function limitsTable(snapshot: Snapshot, view: View): TemplateResult {
  const { windows } = snapshot;
  const row = (window: WindowView) => moving(view, (nowMs) => limitRow(window, nowMs, view.show, view.place), (said) => limitLine(said, view));
  const bar = view.show === 'left' ? t('Bar: what is left. Tick: time left in the window.') : t('Bar: what is used. Tick: time passed in the window.');
  return html`<section class="area" aria-labelledby="head-limits" data-test="limits"><header class="head"><h2 id="head-limits">${t('Limits')}</h2>${windows.length > 0 ? html`<span class="dim hide-s">${bar}</span>` : nothing}</header>
    ${windows.length === 0 ? html`<p class="dim empty">${t('Limits are unknown until the first answer; the upstream announces them with it.')}</p>`
    : html`<table class="stack limits" aria-labelledby="head-limits"><thead><tr><th scope="col">${t('Limit')}</th><th scope="col" class="gauge-column"><span class="sr">${t('Gauge')}</span></th><th scope="col" class="n">${view.show === 'left' ? t('Left') : t('Used')}</th><th scope="col">${t('Begins anew')}</th><th scope="col">${t('Pace')}</th></tr></thead>
      <tbody>${repeat(windows, (window) => window.id, row)}</tbody></table>`}
    ${(snapshot.plans ?? []).flatMap((plan) => planWords(plan) ?? []).map((words) => html`<p class="dim" data-test="plan">${words}</p>`)}</section>`;
}
