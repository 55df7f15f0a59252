// The port of a data folder stays the same from start to start: remembered, taken again, left for one run
// where another program has it, and never lost through what the disk does.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { listenOnOwnPort, ownPort, rememberedPort, rememberPort } from '../../src/broker/ownPort.ts';
import { problem, ProblemError } from '../../src/domain/problem.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

describe('the port of a data folder', () => {
  /** Listens nowhere; says which ports were tried. `busy` ones belong to others. */
  const world = (dataDir: string, busy: readonly number[] = []) => {
    const tried: number[] = [];
    const taken: number[] = [];
    let chance = 0;
    return {
      tried, taken,
      parts: {
        dataDir, random: () => (chance = (chance + 0.1) % 1), taken: (port: number) => { taken.push(port); },
        listen: async (port: number) => {
          tried.push(port);
          if (busy.includes(port)) throw new ProblemError(problem('port_in_use', 'taken'));
          return { url: `http://127.0.0.1:${port === 0 ? 54_321 : port}` };
        },
      },
    };
  };
  const portOf = (door: { url: string }) => Number(new URL(door.url).port);

  it('is chosen once below those that systems hand out, and taken again', () => withFolder(async (folder) => {
    const first = portOf(await listenOnOwnPort(0, world(folder).parts));
    assert.ok(first >= 20_000 && first <= 32_767, String(first));
    assert.equal(rememberedPort(folder), first);
    const again = world(folder);
    assert.equal(portOf(await listenOnOwnPort(0, again.parts)), first);
    assert.deepEqual(again.tried, [first]);
    if (process.platform !== 'win32') assert.equal(statSync(join(folder, 'port')).mode & 0o777, 0o600);
  }));

  it('is the one that was asked for, from then on; when that is taken, it stays what it was', () => withFolder(async (folder) => {
    await listenOnOwnPort(8_123, world(folder).parts);
    assert.equal(portOf(await listenOnOwnPort(0, world(folder).parts)), 8_123);
    await assert.rejects(listenOnOwnPort(9_000, world(folder, [9_000]).parts), (error: ProblemError) => error.problem.code === 'port_in_use');
    assert.equal(rememberedPort(folder), 8_123);
  }));

  it('is kept while another program has it for a while', () => withFolder(async (folder) => {
    rememberPort(folder, 8_123);
    const busy = world(folder, [8_123, 21_276]);
    assert.equal(portOf(await listenOnOwnPort(0, busy.parts)), 22_553);
    assert.deepEqual([busy.taken, busy.tried, rememberedPort(folder)], [[8_123], [8_123, 21_276, 22_553], 8_123]);
  }));

  it('may be any where none of the others is free', () => withFolder(async (folder) => {
    const full = world(folder);
    const door = await listenOnOwnPort(0, { ...full.parts, listen: (port) => (port === 0 ? full.parts.listen(0) : Promise.reject(new ProblemError(problem('port_in_use', 'taken')))) });
    assert.deepEqual([portOf(door), rememberedPort(folder)], [54_321, 54_321]);
    await assert.rejects(listenOnOwnPort(0, { ...full.parts, listen: () => Promise.reject(new Error('other')) }), /^Error: other$/);
  }));

  it('is chosen anew where the file is of no use, and running does not need it', () => withFolder(async (folder) => {
    for (const text of ['', 'x', '0', '65536', '80 80']) {
      writeFileSync(join(folder, 'port'), text);
      assert.equal(rememberedPort(folder), undefined, text);
    }
    rmSync(join(folder, 'port'));
    assert.equal(portOf(await listenOnOwnPort(8_123, world(join(folder, 'missing')).parts)), 8_123);
  }));

  it('is chosen before any broker ran, among free ones, for an address that is written down', () => withFolder(async (folder) => {
    const other = createServer();
    const busy = await new Promise<number>((resolve) => { other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)); });
    try {
      // A chance that would lead to the busy port first.
      const chances = [(busy - 20_000) / 12_768, 0.5, 0.7, 0.9];
      const port = await ownPort(folder, () => chances.shift() ?? 0.3);
      assert.ok(port !== busy && port >= 20_000);
      assert.equal(readFileSync(join(folder, 'port'), 'utf8'), `${port}\n`);
      assert.equal(await ownPort(folder, () => 0), port);
    } finally {
      other.close();
    }
  }));
});
