// How good estimates were, as one sentence. Pure.
import { attemptsMin, type EstimateErrorView } from '../domain/estimateError.ts';
import { formatPercent } from '../domain/units.ts';
import { plural, t } from './language.ts';

/** The sentence; before enough was measured, what is missing. */
export function estimateErrorText(view: EstimateErrorView, locale: string): string {
  const { requests, coveredShare, meanInputErrorShare, meanOutputErrorShare } = view;
  if (coveredShare === undefined) {
    return requests === 0 ? t('No request has been measured yet, so it cannot be said how good estimates are.')
      : plural(requests, 'Only {0} of the {1} requests that it takes to judge estimates has been measured.', 'Only {0} of the {1} requests that it takes to judge estimates have been measured.', attemptsMin);
  }
  const covered = wholePercent(coveredShare, locale);
  const measured = new Intl.NumberFormat(locale).format(requests);
  const input = meanInputErrorShare === undefined ? undefined : wholePercent(meanInputErrorShare, locale);
  const output = meanOutputErrorShare === undefined ? undefined : wholePercent(meanOutputErrorShare, locale);
  if (input === undefined) {
    return output === undefined ? t('Holds covered {0} of {1} measured requests.', covered, measured)
      : t('Holds covered {0} of {1} measured requests; on average the likely size missed the output by {2}.', covered, measured, output);
  }
  return output === undefined ? t('Holds covered {0} of {1} measured requests; on average the likely size missed the input by {2}.', covered, measured, input)
    : t('Holds covered {0} of {1} measured requests; on average the likely size missed the input by {2} and the output by {3}.', covered, measured, input, output);
}

/** Rounded down where it would else claim that all were covered. */
function wholePercent(share: number, locale: string): string {
  return formatPercent(share < 1 ? Math.min(0.99, share) : share, locale);
}
