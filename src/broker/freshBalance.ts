// Reads the balance as time has made it, whoever looks and however long nobody asked for any: without credits
// whose time is over, and with what allowances give. That is booked at that occasion; where the ledger
// cannot be written, expiry is taken into account all the same, and booked by whoever can write next.
import { availableMicroCredits, isExpired } from '../domain/grants.ts';
import type { Grant } from '../domain/grants.ts';
import { ProblemError } from '../domain/problem.ts';
import type { BalanceRead, LedgerStore } from './store/ledgerPort.ts';

/** The balance at a moment. @throws ProblemError when the ledger cannot be read */
export async function freshBalance(ledger: LedgerStore, nowMs: number): Promise<BalanceRead> {
  const balance = await ledger.query('balance', { nowMs });
  if (balance.upkeepAtMs === undefined || balance.upkeepAtMs > nowMs) return balance;
  try {
    await ledger.command({ type: 'upkeep', atMs: nowMs });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // A full or failing disk must not keep anybody from reading: what is reserved of a grant stays, the rest is over.
    const isOver = (grant: Grant) => (isExpired(grant, nowMs) || grant.voided !== undefined) && availableMicroCredits(grant) > 0;
    return { ...balance, grants: balance.grants.map((grant) => (isOver(grant) ? { ...grant, remainingMicroCredits: grant.heldMicroCredits } : grant)) };
  }
  return ledger.query('balance', { nowMs });
}
