// The line below the grants that says who may use purchased credits, with the button that allows this
// window's workspace. It asks; the extension has the person confirm, the broker stores the answer.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../protocol/language.ts';
import { problemWords } from '../protocol/problemWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { consentText, isConsentTold, mayBeAllowed } from './consentText.ts';
import { icon, prose } from './view.ts';
import type { View } from './view.ts';

/** The button "Allow this workspace", or nothing where it is allowed already; `hook` tells it from another on the page. */
export function allowButton(snapshot: Snapshot, view: View, hook: string): TemplateResult | typeof nothing {
  if (!mayBeAllowed(snapshot, view)) return nothing;
  const isAsked = view.consentQuestion !== undefined && view.consentQuestion.problem === undefined;
  const isDisabled = isAsked || view.stale;
  return html`<vscode-button secondary data-test=${hook} ?disabled=${isDisabled} aria-disabled=${isDisabled ? 'true' : 'false'} @click=${view.act.allow}>${isAsked ? t('Allowing…') : t('Allow this workspace')}</vscode-button>`;
}

/** Why the permission was not given, as a line below the button, or nothing. */
export function consentProblem(view: View): TemplateResult | typeof nothing {
  const problem = view.consentQuestion?.problem;
  return problem === undefined ? nothing : html`<p role="status">${icon('info', 's')} ${prose(problemWords(problem))}</p>`;
}

/** The line, or nothing while there are no purchased credits and no permission for them. */
export function consentLine(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  if (!isConsentTold(snapshot)) return nothing;
  const isLeftOut = mayBeAllowed(snapshot, view) && (snapshot.consent.everywhere || snapshot.consent.workspaceIds.length > 0);
  // The notice that this workspace is not allowed stands on every page and says the problem itself.
  const isNoticed = windowDraw(snapshot, view.workspaceId) === 'not-allowed' && !view.stale;
  return html`<div class="consent"><p id="consent" data-test="consent" tabindex="-1"><span class="dim">${t('Purchased credits may be used by:')}</span> ${isLeftOut ? t('{0}, but not by this one', consentText(snapshot, view)) : consentText(snapshot, view)}</p>
    ${allowButton(snapshot, view, 'allow-workspace')}${isNoticed ? nothing : consentProblem(view)}</div>`;
}
