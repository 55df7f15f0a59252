// The directives in the SQLite ledger: laying one down, and what holds now. What holds is kept in memory
// under the head of its chain, so that a decision reads nothing and a rolled-back change is forgotten.
import type { DatabaseSync } from 'node:sqlite';
import { directiveFault, directiveState, keyFault, subjectOf } from '../../domain/directives.ts';
import type { Directive, DirectiveState } from '../../domain/directives.ts';
import { noteAfter } from '../../domain/limitWatch.ts';
import type { ModelPrice, Rates } from '../../domain/pricing.ts';
import { problem } from '../../domain/problem.ts';
import type { LedgerChains } from './ledgerChains.ts';
import type { DirectCommand, LedgerCommandResults, NoteLimitCommand } from './ledgerCommands.ts';
import { statement } from './statements.ts';

const held = new WeakMap<LedgerChains, { readonly head: string; readonly state: DirectiveState }>();

/** Everything that holds now. */
export function readDirectives(db: DatabaseSync, chains: LedgerChains): DirectiveState {
  const { directive: head } = chains.mark();
  const known = held.get(chains);
  if (known?.head === head) return known.state;
  const state = directiveState(newest(db));
  held.set(chains, { head, state });
  return state;
}

/** The newest directive of each subject, in the order in which those subjects came up first. Consents for one request are over with it. */
function* newest(db: DatabaseSync): Generator<Directive> {
  const rows = db.prepare(`SELECT d.content FROM directives d JOIN (SELECT kind, subject, MIN(sequence) AS first, MAX(sequence) AS last FROM directives
    WHERE kind IN ('consent', 'budget', 'allowance', 'auto-top-up', 'voucher-issuer', 'policy', 'unpriced-model', 'price') AND NOT (kind = 'consent' AND subject LIKE 'request %') GROUP BY kind, subject) n ON d.sequence = n.last ORDER BY n.first`);
  for (const row of rows.iterate()) yield JSON.parse(String(row['content'])) as Directive;
  // An answer for one request is looked at while that request may still be decided: the newest are enough.
  const single = db.prepare(`SELECT content FROM directives WHERE sequence IN (SELECT MAX(sequence) FROM directives WHERE kind = 'consent' AND subject LIKE 'request %' GROUP BY subject)
    ORDER BY sequence DESC LIMIT ${singleConsentsMax}`);
  for (const row of single.iterate()) yield JSON.parse(String(row['content'])) as Directive;
}

/** Answers for one request that are kept in mind; more requests than that never wait for an answer at once. */
const singleConsentsMax = 500;

/** Lays a directive down. The same key again changes nothing. */
export function direct(db: DatabaseSync, chains: LedgerChains, command: DirectCommand): LedgerCommandResults['direct'] {
  const { directive, key } = command;
  const content = JSON.stringify(directive);
  const known = statement(db, 'SELECT content FROM directives WHERE id = ?').get(key);
  if (known) return known['content'] === content ? { exists: true } : { problem: problem('key_conflict', 'The key "{0}" was used before for something else. Nothing was changed.', { values: [key] }) };
  // What holds already is written all the same: a key that left no trace would take effect when it comes again late.
  const fault = keyFault(key) ?? directiveFault(directive, readDirectives(db, chains));
  if (fault !== undefined) return { problem: problem('argument_invalid', '{0} Nothing was changed.', { values: [fault] }) };
  layDown(chains, key, command.atMs, directive);
  return { exists: false };
}

/** Appends a directive that is known to be new and sound. */
export function layDown(chains: LedgerChains, key: string, atMs: number, directive: Directive): void {
  chains.directive({ id: key, atMs, kind: directive.kind, subject: subjectOf(directive), content: JSON.stringify(directive) });
}

/** Notes the price of a model when it is seen first and whenever it has changed, whatever day its table names. */
export function notePrice(db: DatabaseSync, chains: LedgerChains, seen: { readonly model: string; readonly price: ModelPrice; readonly atMs: number }): void {
  const known = readDirectives(db, chains).prices.get(seen.model);
  if (known && sameRates(known, seen.price)) return;
  const times = Number(statement(db, `SELECT COUNT(*) AS n FROM directives WHERE kind = 'price' AND subject = ?`).get(seen.model)?.['n']);
  layDown(chains, `price ${seen.model} ${times + 1}`, seen.atMs, { kind: 'price', model: seen.model, price: seen.price });
}

/** Notes a limit that was seen. What the newest note of its subject says already changes nothing. */
export function noteLimit(db: DatabaseSync, chains: LedgerChains, { note, atMs }: NoteLimitCommand): LedgerCommandResults['note-limit'] {
  const { subject } = note;
  const row = statement(db, `SELECT content, (SELECT COUNT(*) FROM directives WHERE kind = 'limit' AND subject = ?1) AS n FROM directives WHERE kind = 'limit' AND subject = ?1 ORDER BY sequence DESC LIMIT 1`).get(subject);
  const known = row && JSON.parse(String(row['content'])) as Extract<Directive, { kind: 'limit' }>;
  const news = noteAfter(known?.note, note);
  if (!news) return { exists: true };
  layDown(chains, `limit ${subject} ${Number(row?.['n'] ?? 0) + 1}`, atMs, { kind: 'limit', note: news });
  return { exists: false };
}

function sameRates(a: ModelPrice, b: ModelPrice): boolean {
  return areSame(a.rates, b.rates) && a.long?.aboveInputTokens === b.long?.aboveInputTokens && areSame(a.long?.rates, b.long?.rates)
    && a.fast?.numerator === b.fast?.numerator && a.fast?.denominator === b.fast?.denominator;
}

function areSame(a: Rates | undefined, b: Rates | undefined): boolean {
  return a?.input === b?.input && a?.cachedInput === b?.cachedInput && a?.cacheWrite === b?.cacheWrite && a?.output === b?.output;
}
