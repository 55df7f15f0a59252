// Practice mode of this window: which broker it uses, remembered per workspace, and the first
// practice credits, so that the meter has something to show. No real money is touched by it.
import type * as vscode from 'vscode';
import { microCreditsPerCredit } from '../domain/units.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { BrokerCall } from './liveSocket.ts';

/** Name under which the window's choice is kept; it outweighs the setting. */
export const practiceMemory = 'practiceMode';
/** The first practice credits, once per practice ledger. */
export const practiceGrant = {
  amountMicroCredits: 1_000 * microCreditsPerCredit, kind: 'promotional', key: 'practice-welcome',
  note: 'Practice credits', consent: { scope: 'everywhere' },
} as const;

/** Whether this window practises: its own choice, else the setting. */
export function practiceWanted(memory: Pick<vscode.Memento, 'get'>, setting: boolean): boolean {
  const chosen = memory.get(practiceMemory);
  return typeof chosen === 'boolean' ? chosen : setting;
}

/** Gives a new practice ledger its credits. @returns true when they were given now */
export async function welcomePractice(call: BrokerCall, snapshot: Snapshot | undefined): Promise<boolean> {
  if (snapshot?.broker.mode !== 'practice' || snapshot.balance.tracked) return false;
  return (await call('creditsAdd', practiceGrant)).created;
}
