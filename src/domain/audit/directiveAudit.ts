// Follows the directives: each is filed under what it is about, prices of a model are noted one after the
// other, and a grant is taken back once, or undone and then disputed. Keeps what other rows must agree with: prices that were seen,
// corrections, permissions, what was taken back.
import type { BudgetVerdict } from '../budgets.ts';
import { subjectOf } from '../directives.ts';
import type { Directive } from '../directives.ts';
import type { DirectiveRow } from '../ledgerRows.ts';
import type { ModelPrice } from '../pricing.ts';
import type { TokenUsage } from '../tokenUsage.ts';
import type { Fail } from './auditLedger.ts';

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
  /** Whether a budget ever was as a decision tells it. */
  hadBudget(told: Pick<BudgetVerdict, 'budgetId' | 'unit' | 'mode' | 'limit'>): boolean;
  /** Whether a price can have been that of a model at any time. */
  wasPriceOf(model: string, price: ModelPrice): boolean;
}

const answers: readonly string[] = ['allow', 'deny', 'ask'];
const scopes: readonly string[] = ['request', 'task', 'workspace', 'everywhere'];

/** Follows directives, those behind a checkpoint or all. */
export class DirectiveAudit implements Told {
  readonly isWhole: boolean;
  readonly olderUntil: OlderRows;
  readonly corrections = new Map<string, ToldCorrection>();
  readonly voids = new Map<string, ToldVoid>();
  readonly consents = new Map<string, DirectiveRow>();
  readonly allowances = new Map<string, Extract<Directive, { kind: 'allowance' }>['allowance'][]>();
  readonly #budgets = new Set<string>();
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

  hadBudget({ budgetId, unit, mode, limit }: Parameters<Told['hadBudget']>[0]): boolean {
    return this.#budgets.has(JSON.stringify([budgetId, unit, mode, limit]));
  }

  wasPriceOf(model: string, price: ModelPrice): boolean {
    return this.#hasCeiling || (this.#prices.get(model)?.includes(termsOf(price)) ?? false);
  }

  #look(row: DirectiveRow): void {
    const directive = parsed<Directive>(row.content);
    if (!directive || directive.kind !== row.kind || subjectOfAny(directive) !== row.subject) { this.#fail('I12', `directive ${row.id} is filed under something else than it is about`); return; }
    switch (directive.kind) {
      case 'consent':
        this.consents.set(row.id, row);
        if (!answers.includes(directive.consent.answer) || !scopes.includes(directive.consent.scope)) this.#fail('I12', `directive ${row.id} gives an answer that there is not`);
        break;
      case 'budget':
        if (directive.budget && directive.budget.id !== row.subject) this.#fail('I12', `directive ${row.id} is filed under something else than it is about`);
        if (directive.budget) this.#budgets.add(JSON.stringify([directive.budget.id, directive.budget.unit, directive.budget.mode, directive.budget.limit]));
        break;
      case 'allowance':
        if (directive.allowance && directive.allowance.id !== row.subject) this.#fail('I12', `directive ${row.id} is filed under something else than it is about`);
        this.allowances.set(row.subject, [...this.allowances.get(row.subject) ?? [], directive.allowance]);
        break;
      case 'policy':
        if (directive.value === 'ceiling') this.#hasCeiling = true;
        break;
      case 'price': this.#lookAtPrice(row, directive.price); break;
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
