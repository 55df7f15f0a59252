// The words for what the ledger's entries are: their kinds and the accounts that they move. Pure; every surface says them alike.
import { t } from './language.ts';
import type { LedgerRow } from './ledgerPages.ts';

/** A kind of entry as a word; one that only a newer broker knows as it calls it. */
export function entryKindName(kind: LedgerRow['kind']): string {
  switch (kind) {
    case 'grant': return t('grant');
    case 'reserve': return t('reserve');
    case 'post': return t('post');
    case 'overage': return t('overage');
    case 'void': return t('void');
    case 'expire': return t('expire');
    case 'refund': return t('refund');
    default: return kind;
  }
}

/** An account as a word: the grants, or what stands beside them. */
export function accountName(account: LedgerRow['account']): string {
  switch (account) {
    case 'grant': return t('grant');
    case 'overshoot': return t('overshoot');
    case 'exposure': return t('exposure');
    case 'owed': return t('owed');
    default: return account;
  }
}
