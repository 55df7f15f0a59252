// Who pays for a window's requests: an API key with the broker's credits, a ChatGPT plan, or each for its own.
// The one rule of every surface about what may stop whom. Pure; the broker decides about each request by itself.
import { isOnPlan } from './planWords.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * `key`: credits, permissions and budgets in credits stop requests. `plan`: no key can be used, so that none of these is a
 * matter; the plan's windows and budgets in tokens are. `both`: those of the key are worth a warning, and the plan goes on.
 */
export type Payer = 'key' | 'plan' | 'both';

/** What tells who pays. */
export type PayerFacts = Pick<Snapshot, 'key' | 'plans'> & { readonly broker: Pick<Snapshot['broker'], 'mode'> };

/** Whether a request may go with a key; the simulated upstream of practice mode needs none. */
export function isKeyUsable({ broker, key }: Pick<PayerFacts, 'broker' | 'key'>): boolean {
  return broker.mode === 'practice' || key.state === 'present';
}

/** Who pays now. Practice mode knows no plan. */
export function payerOf(facts: PayerFacts): Payer {
  if (facts.broker.mode === 'practice' || !isOnPlan(facts)) return 'key';
  return isKeyUsable(facts) ? 'both' : 'plan';
}
