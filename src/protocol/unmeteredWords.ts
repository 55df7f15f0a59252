// What is said of requests that a setting lets through unmetered, in words that every surface uses. Pure.
import { plural } from './language.ts';
import type { UnmeteredView } from './snapshot.ts';

/** That there were some, and that their cost is not known: it is in no sum, not even as zero. */
export function unmeteredWords({ requests }: UnmeteredView): string {
  return plural(requests, '{0} request was passed through unmetered since the broker started. What it cost is not known here and in no sum.', '{0} requests were passed through unmetered since the broker started. What they cost is not known here and in no sum.');
}
