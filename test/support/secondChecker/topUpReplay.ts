// The automatic top-up and vouchers, replayed: each addition was one of a rule that may have stood then, within that
// rule's cap for the month, and somebody needed it; no reservation was made while one was due. Each voucher's issuer
// may have been trusted when it was redeemed.
import type { LedgerTables, WrittenGrant } from './ledgerTables.ts';
import { periodAround } from './localPeriods.ts';
import { decided, granted } from './momentOrder.ts';
import type { MomentOrder } from './momentOrder.ts';
import { standingAfter } from './standingDirectives.ts';
import type { WrittenTopUp } from './standingDirectives.ts';

const wordOf = (grant: WrittenGrant | undefined): unknown => (grant?.content.startsWith('[') ? (JSON.parse(grant.content) as readonly unknown[])[0] : undefined);

/** Sentences about additions and vouchers that should not be there, and about additions that are missing. */
export function wrongTopUps(tables: LedgerTables, order: MomentOrder): string[] {
  const standing = standingAfter(tables.directives);
  const maybe = <T>(moment: string, pick: (count: number) => T): T[] => {
    const { least, most } = order.before(moment, 'directives');
    return Array.from({ length: most - least + 1 }, (_, place) => pick(least + place));
  };
  const rulesAt = (moment: string) => maybe(moment, (count) => standing(count).topUp);
  const takenBack = new Set(tables.directives.filter((one) => one.kind === 'void').map((one) => one.subject));
  const left = new Map<string, number>();
  const additions: WrittenGrant[] = [];
  let owed = 0;
  const wrong: string[] = [];

  /** What was there at a moment: at the least and at the most, since when a grant was taken back is not looked up. */
  const there = (atMs: number) => {
    const alive = [...left].flatMap(([id, amount]) => { const grant = tables.grants.get(id); return grant && atMs >= (grant.startsAtMs ?? -Infinity) && atMs < (grant.expiresAtMs ?? Infinity) ? [{ id, amount }] : []; });
    const add = (some: readonly { readonly amount: number }[]) => some.reduce((all, one) => all + one.amount, 0);
    return { least: add(alive.filter((one) => !takenBack.has(one.id))), most: add(alive) };
  };
  const roomOf = (rule: WrittenTopUp, atMs: number) => {
    const month = periodAround('month', atMs, rule.timeZone);
    return rule.capMicroCredits - additions.filter((one) => one.createdAtMs >= month.fromMs && one.createdAtMs < month.untilMs).reduce((all, one) => all + one.amount, 0);
  };

  for (const [place, entry] of tables.entries.entries()) {
    const grant = tables.grants.get(entry.grantId ?? '');
    if (entry.kind === 'grant' && grant && wordOf(grant) === 'auto top-up') {
      const [, amount, fromMs] = JSON.parse(grant.content) as readonly [string, number, number, number];
      const fitting = rulesAt(granted(grant.id)).filter((rule) => rule && rule.amountMicroCredits === amount && periodAround('month', grant.createdAtMs, rule.timeZone).fromMs === fromMs && roomOf(rule, grant.createdAtMs) >= amount);
      if (fitting.length === 0) wrong.push(`no automatic top-up can have added ${grant.id}`);
      // What is not below a threshold was added for the reservation that stands behind it and draws on it.
      const next = tables.entries.slice(place + 1).find((one) => one.kind !== 'grant' || wordOf(tables.grants.get(one.grantId ?? '')) !== 'auto top-up');
      const isDrawn = next?.kind === 'reserve' && tables.entries.some((one) => one.kind === 'reserve' && one.attemptId === next.attemptId && one.grantId === grant.id);
      if (!isDrawn && !fitting.some((rule) => rule && there(entry.atMs).least < rule.belowMicroCredits)) wrong.push(`nobody needed the automatic top-up ${grant.id}`);
      if (owed !== 0) wrong.push(`the automatic top-up ${grant.id} came while credits were owed`);
      additions.push(grant);
    }
    if (entry.kind === 'reserve' && entry.account === 'grant' && tables.entries[place - 1]?.attemptId !== entry.attemptId && !isAdditionBefore(place)) {
      const due = rulesAt(decided(entry.attemptId ?? '')).every((rule) => rule && owed === 0 && there(entry.atMs).most < rule.belowMicroCredits && roomOf(rule, entry.atMs) >= rule.amountMicroCredits);
      if (due) wrong.push(`an attempt reserved credits while an automatic top-up was due (${decided(entry.attemptId ?? '')})`);
    }
    if (entry.account === 'owed') owed -= entry.amount;
    if (entry.account === 'grant' && entry.grantId !== null) left.set(entry.grantId, (left.get(entry.grantId) ?? 0) + entry.amount);
  }
  for (const grant of tables.grants.values()) {
    if (wordOf(grant) !== 'voucher') continue;
    const [, , , keyId] = JSON.parse(grant.content) as readonly [string, number, number | null, string, string];
    if (!maybe(granted(grant.id), (count) => standing(count).issuers.has(keyId)).includes(true)) wrong.push(`the voucher of ${grant.id} is of an issuer whom nobody trusted`);
  }
  return wrong;

  /** Whether an addition stands just before: then it has been seen that it was needed. */
  function isAdditionBefore(place: number): boolean {
    const before = tables.entries[place - 1];
    return before?.kind === 'grant' && wordOf(tables.grants.get(before.grantId ?? '')) === 'auto top-up';
  }
}
