// A second opinion on a ledger, written without looking at the audit and sharing no code with it: plain SQL
// over the file where SQL can tell, and replays of its rows where it cannot.
import { DatabaseSync } from 'node:sqlite';
import { wrongAllowances, wronglyUntracked } from './secondChecker/allowanceReplay.ts';
import { attemptQuestions } from './secondChecker/attemptQuestions.ts';
import { balanceQuestions } from './secondChecker/balanceQuestions.ts';
import { wrongDecisions } from './secondChecker/budgetReplay.ts';
import { chainQuestions } from './secondChecker/chainQuestions.ts';
import { wrongCosts } from './secondChecker/chargeCosts.ts';
import { wrongCorrections } from './secondChecker/correctionReplay.ts';
import { grantQuestions } from './secondChecker/grantQuestions.ts';
import { replayGrants } from './secondChecker/grantReplay.ts';
import { importQuestions, wrongImportCosts } from './secondChecker/importQuestions.ts';
import { readTables } from './secondChecker/ledgerTables.ts';
import { orderMoments } from './secondChecker/momentOrder.ts';
import { rollupQuestions } from './secondChecker/rollupQuestions.ts';
import { wrongTopUps } from './secondChecker/topUpReplay.ts';
import { askAll, teachHashing, tellFailure } from './secondChecker/sqlQuestions.ts';

/** What is known of a ledger beside its file. */
export interface CheckOptions {
  /** The clock was never set back while it was written, so that times tell what came first. */
  readonly clockIsTrue?: boolean;
}

/** Everything that is wrong with the file, as sentences; nothing when it is sound. */
export function checkAgain(path: string, { clockIsTrue = false }: CheckOptions = {}): string[] {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    teachHashing(db);
    const asked = [chainQuestions, balanceQuestions, attemptQuestions, grantQuestions, rollupQuestions, importQuestions].flatMap((questions) => askAll(db, questions));
    return [...asked, ...tellFailure('what imported responses cost', () => wrongImportCosts(db)), ...replayed(db, clockIsTrue)];
  } finally {
    db.close();
  }
}

/** What comes to light when the rows are replayed. */
function replayed(db: DatabaseSync, clockIsTrue: boolean): string[] {
  return tellFailure('whether its rows are what happened', () => {
    const tables = readTables(db);
    const order = orderMoments(tables, clockIsTrue);
    const grants = replayGrants(tables);
    return [
      ...(order.contradiction === undefined ? [] : [order.contradiction]), ...wrongCosts(tables), ...wrongCorrections(tables), ...grants.wrong,
      ...wrongDecisions(tables, order, grants.permissions), ...wrongAllowances(tables, order), ...wrongTopUps(tables, order), ...wronglyUntracked(tables, order),
    ];
  });
}
