// The minimal pipe that makes one thing durable before it sends, and does nothing else of a broker: no reading of the
// body, no decision, no metering. It shows what a durable hold costs by itself. `thread` and `here` say where the
// product's own ledger writes its hold; `append` writes one line to a file on the pipe's own
// thread, and `overwrite` does so in a file that has its size already, which spares the disk the change of that.
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { Agent, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sha256 } from '../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../src/broker/store/sqliteLedger.ts';
import { ThreadedLedger } from '../../src/broker/store/threadedLedger.ts';
import { seededRandom } from '../support/seededRandom.ts';
import { benchBeginning, benchReserve, benchSettle, historyEndMs, workspaceIds } from './ledgerHistory.ts';
import { LocalStore } from './localStore.ts';

const [upstreamUrl = 'http://127.0.0.1', parent = '.', how = 'thread'] = process.argv.slice(2);
const folder = mkdtempSync(join(parent, `hold-${how}-`));
const upstream = new URL(upstreamUrl);
const agent = new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 1024 });
/** More than all requests draw. */
const plenty = 1_000_000_000_000_000;

/** Makes something durable, and gives what to do once the answer has ended. */
type Hold = () => Promise<() => Promise<unknown>>;

async function ledgerHold(): Promise<Hold> {
  const file = join(folder, 'ledger.db');
  const ledger = how === 'here' ? new LocalStore(SqliteLedger.open(file, sha256)) : await ThreadedLedger.open(new URL('../../src/broker/ledgerMain.ts', import.meta.url), file);
  for (const command of benchBeginning(historyEndMs, plenty)) await ledger.command(command);
  const random = seededRandom(1);
  let atMs = historyEndMs;
  return async () => {
    const reserve = benchReserve(random, { atMs: atMs += 1, workspaceId: workspaceIds[0] ?? '', threadId: 'thread', client: 'codex_exec' });
    await ledger.command(reserve);
    return () => ledger.command(benchSettle(random, reserve, atMs += 1));
  };
}

function lineHold(firstBytes: number): Hold {
  const file = openSync(join(folder, 'holds.txt'), 'w');
  process.once('exit', () => closeSync(file));
  writeSync(file, Buffer.alloc(firstBytes));
  fsyncSync(file);
  const line = `${'x'.repeat(999)}\n`;
  let at = 0;
  return () => {
    writeSync(file, line, at);
    fdatasyncSync(file);
    at += line.length;
    return Promise.resolve(() => Promise.resolve());
  };
}

/** Room for more lines than a run asks for. */
const roomBytes = 4_000_000;
const hold = how === 'append' ? lineHold(0) : how === 'overwrite' ? lineHold(roomBytes) : await ledgerHold();
const server = createServer((message, response) => {
  void hold().then((settle) => {
    const up = send({ agent, host: upstream.hostname, port: upstream.port, method: message.method, path: message.url, headers: message.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    up.on('error', () => response.destroy());
    response.on('close', () => { up.destroy(); void settle(); });
    message.pipe(up);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })));
process.stdin.resume().once('end', () => process.exit(0));
