// One line about how good estimates have been over the days that the page shows: how often the hold was enough, and
// how far off the likely size was.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { addEstimateErrors, estimateErrorView, noEstimateErrors } from '../domain/estimateError.ts';
import { estimateErrorText } from '../protocol/estimateWords.ts';
import { languageTag, plural } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';

/** The sentence over all shown days; undefined before anything was measured. */
export function estimateSentence({ days }: Pick<Snapshot, 'days'>): string | undefined {
  const sums = days.reduce((total, day) => (day.estimates ? addEstimateErrors(total, day.estimates) : total), noEstimateErrors);
  return sums.requests === 0 ? undefined : estimateErrorText(estimateErrorView(sums), languageTag());
}

/** The line, or nothing. */
export function estimateLine(snapshot: Snapshot): TemplateResult | typeof nothing {
  const sentence = estimateSentence(snapshot);
  return sentence === undefined ? nothing : html`<p class="dim empty" data-test="estimates">${plural(snapshot.days.length, 'Estimates of the last day: {1}', 'Estimates of the last {0} days: {1}', sentence)}</p>`;
}
