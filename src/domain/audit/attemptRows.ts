// The rows of one attempt as an audit reads them. Shapes only.
import type { ChargeRow, DecisionRow, EntryRow, HoldRow, UsageEventRow } from '../ledgerRows.ts';

/** All rows of one attempt, each set in its own sequence order. */
export interface AttemptRows {
  readonly attemptId: string;
  readonly decisions: readonly DecisionRow[];
  readonly hold?: HoldRow;
  /** Whether the upstream was noted to have begun to answer. */
  readonly begun: boolean;
  readonly events: readonly UsageEventRow[];
  readonly charges: readonly ChargeRow[];
  readonly entries: readonly EntryRow[];
}
