// Decides, before a command spends anything, whether it may go ahead or what a person has to
// answer first. Pure: it knows no dialogs, and the broker decides again for each request.
import type { Snapshot } from '../protocol/snapshot.ts';

/** What the decision rests on. */
export interface GateFacts {
  /** The workspace is trusted by the person. */
  readonly trusted: boolean;
  readonly connected: boolean;
  /** Newest snapshot; absent before the first. */
  readonly snapshot?: Pick<Snapshot, 'key' | 'balance'> & { readonly broker: Pick<Snapshot['broker'], 'mode'> };
  /** The person allowed uncapped runs in this workspace before. */
  readonly uncappedAllowed: boolean;
}

/** `go`, or the one question that is in the way. */
export type GateVerdict = 'go' | 'trust' | 'broker' | 'key' | 'key-rejected' | 'uncapped' | 'top-up';

/** The decision; the first obstacle wins. */
export function spendingVerdict(facts: GateFacts): GateVerdict {
  if (!facts.trusted) return 'trust';
  const { snapshot } = facts;
  if (!facts.connected || !snapshot) return 'broker';
  if (snapshot.broker.mode === 'practice') return 'go';
  if (snapshot.key.state === 'missing') return 'key';
  if (snapshot.key.state === 'rejected') return 'key-rejected';
  if (!snapshot.balance.tracked) return facts.uncappedAllowed ? 'go' : 'uncapped';
  return snapshot.balance.balanceMicroCredits - snapshot.balance.heldMicroCredits > 0 ? 'go' : 'top-up';
}
