// Tampers with random ledgers in many ways and keeps what both proofs said of each. Which ledger a tampering
// meets follows from its number, so that every run is the same.
import { anchorNotices, judged } from '../../support/tampering/tamperedLedgers.ts';
import type { TamperedLedgers } from '../../support/tampering/tamperedLedgers.ts';
import type { Effort, Tampering } from '../../support/tampering/tampering.ts';

/** What was said of one tampered ledger. */
export interface Verdict {
  readonly name: string;
  readonly seed: number;
  readonly audit: readonly string[];
  readonly again: readonly string[];
  /** Whether the anchor tells of it, asked where not both proofs do. */
  readonly isAnchored?: boolean;
}

/** Where a run gets its ledgers from: those of seeds from 1 on. */
export interface Ground { readonly ledgers: TamperedLedgers; readonly seeds: number }

/**
 * What the audit does not ask, in the second checker's words: whether each budget was what a decision says needs a
 * replay of all budgets, uses and decisions, and an order over three chains and more needs all of them in memory.
 */
const onlyReplayed = [/^a decision tells of budgets what was not so/, /^a hard budget was exceeded/, /^the chains tell of different orders/];

/** A forged hash is made right again by whoever makes hashes fit; so many such are enough to see that. */
const undoneMax = 3;

/** Tampers in one way until so many ledgers were changed by it, beginning at a ledger of its own. */
export function tamperTimes({ ledgers, seeds }: Ground, tampering: Tampering, effort: Effort, { times, from }: { readonly times: number; readonly from: number }): Verdict[] {
  const verdicts: Verdict[] = [];
  let undone = 0;
  for (let step = 0; step < seeds && verdicts.length < times && undone < undoneMax; step += 1) {
    const verdict = tamperOnce({ ledgers, seeds }, tampering, effort, 1 + (from + step) % seeds);
    if (verdict === 'undone') undone += 1;
    else if (verdict) verdicts.push(verdict);
  }
  return verdicts;
}

/** Tampers with ledger after ledger until one passes both proofs, and the anchor tells or does not; undefined when none does. */
export function tamperUnseen(ground: Ground, tampering: Tampering, effort: Effort, { from, anchored }: { readonly from: number; readonly anchored: boolean }): Verdict | undefined {
  for (let step = 0; step < ground.seeds; step += 1) {
    const verdict = tamperOnce(ground, tampering, effort, 1 + (from + step) % ground.seeds);
    if (verdict !== undefined && verdict !== 'undone' && isClean(verdict) && verdict.isAnchored === anchored) return verdict;
  }
  return undefined;
}

function tamperOnce({ ledgers }: Ground, tampering: Tampering, effort: Effort, seed: number): Verdict | 'undone' | undefined {
  const tampered = ledgers.tampered(seed, tampering, effort);
  if (!tampered) return undefined;
  if (tampered.changedTables.length === 0) return 'undone';
  const said = { name: `${tampering.name} | ${effort}`, seed, ...judged(tampered.path) };
  return said.audit.length > 0 ? said : { ...said, isAnchored: anchorNotices(tampered.path, ledgers.untouched(seed).head) };
}

/** Whether neither proof finds anything. */
export function isClean({ audit, again }: Pick<Verdict, 'audit' | 'again'>): boolean {
  return audit.length === 0 && again.length === 0;
}

/** Whether only the second checker finds something, all of it by what the audit does not replay, and the anchor tells. */
export function isReplayedOnly({ audit, again, isAnchored }: Verdict): boolean {
  return audit.length === 0 && again.length > 0 && isAnchored === true && again.every((sentence) => onlyReplayed.some((pattern) => pattern.test(sentence)));
}

/** Verdicts on which the two do not agree, as sentences; but for what only one of them replays. */
export function disagreements(verdicts: readonly Verdict[]): string[] {
  return verdicts.filter((one) => (one.audit.length === 0) !== (one.again.length === 0) && !isReplayedOnly(one))
    .map(({ name, seed, audit, again }) => `${name}, seed ${seed}: ${audit.length > 0 ? `only the audit: ${audit[0] ?? ''}` : `only the second checker: ${again[0] ?? ''}`}`);
}
