// Which workspaces began a response, as far as the ledger tells: by the attempts that have ended, and by those whose
// response still runs. Reading only.
import type { DatabaseSync } from 'node:sqlite';
import { statement } from './statements.ts';

/** Reads them; none for a response that the ledger does not know. */
export function readResponseOwners(db: DatabaseSync, responseId: string): readonly string[] {
  // Both parts go by an index: ended attempts by their response, and the few holds that are open.
  return statement(db, `SELECT workspace_id FROM usage_events WHERE response_id = ?1
    UNION SELECT h.workspace_id FROM holds h JOIN begun b USING (attempt_id) WHERE h.state = 'open' AND b.response_id = ?1 ORDER BY 1`).all(responseId).map((row) => String(row['workspace_id']));
}
