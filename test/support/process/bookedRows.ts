// Waits for what the broker has made durable, by reading its ledger's file beside it: a test that kills the broker
// then knows what it must find again, however slow the machine is.
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { until } from './workbench.ts';

const rowsOf = {
  /** Requests whose answer has begun, so that they are charged even when the broker dies. */
  begun: 'SELECT COUNT(*) AS n FROM begun WHERE attempt_id = ? || \'-1\'',
  /** Requests whose usage is booked. */
  usage: 'SELECT COUNT(*) AS n FROM usage_events WHERE request_id = ?',
} as const;

/** Waits until the ledger tells this of a request's first attempt. */
export async function untilBooked(dataDir: string, what: keyof typeof rowsOf, requestId: string): Promise<void> {
  await until(() => read(dataDir, (db) => Number(db.prepare(rowsOf[what]).get(requestId)?.['n']) > 0), `${what} of ${requestId}`);
}

/** How many attempts have begun and are not settled. */
export function begunAndOpen(dataDir: string): number {
  return read(dataDir, (db) => Number(db.prepare('SELECT COUNT(*) AS n FROM begun JOIN holds USING (attempt_id) WHERE holds.state = \'open\'').get()?.['n']));
}

function read<T>(dataDir: string, ask: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path.join(dataDir, 'ledger.db'), { readOnly: true });
  try {
    return ask(db);
  } finally {
    db.close();
  }
}
