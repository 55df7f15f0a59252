// The embedded ledger: one SQLite file, one connection, WAL with full synchronisation, so that an
// acknowledged change survives the loss of power. Groups of commands commit together. A commit
// that fails is unknown, not undone: the file is opened anew and each command is looked up again.
import type { DatabaseSync } from 'node:sqlite';
import type { Hash } from '../../domain/rowTexts.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { answerQuery } from './ledgerAnswers.ts';
import { LedgerChains } from './ledgerChains.ts';
import type { LedgerCommand, LedgerCommandResults } from './ledgerCommands.ts';
import { isFileFault, lockMsMax, openLedgerFile, storeProblem } from './ledgerFile.ts';
import type { OpenedAs } from './ledgerFile.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { isThere, runCommand } from './ledgerWrites.ts';
import { openDatabase } from './openDatabase.ts';
import type { OpenDatabase } from './openDatabase.ts';
import { storable } from './storable.ts';

/** What became of one command of a group. */
export type CommandOutcome =
  | { readonly ok: true; readonly value: LedgerCommandResults[LedgerCommand['type']] }
  | { readonly ok: false; readonly problem: Problem };

/** The ledger on one connection; synchronous, to be run on a thread of its own. */
export class SqliteLedger {
  readonly #path: string;
  readonly #hash: Hash;
  #db: DatabaseSync;
  #chains: LedgerChains;
  /** Set once the file could not be opened again; everything is refused with it until it can. */
  #failed: Problem | undefined;
  /** Whether all that is in the file is known to be synchronised; until then a change that is found there may still be lost. */
  #isSynchronised = false;
  readonly #mayWrite: boolean;

  readonly #openDatabase: OpenDatabase;

  private constructor(path: string, hash: Hash, as: OpenedAs, open: OpenDatabase, db: DatabaseSync) {
    this.#mayWrite = as === 'owner' || as === 'again';
    this.#path = path;
    this.#hash = hash;
    this.#openDatabase = open;
    this.#db = db;
    this.#chains = new LedgerChains(db, hash);
  }

  /**
   * Opens the ledger, or makes a new one where there is no file.
   * @param open opens SQLite connections; passed in by tests that let the disk fail
   * @throws ProblemError `ledger_corrupt`, `ledger_newer`, `ledger_full` or `ledger_unavailable`.
   */
  static open(path: string, hash: Hash, as: OpenedAs = 'owner', open: OpenDatabase = openDatabase): SqliteLedger {
    try {
      return new SqliteLedger(path, hash, as, open, openLedgerFile(path, { hash, as, open }));
    } catch (error) {
      throw error instanceof ProblemError ? error : new ProblemError(storeProblem(error), { cause: error });
    }
  }

  /** Runs commands in one durable transaction; one that fails leaves the others untouched. */
  runGroup(given: readonly LedgerCommand[]): CommandOutcome[] {
    const commands = given.map(storable);
    const refused = (this.#failed ? this.#reopen() : undefined) ?? this.#synchronise();
    if (refused) return commands.map(() => ({ ok: false, problem: refused }));
    const outcomes: CommandOutcome[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      if (!this.#runTogether(commands, outcomes)) for (const command of commands) outcomes.push(this.#runOne(command));
      this.#db.exec('COMMIT');
      return outcomes;
    } catch (error) {
      // A refused COMMIT may be on disk all the same (seen with EIO on fsync): look, do not guess.
      const why = storeProblem(error);
      const again = this.#reopen() ?? this.#synchronise();
      return commands.map((command) => (again ? { ok: false, problem: again } : this.#lookUp(command) ?? { ok: false, problem: why }));
    }
  }

  /**
   * Runs all commands at one go: a savepoint for each would cost more than the commands. Hardly ever one of
   * them fails; then all are undone, and the caller runs them one by one.
   */
  #runTogether(commands: readonly LedgerCommand[], outcomes: CommandOutcome[]): boolean {
    const mark = this.#chains.mark();
    try {
      for (const command of commands) outcomes.push({ ok: true, value: runCommand(this.#db, this.#chains, command) });
      this.#chains.flush();
      return true;
    } catch (error) {
      this.#chains.restore(mark);
      if (isFileFault(error)) throw error;
      outcomes.length = 0;
      this.#db.exec('ROLLBACK');
      this.#db.exec('BEGIN IMMEDIATE');
      return false;
    }
  }

  /** Runs one command so that its failure leaves the others of its group untouched. */
  #runOne(command: LedgerCommand): CommandOutcome {
    const mark = this.#chains.mark();
    this.#db.exec('SAVEPOINT command');
    try {
      const value = runCommand(this.#db, this.#chains, command);
      this.#chains.flush();
      this.#db.exec('RELEASE command');
      return { ok: true, value };
    } catch (error) {
      this.#chains.restore(mark);
      // A fault of the file ends the whole group; a fault of this command ends only this one.
      if (isFileFault(error)) throw error;
      this.#db.exec('ROLLBACK TO command; RELEASE command');
      return { ok: false, problem: problem('ledger_unavailable', 'The ledger refused a change: {0}. Nothing was changed by it.', { values: [messageOf(error)] }) };
    }
  }

  /** After a failed commit: whether the command is there. Running it again is safe, each has its key. */
  #lookUp(command: LedgerCommand): CommandOutcome | undefined {
    try {
      if (!isThere(this.#db, command)) return undefined;
      this.#db.exec('BEGIN IMMEDIATE');
      const outcome = this.#runOne(command);
      this.#db.exec('COMMIT');
      return outcome;
    } catch (error) {
      // The file fails again: what became of the command stays unknown, and unknown means refused.
      return { ok: false, problem: this.#reopen() ?? storeProblem(error) };
    }
  }

  /** Answers a question. @throws ProblemError when the file fails. */
  query<Q extends keyof LedgerQueries>(type: Q, args: LedgerQueries[Q]['args']): LedgerQueries[Q]['result'] {
    if (this.#failed) {
      const again = this.#reopen();
      if (again) throw new ProblemError(again);
    }
    // Where the chains stand is noted outside of the file; what may still be lost must not be.
    const unsafe = type === 'head' && this.#mayWrite ? this.#synchronise() : undefined;
    if (unsafe) throw new ProblemError(unsafe);
    try {
      return answerQuery(this.#db, this.#chains, this.#hash, type, args);
    } catch (error) {
      throw new ProblemError(storeProblem(error), { cause: error });
    }
  }

  #reopen(): Problem | undefined {
    try {
      this.#db.close();
    } catch {
      // Closing a connection whose file failed may fail again; the file is opened anew either way.
    }
    try {
      // A ledger that vanished while it was in use is never replaced by an empty one.
      this.#db = openLedgerFile(this.#path, { hash: this.#hash, as: 'again', open: this.#openDatabase });
      this.#isSynchronised = false;
      this.#chains = new LedgerChains(this.#db, this.#hash);
      this.#failed = undefined;
    } catch (error) {
      this.#failed = storeProblem(error);
    }
    return this.#failed;
  }

  /**
   * Makes sure that nothing in the file can still be lost: a commit that failed, of this program or of one that
   * ended, may have left a change in the log that no one synchronised, and no command may be answered on its
   * strength. Questions are answered meanwhile, as from a disk that is full.
   */
  #synchronise(): Problem | undefined {
    if (this.#isSynchronised) return undefined;
    try {
      // Whoever stands in the way is not waited for: questions would wait with the command.
      this.#db.exec('PRAGMA busy_timeout = 0');
      const busy = this.#db.prepare('PRAGMA wal_checkpoint(FULL)').get()?.['busy'];
      if (busy !== 0) {
        return problem('ledger_unavailable', 'Another program reads an older state of the ledger, so that its newest changes cannot be made safe. Changes are refused until it has ended.', { remedy: 'Close what has the ledger\'s file open, such as a database browser or a copying tool.' });
      }
      this.#isSynchronised = true;
      return undefined;
    } catch (error) {
      return storeProblem(error);
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${lockMsMax}`);
    }
  }

  /** Closes the file. */
  close(): void {
    // After a fault that did not go away there is no open file to close.
    if (this.#db.isOpen) this.#db.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
