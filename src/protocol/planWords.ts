// What is known of a ChatGPT plan beside its windows, in words that every surface uses. Pure.
import type { PlanView, Snapshot } from './snapshot.ts';

/** "ChatGPT 3fa9 (plus): 12.5 credits of OpenAI's own"; what was not told is not said. */
export function planWords({ account, planType, credits }: PlanView): string {
  const name = planType === undefined ? account : `${account} (${planType})`;
  if (!credits) return name;
  if (credits.isUnlimited) return `${name}: unlimited credits of OpenAI's own`;
  return `${name}: ${credits.hasCredits ? credits.balance ?? 'some' : 'no'} credits of OpenAI's own`;
}

/** Whether requests went on a plan since the broker started: who works so needs no API key and no credits. */
export function isOnPlan({ plans = [] }: Pick<Snapshot, 'plans'>): boolean {
  return plans.length > 0;
}

/** Whom a missing key, debts or used-up credits stop: never what a plan pays for. */
export function refusedRequests(snapshot: Pick<Snapshot, 'plans'>): string {
  return isOnPlan(snapshot) ? 'new requests that go on no plan' : 'new requests';
}
