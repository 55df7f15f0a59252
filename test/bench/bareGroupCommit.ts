// The unit of the throughput benchmark, as a thread of its own that is spoken to like the ledger's: it groups
// what has arrived in the same way and makes it durable in the same way, and does nothing else. Each command
// is one row: a number, or that and as many bytes as the ledger writes for it.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadAnswer, ThreadData, ThreadRequest } from '../../src/broker/store/ledgerThread.ts';

const { path } = workerData as ThreadData;
/** The file's name says how many bytes a row has: `bare-1200.db`. */
const bytes = Number(/bare-(\d+)\.db$/.exec(path)?.[1] ?? 0);
const port = parentPort;
if (!port) throw new Error('this module is a thread\'s');

const db = new DatabaseSync(path);
db.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL; CREATE TABLE rows (number INTEGER PRIMARY KEY, content BLOB)');
const insert = db.prepare('INSERT INTO rows (number, content) VALUES (NULL, ?)');
const content = bytes === 0 ? null : new Uint8Array(bytes);

let waiting: ThreadRequest[] = [];
port.on('message', (requests: readonly ThreadRequest[]) => {
  if (waiting.length === 0) setImmediate(drain);
  waiting.push(...requests);
});

function drain(): void {
  const batch = waiting;
  waiting = [];
  db.exec('BEGIN IMMEDIATE');
  for (const _request of batch) insert.run(content);
  db.exec('COMMIT');
  port?.postMessage(batch.map(({ id }) => ({ id, value: undefined })) satisfies ThreadAnswer[]);
  if (batch.some((request) => 'close' in request)) { db.close(); port?.close(); }
}
port.postMessage([{ id: 0, value: undefined }] satisfies ThreadAnswer[]);
