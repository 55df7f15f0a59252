// The simulated upstream over a WebSocket: the same answers, limits and faults as over HTTP, one message
// after the other, and a memory for what the connection has carried.
import assert from 'node:assert/strict';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox, SandboxSettings } from '../../src/sandbox/sandboxServer.ts';
import { connectSocket, createMessage, endTypes, UpgradeRefused } from '../support/socketClient.ts';
import type { SocketClient } from '../support/socketClient.ts';
import { ask, eventsOf, streaming, type Json } from './asking.ts';
import { manualClock } from './manualClock.ts';

describe('the sandbox over a WebSocket', function () {
  this.timeout(30_000);
  let sandbox: Sandbox;
  const clients: SocketClient[] = [];
  const start = async (options: Partial<SandboxSettings> = {}) => {
    sandbox = await startSandbox({ ...options, scenario: { delays: { deltaMs: 0 }, ...options.scenario } });
  };
  const connect = async (options: Parameters<typeof connectSocket>[1] = {}) => {
    const client = await connectSocket(`${sandbox.url}/v1/responses`, { headers: { authorization: 'Bearer sk-test' }, ...options });
    clients.push(client);
    return client;
  };
  /** Asks and gives the frames of the answer. */
  const turn = (client: SocketClient, message: object) => {
    const from = client.texts.length;
    client.send(message);
    return client.until(endTypes, from);
  };
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.terminate();
    await sandbox.close();
  });

  it('sends the very events that HTTP sends, and bills the same', async () => {
    await start();
    const overHttp = eventsOf((await ask(sandbox.url, streaming('say hi'))).text);
    const frames = await turn(await connect(), createMessage('say hi'));
    const shape = (data: Json) => [data.type, data.sequence_number, data.delta, data.response?.usage];
    assert.deepEqual(frames.map(shape), overHttp.map(({ data }) => shape(data)));
    const [first, second] = sandbox.meter.attempts;
    assert.deepEqual([second?.method, second?.billedUsage, second?.reportedUsage, second?.aborted], ['MESSAGE', first?.billedUsage, first?.reportedUsage, false]);
  });

  it('prepares without generating, and goes on from what the connection carried', async () => {
    await start();
    const client = await connect();
    const begun = await turn(client, createMessage([{ role: 'developer', content: 'You are terse.' }], { generate: false }));
    assert.deepEqual(begun.map((frame) => frame.type), ['response.created', 'response.completed']);
    assert.deepEqual([begun[1].response.usage.total_tokens, begun[1].response.output], [0, []]);
    const second = (await turn(client, createMessage('say hi', { previous_response_id: begun[1].response.id }))).at(-1).response;
    const third = (await turn(client, createMessage('again', { previous_response_id: second.id }))).at(-1).response;
    // The same conversation sent as a whole costs the same.
    const whole = (await turn(await connect(), createMessage([{ role: 'developer', content: 'You are terse.' }, { role: 'user', content: 'say hi' }, ...second.output, { role: 'user', content: 'again' }]))).at(-1).response;
    assert.equal(third.usage.input_tokens, whole.usage.input_tokens);
    assert.deepEqual(sandbox.meter.attempts.map((one) => [one.isPrewarm ?? false, one.billedUsage !== undefined]), [[true, false], [false, true], [false, true], [false, true]]);
  });

  it('knows no response but the last one of the connection, and none after a failure', async () => {
    await start({ scenario: { faults: [{ match: { promptIncludes: 'break' }, do: { kind: 'serverError' } }] } });
    const client = await connect();
    const first = (await turn(client, createMessage())).at(-1).response.id;
    const second = (await turn(client, createMessage())).at(-1).response.id;
    const refusedFor = async (one: SocketClient, id: string) => (await turn(one, createMessage('x', { previous_response_id: id })))[0].error.code;
    assert.equal(await refusedFor(client, first), 'previous_response_not_found');
    assert.equal(await refusedFor(client, second), 'previous_response_not_found');
    const third = (await turn(client, createMessage())).at(-1).response.id;
    assert.equal((await turn(client, createMessage('break', { previous_response_id: third })))[0].status, 500);
    assert.equal(await refusedFor(client, third), 'previous_response_not_found');
    assert.equal(await refusedFor(await connect(), third), 'previous_response_not_found');
  });

  it('refuses with the status, error and headers of HTTP, and answers the next message', async () => {
    await start({ scenario: { limits: { requestsPerMinute: 1 }, faults: [{ match: { promptIncludes: 'plan' }, do: { kind: 'usageLimit' } }, { match: { promptIncludes: 'hotel' }, do: { kind: 'captivePortal' } }] } });
    const client = await connect();
    await turn(client, createMessage());
    const [throttled] = await turn(client, createMessage());
    assert.deepEqual([throttled.type, throttled.status, throttled.error.code, throttled.headers['retry-after']], ['error', 429, 'rate_limit_exceeded', '60']);
    const [plan] = await turn(client, createMessage('plan'));
    assert.deepEqual([plan.status, plan.error.type, plan.headers['x-codex-primary-used-percent']], [429, 'usage_limit_reached', '100']);
    const [page] = await turn(client, createMessage('hotel'));
    assert.match(page.error.message, /Sign in/);
    assert.equal((await turn(client, createMessage('x', { model: 'none' })))[0].error.code, 'model_not_found');
    assert.equal((await turn(client, createMessage('')))[0].error.param, 'input');
    assert.equal((await turn(client, { type: 'response.steer' }))[0].error.param, 'type');
    client.send('no json');
    assert.equal((await client.until(endTypes, client.texts.length))[0].status, 400);
  });

  it('ends a connection\'s life by time and by number', async () => {
    const clock = manualClock();
    await start({ clock, scenario: { webSocket: { requestsPerConnection: 2, connectionMs: 1000 } } });
    const one = await connect();
    await turn(one, createMessage());
    await turn(one, createMessage());
    assert.deepEqual((await turn(one, createMessage()))[0].error.code, 'websocket_connection_limit_reached');
    const two = await connect();
    clock.advance(1000);
    assert.deepEqual((await turn(two, createMessage()))[0].error.code, 'websocket_connection_limit_reached');
  });

  it('cuts between and inside of messages, and bends the end', async () => {
    const faults = [
      { match: { promptIncludes: 'between' }, do: { kind: 'stream', close: { afterEvents: 3, how: 'drop' } } },
      { match: { promptIncludes: 'inside' }, do: { kind: 'stream', close: { afterEvents: 3, midEvent: true, how: 'reset' } } },
      { match: { promptIncludes: 'politely' }, do: { kind: 'stream', close: { afterBytes: 10, how: 'end' } } },
      { match: { promptIncludes: 'before' }, do: { kind: 'closeBeforeHeaders' } },
      { match: { promptIncludes: 'twice' }, do: { kind: 'stream', terminal: 'twice' } },
      { match: { promptIncludes: 'error' }, do: { kind: 'stream', ending: { kind: 'error', code: 'server_error' } } },
    ] as const;
    await start({ scenario: { faults: [...faults] } });
    for (const [prompt, frames, code] of [['between', 3, 1006], ['inside', 3, 1006], ['politely', 0, 1000], ['before', 0, 1006]] as const) {
      const client = await connect();
      client.send(createMessage(prompt));
      assert.deepEqual([(await client.closed).code, client.texts.length], [code, frames], prompt);
      assert.equal(sandbox.meter.attempts.at(-1)?.aborted, false);
    }
    const client = await connect();
    client.send(createMessage('twice'));
    client.send(createMessage('error'));
    const seen = await client.until(['error']);
    assert.equal(seen.filter((frame) => frame.type === 'response.completed').length, 2);
    assert.deepEqual([seen.at(-1).code, seen.at(-1).status], ['server_error', undefined]);
  });

  it('notes a client that leaves, and how much it got', async () => {
    const clock = manualClock();
    await start({ clock, scenario: { delays: { deltaMs: 10 } } });
    const client = await connect();
    client.send(createMessage('tell me in 100 words'));
    while (clock.sleeping === 0) await new Promise((resolve) => { setImmediate(resolve); });
    client.socket.terminate();
    while (sandbox.meter.attempts[0]?.finishedAtMs === undefined) await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual([sandbox.meter.attempts[0].aborted, sandbox.meter.attempts[0].billedUsage?.outputTokens], [true, 0]);
  });

  it('takes one message after the other, and only text', async () => {
    await start({ scenario: { delays: { deltaMs: 1 } } });
    const client = await connect();
    client.send(createMessage('one'));
    client.send(createMessage('two'));
    client.send({ type: 'response.processed', response_id: 'resp_x' });
    while (client.frames().filter((frame) => frame.type === 'response.completed').length < 2) await client.until(['response.completed'], client.texts.length);
    const kinds = client.frames().map((frame) => frame.type).filter((type) => type === 'response.created' || type === 'response.completed');
    assert.deepEqual(kinds, ['response.created', 'response.completed', 'response.created', 'response.completed']);
    client.socket.send(Buffer.from('{}'), { binary: true });
    assert.equal((await client.closed).code, 1003);
  });

  it('compresses only where it is told to and the client offers it', async () => {
    await start({ scenario: { webSocket: { deflate: true } } });
    const compressed = await connect({ perMessageDeflate: true });
    assert.equal(compressed.socket.extensions, 'permessage-deflate');
    assert.equal((await turn(compressed, createMessage())).at(-1).type, 'response.completed');
    assert.equal((await connect()).socket.extensions, '');
  });

  it('checks upgrades as it checks requests', async () => {
    await start();
    const refused = async (path: string, headers: Record<string, string>) => {
      const error: unknown = await connectSocket(`${sandbox.url}${path}`, { headers }).then(() => undefined, (thrown: unknown) => thrown);
      assert.ok(error instanceof UpgradeRefused);
      return [error.status, (JSON.parse(error.body) as { error: { code: string | null } }).error.code];
    };
    assert.deepEqual(await refused('/v1/responses', {}), [401, 'invalid_api_key']);
    assert.deepEqual(await refused('/v1/responses', { authorization: 'Bearer sk-revoked' }), [401, 'invalid_api_key']);
    assert.deepEqual(await refused('/v1/models', { authorization: 'Bearer sk-test' }), [404, null]);
    assert.deepEqual(await refused('/v1/responses', { authorization: 'Bearer sk-test', origin: 'https://example.com' }), [403, 'origin_forbidden']);
    assert.match(String((await connect()).headers['x-request-id']), /^req_/);
  });
});
