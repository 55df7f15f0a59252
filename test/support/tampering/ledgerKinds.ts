// Every kind of row that the product can write, by its own types: a kind that it learns and that is not named here is
// an error of the types. And how to find rows of the kinds that one column alone does not tell.
import type { Directive } from '../../../src/domain/directives.ts';
import type { GrantSource } from '../../../src/domain/grantSource.ts';
import type { EntryAccount, EntryKind } from '../../../src/domain/ledgerRows.ts';
import type { AttemptOutcome } from '../../../src/domain/settlement.ts';

/** Names of a type, all of them. */
export function namesOf<Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(names) as Name[];
}

/** What can be laid down or noted. */
export const directiveKinds = namesOf<Directive['kind']>({
  'consent': true, 'budget': true, 'allowance': true, 'auto-top-up': true, 'voucher-issuer': true, 'policy': true, 'unpriced-model': true, 'price': true, 'limit': true, 'void': true, 'correction': true, 'restored': true, 'upstream': true,
});
/** What an entry can be. */
export const entryKinds = namesOf<EntryKind>({ grant: true, reserve: true, post: true, overage: true, void: true, expire: true, refund: true });
/** What an entry can move. */
export const entryAccounts = namesOf<EntryAccount>({ grant: true, overshoot: true, exposure: true, owed: true });
/** How an attempt can end. */
export const outcomes = namesOf<AttemptOutcome>({ completed: true, incomplete: true, failed: true, rejected: true, aborted: true, broken: true, crashed: true, refused: true, corrected: true });

/** Grants by where they came from, as conditions over their table. */
export const grantSources: Readonly<Record<GrantSource | 'allowance' | 'repayment', string>> = {
  auto: `content LIKE '["auto top-up",%'`, voucher: `content LIKE '["voucher",%'`, allowance: 'allowance_id IS NOT NULL', repayment: `key LIKE 'refund %'`,
};

/** Who else than credits answers for an attempt, as conditions over a decision's record. */
export const payers = { plan: `record ->> '$.coveredBy' = 'plan'`, fallback: `record ->> '$.fallback' IS NOT NULL` } as const;

/** Attempts of a payer, as a condition over any table that names them. */
export function paidBy(payer: keyof typeof payers): string {
  return `attempt_id IN (SELECT attempt_id FROM decisions WHERE ${payers[payer]})`;
}
