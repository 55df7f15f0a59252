// What is known of a ChatGPT plan beside its windows, in words that every surface uses. Pure.
import type { PlanView } from './snapshot.ts';

/** "ChatGPT 3fa9 (plus): 12.5 credits of OpenAI's own"; what was not told is not said. */
export function planWords({ account, planType, credits }: PlanView): string {
  const name = planType === undefined ? account : `${account} (${planType})`;
  if (!credits) return name;
  if (credits.isUnlimited) return `${name}: unlimited credits of OpenAI's own`;
  return `${name}: ${credits.hasCredits ? credits.balance ?? 'some' : 'no'} credits of OpenAI's own`;
}
