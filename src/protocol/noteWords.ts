// What stands beside a grant, a correction or a restored ledger, in the language of whoever reads it. People write such
// notes in their own words, and those stay; the few that programs write are known by their English. Pure.
import { languageTag, t } from './language.ts';

/** A note as it is shown. */
export function noteWords(note: string): string {
  switch (note) {
    case 'Practice credits': return t('Practice credits');
    case 'Added in the dashboard': return t('Added in the dashboard');
    case 'Refund of what had been paid for disputed credits': return t('Refund of what had been paid for disputed credits');
    case 'Taken back in the dashboard within a minute': return t('Taken back in the dashboard within a minute');
    case 'its payment was taken back': return t('its payment was taken back');
    case 'taken back by hand': return t('taken back by hand');
    case 'refunded by hand': return t('refunded by hand');
    case 'reconciled by hand': return t('reconciled by hand');
    case 'accepted as it was found, although it stood further before': return t('accepted as it was found, although it stood further before');
    default: return restoredWords(note) ?? note;
  }
}

function restoredWords(note: string): string | undefined {
  const [, backup, newest] = /^restored from (\S+), whose newest row is of (no time|\S+Z)$/.exec(note) ?? [];
  if (backup === undefined || newest === undefined) return undefined;
  if (newest === 'no time') return t('restored from {0}, which has no rows', backup);
  const atMs = Date.parse(newest);
  return Number.isNaN(atMs) ? undefined : t('restored from {0}, whose newest row is of {1}', backup, new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'short' }).format(atMs));
}
