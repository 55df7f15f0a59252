// The report about privacy, before and after it is put into words. Shapes only.
import type { SentDay, Stored } from './sentReport.ts';
import type { Snapshot } from './snapshot.ts';

/** A table; columns from `numbersFrom` on are numbers. */
export interface PrivacyTable { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[]; readonly numbersFrom: number }

/** One section. A day's stands below the one before it. */
export interface PrivacySection {
  readonly title: string;
  readonly isDay?: true;
  readonly sentences?: readonly string[];
  readonly table?: PrivacyTable;
  readonly list?: readonly string[];
}

/** What is told. */
export interface PrivacyFacts {
  readonly snapshot: Pick<Snapshot, 'broker' | 'key' | 'running' | 'unmetered'>;
  /** Absent where the ledger was read without a broker: of what is in a broker's memory nothing is known then. */
  readonly isBrokerRunning: boolean;
  readonly days: readonly SentDay[];
  readonly stored: Stored;
  /** What the editor keeps beside the data folder; absent on the command line. */
  readonly editor?: { readonly hasSecretKey: boolean; readonly routesTerminals: boolean; readonly waitingTasks: number };
}
