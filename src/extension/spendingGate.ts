// Decides, before a command spends anything, whether it may go ahead or what a person has to
// answer first. Pure: it knows no dialogs, and the broker decides again for each request.
import { payerOf } from '../protocol/payer.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw } from '../protocol/windowDraw.ts';

/** What the decision rests on. */
export interface GateFacts {
  /** The workspace is trusted by the person. */
  readonly trusted: boolean;
  readonly connected: boolean;
  /** Newest snapshot; absent before the first. */
  readonly snapshot?: Pick<Snapshot, 'atMs' | 'key' | 'plans' | 'balance' | 'consent' | 'budgets'> & { readonly broker: Pick<Snapshot['broker'], 'mode'> };
  /** The window's workspace; absent until the broker told it. */
  readonly workspaceId?: string;
  /** What is asked for may go on a ChatGPT plan, which needs neither key nor credits. */
  readonly planMayPay?: boolean;
  /** The person allowed uncapped runs in this workspace before. */
  readonly uncappedAllowed: boolean;
}

/** `go`, or the one question that is in the way. */
export type GateVerdict = 'go' | 'trust' | 'broker' | 'key' | 'key-rejected' | 'owed' | 'budget' | 'uncapped' | 'top-up' | 'not-allowed';

/** The decision; the first obstacle wins. */
export function spendingVerdict(facts: GateFacts): GateVerdict {
  if (!facts.trusted) return 'trust';
  const { snapshot } = facts;
  if (!facts.connected || !snapshot) return 'broker';
  // Practice needs no key and costs no money, but its credits end as real ones do.
  const practice = snapshot.broker.mode === 'practice';
  // Who is on a plan is not asked for a key or credits that it does not need.
  if (facts.planMayPay === true && payerOf(snapshot) !== 'key') return isPlanStopped(facts) ? 'budget' : 'go';
  if (!practice && snapshot.key.state === 'missing') return 'key';
  if (!practice && snapshot.key.state === 'rejected') return 'key-rejected';
  if (snapshot.balance.owedMicroCredits > 0) return 'owed';
  if (stoppingBudget(snapshot.budgets, facts.workspaceId, 'key')) return 'budget';
  if (!snapshot.balance.tracked) return practice || facts.uncappedAllowed ? 'go' : 'uncapped';
  if (snapshot.balance.balanceMicroCredits - snapshot.balance.heldMicroCredits <= 0) return 'top-up';
  // Where nobody said yet whether purchased credits may be used, the request itself asks, and waits for the answer.
  return windowDraw(snapshot, facts.workspaceId) === 'not-allowed' ? 'not-allowed' : 'go';
}

/** Whether a budget stops even what goes on a plan: one in tokens does. */
export function isPlanStopped({ snapshot, workspaceId }: Pick<GateFacts, 'snapshot' | 'workspaceId'>): boolean {
  return snapshot !== undefined && stoppingBudget(snapshot.budgets, workspaceId, 'plan') !== undefined;
}
