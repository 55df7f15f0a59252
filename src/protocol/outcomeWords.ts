// How a request ended, as a word. Pure.
import type { AttemptOutcome } from '../domain/settlement.ts';
import { t } from './language.ts';

/** The outcome of an attempt for people. */
export function outcomeName(outcome: AttemptOutcome): string {
  switch (outcome) {
    case 'completed': return t('completed');
    case 'incomplete': return t('incomplete');
    case 'failed': return t('failed');
    case 'rejected': return t('rejected');
    case 'aborted': return t('aborted');
    case 'broken': return t('broken');
    case 'crashed': return t('crashed');
    case 'refused': return t('refused');
    case 'corrected': return t('corrected');
  }
}
