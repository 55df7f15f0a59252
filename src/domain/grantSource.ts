// Grants that neither a person's own hand nor an allowance made: the automatic top-up's and those of vouchers. Each
// says so in the first word of its content, which is hashed with its terms and cannot be chosen from outside. Pure.

/** Where a grant came from. */
export type GrantSource = 'auto' | 'voucher';

const autoWord = 'auto top-up';
const voucherWord = 'voucher';

/** What is kept with a grant of the automatic top-up: how much, for which month (where it begins), and the how manieth of it. */
export function additionContent(amountMicroCredits: number, monthFromMs: number, ordinal: number): string {
  return JSON.stringify([autoWord, amountMicroCredits, monthFromMs, ordinal]);
}

/** The key of such a grant: the same for the same addition, whoever asks and however often. */
export function additionKey(monthFromMs: number, ordinal: number): string {
  return `${autoWord} ${monthFromMs} ${ordinal}`;
}

/** What is kept with the grant of a voucher. `keyId` is its issuer's. */
export function voucherContent(amountMicroCredits: number, expiresAtMs: number | undefined, keyId: string, voucherId: string): string {
  return JSON.stringify([voucherWord, amountMicroCredits, expiresAtMs ?? null, keyId, voucherId]);
}

/** The key of such a grant: a voucher gives once, however its signature is written. */
export function voucherKey(keyId: string, voucherId: string): string {
  return `${voucherWord} ${keyId} ${voucherId}`;
}

/** How the keys begin that these grants have. */
export const sourceKeys = ['auto top-up ', 'voucher '] as const;

/** Where a grant came from by its content; undefined for a person's and an allowance's. */
export function sourceOf(content: string): GrantSource | undefined {
  return content.startsWith(`["${autoWord}",`) ? 'auto' : content.startsWith(`["${voucherWord}",`) ? 'voucher' : undefined;
}
