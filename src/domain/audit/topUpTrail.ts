// Goes along the entries and asks of each addition of the automatic top-up whether it was called for: less was left
// than a rule's threshold, or the request that reserves next draws on it. Whatever else stands behind it, nobody needed it.
import { isInForce } from '../grants.ts';
import type { Grant } from '../grants.ts';
import { sourceOf } from '../grantSource.ts';
import type { EntryRow, GrantRow } from '../ledgerRows.ts';
import type { Fail } from './auditFail.ts';
import type { Told } from './directiveAudit.ts';

/** Follows the additions. */
export class TopUpTrail {
  readonly #told: Told;
  readonly #fail: Fail;
  /** Additions that only the next reservation can have called for, and the attempt that draws on them. */
  #due: readonly string[] = [];
  #attemptId: string | undefined;

  constructor(told: Told, fail: Fail) {
    this.#told = told;
    this.#fail = fail;
  }

  /** The next entry. @param grant that it moves; `live` every grant with something left, as it stood before; `isTakenBack` whether one was, at any time */
  follow(entry: EntryRow, grant: GrantRow | undefined, before: { readonly live: readonly Grant[]; readonly owedMicroCredits: number; readonly isTakenBack: (grantId: string) => boolean }): void {
    if (entry.kind === 'grant' && grant && sourceOf(grant.content) === 'auto') {
      if (this.#attemptId !== undefined) this.end();
      if (before.owedMicroCredits !== 0) this.#fail('I8', `grant ${grant.id} was added by itself while something was owed`);
      // One that was taken back later may have counted at that time: then the balance was higher than this, and nothing is said.
      const there = before.live.filter((one) => isInForce(one, entry.atMs) && !before.isTakenBack(one.id)).reduce((sum, one) => sum + one.remainingMicroCredits, 0);
      const isBelow = this.#told.autoTopUps.some((rule) => rule.amountMicroCredits === entry.amountMicroCredits && there < rule.belowMicroCredits);
      if (!isBelow || this.#due.length > 0) this.#due = [...this.#due, grant.id];
      return;
    }
    if (this.#due.length === 0) return;
    if (entry.kind !== 'reserve' || this.#attemptId !== undefined && entry.attemptId !== this.#attemptId) { this.end(); return; }
    this.#attemptId = entry.attemptId ?? '';
    this.#due = this.#due.filter((id) => id !== entry.grantId);
    if (this.#due.length === 0) this.#attemptId = undefined;
  }

  /** Nothing comes behind it. */
  end(): void {
    for (const id of this.#due) this.#fail('I8', `grant ${id} was added by itself although nothing called for it`);
    this.#due = [];
    this.#attemptId = undefined;
  }
}
