// A workspace's token that is replaced by another: the old one is worth nothing from then on, over HTTP and on connections
// that were made with it, while what runs may end; other workspaces notice nothing, and a restart changes nothing of it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { runBroker } from '../support/process/brokerProgram.ts';
import { answerFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { callBroker, codexHeaders } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

describe('a token that is replaced', function () {
  this.timeout(60_000);
  let bench: SocketBench;
  before(async () => { bench = await openSocketBench({ credits: 100 }); });
  after(() => bench.close());

  /** The status for a token; a question with HEAD goes no further than the door. */
  const statusWith = async (token: string) => (await fetch(`${bench.broker.url}/v1/responses`, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } })).status;
  const workspacePath = () => path.join(bench.folder, 'renewed');
  const token = async () => (await callBroker(bench.broker, 'token', { workspacePath: workspacePath() })).token;
  const renewed = async () => {
    const { code, stdout, stderr } = await runBroker(['token', '--workspace', workspacePath(), '--renew', '--json', '--data', bench.dataDir]);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as { token: string }).token;
  };

  it('is refused at once, and the new one holds, also after a restart', async () => {
    const [first, other] = [await token(), bench.token.token];
    assert.deepEqual([await statusWith(first), await statusWith(other)], [200, 200]);
    const second = await renewed();
    assert.deepEqual([await statusWith(first), await statusWith(second), await statusWith(other)], [401, 200, 200]);
    assert.equal(await token(), second, 'asking again shows the new one');
    await bench.broker.stop();
    await bench.restart();
    assert.deepEqual([await statusWith(first), await statusWith(second), await token()], [401, 200, second]);
    const third = await renewed();
    assert.equal(new Set([first, second, third]).size, 3);
    assert.deepEqual([await statusWith(first), await statusWith(second), await statusWith(third)], [401, 401, 200]);
  });

  it('ends the connections that were made with it: what runs ends well, what waits or comes is refused', async () => {
    const old = await token();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { goOn = resolve; });
    let sent = 0;
    bench.sockets.script = async (message, wire, index) => {
      sent += 1;
      if (sent === 1) await held;
      await answerFrames(message, wire, index);
    };
    const own = await bench.connect({ headers: { ...codexHeaders, authorization: `Bearer ${old}` } });
    const others = await bench.connect();
    own.send(recordedMessage());
    while (sent === 0) await new Promise((resolve) => { setTimeout(resolve, 10); });
    own.send(recordedMessage());
    const next = await renewed();
    own.send(recordedMessage());
    goOn();
    await own.closed;
    const ends = own.texts.filter((text) => endTypes.includes((JSON.parse(text) as { type: string }).type));
    assert.equal(ends.length, 3);
    assert.equal(ends.filter((text) => text.includes('The workspace has another token since this connection was made. Nothing was sent.')).length, 2);
    assert.equal(sent, 1);
    others.send(recordedMessage());
    await others.until(endTypes);
    assert.equal(sent, 2);
    await assert.rejects(bench.connect({ headers: { 'user-agent': 'OpenAI/JS 7.57.0', authorization: `Bearer ${old}` } }), /401/);
    const again = await bench.connect({ headers: { ...codexHeaders, authorization: `Bearer ${next}` } });
    again.send(recordedMessage());
    await again.until(endTypes);
    const audit = await bench.audit();
    assert.deepEqual([audit.ok, audit.openHolds], [true, 0]);
  });
});
