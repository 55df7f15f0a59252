// In which order things happened, as far as the rows themselves prove it. Each chain has its order, and
// what was written together ties the chains. Between two ties all that is known is the least and the most
// that can have gone before; times say more only where it is known that nobody set the clock back.
import type { LedgerTables } from './ledgerTables.ts';

/** How many rows of a chain can have been there: at least, and at most. */
export interface Span { readonly least: number; readonly most: number }

/** What is ordered. */
export type ChainName = 'decisions' | 'events' | 'entries' | 'directives';

/** The order of everything, or how it contradicts itself. */
export interface MomentOrder {
  readonly contradiction?: string;
  /** How many rows of a chain were there just before a moment. */
  before(moment: string, chain: ChainName): Span;
}

/** The moment of a decision. */
export const decided = (attemptId: string): string => `decide ${attemptId}`;
/** The moment at which an attempt ended. */
export const settled = (attemptId: string): string => `settle ${attemptId}`;
/** The moment at which a grant was made. */
export const granted = (grantId: string): string => `grant ${grantId}`;
/** The moment of a directive that stands alone or booked a correction. */
export const directed = (id: string): string => `directive ${id}`;

const chainNames = ['decisions', 'events', 'entries', 'directives'] as const;

/** The moment of a usage event. */
export function momentOfEvent(event: LedgerTables['events'][number]): string {
  if (event.corrects !== null) return directed(event.id.slice(`use_${event.attemptId}~`.length));
  return event.outcome === 'refused' ? decided(event.attemptId) : settled(event.attemptId);
}

/** The moment of an entry; undefined for what ended with time, which may be part of any. */
export function momentOfEntry(entry: LedgerTables['entries'][number], eventOfCharge: (chargeId: string) => string | undefined): string | undefined {
  if (entry.kind === 'reserve') return decided(entry.attemptId ?? '');
  if (entry.chargeId !== null) return eventOfCharge(entry.chargeId);
  // A debt is lowered with the correction that gave credits back.
  if (entry.account === 'owed' && entry.kind === 'refund') return directed(entry.id.slice(`refund_${String(entry.attemptId)}~`.length, -`_${String(entry.grantId)}_owed`.length));
  if (entry.attemptId !== null) return settled(entry.attemptId);
  if (entry.kind === 'grant' || entry.id.startsWith('post_owed_') || entry.id.startsWith('void_owed_')) return granted(entry.grantId ?? '');
  return entry.account === 'owed' ? directed(entry.id.slice('post_'.length, -'_owed'.length)) : undefined;
}

/** Puts the chains together. `clockIsTrue`: times never went back, so that they tell the order too. */
export function orderMoments(tables: LedgerTables, clockIsTrue: boolean): MomentOrder {
  const order = orderByTies(tables);
  return clockIsTrue && order.contradiction === undefined ? orderByTimes(tables, order) : order;
}

/** Narrows what ties leave open by times. What happened in the same millisecond stays open. */
function orderByTimes(tables: LedgerTables, order: MomentOrder): MomentOrder {
  const chains = chainsOf(tables);
  const timeOf = new Map<string, number>();
  const backwards: string[] = [];
  for (const name of chainNames) {
    for (const [index, { atMs }] of tables[name].entries()) {
      const moment = chains[name][index];
      if (moment !== undefined) timeOf.set(moment, atMs);
      if (atMs < (tables[name][index - 1]?.atMs ?? -Infinity)) backwards.push(`time went back in the ${name}, at place ${index + 1}`);
    }
  }
  const [contradiction] = backwards;
  return {
    ...(contradiction === undefined ? {} : { contradiction }),
    before: (moment, chain) => {
      const { least, most } = order.before(moment, chain);
      const atMs = timeOf.get(moment);
      if (atMs === undefined || least === most) return { least, most };
      const low = Math.max(least, tables[chain].filter((row) => row.atMs < atMs).length);
      return { least: low, most: Math.max(low, Math.min(most, tables[chain].filter((row) => row.atMs <= atMs).length)) };
    },
  };
}

function orderByTies(tables: LedgerTables): MomentOrder {
  const chains = chainsOf(tables);
  const next = new Map<string, Set<string>>();
  const waitsFor = new Map<string, number>();
  for (const name of chainNames) {
    const chain = chains[name].filter((moment) => moment !== undefined);
    for (const [index, moment] of chain.entries()) {
      if (!next.has(moment)) { next.set(moment, new Set()); waitsFor.set(moment, 0); }
      const before = chain[index - 1];
      if (before === undefined || before === moment || next.get(before)?.has(moment)) continue;
      next.get(before)?.add(moment);
      waitsFor.set(moment, (waitsFor.get(moment) ?? 0) + 1);
    }
  }
  const sorted: string[] = [...waitsFor].filter(([, count]) => count === 0).map(([moment]) => moment);
  for (const moment of sorted) {
    for (const after of next.get(moment) ?? []) {
      const left = (waitsFor.get(after) ?? 0) - 1;
      waitsFor.set(after, left);
      if (left === 0) sorted.push(after);
    }
  }
  if (sorted.length < next.size) {
    const stuck = [...waitsFor].find(([, count]) => count > 0)?.[0] ?? '';
    return { contradiction: `the chains tell of different orders around "${stuck}"`, before: (_moment, chain) => ({ least: 0, most: chains[chain].length }) };
  }
  return { before: spansOf(chains, next, sorted) };
}

type Chains = Readonly<Record<ChainName, readonly (string | undefined)[]>>;

function chainsOf(tables: LedgerTables): Chains {
  const momentOfCharge = new Map<string, string>();
  const momentOf = new Map(tables.events.map((event) => [event.id, momentOfEvent(event)]));
  for (const charge of tables.charges) momentOfCharge.set(charge.id, momentOf.get(charge.usageEventId) ?? settled(charge.attemptId));
  return {
    decisions: tables.decisions.map((one) => decided(one.attemptId)),
    events: tables.events.map(momentOfEvent),
    entries: tables.entries.map((entry) => momentOfEntry(entry, (id) => momentOfCharge.get(id))),
    directives: tables.directives.map((one) => (one.id.startsWith('grant ') && tables.grants.has(one.id.slice('grant '.length)) ? granted(one.id.slice('grant '.length)) : directed(one.id))),
  };
}

/** Follows every order forwards for what must have been there, and backwards for what cannot have been. */
function spansOf(chains: Chains, next: ReadonlyMap<string, ReadonlySet<string>>, sorted: readonly string[]): MomentOrder['before'] {
  const firstOf = new Map<string, Partial<Record<ChainName, number>>>();
  const lastOf = new Map<string, Partial<Record<ChainName, number>>>();
  for (const name of chainNames) {
    for (const [index, moment] of chains[name].entries()) {
      if (moment === undefined) continue;
      const [first, last] = [firstOf.get(moment) ?? {}, lastOf.get(moment) ?? {}];
      first[name] ??= index;
      last[name] = index;
      firstOf.set(moment, first);
      lastOf.set(moment, last);
    }
  }
  const least = new Map<string, Record<ChainName, number>>();
  const most = new Map<string, Record<ChainName, number>>();
  const atStart = (moment: string) => least.get(moment) ?? { decisions: 0, events: 0, entries: 0, directives: 0 };
  const atEnd = (moment: string) => most.get(moment) ?? { decisions: chains.decisions.length, events: chains.events.length, entries: chains.entries.length, directives: chains.directives.length };
  for (const moment of sorted) {
    const mine = atStart(moment);
    least.set(moment, mine);
    for (const after of next.get(moment) ?? []) {
      const theirs = { ...atStart(after) };
      for (const name of chainNames) theirs[name] = Math.max(theirs[name], mine[name], (lastOf.get(moment)?.[name] ?? -1) + 1);
      least.set(after, theirs);
    }
  }
  for (const moment of [...sorted].reverse()) {
    const mine = { ...atEnd(moment) };
    for (const after of next.get(moment) ?? []) {
      const theirs = atEnd(after);
      for (const name of chainNames) mine[name] = Math.min(mine[name], theirs[name], firstOf.get(after)?.[name] ?? Infinity);
    }
    for (const name of chainNames) mine[name] = Math.min(mine[name], firstOf.get(moment)?.[name] ?? Infinity);
    most.set(moment, mine);
  }
  return (moment, chain) => {
    const own = firstOf.get(moment)?.[chain];
    const [low, high] = [atStart(moment)[chain], atEnd(moment)[chain]];
    return own === undefined ? { least: low, most: Math.max(low, high) } : { least: own, most: own };
  };
}
