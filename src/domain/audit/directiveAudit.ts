// Follows the directives: each is filed under what it is about, prices and limits are noted one after the
// other, and a grant is taken back once, or undone and then disputed. Keeps what other rows must agree with: prices that were seen,
// corrections, permissions, what was taken back.
import type { AutoTopUp } from '../autoTopUp.ts';
import type { BudgetVerdict } from '../budgets.ts';
import { subjectOf } from '../directives.ts';
import type { Directive } from '../directives.ts';
import type { DirectiveRow } from '../ledgerRows.ts';
import type { LimitNote } from '../limitWatch.ts';
import type { ModelPrice } from '../pricing.ts';
import type { TokenUsage } from '../tokenUsage.ts';
import type { Fail } from './auditFail.ts';
import { isPossible } from './directiveShape.ts';

/** A correction as it was asked for. */
export interface ToldCorrection {
  readonly attemptId: string;
  readonly atMs: number;
  readonly what: { readonly kind: string; readonly usage?: TokenUsage; readonly microCredits?: number; readonly attemptId?: string };
  readonly reason: string;
}

/** A grant that was taken back, and by which directive. */
export interface ToldVoid { readonly id: string; readonly sequence: number; readonly atMs: number; readonly as: 'undone' | 'disputed' }

/** The last rows of each chain that an older version of the program booked, by rules that differed in a few points; zero where there are none. */
export interface OlderRows { readonly entries: number; readonly charges: number; readonly directives: number }

/** What the directives say that were looked at. */
export interface Told {
  readonly olderUntil: OlderRows;
  /** Whether those are all there are; else what is not among them may be older. */
  readonly isWhole: boolean;
  readonly corrections: ReadonlyMap<string, ToldCorrection>;
  /** Grants that were taken back, of all directives; of one that was undone and then disputed, the latter. */
  readonly voids: ReadonlyMap<string, ToldVoid>;
  /** Answers about purchased credits by the key that they were given with. */
  readonly consents: ReadonlyMap<string, DirectiveRow>;
  /** Allowances that were ever set up, by their ids. */
  readonly allowances: ReadonlyMap<string, readonly Extract<Directive, { kind: 'allowance' }>['allowance'][]>;
  /** The rules of the automatic top-up that were ever laid down, and the issuers that were ever trusted. */
  readonly autoTopUps: readonly AutoTopUp[];
  readonly issuers: ReadonlySet<string>;
  /** Whether a budget ever was as a decision tells it. */
  hadBudget(told: Pick<BudgetVerdict, 'budgetId' | 'unit' | 'mode' | 'limit' | 'allowed'>): boolean;
  /** Whether a price can have been that of a model at any time. */
  wasPriceOf(model: string, price: ModelPrice): boolean;
}

/** Follows directives, those behind a checkpoint or all. */
export class DirectiveAudit implements Told {
  readonly isWhole: boolean;
  readonly olderUntil: OlderRows;
  readonly corrections = new Map<string, ToldCorrection>();
  readonly voids = new Map<string, ToldVoid>();
  readonly consents = new Map<string, DirectiveRow>();
  readonly allowances = new Map<string, Extract<Directive, { kind: 'allowance' }>['allowance'][]>();
  readonly autoTopUps: AutoTopUp[] = [];
  readonly issuers = new Set<string>();
  readonly #budgets = new Set<string>();
  readonly #limits = new Map<string, { readonly times: number; readonly text: string }>();
  readonly #prices = new Map<string, string[]>();
  readonly #fail: Fail;
  #hasCeiling = false;

  /** @param earlier directives before those that are looked at, by which grants were taken back */
  constructor({ isWhole, earlier, olderUntil }: { readonly isWhole: boolean; readonly earlier: Iterable<DirectiveRow>; readonly olderUntil: OlderRows }, fail: Fail) {
    this.isWhole = isWhole;
    this.olderUntil = olderUntil;
    this.#fail = fail;
    for (const row of earlier) this.#lookAtVoid(row, parsed<{ readonly disputed?: boolean }>(row.content)?.disputed === true);
  }

  /** Looks at the rows and passes them on. */
  * along(rows: Iterable<DirectiveRow>): Generator<DirectiveRow> {
    for (const row of rows) {
      this.#look(row);
      yield row;
    }
  }

  hadBudget({ budgetId, unit, mode, limit, allowed }: Parameters<Told['hadBudget']>[0]): boolean {
    return this.#budgets.has(JSON.stringify([budgetId, unit, mode, limit, allowed !== undefined]));
  }

  wasPriceOf(model: string, price: ModelPrice): boolean {
    return this.#hasCeiling || (this.#prices.get(model)?.includes(termsOf(price)) ?? false);
  }

  #look(row: DirectiveRow): void {
    const directive = parsed<Directive>(row.content);
    if (!directive || directive.kind !== row.kind || subjectOfAny(directive) !== row.subject) { this.#fail('I12', `directive ${row.id} is filed under something else than it is about`); return; }
    if (!isPossible(directive)) this.#fail('I12', `directive ${row.id} says what cannot be laid down`);
    switch (directive.kind) {
      case 'consent':
        this.consents.set(row.id, row);
        break;
      case 'budget':
        if (directive.budget && directive.budget.id !== row.subject) this.#fail('I12', `directive ${row.id} is filed under something else than it is about`);
        if (directive.budget) this.#budgets.add(JSON.stringify([directive.budget.id, directive.budget.unit, directive.budget.mode, directive.budget.limit, directive.budget.pace === 'even']));
        break;
      case 'allowance':
        if (directive.allowance && directive.allowance.id !== row.subject) this.#fail('I12', `directive ${row.id} is filed under something else than it is about`);
        this.allowances.set(row.subject, [...this.allowances.get(row.subject) ?? [], directive.allowance]);
        break;
      case 'auto-top-up':
        if (directive.rule) this.autoTopUps.push(directive.rule);
        break;
      case 'voucher-issuer':
        if (directive.issuer && directive.issuer.keyId !== row.subject) this.#fail('I12', `directive ${row.id} is filed under something else than it is about`);
        if (directive.issuer) this.issuers.add(row.subject);
        break;
      case 'policy':
        if (directive.value === 'ceiling') this.#hasCeiling = true;
        break;
      case 'price': this.#lookAtPrice(row, directive.price); break;
      case 'limit': this.#lookAtLimit(row, directive.note); break;
      case 'void': this.#lookAtVoid(row, directive.disputed); break;
      case 'correction': this.#lookAtCorrection(row, directive.content); break;
      default:
    }
  }

  #lookAtVoid(row: DirectiveRow, disputed: boolean): void {
    // One that was undone may be disputed later.
    const known = this.voids.get(row.subject);
    if (known && !(known.as === 'undone' && disputed)) this.#fail('I3', `grant ${row.subject} was taken back twice`);
    this.voids.set(row.subject, { id: row.id, sequence: row.sequence, atMs: row.atMs, as: disputed ? 'disputed' : 'undone' });
  }

  /** A price is noted when it is seen first and whenever it has changed. */
  #lookAtPrice(row: DirectiveRow, price: ModelPrice): void {
    const known = this.#prices.get(row.subject) ?? [];
    const terms = termsOf(price);
    if (this.isWhole && row.id !== `price ${row.subject} ${known.length + 1}` || known.at(-1) === terms) this.#fail('I12', `directive ${row.id} notes a price out of turn`);
    this.#prices.set(row.subject, [...known, terms]);
  }

  /** So is a limit, and a window that began anew. */
  #lookAtLimit(row: DirectiveRow, note: LimitNote): void {
    const known = this.#limits.get(row.subject) ?? { times: 0, text: '' };
    const text = JSON.stringify('began' in note ? note.began : note.limits);
    if (this.isWhole && row.id !== `limit ${row.subject} ${known.times + 1}` || known.text === text) this.#fail('I12', `directive ${row.id} notes a limit out of turn`);
    this.#limits.set(row.subject, { times: known.times + 1, text });
  }

  #lookAtCorrection(row: DirectiveRow, content: string): void {
    const [what, reason] = parsed<[ToldCorrection['what'], string]>(content) ?? [];
    if (!what || reason === undefined || what.attemptId !== row.subject) { this.#fail('I12', `directive ${row.id} does not say what it corrects`); return; }
    this.corrections.set(row.id, { attemptId: row.subject, atMs: row.atMs, what, reason });
  }
}

function termsOf({ rates, long, fast }: ModelPrice): string {
  return JSON.stringify([rates, long ?? null, fast ?? null]);
}

function subjectOfAny(directive: Directive): string | undefined {
  try {
    return subjectOf(directive);
  } catch {
    // One that lacks what it is about is filed under nothing.
    return undefined;
  }
}

/** JSON that somebody may have changed; undefined where it is none. */
export function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    // Its hash tells that it was changed; here it only says nothing.
    return undefined;
  }
}
