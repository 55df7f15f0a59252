// Questions about a ledger as plain SQL: each must give no row, and a row tells what is wrong. A question
// that cannot even be asked of a file is a finding too.
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** What each question would prove wrong, and the question. */
export type Questions = Readonly<Record<string, string>>;

/** Rows of one question that are told at the most; the rest is counted. */
const rowsTold = 5;

/** Gives SQL the one function that it lacks. */
export function teachHashing(db: DatabaseSync): void {
  db.function('sha256', { deterministic: true }, (text) => createHash('sha256').update(String(text)).digest('hex'));
}

/** Asks everything and gives what is wrong as sentences. */
export function askAll(db: DatabaseSync, questions: Questions): string[] {
  return Object.entries(questions).flatMap(([sentence, sql]) => tellFailure(`whether ${sentence}`, () => {
    const rows = db.prepare(sql).all();
    const told = rows.slice(0, rowsTold).map((row) => `${sentence}: ${Object.values(row).map(String).join(' ')}`);
    return rows.length > rowsTold ? [...told, `${sentence}: ${rows.length - rowsTold} more`] : told;
  }));
}

/** Runs a part of the check; what makes it fail is itself something that is wrong with the file. */
export function tellFailure(what: string, check: () => string[]): string[] {
  try {
    return check();
  } catch (error) {
    return [`cannot tell ${what}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
