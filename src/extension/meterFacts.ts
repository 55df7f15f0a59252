// What the meter's item and its card are made from. Shapes only.
import type { LinkState } from '../protocol/dashboardMessages.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { ThemeKind } from './gaugeImage.ts';
import type { WaitingTask } from './waitingTasks.ts';

/** Everything that the meter is painted from. */
export interface MeterFacts {
  readonly link: LinkState;
  readonly snapshot?: Snapshot;
  readonly taste: MeterTaste;
  /** This window's workspace: only its own waiting request shows, and its permission counts. */
  readonly workspaceId?: string;
  /** Codex tasks of this window that wait for a limit, the next one first. */
  readonly waitingTasks?: readonly WaitingTask[];
  /** Where broker and ledger are, in a remote window. */
  readonly host?: string;
}

/** What the card is written from. */
export interface TooltipFacts extends MeterFacts {
  readonly theme: ThemeKind;
  readonly nowMs: number;
}
