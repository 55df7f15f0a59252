// Reads the balance without credits whose time is over, whoever looks and however long nobody asked
// for any. The expiry is booked at that occasion; where the ledger cannot be written it is taken into
// account all the same, and booked by whoever can write next.
import { availableMicroCredits, isExpired } from '../domain/grants.ts';
import type { Grant } from '../domain/grants.ts';
import { ProblemError } from '../domain/problem.ts';
import type { BalanceRead, LedgerStore } from './store/ledgerPort.ts';

/** The balance at a moment. @throws ProblemError when the ledger cannot be read */
export async function freshBalance(ledger: LedgerStore, nowMs: number): Promise<BalanceRead> {
  const balance = await ledger.query('balance', {});
  const isOver = (grant: Grant) => isExpired(grant, nowMs) && availableMicroCredits(grant) > 0;
  if (!balance.grants.some(isOver)) return balance;
  try {
    await ledger.command({ type: 'expire', atMs: nowMs });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // A full or failing disk must not keep anybody from reading: what is reserved of a grant stays, the rest is over.
    return { ...balance, grants: balance.grants.map((grant) => (isOver(grant) ? { ...grant, remainingMicroCredits: grant.heldMicroCredits } : grant)) };
  }
  return ledger.query('balance', {});
}
