// A ledger store in the hands of a test: it remembers every command, answers by the real rules of a
// ledger in memory, and fails or waits when it is told to. For parts that talk to the ledger.
import { ProblemError } from '../../src/domain/problem.ts';
import type { LedgerCommand } from '../../src/broker/store/ledgerCommands.ts';
import type { LedgerStore } from '../../src/broker/store/ledgerPort.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';

/** A store that a test looks into. */
export interface RecordingLedger extends LedgerStore {
  readonly commands: LedgerCommand[];
  /** Makes the commands of one type fail, or work again. */
  failing: LedgerCommand['type'] | undefined;
  /** While set, commands wait for it before they are run. */
  gate: Promise<void> | undefined;
}

/** A ledger in memory with a record of what was asked of it. */
export function recordingLedger(): RecordingLedger {
  const ledger = SqliteLedger.open(':memory:', sha256);
  const store: RecordingLedger = {
    commands: [], failing: undefined, gate: undefined,
    command: async (command) => {
      store.commands.push(command);
      await store.gate;
      if (store.failing === command.type) throw new ProblemError({ code: 'ledger_full', message: 'The disk is full.', remedy: 'Free some space.' });
      const [outcome] = ledger.runGroup([command]);
      if (!outcome?.ok) throw new ProblemError(outcome?.problem ?? { code: 'internal', message: 'No outcome.', remedy: '' });
      return outcome.value as never;
    },
    query: async (type, args) => {
      await store.gate;
      return ledger.query(type, args);
    },
    close: () => Promise.resolve(ledger.close()),
  };
  return store;
}
