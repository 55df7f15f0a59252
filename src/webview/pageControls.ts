// Controls that several pages share: a choice of few, the filter by workspace.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../protocol/language.ts';
import { workspaceName } from './view.ts';
import type { View } from './view.ts';

/** Buttons of which one is pressed. */
export function segments(label: string, options: readonly { readonly id: string; readonly title: string }[], chosen: string, choose: (id: string) => void): TemplateResult {
  return html`<span class="segments" role="group" aria-label=${label}>${options.map(({ id, title }) => html`<button type="button" data-choice=${id} aria-pressed=${id === chosen ? 'true' : 'false'} @click=${() => choose(id)}>${title}</button>`)}</span>`;
}

/** All workspaces, or one of those that are known by name. */
export function workspaceSelect(view: View, chosen: string | undefined, choose: (workspaceId: string | undefined) => void): TemplateResult {
  const ids = new Set([...(view.workspaceId === undefined ? [] : [view.workspaceId]), ...view.workspaceNames.keys(), ...(chosen === undefined ? [] : [chosen])]);
  return html`<select class="input" aria-label=${t('Workspace')} data-test="workspace-filter" @change=${(event: Event) => choose((event.target as HTMLSelectElement).value || undefined)}>
    <option value="" ?selected=${chosen === undefined}>${t('All workspaces')}</option>${[...ids].map((id) => html`<option value=${id} ?selected=${id === chosen}>${workspaceName(view, id)}</option>`)}</select>`;
}
