// How a command finds the running broker: the address file is only a hint, nothing secret is shown to
// whoever answers there, and a broker that ends during a call is a problem with a name.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectBroker } from '../../src/broker/controlClient.ts';
import { prepareDataFolder, proofOf, writeBrokerAddress } from '../../src/broker/dataFolder.ts';
import { findBroker } from '../../src/broker/runningBroker.ts';
import { problem } from '../../src/domain/problem.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

type Answer = (message: IncomingMessage, response: ServerResponse) => void;

/** Somebody listens where the address file says; gives every head that came. */
async function withListener(answer: (controlToken: string) => Answer, run: (folder: string, heads: string[]) => Promise<void>): Promise<void> {
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

const healthy = (controlToken: string, otherwise: Answer): Answer => (message, response) => {
  const nonce = new URL(message.url ?? '', 'http://x').searchParams.get('nonce');
  if (nonce !== null) response.end(JSON.stringify({ ok: true, proof: proofOf(controlToken, nonce) }));
  else otherwise(message, response);
};
const hasCode = (code: string) => (error: ProblemError) => error.problem?.code === code;

describe('finding the broker', () => {
  it('believes an address that proves that it knows the token', () => withListener((token) => healthy(token, () => undefined), async (folder) => {
    assert.ok((await findBroker(folder))?.url.startsWith('http://127.0.0.1:'));
  }));

  it('believes nobody else, and shows nobody the token', async () => {
    const impostors: Answer[] = [
      (_message, response) => response.end('{"ok":true,"proof":"guess"}'), (_message, response) => response.end('{"ok":true}'), (_message, response) => response.end('<html>'), (_message, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      (message) => message.socket.destroy(),
    ];
    for (const impostor of impostors) {
      await withListener(() => impostor, async (folder, heads) => {
        const { controlToken } = prepareDataFolder(folder);
        assert.equal(await findBroker(folder), undefined);
        await assert.rejects(connectBroker(folder), hasCode('broker_unreachable'));
        assert.ok(heads.length > 0 && heads.every((head) => !head.includes(controlToken)));
      });
    }
  });

  it('asks with another nonce each time', () => withListener((token) => healthy(token, () => undefined), async (folder, heads) => {
    await findBroker(folder);
    await findBroker(folder);
    const nonces = heads.map((head) => /nonce=([\w-]+)/.exec(head)?.[1]);
    assert.equal(new Set(nonces).size, 2);
    assert.ok(nonces.every((nonce) => (nonce?.length ?? 0) >= 32));
  }));
});

describe('calling the broker', () => {
  it('gives on the problem that it answers', () => withListener((token) => healthy(token, (_message, response) => {
    const { code, message, remedy } = problem('key_conflict', 'It is different.');
    response.writeHead(409).end(JSON.stringify({ error: { code, message, remedy } }));
  }), async (folder) => {
    const { api } = await connectBroker(folder);
    await assert.rejects(api.creditsList({}), hasCode('key_conflict'));
  }));

  it('says that the outcome is unknown when the broker ends in the middle, or answers nonsense', async () => {
    for (const end of [(message) => message.socket.destroy(), (_message, response) => response.end('<html>')] satisfies Answer[]) {
      await withListener((token) => healthy(token, end), async (folder) => {
        const { api } = await connectBroker(folder);
        await assert.rejects(api.creditsList({}), (error: ProblemError) => hasCode('broker_unreachable')(error) && error.problem.message.includes('outcome is unknown'));
      });
    }
  });
});
