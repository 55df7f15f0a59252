// A program of its own that works through the standard list on a ledger and tells each answer as a
// line, in the moment it has it: `ok STEP INDEX DIGEST` or `refused STEP INDEX CODE`. Tests kill it, or let
// its disk fail, and hold the file against what it told. Arguments: the file, the seed, the number of groups.
import { writeSync } from 'node:fs';
import { ProblemError } from '../../../src/domain/problem.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../../src/broker/store/openDatabase.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { answerOf, standardSteps } from './standardGroups.ts';
import { startMs } from './ledgerCommands.ts';

/** Steps between two questions to the ledger. */
const stepsPerQuestion = 3;

const say = (...words: readonly (string | number)[]) => { writeSync(1, `${words.join(' ')}\n`); };

/** Runs something that may be refused by a disk that fails, and tells so; everything else ends the program. */
function trying<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    say(what, error.problem.code);
    return undefined;
  }
}

/** Whether the program may go on after a step. */
function live(ledger: SqliteLedger, seed: number, groups: number): boolean {
  for (const [step, { commands }] of standardSteps(seed, groups).entries()) {
    const outcomes = ledger.runGroup(commands);
    commands.forEach((command, index) => {
      const outcome = outcomes[index];
      const answer = answerOf(command, outcome);
      if (answer) say('ok', step, index, sha256(answer.text).slice(0, 16));
      else say('refused', step, index, outcome?.ok === false ? outcome.problem.code : 'nothing');
    });
    // Like the broker, it admits nothing before what was left open is resolved.
    if (step === 0 && outcomes[0]?.ok !== true) return false;
    if (step % stepsPerQuestion === 0) trying('unanswered', () => ledger.query('balance', { nowMs: startMs }));
  }
  return true;
}

const [path = '', seed, groups] = process.argv.slice(2);
/** The log is moved into the file after a quarter of the product's pages, so that a life of seconds gets there. */
const openWithShortLog: typeof openDatabase = (file, options) => {
  const db = openDatabase(file, options);
  const exec = db.exec.bind(db);
  db.exec = (sql) => { exec(sql.replace(/wal_autocheckpoint = \d+/, 'wal_autocheckpoint = 1000')); };
  return db;
};
const ledger = trying('unopened', () => SqliteLedger.open(path, sha256, 'owner', openWithShortLog));
if (!ledger) process.exit(3);
const isWhole = live(ledger, Number(seed), Number(groups));
try {
  ledger.close();
} catch (error) {
  say('unclosed', error instanceof Error ? error.message.replaceAll(' ', '-') : 'odd');
}
process.exit(isWhole ? 0 : 4);
