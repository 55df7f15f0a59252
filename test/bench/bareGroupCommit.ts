// The unit of the throughput benchmark, as a thread of its own that is spoken to like the ledger's: it groups
// what has arrived in the same way and makes it durable in the same way, and does nothing else. Each command
// is one row: a number, or that and as many bytes as the ledger writes for it; or it is the ledger's own rows.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { LedgerCommand } from '../../src/broker/store/ledgerCommands.ts';
import { openLedgerFile } from '../../src/broker/store/ledgerFile.ts';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import type { ThreadAnswer, ThreadData, ThreadRequest } from '../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../src/broker/store/openDatabase.ts';
import { bareRowsWriter } from './bareRows.ts';

const { path } = workerData as ThreadData;
const port = parentPort;
if (!port) throw new Error('this module is a thread\'s');

/** The file's name says what is written: `bare-1200.db` rows of so many bytes, `bare-rows.db` the ledger's. */
const [db, write] = path.endsWith('bare-rows.db') ? ledgerRows() : plainRows(Number(/bare-(\d+)\.db$/.exec(path)?.[1] ?? 0));

function ledgerRows(): readonly [DatabaseSync, (group: readonly LedgerCommand[]) => void] {
  const opened = openLedgerFile(path, { hash: sha256, as: 'owner', open: openDatabase });
  return [opened, bareRowsWriter(opened)];
}

function plainRows(bytes: number): readonly [DatabaseSync, (group: readonly LedgerCommand[]) => void] {
  const opened = new DatabaseSync(path);
  opened.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL; CREATE TABLE rows (number INTEGER PRIMARY KEY, content BLOB)');
  const insert = opened.prepare('INSERT INTO rows (number, content) VALUES (NULL, ?)');
  const content = bytes === 0 ? null : new Uint8Array(bytes);
  return [opened, (group) => { for (const _command of group) insert.run(content); }];
}

let waiting: ThreadRequest[] = [];
port.on('message', (requests: readonly ThreadRequest[]) => {
  if (waiting.length === 0) setImmediate(drain);
  waiting.push(...requests);
});

function drain(): void {
  const batch = waiting;
  waiting = [];
  db.exec('BEGIN IMMEDIATE');
  write(batch.flatMap((one) => ('command' in one ? [one.command] : [])));
  db.exec('COMMIT');
  port?.postMessage(batch.map(({ id }) => ({ id, value: undefined })) satisfies ThreadAnswer[]);
  if (batch.some((request) => 'close' in request)) { db.close(); port?.close(); }
}
port.postMessage([{ id: 0, value: undefined }] satisfies ThreadAnswer[]);
