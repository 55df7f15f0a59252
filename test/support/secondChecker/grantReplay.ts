// Replays the entries grant by grant and asks at every reservation and overage which credits should have
// burnt: the kinds in their order, lower priority first, earlier expiry, earlier creation; none that had
// not begun, was over or is for somebody else. And what a taken back grant left owed.
import { groupedBy } from './ledgerTables.ts';
import type { LedgerTables, WrittenEntry, WrittenGrant } from './ledgerTables.ts';
import { momentOfEntry, momentOfEvent } from './momentOrder.ts';

/** An amount of a grant. */
export interface Share { readonly grantId: string; readonly amount: number }

interface Use { readonly atMs: number; readonly model: string; readonly workspaceId: string; readonly amount: number; readonly mayBuy: boolean }

const kindOrder = ['included', 'promotional', 'purchased'];

/** A ledger's grants while its entries are replayed. */
export class GrantReplay {
  readonly #grants: ReadonlyMap<string, WrittenGrant>;
  readonly #free = new Map<string, number>();
  /** What expired of each grant and did not come back. */
  readonly expired = new Map<string, number>();
  /** Grants in the order in which they burn. */
  readonly #order: readonly WrittenGrant[];

  constructor(grants: ReadonlyMap<string, WrittenGrant>) {
    this.#grants = grants;
    this.#order = [...grants.values()].sort((a, b) => kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind) || a.priority - b.priority
      || ascending(a.expiresAtMs ?? Infinity, b.expiresAtMs ?? Infinity) || a.createdAtMs - b.createdAtMs || a.ordinal - b.ordinal);
  }

  /** What a grant has free now. */
  freeOf(grantId: string): number { return this.#free.get(grantId) ?? 0; }

  /** Moves a grant as an entry says. */
  move(entry: WrittenEntry): void {
    if (entry.account === 'grant' && entry.grantId !== null && entry.attemptId === null && (entry.kind === 'expire' || entry.kind === 'refund')) this.expired.set(entry.grantId, (this.expired.get(entry.grantId) ?? 0) - entry.amount);
    if (entry.account === 'grant' && entry.grantId !== null) this.#free.set(entry.grantId, this.freeOf(entry.grantId) + entry.amount - entry.heldDelta);
  }

  /** Which credits burn for a use now. */
  sharesFor(use: Use): Share[] {
    let missing = use.amount;
    return this.#order.flatMap((grant) => {
      const amount = Math.min(missing, this.#isFor(grant, use) ? this.freeOf(grant.id) : 0);
      missing -= Math.max(0, amount);
      return amount > 0 ? [{ grantId: grant.id, amount }] : [];
    });
  }

  #isFor({ id, kind, startsAtMs, expiresAtMs, models, workspaces }: WrittenGrant, { atMs, model, workspaceId, mayBuy }: Use): boolean {
    return this.#grants.has(id) && (kind !== 'purchased' || mayBuy) && (startsAtMs === null || startsAtMs <= atMs) && (expiresAtMs === null || atMs < expiresAtMs)
      && (workspaces === null || workspaces.includes(workspaceId))
      && (models === null || models.some((name) => name === model || name.endsWith('*') && model.startsWith(name.slice(0, -1))));
  }
}

function ascending(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** An overage that took purchased credits without a purchased reservation, or left them: it tells whether permission stood. */
export interface PermissionShown { readonly moment: string; readonly attemptId: string; readonly allowed: boolean }

/** What a replay finds: sentences, and where permission must or cannot have stood. */
export interface ReplayFindings { readonly wrong: readonly string[]; readonly permissions: readonly PermissionShown[] }

/** Replays everything. */
export function replayGrants(tables: LedgerTables): ReplayFindings {
  const replay = new GrantReplay(tables.grants);
  const wrong: string[] = [];
  const permissions: PermissionShown[] = [];
  const spent = new SpentReplay();
  const takenBackBefore = new Set(tables.directives.filter((one) => one.kind === 'void' && one.sequence <= tables.olderUntil.directives).map((one) => one.subject));
  const takenBack = new Set(tables.directives.filter((one) => one.kind === 'void').map((one) => one.subject));
  const requestOf = new Map(tables.decisions.map((one) => [one.attemptId, one]));
  const chargeOf = new Map(tables.charges.map((one) => [one.id, one]));
  const eventOf = new Map(tables.events.map((one) => [one.id, one]));
  const momentOf = (entry: WrittenEntry) => momentOfEntry(entry, (id) => {
    const event = eventOf.get(chargeOf.get(id)?.usageEventId ?? '');
    return event && momentOfEvent(event);
  });
  const moments = groupedBy(tables.entries.filter((entry) => momentOf(entry) !== undefined), momentOf);
  const reservedBy = groupedBy(tables.entries.filter((one) => one.kind === 'reserve'), (entry) => entry.attemptId);
  const seen = new Set<string>();
  for (const entry of tables.entries) {
    const moment = momentOf(entry);
    if (moment !== undefined && !seen.has(moment)) {
      seen.add(moment);
      const together = moments.get(moment) ?? [];
      const found = entry.kind === 'reserve' ? wrongReservation(together) : entry.chargeId === null ? [] : wrongDraw(moment, together);
      wrong.push(...found.map((sentence) => `${sentence} (${moment})`));
    }
    replay.move(entry);
    if (entry.account === 'grant' && (entry.kind === 'expire' || entry.kind === 'void') && entry.attemptId === null && replay.freeOf(entry.grantId ?? '') !== 0) wrong.push(`${entry.id} left something free of its grant`);
    if (!takenBackBefore.has(entry.grantId ?? '')) wrong.push(...spent.move(entry));
  }
  const disputed = tables.directives.filter((one) => one.kind === 'void' && one.content['disputed'] === true).map((one) => one.subject);
  return { wrong: [...wrong, ...spent.wrongAtEnd(disputed)], permissions };

  function wrongReservation(together: readonly WrittenEntry[]): string[] {
    const [first] = together;
    const request = requestOf.get(first?.attemptId ?? '');
    const hold = tables.holds.get(first?.attemptId ?? '');
    if (!first || !request || !hold) return ['a reservation has no request'];
    // Time is booked before a decision is made.
    const overdue = [...tables.grants.values()].filter((grant) => grant.expiresAtMs !== null && grant.expiresAtMs <= request.atMs && replay.freeOf(grant.id) > 0);
    if (overdue.length > 0) return [`credits of ${overdue[0]?.id ?? ''} had not expired although their time was over`];
    const early = [...replay.expired].find(([grantId, amount]) => amount > 0 && (tables.grants.get(grantId)?.expiresAtMs ?? 0) > request.atMs + 600_000 && (tables.grants.get(grantId)?.createdAtMs ?? 0) <= request.atMs && !takenBack.has(grantId));
    if (early && first.sequence > tables.olderUntil.entries) return [`credits of ${early[0]} had expired too early and did not come back`];
    const expected = replay.sharesFor({ atMs: request.atMs, model: request.model, workspaceId: request.workspaceId, amount: hold.amount, mayBuy: true });
    return same(expected, together.map((one) => ({ grantId: one.grantId ?? '', amount: one.heldDelta }))) ? [] : ['credits were reserved that were not the next to burn'];
  }

  /** Checks what an end or a correction drew beyond what was reserved. */
  function wrongDraw(moment: string, together: readonly WrittenEntry[]): string[] {
    const charge = chargeOf.get(together.find((one) => one.chargeId !== null)?.chargeId ?? '');
    const request = requestOf.get(charge?.attemptId ?? '');
    const event = eventOf.get(charge?.usageEventId ?? '');
    if (!charge || !request || !event) return ['credits were drawn without a charge'];
    const drawn = together.filter((one) => one.kind === 'overage' && one.account === 'grant').map((one) => ({ grantId: one.grantId ?? '', amount: -one.amount }));
    const reserved = reservedBy.get(charge.attemptId) ?? [];
    const held = reserved.reduce((sum, one) => sum + one.heldDelta, 0);
    const beyond = charge.corrects !== null ? Math.max(0, charge.cost) : event.isMeasured ? Math.max(0, charge.cost - held) : 0;
    const use = { atMs: event.atMs, model: request.model, workspaceId: request.workspaceId, amount: tables.holds.get(charge.attemptId)?.isTracked === true ? beyond : 0 };
    const [without, withBought] = [replay.sharesFor({ ...use, mayBuy: false }), replay.sharesFor({ ...use, mayBuy: true })];
    const hadBought = reserved.some((one) => tables.grants.get(one.grantId ?? '')?.kind === 'purchased');
    if (same(withBought, without)) return same(drawn, without) ? [] : ['credits were drawn beyond the hold that were not the next to burn'];
    const allowed = same(drawn, withBought);
    if (!allowed && (hadBought || !same(drawn, without))) return ['credits were drawn beyond the hold that were not the next to burn'];
    if (!hadBought) permissions.push({ moment, attemptId: charge.attemptId, allowed });
    return [];
  }
}

function same(a: readonly Share[], b: readonly Share[]): boolean {
  return a.length === b.length && a.every((one, index) => one.grantId === b[index]?.grantId && one.amount === b[index].amount);
}

/** What was spent of each grant, and whether what is owed for a disputed one is just that. */
class SpentReplay {
  /** Spent of a grant and not owed. */
  readonly #unowed = new Map<string, number>();
  readonly #posted = new Map<string, number>();

  move({ id, account, kind, grantId: named, attemptId, amount }: WrittenEntry): string[] {
    const grantId = named ?? '';
    const attempt = `${attemptId ?? ''} ${grantId}`;
    const unowed = this.#unowed.get(grantId) ?? 0;
    if (account === 'grant' && (kind === 'post' || kind === 'overage' || kind === 'refund' && attemptId !== null)) {
      this.#unowed.set(grantId, unowed - amount);
      if (kind === 'post') this.#posted.set(attempt, -amount);
    }
    // What came back to a disputed grant lowers the debt by as much.
    if (account === 'owed' && kind === 'refund') this.#unowed.set(grantId, unowed + amount);
    if (account !== 'owed' || kind !== 'post' || amount > 0) return [];
    const expected = attemptId === null ? unowed : this.#posted.get(attempt) ?? 0;
    this.#unowed.set(grantId, unowed - expected);
    return -amount === expected ? [] : [`${id} is not what was spent of the grant`];
  }

  /** Disputed grants of which something was spent that nobody owes. */
  wrongAtEnd(disputed: readonly string[]): string[] {
    return disputed.filter((grantId) => (this.#unowed.get(grantId) ?? 0) !== 0).map((grantId) => `not all that was spent of the disputed grant ${grantId} is owed`);
  }
}
