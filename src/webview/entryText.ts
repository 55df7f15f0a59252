// The ledger's rows as the page words them: what each one was for, and as a table to take along. Pure; it shows what
// the ledger holds and never computes a balance of its own.
import { clientName } from '../protocol/clientName.ts';
import { accountName, entryKindName } from '../protocol/entryWords.ts';
import { t } from '../protocol/language.ts';
import type { LedgerRow } from '../protocol/ledgerPages.ts';
import { noteWords } from '../protocol/noteWords.ts';
import { workspaceWords } from '../protocol/workspaceWords.ts';
import { signedCredits } from './amountText.ts';
import { kindCredits } from './grantText.ts';
import type { ShownCell, ShownTable } from './shownTable.ts';
import { dayAndTime } from './timeText.ts';
import type { Place } from './timeText.ts';

/** A ledger row in words. */
export interface EntryText {
  readonly icon: string;
  readonly title: string;
  /** Said after the title: the client, the note of a grant. */
  readonly detail?: string;
}

/** Says what an entry was for. */
export function entryText(row: LedgerRow): EntryText {
  const client = row.client === undefined ? undefined : clientName(row.client);
  const workspace = row.workspaceLabel === undefined ? undefined : workspaceWords(row.workspaceLabel);
  const who = workspace === undefined ? { title: t('Request') } : { title: workspace, ...(client === undefined ? {} : { detail: client }) };
  if (row.account === 'owed') return owedText(row);
  if (row.account === 'exposure') return { icon: 'question', ...who, detail: t('lost; may have been billed, not taken') };
  if (row.account === 'overshoot') return row.kind === 'refund' ? { icon: 'discard', ...who, detail: t('beyond all credits, given back') } : { icon: 'arrow-small-down', ...who, detail: t('beyond all credits') };
  switch (row.kind) {
    case 'grant': return { icon: 'add', title: grantTitle(row), ...(row.note === undefined ? {} : { detail: noteWords(row.note) }) };
    case 'expire': return { icon: 'history', title: t('Credits expired'), ...(row.note === undefined ? {} : { detail: noteWords(row.note) }) };
    case 'reserve': return { icon: 'lock', ...who, title: workspace === undefined ? t('Held for a request') : t('Held for {0}', workspace) };
    case 'refund': return row.requestId === undefined ? { icon: 'history', title: t('Expired credits returned'), detail: t('the clock had been ahead') } : { icon: 'discard', ...who, detail: t('given back by a correction') };
    case 'void': return row.requestId === undefined ? { icon: 'circle-slash', title: t('Credits taken back') } : { icon: 'discard', ...who, title: row.grantKind ? t('Hold returned to {0}', kindCredits(row.grantKind)) : t('Hold returned to its grant') };
    case 'overage': return { icon: 'arrow-small-down', title: who.title, detail: client === undefined ? t('beyond its hold') : t('{0}, beyond its hold', client) };
    case 'post': return row.requestId === undefined ? { icon: 'arrow-small-down', title: t('Paid what was owed') } : { icon: 'arrow-small-down', ...who };
  }
}

/** What brought a grant. */
export function grantTitle({ allowanceId, source }: Pick<LedgerRow, 'allowanceId' | 'source'>): string {
  if (source) return source === 'auto' ? t('Credits added by the automatic top-up') : t('Voucher redeemed');
  return allowanceId === undefined ? t('Credits added') : t('Allowance renewed');
}

/** Entries as a table, for export: every column that a ledger of one's own would need. */
export function entriesTable(rows: readonly LedgerRow[], title: string, nowMs: number, place: Place): ShownTable {
  const { locale } = place;
  const known = (text: string | undefined): ShownCell => ({ text: text ?? '—', value: text ?? null });
  return {
    title,
    columns: [
      { key: 'sequence', title: t('No.'), isNumber: true }, { key: 'at', title: t('Time') }, { key: 'account', title: t('Account') }, { key: 'kind', title: t('Kind') }, { key: 'what', title: t('What') }, { key: 'requestId', title: t('Request') }, { key: 'workspace', title: t('Workspace') },
      { key: 'client', title: t('Client') }, { key: 'model', title: t('Model') }, { key: 'grantId', title: t('Grant') }, { key: 'amountMicroCredits', title: t('Credits'), isNumber: true }, { key: 'heldDeltaMicroCredits', title: t('Held'), isNumber: true }, { key: 'balanceAfterMicroCredits', title: t('Balance after'), isNumber: true },
    ],
    rows: rows.map((row) => {
      const { title: what, detail } = entryText(row);
      return [
        { text: String(row.sequence), value: row.sequence }, { text: dayAndTime(row.atMs, nowMs, place), value: new Date(row.atMs).toISOString() }, { text: accountName(row.account), value: row.account }, { text: entryKindName(row.kind), value: row.kind }, known(detail === undefined ? what : `${what} · ${detail}`), known(row.requestId), known(row.workspaceLabel),
        known(row.client), known(row.model), known(row.grantId), { text: signedCredits(row.amountMicroCredits, locale, 6), value: row.amountMicroCredits }, { text: signedCredits(row.heldDeltaMicroCredits, locale, 6), value: row.heldDeltaMicroCredits }, { text: signedCredits(row.balanceAfterMicroCredits, locale, 6).replace(/^\+/, ''), value: row.balanceAfterMicroCredits },
      ];
    }),
  };
}

function owedText({ kind, amountMicroCredits }: LedgerRow): EntryText {
  if (kind === 'refund') return { icon: 'discard', title: t('Less is owed'), detail: t('a request was refunded') };
  if (kind === 'void') return { icon: 'discard', title: t('Paid too much, given back'), detail: t('as a grant of its own') };
  return amountMicroCredits < 0 ? { icon: 'warning', title: t('Owed'), detail: t('spent of credits that were taken back') } : { icon: 'check', title: t('Owed credits paid') };
}
