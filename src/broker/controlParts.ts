// What the control calls work on, in whichever file they are made. Shapes only.
import type { Stored } from '../protocol/sentReport.ts';
import type { Admission } from './admission.ts';
import type { Clock, Ids } from './clock.ts';
import type { DataFolder } from './dataFolder.ts';
import type { DryRunParts } from './dryRun.ts';
import type { KeyStore } from './keyStore.ts';
import type { LedgerAnchor } from './ledgerAnchor.ts';
import type { RunawayWatch } from './runawayWatch.ts';
import type { SnapshotFeed } from './snapshotFeed.ts';
import type { LedgerStore, Workspace } from './store/ledgerPort.ts';

/** What the calls work on. Without a running server (`codex-broker` alone) some parts are missing. */
export interface ControlParts {
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Holds the key of workspace tokens; absent when the ledger was opened for reading only. */
  readonly folder: DataFolder | undefined;
  readonly utcOffsetMs: (atMs: number) => number;
  /** `http://127.0.0.1:PORT` of the listening broker. */
  readonly url: () => string;
  readonly feed: SnapshotFeed;
  /** What was noted of the ledger outside of it. */
  readonly anchor: LedgerAnchor;
  readonly keys: KeyStore;
  readonly admission: () => Admission | undefined;
  /** What request bodies take in memory now. */
  readonly heldBodyBytes: () => number;
  /** Absent without a running server. */
  readonly watch?: Pick<RunawayWatch, 'release'>;
  /** A workspace was registered, or its token replaced. */
  readonly registered: (workspace: Workspace) => void;
  readonly changed: () => void;
  readonly shutdown: () => void;
  /** What estimates and prices rest on, for a request that is not sent. */
  readonly pricing: () => Omit<DryRunParts, 'ledger' | 'clock'>;
  /** Where the next backup without a name goes; the folder is made. @throws ProblemError */
  readonly newBackup: () => string;
  /** Looks into the data folder. */
  readonly stored: () => Stored;
  /** Whether the upstream is only simulated. */
  readonly practice?: boolean;
}
