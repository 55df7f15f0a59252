// Proves the grants that a rule or a voucher made: an addition of the automatic top-up is what a rule adds, the next
// of its month and within a cap that was laid down; a voucher's is of an issuer that was trusted, and as it says.
import { additionsLeft, monthOf } from '../autoTopUp.ts';
import { priorityDefault } from '../grants.ts';
import { additionContent, additionKey, voucherContent, voucherKey } from '../grantSource.ts';
import type { GrantRow } from '../ledgerRows.ts';
import type { Hash } from '../rowTexts.ts';
import type { Fail } from './auditFail.ts';
import { parsed } from './directiveAudit.ts';
import type { Told } from './directiveAudit.ts';

/** Follows them in the order in which they were made. */
export class SourceAudit {
  readonly #told: Told;
  readonly #hash: Hash;
  readonly #fail: Fail;
  readonly #additions: GrantRow[] = [];
  /** Additions by the beginning of their month. */
  readonly #ordinals = new Map<number, number>();

  constructor(told: Told, hash: Hash, fail: Fail) {
    this.#told = told;
    this.#hash = hash;
    this.#fail = fail;
  }

  /** Proves the next addition. */
  addition(grant: GrantRow): void {
    const [, , fromMs = NaN] = parsed<readonly [string, number, number, number]>(grant.content) ?? [];
    const ordinal = (this.#ordinals.get(fromMs) ?? 0) + 1;
    this.#ordinals.set(fromMs, ordinal);
    const key = additionKey(fromMs, ordinal);
    if (grant.content !== additionContent(grant.amountMicroCredits, fromMs, ordinal) || grant.key !== key || grant.id !== `grant_${this.#hash(key).slice(0, 24)}` || grant.kind !== 'purchased' || !isPlain(grant) || grant.expiresAtMs !== null || grant.note !== null) this.#fail('I8', `grant ${grant.id} is not what the automatic top-up adds`);
    const isWithin = this.#told.autoTopUps.some((rule) => {
      const month = monthOf(rule, grant.createdAtMs);
      const before = this.#additions.filter((one) => one.createdAtMs >= month.fromMs && one.createdAtMs < month.untilMs).reduce((sum, one) => sum + one.amountMicroCredits, 0);
      return rule.amountMicroCredits === grant.amountMicroCredits && month.fromMs === fromMs && additionsLeft(rule, before) > 0;
    });
    if (this.#told.isWhole && !isWithin) this.#fail('I8', `grant ${grant.id} is more than any automatic top-up may add in its month`);
    this.#additions.push(grant);
  }

  /** Proves the grant of a voucher. */
  voucher(grant: GrantRow): void {
    const [, , , keyId = '', voucherId = ''] = parsed<readonly [string, number, number | null, string, string]>(grant.content) ?? [];
    if (grant.content !== voucherContent(grant.amountMicroCredits, grant.expiresAtMs ?? undefined, keyId, voucherId) || grant.key !== voucherKey(keyId, voucherId) || grant.kind !== 'promotional' || !isPlain(grant) || grant.note !== null) this.#fail('I8', `grant ${grant.id} is not what its voucher gives`);
    if (this.#told.isWhole && !this.#told.issuers.has(keyId)) this.#fail('I8', `grant ${grant.id} is of a voucher whose issuer was never trusted`);
  }
}

/** Nobody chose anything about such a grant. */
function isPlain(grant: GrantRow): boolean {
  return grant.priority === priorityDefault && [grant.startsAtMs, grant.models, grant.workspaces, grant.allowanceId].every((one) => one === null);
}
