// How a command finds the running broker: the address file is only a hint, nothing secret is shown to
// whoever answers there, and a broker that ends during a call is a problem with a name.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectBroker, openControl } from '../../src/broker/controlClient.ts';
import { prepareDataFolder } from '../../src/broker/dataFolder.ts';
import { findBroker } from '../../src/broker/runningBroker.ts';
import { problem } from '../../src/domain/problem.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { healthy, withListener } from '../support/brokerListener.ts';
import type { Answer } from '../support/brokerListener.ts';

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

describe('reading the ledger of a folder', () => {
  it('leaves nothing in it where a wipe has just removed everything', async () => {
    let looks = 0;
    let dataDir = '';
    // The first look for the broker finds a ledger in the folder; after it, when the lock is about to be taken, everything is gone.
    const gone: Answer = (_message, response) => {
      looks += 1;
      if (looks > 1) for (const name of readdirSync(dataDir)) if (name !== 'notes.txt') rmSync(path.join(dataDir, name));
      response.end('{}');
    };
    await withListener(() => gone, async (folder) => {
      dataDir = folder;
      for (const name of ['ledger.db', 'notes.txt']) writeFileSync(path.join(folder, name), 'there');
      await assert.rejects(openControl(folder, new URL('file:///no-ledger-is-opened'), { to: 'read', mode: undefined }), hasCode('ledger_missing'));
      assert.deepEqual([looks, readdirSync(folder)], [2, ['notes.txt']]);
    });
  });
});
