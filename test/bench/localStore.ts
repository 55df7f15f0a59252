// The ledger's port on the caller's own thread, so that a benchmark sees what a question costs and nothing else.
import type { LedgerCommand, LedgerCommandResults } from '../../src/broker/store/ledgerCommands.ts';
import type { LedgerQueries, LedgerStore } from '../../src/broker/store/ledgerPort.ts';
import type { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { stopwatch } from './benchNumbers.ts';
import type { Taken } from './benchNumbers.ts';

/** A store that tells what each question took. */
export class LocalStore implements LedgerStore {
  readonly #ledger: SqliteLedger;
  readonly #told: (question: string, took: Taken) => void;

  constructor(ledger: SqliteLedger, told: (question: string, took: Taken) => void = () => undefined) {
    this.#ledger = ledger;
    this.#told = told;
  }

  command<C extends LedgerCommand>(command: C): Promise<LedgerCommandResults[C['type']]> {
    const [outcome] = this.#ledger.runGroup([command]);
    if (!outcome?.ok) throw new Error(`${command.type} was refused: ${outcome?.problem.message ?? 'no outcome'}`);
    return Promise.resolve(outcome.value as LedgerCommandResults[C['type']]);
  }

  query<Q extends keyof LedgerQueries>(type: Q, args: LedgerQueries[Q]['args']): Promise<LedgerQueries[Q]['result']> {
    const stop = stopwatch();
    const answer = this.#ledger.query(type, args);
    this.#told(`${type}${'by' in args ? ` by ${args.by}` : ''}`, stop());
    return Promise.resolve(answer);
  }

  close(): Promise<void> {
    this.#ledger.close();
    return Promise.resolve();
  }
}
