// The Rules area of the Credits page: what is done about a model without a known price, and about a question while
// nobody can be asked. Two choices, each made at once; what lets money be spent is confirmed by the extension.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Policies } from '../domain/directives.ts';
import type { PageChange } from '../protocol/dashboardChanges.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { changeProblem, isChanging } from './view.ts';
import type { View } from './view.ts';

const unpricedChoices = (): readonly (readonly [value: Policies['unpriced'], label: string])[] => [
  ['refuse', t('Refuse it')], ['ask', t('Ask me')], ['ceiling', t('Hold credits at the ceiling price')], ['allow', t('Send it, counted as unpriced')],
];
const unattendedChoices = (): readonly (readonly [value: Policies['unattended'], label: string])[] => [
  ['refuse', t('Refuse the request')], ['allow', t('Let it use purchased credits')],
];

function choice<V extends string>(view: View, name: string, label: string, hint: string, value: V, choices: readonly (readonly [value: V, label: string])[], changeTo: (value: V) => PageChange): TemplateResult {
  const busy = isChanging(view, changeTo(value)) || view.stale;
  return html`<div class="rule"><label for=${`rule-${name}`}>${label}</label>
    <select id=${`rule-${name}`} class="input" data-test=${`rule-${name}`} ?disabled=${busy} aria-describedby=${`hint-${name}`}
      @change=${(event: Event) => { const chosen = choices.find(([each]) => each === (event.target as HTMLSelectElement).value); if (chosen) view.act.change(changeTo(chosen[0])); }}>${choices.map(([each, text]) => html`<option value=${each} .selected=${live(each === value)}>${text}</option>`)}</select>
    <p id=${`hint-${name}`} class="dim">${hint}</p>${changeProblem(view, changeTo(value))}</div>`;
}

/** The area. */
export function policiesPart(snapshot: Snapshot, view: View): TemplateResult {
  const { policies } = snapshot;
  const unpriced = view.changing.get('unpricedPolicy');
  const unattended = view.changing.get('unattendedPolicy');
  return html`<section class="area" aria-labelledby="head-rules" data-test="rules"><header class="head"><h2 id="head-rules">${t('Rules')}</h2></header><div class="rules">
    ${choice(view, 'unpriced', t('A model without a known price'), t('Only where credits are tracked or a hard budget counts credits. A ceiling price stands in prices.json.'), unpriced?.kind === 'unpricedPolicy' ? unpriced.value : policies.unpriced, unpricedChoices(), (value) => ({ kind: 'unpricedPolicy', value }))}
    ${choice(view, 'unattended', t('A question while no window is open'), t('Requests from a terminal or script, where nobody can be asked about purchased credits.'), unattended?.kind === 'unattendedPolicy' ? unattended.value : policies.unattended, unattendedChoices(), (value) => ({ kind: 'unattendedPolicy', value }))}
  </div></section>`;
}
