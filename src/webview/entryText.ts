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
    .filter((entry) => filter === 'all' || entry.kind === 'grant' || entry.kind === 'expire' || entry.kind === 'overage' || (entry.kind === 'post' && entry.amountMicroCredits !== 0))
    .toSorted((a, b) => b.sequence - a.sequence);
}

/** Says what an entry was for. */
export function entryText(entry: EntryView, requests: ReadonlyMap<string, RequestView>, grants: ReadonlyMap<string, GrantView>): EntryText {
  const request = entry.requestId === undefined ? undefined : requests.get(entry.requestId);
  const grant = grants.get(entry.grantId);
  const who = request ? { title: request.workspaceLabel, detail: clientName(request.client) } : { title: 'Request' };
  switch (entry.kind) {
    case 'grant': return { icon: 'add', title: 'Credits added', ...(grant?.note === undefined ? {} : { detail: grant.note }) };
    case 'expire': return { icon: 'history', title: 'Credits expired' };
    case 'reserve': return { icon: 'lock', ...who, title: `Held for ${request ? request.workspaceLabel : 'a request'}` };
    case 'void': return { icon: 'discard', ...who, title: `Hold returned to ${grant ? `${grant.kind} credits` : 'its grant'}` };
    case 'overage': return { icon: 'arrow-small-down', title: who.title, detail: `${request ? `${clientName(request.client)}, ` : ''}beyond its hold` };
    case 'post': return { icon: 'arrow-small-down', ...who };
  }
}

/** Index by id, so that rows can say who a request or a grant was. */
export function byRequestId(requests: readonly RequestView[]): ReadonlyMap<string, RequestView> {
  return new Map(requests.map((request) => [request.requestId, request]));
}

/** See `byRequestId`. */
export function byGrantId(grants: readonly GrantView[]): ReadonlyMap<string, GrantView> {
  return new Map(grants.map((grant) => [grant.id, grant]));
}
