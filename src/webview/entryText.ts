// The ledger's rows as the page words them: which rows a filter keeps, what each one was for, in
// newest-first order. Pure; it shows what the ledger holds and never computes a balance of its own.
import { clientName } from '../protocol/clientName.ts';
import type { EntryView, GrantView, RequestView } from '../protocol/snapshot.ts';

/** Which entries to list: those that move the balance, or holds and their return too. */
export type EntryFilter = 'moves' | 'all';

/** A ledger row in words. */
export interface EntryText {
  readonly icon: string;
  readonly title: string;
  /** Said after the title: the client, the note of a grant. */
  readonly detail?: string;
}

/** Entries newest first; holds only when asked for. */
export function listedEntries(entries: readonly EntryView[], filter: EntryFilter): EntryView[] {
  return entries
    .filter((entry) => filter === 'all' || entry.amountMicroCredits !== 0 && entry.account !== 'overshoot')
    .toSorted((a, b) => b.sequence - a.sequence);
}

/** Says what an entry was for. */
export function entryText(entry: EntryView, requests: ReadonlyMap<string, RequestView>, grants: ReadonlyMap<string, GrantView>): EntryText {
  const request = entry.requestId === undefined ? undefined : requests.get(entry.requestId);
  const grant = grants.get(entry.grantId ?? '');
  const who = request ? { title: request.workspaceLabel, detail: clientName(request.client) } : { title: 'Request' };
  if (entry.account === 'owed') return owedText(entry);
  if (entry.account === 'exposure') return { icon: 'question', ...who, detail: 'lost; may have been billed, not taken' };
  if (entry.account === 'overshoot') return entry.kind === 'refund' ? { icon: 'discard', ...who, detail: 'beyond all credits, given back' } : { icon: 'arrow-small-down', ...who, detail: 'beyond all credits' };
  switch (entry.kind) {
    case 'grant': return { icon: 'add', title: 'Credits added', ...(grant?.note === undefined ? {} : { detail: grant.note }) };
    case 'expire': return { icon: 'history', title: 'Credits expired' };
    case 'reserve': return { icon: 'lock', ...who, title: `Held for ${request ? request.workspaceLabel : 'a request'}` };
    case 'refund': return entry.requestId === undefined ? { icon: 'history', title: 'Expired credits returned', detail: 'the clock had been ahead' } : { icon: 'discard', ...who, detail: 'given back by a correction' };
    case 'void': return entry.requestId === undefined ? { icon: 'circle-slash', title: 'Credits taken back' } : { icon: 'discard', ...who, title: `Hold returned to ${grant ? `${grant.kind} credits` : 'its grant'}` };
    case 'overage': return { icon: 'arrow-small-down', title: who.title, detail: `${request ? `${clientName(request.client)}, ` : ''}beyond its hold` };
    case 'post': return entry.requestId === undefined ? { icon: 'arrow-small-down', title: 'Paid what was owed' } : { icon: 'arrow-small-down', ...who };
  }
}

function owedText({ kind, amountMicroCredits }: EntryView): EntryText {
  if (kind === 'refund') return { icon: 'discard', title: 'Less is owed', detail: 'a request was refunded' };
  if (kind === 'void') return { icon: 'discard', title: 'Paid too much, given back', detail: 'as a grant of its own' };
  return amountMicroCredits < 0 ? { icon: 'warning', title: 'Owed', detail: 'spent of credits that were taken back' } : { icon: 'check', title: 'Owed credits paid' };
}

/** Index by id, so that rows can say who a request or a grant was. */
export function byRequestId(requests: readonly RequestView[]): ReadonlyMap<string, RequestView> {
  return new Map(requests.map((request) => [request.requestId, request]));
}

/** See `byRequestId`. */
export function byGrantId(grants: readonly GrantView[]): ReadonlyMap<string, GrantView> {
  return new Map(grants.map((grant) => [grant.id, grant]));
}
