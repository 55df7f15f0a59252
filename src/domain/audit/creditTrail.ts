// Goes along the entries a second time and asks of each whether it was its turn: reservations and overages
// took the credits that burn first, what was over or taken back went at once, new credits paid what was owed,
// and of a disputed grant just what was spent is owed. The entries are enough for that; nothing is believed.
import { availableMicroCredits, earlyExpiryMsMin, takeSlices } from '../grants.ts';
import type { Grant, GrantUse } from '../grants.ts';
import type { EntryRow, GrantRow } from '../ledgerRows.ts';
import type { Fail } from './auditFail.ts';
import { parsed } from './directiveAudit.ts';
import { isOlderVoid } from './grantAudit.ts';
import type { Told } from './directiveAudit.ts';
import { TopUpTrail } from './topUpTrail.ts';

/** For which model and workspace an attempt was decided, and whether it ended with measured usage. */
export type UseOf = (attemptId: string) => Pick<GrantUse, 'model' | 'workspaceId'> & { readonly isMeasured: boolean } | undefined;

/** Where the entries begin: the first of all, or behind a checkpoint, where it is not known what each grant had left. */
export interface TrailStart { readonly owed: number; readonly told: Told; readonly useOf: UseOf }

/** Entries of one step that draw together. */
interface Draw { readonly key: string; readonly isReserve: boolean; readonly rows: EntryRow[]; readonly before: readonly Grant[]; uncovered: number }

/** Follows credits through their entries. */
export class CreditTrail {
  readonly #grants = new Map<string, GrantRow>();
  readonly #told: Told;
  readonly #useOf: UseOf;
  readonly #fail: Fail;
  /** Grants that have something left, as they stand. */
  #live: readonly Grant[] = [];
  readonly #topUps: TopUpTrail;
  #owed: number;
  #draw: Draw | undefined;
  /** What has to come next: new credits pay what is owed in two entries; credits that came back for what was paid too much make as much of it void. */
  #due: readonly { readonly id: string; readonly amount: number; readonly corrects: string }[] = [];
  /** Of disputed grants: what was spent and is not owed yet, and what each attempt drew. */
  readonly #unowed = new Map<string, number>();
  readonly #posted = new Map<string, number>();
  /** What expired and did not come back, by its entry. */
  readonly #expired = new Map<string, { readonly grant: GrantRow; readonly microCredits: number }>();
  /** No decision from this time on can have missed any of those. */
  #lastExpiryMs = -Infinity;

  constructor(grants: Iterable<GrantRow>, { owed, told, useOf }: TrailStart, fail: Fail) {
    for (const grant of grants) this.#grants.set(grant.id, grant);
    this.#owed = owed;
    this.#told = told;
    this.#useOf = useOf;
    this.#fail = fail;
    this.#topUps = new TopUpTrail(told, fail);
  }

  /** The next entry. */
  follow(entry: EntryRow): void {
    const grant = entry.grantId === null ? undefined : this.#grants.get(entry.grantId);
    this.#followDebt(entry, grant);
    if (this.#told.isWhole) this.#topUps.follow(entry, grant, { live: this.#live, owedMicroCredits: this.#owed, isTakenBack: (id) => (this.#grants.get(id)?.voided ?? null) !== null });
    if (this.#told.isWhole) this.#followDraw(entry);
    if (entry.account === 'owed' && entry.kind === 'post' && entry.amountMicroCredits < 0 && grant?.voided !== 'disputed') this.#fail('I12', `entry ${entry.id} is owed for credits that nobody disputed`);
    if (entry.account === 'owed') this.#owed -= entry.amountMicroCredits;
    if (entry.account === 'grant' && this.#told.isWhole && grant) this.#move(entry, grant);
    if (entry.attemptId === null && entry.account === 'grant' && grant) this.#lookAtEnd(entry, grant);
    if (grant?.voided === 'disputed' && this.#told.isWhole && !isOlderVoid(this.#told, grant.id)) this.#followSpent(entry, grant);
  }

  /** After the last entry. */
  end(): void {
    this.#closeDraw();
    this.#topUps.end();
    if (this.#due.length > 0) this.#fail('I12', 'new credits have not paid what was owed');
    for (const [grantId, amount] of this.#unowed) if (amount !== 0) this.#fail('I12', `${amount} that were spent of the disputed grant ${grantId} are owed by nobody`);
  }

  /** New purchased credits pay what is owed before anything else, in the two entries behind their own. */
  #followDebt(entry: EntryRow, grant: GrantRow | undefined): void {
    const [due, ...rest] = this.#due;
    const isPayment = entry.attemptId === null && (entry.kind === 'post' && (entry.account === 'grant' || entry.account === 'owed' && entry.amountMicroCredits > 0) || entry.account === 'owed' && entry.kind === 'void');
    if (this.#owed < 0 && entry.kind === 'reserve') this.#fail('I12', `entry ${entry.id} reserves credits before what was paid too much of a debt has come back`);
    if (due) {
      this.#due = rest;
      if (!isPayment || entry.id !== due.id || entry.amountMicroCredits !== due.amount || entry.corrects !== due.corrects || entry.atMs !== grant?.createdAtMs) this.#fail('I12', `new credits have not paid what was owed at entry ${entry.id}`);
    } else if (isPayment) this.#fail('I12', `entry ${entry.id} pays what was not owed`);
    if (entry.kind !== 'grant' || !grant) return;
    if (entry.atMs !== grant.createdAtMs) this.#fail('I12', `entry ${entry.id} is of another time than its grant`);
    if (this.#owed < 0) {
      if (entry.amountMicroCredits !== -this.#owed) this.#fail('I12', `entry ${entry.id} is not what was paid too much of a debt`);
      this.#due = [{ id: `void_owed_${grant.id}`, amount: this.#owed, corrects: `grant_${grant.id}` }];
      return;
    }
    const amount = grant.kind === 'purchased' ? Math.min(this.#owed, entry.amountMicroCredits) : 0;
    const id = `post_owed_${grant.id}`;
    if (amount > 0) this.#due = [{ id, amount: -amount, corrects: `grant_${grant.id}` }, { id: `${id}_paid`, amount, corrects: id }];
  }

  /** Credits end when their time is over or somebody took them back, and then all that are free. */
  #lookAtEnd(entry: EntryRow, grant: GrantRow): void {
    if (entry.kind === 'expire' && (grant.expiresAtMs === null || grant.expiresAtMs > entry.atMs)) this.#fail('I12', `entry ${entry.id} ends credits whose time was not over`);
    if (entry.kind === 'void' && grant.voided === null) this.#fail('I12', `entry ${entry.id} takes credits back that nobody took back`);
    if ((entry.kind === 'expire' || entry.kind === 'void') && this.#told.isWhole && this.#live.some((one) => one.id === grant.id && availableMicroCredits(one) !== 0)) this.#fail('I12', `entry ${entry.id} left something free of its grant`);
    if (entry.kind === 'expire') this.#lastExpiryMs = Math.max(this.#lastExpiryMs, grant.expiresAtMs ?? -Infinity);
    if (entry.kind === 'expire') this.#expired.set(entry.id, { grant, microCredits: -entry.amountMicroCredits });
    if (entry.kind === 'refund') this.#lookAtReturn(entry, grant);
    if (entry.kind !== 'grant' && entry.kind !== 'post' && entry.kind !== 'refund' && entry.corrects !== null || entry.chargeId !== null || entry.kind === 'grant' && entry.corrects !== null) this.#fail('I12', `entry ${entry.id} names something that it is not of`);
  }

  /** What expired comes back once, whole, and only where its time is not over. */
  #lookAtReturn(entry: EntryRow, grant: GrantRow): void {
    const expired = this.#expired.get(entry.corrects ?? '');
    this.#expired.delete(entry.corrects ?? '');
    if (grant.expiresAtMs === null || entry.atMs + earlyExpiryMsMin >= grant.expiresAtMs || entry.atMs < grant.createdAtMs) this.#fail('I12', `entry ${entry.id} gives back credits whose time is over or had not come`);
    if (expired ? expired.grant.id !== grant.id || expired.microCredits !== entry.amountMicroCredits : this.#told.isWhole) this.#fail('I12', `entry ${entry.id} gives back something else than what had expired`);
  }

  #followSpent(entry: EntryRow, grant: GrantRow): void {
    const { id } = grant;
    const unowed = this.#unowed.get(id) ?? 0;
    const attempt = `${entry.attemptId ?? ''} ${id}`;
    if (entry.account === 'grant' && (entry.kind === 'post' || entry.kind === 'overage' || entry.kind === 'refund' && entry.attemptId !== null)) {
      this.#unowed.set(id, unowed - entry.amountMicroCredits);
      if (entry.kind === 'post') this.#posted.set(attempt, -entry.amountMicroCredits);
    }
    // What came back to it lowers the debt by as much.
    if (entry.account === 'owed' && entry.kind === 'refund') this.#unowed.set(id, unowed + entry.amountMicroCredits);
    if (entry.account !== 'owed' || entry.kind !== 'post' || entry.amountMicroCredits > 0) return;
    const expected = entry.attemptId === null ? unowed : this.#posted.get(attempt) ?? 0;
    this.#unowed.set(id, unowed - expected);
    if (-entry.amountMicroCredits !== expected) this.#fail('I12', `entry ${entry.id} is not what was spent of grant ${id}`);
    const taken = this.#told.voids.get(id);
    if (entry.attemptId === null && (entry.id !== `post_${taken?.id ?? ''}_owed` || entry.atMs !== taken?.atMs || entry.corrects !== `grant_${id}`)) this.#fail('I12', `entry ${entry.id} is not of the directive that took grant ${id} back`);
  }

  /** Puts together the entries that one step drew, and looks at them when it is over. */
  #followDraw(entry: EntryRow): void {
    const isReserve = entry.kind === 'reserve';
    const isDraw = isReserve || entry.kind === 'overage' && entry.attemptId !== null;
    const key = `${isReserve ? 'reserve' : 'overage'} ${entry.attemptId ?? ''} ${entry.chargeId ?? ''}`;
    if (this.#draw && (!isDraw || this.#draw.key !== key)) this.#closeDraw();
    if (!isDraw) return;
    this.#draw ??= { key, isReserve, rows: [], before: this.#live, uncovered: 0 };
    if (entry.account === 'overshoot') this.#draw.uncovered -= entry.amountMicroCredits;
    if (entry.account !== 'overshoot' || this.#draw.rows.length === 0) this.#draw.rows.push(entry);
  }

  #closeDraw(): void {
    const draw = this.#draw;
    this.#draw = undefined;
    const [first] = draw?.rows ?? [];
    if (!draw || !first || first.attemptId === null) return;
    const { atMs, attemptId } = first;
    if (draw.isReserve && draw.before.some((grant) => grant.expiresAtMs !== undefined && grant.expiresAtMs <= atMs && availableMicroCredits(grant) > 0)) this.#fail('I12', `attempt ${attemptId} was decided before credits had ended whose time was over`);
    if (draw.isReserve && first.sequence > this.#told.olderUntil.entries && atMs + earlyExpiryMsMin < this.#lastExpiryMs && [...this.#expired.values()].some(({ grant }) => grant.voided === null && grant.createdAtMs <= atMs && (grant.expiresAtMs ?? 0) > atMs + earlyExpiryMsMin)) this.#fail('I12', `attempt ${attemptId} was decided before credits had come back that had expired too early`);
    const asks = draw.uncovered !== 0 || draw.before.some((grant) => grant.models ?? grant.workspaces);
    const use = { nowMs: atMs, ...(asks ? this.#useOf(attemptId) : undefined) ?? { model: '', workspaceId: '', isMeasured: true } };
    // An estimate never draws more than its hold; what it is beyond that stays uncovered whatever is free.
    if (!draw.isReserve && !use.isMeasured && first.chargeId === `chg_${attemptId}`) return;
    const taken = draw.rows.filter((row) => row.account === 'grant').map((row) => ({ grantId: row.grantId, microCredits: draw.isReserve ? row.heldDeltaMicroCredits : -row.amountMicroCredits }));
    const amount = taken.reduce((sum, one) => sum + one.microCredits, draw.uncovered);
    const fits = (grants: readonly Grant[]) => JSON.stringify(takeSlices(grants, amount, use).map(({ grantId, microCredits }) => ({ grantId, microCredits }))) === JSON.stringify(taken);
    // Whether purchased credits were permitted at that moment does not follow from the entries; either may be true.
    if (!fits(draw.before) && (draw.isReserve || !fits(draw.before.filter((grant) => grant.kind !== 'purchased')))) this.#fail('I12', `attempt ${attemptId} drew credits at entry ${first.id} that were not the next to burn`);
  }

  #move(entry: EntryRow, row: GrantRow): void {
    const known = this.#live.find((one) => one.id === row.id) ?? grantOf(row);
    const moved = { ...known, remainingMicroCredits: known.remainingMicroCredits + entry.amountMicroCredits, heldMicroCredits: known.heldMicroCredits + entry.heldDeltaMicroCredits };
    const others = this.#live.filter((one) => one.id !== row.id);
    this.#live = moved.remainingMicroCredits === 0 ? others : [...others, moved];
  }
}

/** A grant before its first entry. Whether it was taken back later does not matter: by then nothing is free of it. */
function grantOf(row: GrantRow): Grant {
  const list = (text: string | null) => (text === null ? undefined : parsed<readonly string[]>(text));
  const [models, workspaces] = [list(row.models), list(row.workspaces)];
  return {
    id: row.id, kind: row.kind, amountMicroCredits: row.amountMicroCredits, remainingMicroCredits: 0, heldMicroCredits: 0, priority: row.priority, createdAtMs: row.createdAtMs, order: row.order,
    ...(row.startsAtMs === null ? {} : { startsAtMs: row.startsAtMs }), ...(row.expiresAtMs === null ? {} : { expiresAtMs: row.expiresAtMs }), ...(models ? { models } : {}), ...(workspaces ? { workspaces } : {}),
  };
}
