// The automatic top-up's form: which amounts it takes and what they would mean. Pure; it sends nothing.
import type { AutoTopUp } from '../domain/autoTopUp.ts';
import { exampleAmount, readAmount, typedAmount } from '../domain/typedAmount.ts';
import { microCreditsPerCredit, parseCredits } from '../domain/units.ts';
import { t } from '../protocol/language.ts';

/** The fields of the form, in credits as they were typed. */
export interface AutoTopUpDraft { readonly below: string; readonly add: string; readonly cap: string }

/** The draft for a rule, or the one that a form begins with. */
export function autoTopUpDraft(rule: AutoTopUp | undefined, locale: string): AutoTopUpDraft {
  if (!rule) return { below: '10', add: '50', cap: '200' };
  const text = (microCredits: number) => typedAmount(microCredits / microCreditsPerCredit, locale);
  return { below: text(rule.belowMicroCredits), add: text(rule.amountMicroCredits), cap: text(rule.capMicroCredits) };
}

/** A field in microcredits; undefined unless it is an amount above zero. */
export function fieldMicroCredits(text: string, locale: string): number | undefined {
  return parseCredits(readAmount(text, locale) ?? '') || undefined;
}

/** The rule of a draft, or the first thing that is wrong with it and where. */
export function ruleOf(draft: AutoTopUpDraft, timeZone: string, locale: string): { readonly rule: AutoTopUp } | { readonly wrong: string; readonly field: keyof AutoTopUpDraft } {
  const [below = 0, add = 0, cap = 0] = [draft.below, draft.add, draft.cap].map((text) => fieldMicroCredits(text, locale));
  const wrong = (['below', 'add', 'cap'] as const).find((field) => fieldMicroCredits(draft[field], locale) === undefined);
  if (wrong) return { wrong: t('Type credits above 0, such as {0} or {1}.', exampleAmount(1000, locale), exampleAmount(12.5, locale)), field: wrong };
  if (add < below || cap < add) return { wrong: t('Add at least as many as the first field says, and no more than the most in a month.'), field: add < below ? 'add' : 'cap' };
  return { rule: { belowMicroCredits: below, amountMicroCredits: add, capMicroCredits: cap, timeZone } };
}
