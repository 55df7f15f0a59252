// Requests over WebSockets bring only what is new, while the upstream counts the whole conversation, and no answer
// over a WebSocket tells what is left. What the broker thinks is left is what is left, also when a person's answer
// over HTTP tells in the middle of it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import { startBroker } from '../support/process/brokerProgram.ts';
import type { BrokerProcess } from '../support/process/brokerProgram.ts';
import { addCredits, askBroker, callBroker, codexHeaders, makeFolder, removeFolder, until } from '../support/process/workbench.ts';
import { connectSocket, endTypes } from '../support/socketClient.ts';

const apiKey = 'sk-practice-upstream';
const model = 'gpt-5.5';
const tokensPerMinute = 120_000;
/** Of each conversation, before the turn that is looked at. */
const conversationTokens = 20_000;

describe('what is left of a limit, where requests come over WebSockets', function () {
  this.timeout(60_000);
  let folder: string;
  let sandbox: Sandbox;
  let broker: BrokerProcess;
  before(async () => {
    folder = makeFolder('socket-pacing');
    sandbox = await startSandbox({ scenario: { limits: { tokensPerMinute }, delays: { deltaMs: 20 } } });
    broker = await startBroker({ dataDir: path.join(folder, 'data'), upstream: sandbox.url, apiKey });
    await addCredits(broker, 1_000, 'the test');
  });
  after(async () => {
    await broker.kill();
    await sandbox.close();
    removeFolder(folder);
  });

  const says = (text: string) => [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];

  it('is known, whatever an answer over HTTP told in between', async () => {
    const { token } = await callBroker(broker, 'token', { workspacePath: path.join(folder, 'work') });
    const clients = await Promise.all(['a', 'b', 'c'].map(async (thread) => {
      const client = await connectSocket(`${broker.url}/v1/responses`, { headers: { authorization: `Bearer ${token}`, ...codexHeaders, 'thread-id': thread } });
      client.send({ type: 'response.create', model, stream: true, generate: false, input: says('Be brief. '.repeat(conversationTokens * 4 / 10)) });
      const [completed] = (await client.until(endTypes)).slice(-1) as [{ response: { id: string } }];
      return { client, from: client.frames().length, previous: completed.response.id };
    }));
    for (const { client, previous } of clients) {
      client.send({ type: 'response.create', model, stream: true, previous_response_id: previous, input: says('tell me in 150 words') });
    }
    await until(() => sandbox.meter.attempts.filter((one) => one.isPrewarm !== true && one.status === 200).length === 3, 'three answers that run');
    const person = await askBroker(broker, token, { body: JSON.stringify({ model, input: 'say hi' }) });
    assert.equal(person.status, 200);
    assert.equal((await callBroker(broker, 'status', {})).running.length, 3, 'the person was answered in the middle of them');
    await Promise.all(clients.map(({ client, from }) => client.until(endTypes, from)));
    await until(async () => (await callBroker(broker, 'status', {})).running.length === 0, 'the end of all answers');
    const thought = async () => (await callBroker(broker, 'status', {})).windows.find(({ id }) => id === `${model}/tokens`)?.remaining ?? NaN;
    const before = await thought();
    const told = await fetch(`${sandbox.url}/v1/responses`, { method: 'POST', headers: { 'authorization': `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, input: 'x' }) });
    const left = Number(told.headers.get('x-ratelimit-remaining-tokens'));
    const after = await thought();
    assert.ok(left < tokensPerMinute - 2 * conversationTokens, `${left} tokens are left, so this shows nothing`);
    // The window fills while both are asked.
    const tolerance = conversationTokens / 4;
    assert.ok(left > before - tolerance && left < after + tolerance, `the broker thinks that ${before} to ${after} tokens are left, and ${left} are`);
    for (const { client } of clients) client.socket.terminate();
  });
});
