// A listener where a data folder's address file says that its broker is: one that proves to be it, or only says so.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prepareDataFolder, proofOf, writeBrokerAddress } from '../../src/broker/dataFolder.ts';
import { withFolder } from './ledger/tempLedger.ts';

/** What answers one request. */
export type Answer = (message: IncomingMessage, response: ServerResponse) => void;

/** Somebody listens where the address file says; gives every head that came. */
export async function withListener(answer: (controlToken: string) => Answer, run: (folder: string, heads: string[]) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const { controlToken } = prepareDataFolder(folder);
    const heads: string[] = [];
    const server = createServer((message, response) => {
      heads.push(`${message.method} ${message.url} ${JSON.stringify(message.headers)}`);
      answer(controlToken)(message, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    writeBrokerAddress(folder, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pid: 1, version: '1', protocol: 1, mode: 'live' });
    try {
      await run(folder, heads);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
}

/** Proves on request that it knows the token, and answers everything else as told. */
export const healthy = (controlToken: string, otherwise: Answer): Answer => (message, response) => {
  const nonce = new URL(message.url ?? '', 'http://x').searchParams.get('nonce');
  if (nonce !== null) response.end(JSON.stringify({ ok: true, proof: proofOf(controlToken, nonce) }));
  else otherwise(message, response);
};
