// Places in a line as people count them. Pure.
import { t } from './language.ts';

const english = new Intl.PluralRules('en', { type: 'ordinal' });

/** "1st", "2nd", "3rd", "11th"; in German "1.", "2.". */
export function ordinal(place: number): string {
  switch (english.select(place)) {
    case 'one': return t('{0}st', place);
    case 'two': return t('{0}nd', place);
    case 'few': return t('{0}rd', place);
    default: return t('{0}th', place);
  }
}
