// What is known of a ChatGPT plan beside its windows, in words that every surface uses. Pure.
import { languageTag, t } from './language.ts';
import type { PlanView, Snapshot } from './snapshot.ts';

/** "ChatGPT 3fa9 (plus): 12.5 credits of OpenAI's own"; what was not told is not said, and where nothing was, there are no words. */
export function planWords({ account, planType, credits }: PlanView): string | undefined {
  const name = planType === undefined ? account : `${account} (${planType})`;
  if (!credits) return planType === undefined ? undefined : name;
  if (credits.isUnlimited) return t('{0}: unlimited credits of OpenAI\'s own', name);
  if (!credits.hasCredits) return t('{0}: no credits of OpenAI\'s own', name);
  return credits.balance === undefined ? t('{0}: some credits of OpenAI\'s own', name) : t('{0}: {1} credits of OpenAI\'s own', name, numberWords(credits.balance));
}

/** A number as the language writes it; what is none stays as it was told. */
function numberWords(told: string): string {
  const value = told.trim() === '' ? NaN : Number(told);
  return Number.isFinite(value) ? new Intl.NumberFormat(languageTag(), { maximumFractionDigits: 6 }).format(value) : told;
}

/** Whether requests went on a plan in the last days: who works so needs no API key and no credits, and no missing key, debts or used-up credits stop it. */
export function isOnPlan({ plans = [] }: Pick<Snapshot, 'plans'>): boolean {
  return plans.length > 0;
}
