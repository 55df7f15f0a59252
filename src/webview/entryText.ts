// The ledger's rows as the page words them: what each one was for, and as a table to take along. Pure; it shows what
// the ledger holds and never computes a balance of its own.
import { clientName } from '../protocol/clientName.ts';
import type { LedgerRow } from '../protocol/ledgerPages.ts';
import { signedCredits } from './amountText.ts';
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
  const who = row.workspaceLabel === undefined ? { title: 'Request' } : { title: row.workspaceLabel, ...(row.client === undefined ? {} : { detail: clientName(row.client) }) };
  if (row.account === 'owed') return owedText(row);
  if (row.account === 'exposure') return { icon: 'question', ...who, detail: 'lost; may have been billed, not taken' };
  if (row.account === 'overshoot') return row.kind === 'refund' ? { icon: 'discard', ...who, detail: 'beyond all credits, given back' } : { icon: 'arrow-small-down', ...who, detail: 'beyond all credits' };
  switch (row.kind) {
    case 'grant': return { icon: 'add', title: row.allowanceId === undefined ? 'Credits added' : 'Allowance renewed', ...(row.note === undefined ? {} : { detail: row.note }) };
    case 'expire': return { icon: 'history', title: 'Credits expired', ...(row.note === undefined ? {} : { detail: row.note }) };
    case 'reserve': return { icon: 'lock', ...who, title: `Held for ${row.workspaceLabel ?? 'a request'}` };
    case 'refund': return row.requestId === undefined ? { icon: 'history', title: 'Expired credits returned', detail: 'the clock had been ahead' } : { icon: 'discard', ...who, detail: 'given back by a correction' };
    case 'void': return row.requestId === undefined ? { icon: 'circle-slash', title: 'Credits taken back' } : { icon: 'discard', ...who, title: `Hold returned to ${row.grantKind ? `${row.grantKind} credits` : 'its grant'}` };
    case 'overage': return { icon: 'arrow-small-down', title: who.title, detail: `${row.client === undefined ? '' : `${clientName(row.client)}, `}beyond its hold` };
    case 'post': return row.requestId === undefined ? { icon: 'arrow-small-down', title: 'Paid what was owed' } : { icon: 'arrow-small-down', ...who };
  }
}

/** Entries as a table, for export: every column that a ledger of one's own would need. */
export function entriesTable(rows: readonly LedgerRow[], title: string, nowMs: number, place: Place): ShownTable {
  const { locale } = place;
  const known = (text: string | undefined): ShownCell => ({ text: text ?? '—', value: text ?? null });
  return {
    title,
    columns: [
      { key: 'sequence', title: 'No.', isNumber: true }, { key: 'at', title: 'Time' }, { key: 'account', title: 'Account' }, { key: 'kind', title: 'Kind' }, { key: 'what', title: 'What' }, { key: 'requestId', title: 'Request' }, { key: 'workspace', title: 'Workspace' },
      { key: 'client', title: 'Client' }, { key: 'model', title: 'Model' }, { key: 'grantId', title: 'Grant' }, { key: 'amountMicroCredits', title: 'Credits', isNumber: true }, { key: 'heldDeltaMicroCredits', title: 'Held', isNumber: true }, { key: 'balanceAfterMicroCredits', title: 'Balance after', isNumber: true },
    ],
    rows: rows.map((row) => {
      const { title: what, detail } = entryText(row);
      return [
        { text: String(row.sequence), value: row.sequence }, { text: dayAndTime(row.atMs, nowMs, place), value: new Date(row.atMs).toISOString() }, known(row.account), known(row.kind), known(detail === undefined ? what : `${what} · ${detail}`), known(row.requestId), known(row.workspaceLabel),
        known(row.client), known(row.model), known(row.grantId), { text: signedCredits(row.amountMicroCredits, locale, 6), value: row.amountMicroCredits }, { text: signedCredits(row.heldDeltaMicroCredits, locale, 6), value: row.heldDeltaMicroCredits }, { text: signedCredits(row.balanceAfterMicroCredits, locale, 6).replace(/^\+/, ''), value: row.balanceAfterMicroCredits },
      ];
    }),
  };
}

function owedText({ kind, amountMicroCredits }: LedgerRow): EntryText {
  if (kind === 'refund') return { icon: 'discard', title: 'Less is owed', detail: 'a request was refunded' };
  if (kind === 'void') return { icon: 'discard', title: 'Paid too much, given back', detail: 'as a grant of its own' };
  return amountMicroCredits < 0 ? { icon: 'warning', title: 'Owed', detail: 'spent of credits that were taken back' } : { icon: 'check', title: 'Owed credits paid' };
}
