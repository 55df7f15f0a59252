// How a balance stands, whatever permissions, budgets and limits say: one rule for every surface. Pure.
import { criticalShare, lowShare } from './tightest.ts';

/** `untracked` where no credits were ever added, `blocked` where nothing is left to hold. */
export type BalanceLevel = 'untracked' | 'ok' | 'low' | 'critical' | 'blocked';

/** A balance, with the sum of what all grants that count gave: what it is a share of. */
export interface BalanceStand {
  readonly tracked: boolean;
  readonly balanceMicroCredits: number;
  readonly grantedMicroCredits: number;
}

/** What is left of what was granted, as a share. */
export function balanceShare({ balanceMicroCredits, grantedMicroCredits }: BalanceStand): number {
  return grantedMicroCredits > 0 ? balanceMicroCredits / grantedMicroCredits : 0;
}

/** The level of a balance. */
export function balanceLevelOf(stand: BalanceStand): BalanceLevel {
  if (!stand.tracked) return 'untracked';
  // What running requests hold is no part of it yet: it may come back.
  if (stand.balanceMicroCredits <= 0) return 'blocked';
  const left = balanceShare(stand);
  if (left < criticalShare) return 'critical';
  return left < lowShare ? 'low' : 'ok';
}
