// Each fault that a scenario can ask for, as a client sees it on the wire.
import assert from 'node:assert/strict';
import net from 'node:net';
import { startSandbox } from '../../src/sandbox/main.ts';
import type { Sandbox } from '../../src/sandbox/sandboxServer.ts';
import type { FaultAction } from '../../src/sandbox/faultAction.ts';
import type { ScenarioInput } from '../../src/sandbox/scenario.ts';
import { ask, eventsOf, streaming, type Answer, type Json } from './asking.ts';
import { manualClock } from './manualClock.ts';

type Action = NonNullable<ScenarioInput['faults']>[number]['do'];

let sandbox: Sandbox | undefined;
const start = async (action: Action, more: Parameters<typeof startSandbox>[0] = {}) => {
  sandbox = await startSandbox({ scenario: { delays: { deltaMs: 0 }, faults: [{ match: { nth: 1 }, do: action }] }, ...more });
  return sandbox;
};
const first = async (action: Action, body: unknown = streaming()): Promise<Answer> => ask((await start(action)).url, body);
const errorOf = (answer: Answer) => (JSON.parse(answer.text) as { error: Record<string, unknown> }).error;
const terminal = (answer: Answer) => eventsOf(answer.text).filter((event) => /^(response\.(completed|incomplete|failed)|error)$/.test(event.event));

/** Bytes of an answer as they come off the socket, and how the connection ended. */
const onTheWire = (port: number, body: unknown) => new Promise<{ bytes: Buffer; chunks: number; reset: boolean }>((resolve) => {
  const chunks: Buffer[] = [];
  let reset = false;
  const json = JSON.stringify(body);
  const socket = net.connect(port, '127.0.0.1', () => socket.write(`POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`));
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (reset = error.code === 'ECONNRESET'));
  socket.on('close', () => resolve({ bytes: Buffer.concat(chunks), chunks: chunks.length, reset }));
});

describe('a fault', function () {
  this.timeout(30_000);

  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
  });

  const answers: [Action, number, Record<string, unknown>, Record<string, string | null>][] = [
    [{ kind: 'throttle', retryAfterMs: 1300 }, 429, { code: 'rate_limit_exceeded', type: 'requests' }, { 'retry-after': '2', 'retry-after-ms': '1300' }],
    [{ kind: 'throttle', measure: 'tokens' }, 429, { code: 'rate_limit_exceeded', type: 'tokens' }, { 'retry-after': null, 'retry-after-ms': null }],
    [{ kind: 'quota' }, 429, { code: 'insufficient_quota', type: 'insufficient_quota' }, { 'retry-after': null }],
    [{ kind: 'usageLimit', resetsInS: 60 }, 429, { type: 'usage_limit_reached', resets_in_seconds: 60, plan_type: 'plus' }, { 'x-codex-primary-used-percent': '100' }],
    [{ kind: 'serverError' }, 500, { type: 'server_error' }, {}],
    [{ kind: 'overloaded', retryAfterS: 3 }, 503, { code: 'server_is_overloaded' }, { 'retry-after': '3' }],
    [{ kind: 'unauthorized' }, 401, { code: 'invalid_api_key' }, {}],
    [{ kind: 'answer', status: 418, headers: { 'x-tea': 'yes' }, body: { error: { code: 'short' } } }, 418, { code: 'short' }, { 'x-tea': 'yes' }],
  ];
  for (const [action, status, error, headers] of answers) {
    it(`answers ${status} in place of the model (${action.kind}), and the next request is well`, async () => {
      const answer = await first(action);
      assert.equal(answer.status, status);
      for (const [name, value] of Object.entries(error)) assert.equal(errorOf(answer)[name], value, name);
      for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers.get(name), value, name);
      assert.equal((await ask(sandbox?.url ?? '', streaming())).status, 200);
      assert.deepEqual(sandbox?.meter.attempts.map((request) => [request.fault, request.billedUsage === undefined]), [[action.kind, true], [undefined, false]]);
    });
  }

  it('redirects, or shows a login page', async () => {
    const redirected = await first({ kind: 'redirect', location: 'http://127.0.0.1:9/x' });
    assert.deepEqual([redirected.status, redirected.headers.get('location')], [307, 'http://127.0.0.1:9/x']);
    await sandbox?.close();
    const portal = await first({ kind: 'captivePortal' });
    assert.equal(portal.status, 200);
    assert.match(portal.headers.get('content-type') ?? '', /^text\/html/);
  });

  it('is silent before the headers, and then answers after all', async () => {
    const clock = manualClock();
    const { url, meter } = await start({ kind: 'hang', forMs: 60_000 }, { clock });
    const answer = ask(url, streaming());
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(meter.requests[0]?.status, undefined);
    clock.advance(60_000);
    assert.equal(terminal(await answer)[0]?.event, 'response.completed');
  });

  for (const how of ['drop', 'reset'] as const) {
    it(`ends the connection before any byte (${how})`, async () => {
      const { port, meter } = await start({ kind: 'closeBeforeHeaders', how });
      const seen = await onTheWire(port, streaming());
      assert.equal(seen.bytes.length, 0);
      assert.equal(seen.reset, how === 'reset');
      assert.deepEqual([meter.requests[0]?.aborted, meter.requests[0]?.status], [false, undefined]);
    });
  }

  it('cuts a stream after so many bytes of the body', async () => {
    const whole = (await first({ kind: 'stream' })).text;
    await sandbox?.close();
    const answer = await first({ kind: 'stream', close: { afterBytes: 3001 } });
    assert.equal(answer.broken, true);
    assert.equal(Buffer.byteLength(answer.text), 3001);
    assert.ok(Buffer.byteLength(whole) > 3001);
    assert.equal(sandbox?.meter.requests[0]?.reportedUsage, undefined);
    assert.equal(sandbox?.meter.requests[0]?.aborted, false);
  });

  it('cuts a stream after so many events, cleanly, roughly, or in the middle of one', async () => {
    const clean = await first({ kind: 'stream', close: { afterEvents: 6, how: 'end' } });
    assert.deepEqual([clean.broken, eventsOf(clean.text).length], [false, 6]);
    await sandbox?.close();
    const rough = await first({ kind: 'stream', close: { afterEvents: 6 } });
    assert.deepEqual([rough.broken, eventsOf(rough.text).length], [true, 6]);
    assert.ok(rough.text.endsWith('\n\n'));
    assert.equal(sandbox?.meter.requests[0]?.billedUsage?.outputTokens, 2);
    await sandbox?.close();
    const torn = await first({ kind: 'stream', close: { afterEvents: 6, midEvent: true } });
    assert.equal(eventsOf(torn.text).length, 6);
    assert.ok(!torn.text.endsWith('\n\n') && torn.text.includes('\n\nevent: response.output_text.delta'));
  });

  it('leaves the terminal event out, or sends it twice', async () => {
    const none = await first({ kind: 'stream', terminal: 'none' });
    assert.deepEqual([none.broken, terminal(none).length], [false, 0]);
    await sandbox?.close();
    const twice = terminal(await first({ kind: 'stream', terminal: 'twice' }));
    assert.equal(twice.length, 2);
    assert.deepEqual(twice[0]?.data['response'], twice[1]?.data['response']);
    assert.equal(sandbox?.meter.totals.billedRequests, 1);
  });

  it('writes in small pieces, which splits characters and lines and loses nothing', async () => {
    const { port } = await start({ kind: 'stream', splitBytes: 3 });
    const seen = await onTheWire(port, streaming('größe 😀😀😀'));
    const chunkSizes = [...seen.bytes.toString('latin1').matchAll(/\r\n([0-9a-f]+)\r\n/g)].map((match) => Number.parseInt(match[1] ?? '', 16));
    assert.ok(chunkSizes.length > 100 && chunkSizes.every((size) => size <= 3));
    await sandbox?.close();
    const answer = await first({ kind: 'stream', splitBytes: 1 }, streaming('größe 😀'));
    assert.match(terminal(answer)[0]?.data['response'].output[0].content[0].text, /größe 😀$/);
  });

  it('trickles and pauses on its clock', async () => {
    const clock = manualClock();
    const { url } = await start({ kind: 'stream', splitBytes: 4000, splitDelayMs: 50, pause: { afterEvents: 2, ms: 100 } }, { clock });
    let done = false;
    const answer = ask(url, streaming()).finally(() => (done = true));
    let steps = 0;
    while (!done) {
      if (clock.sleeping > 0) {
        clock.advance(50);
        steps++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(steps > 4);
    assert.equal(terminal(await answer).length, 1);
  });

  it('fails, at once or late, or ends incomplete, or with an error event', async () => {
    const expected: [Action, string, string][] = [
      [{ kind: 'stream', ending: { kind: 'failed', code: 'rate_limit_exceeded', message: 'Please try again in 1.3s.' } }, 'response.failed', 'rate_limit_exceeded'],
      [{ kind: 'stream', ending: { kind: 'failed', code: 'server_error', afterOutput: true, withUsage: true } }, 'response.failed', 'server_error'],
      [{ kind: 'stream', ending: { kind: 'incomplete', reason: 'content_filter' } }, 'response.incomplete', 'content_filter'],
      [{ kind: 'stream', ending: { kind: 'error', code: 'server_error' } }, 'error', 'server_error'],
    ];
    const billed: boolean[] = [];
    for (const [action, event, word] of expected) {
      const [end] = terminal(await first(action));
      assert.equal(end?.event, event);
      assert.equal(end?.data['code'] ?? end?.data['response'].error?.code ?? end?.data['response'].incomplete_details.reason, word);
      billed.push(sandbox?.meter.requests[0]?.billedUsage !== undefined);
      await sandbox?.close();
    }
    assert.deepEqual(billed, [false, true, true, true]);
  });

  const lies: [Extract<FaultAction, { kind: 'stream' }>['usage'], (usage: Record<string, Json> | null | undefined) => boolean][] = [
    ['missing', (usage) => usage === undefined], ['null', (usage) => usage === null],
    ['negative', (usage) => usage?.['output_tokens'] === -1], ['absurd', (usage) => usage?.['total_tokens'] === 1e300],
    ['text', (usage) => usage?.['output_tokens'] === 'many'], ['fractional', (usage) => usage?.['input_tokens'] % 1 === 0.5],
    ['wrong-total', (usage) => usage?.['total_tokens'] !== usage?.['input_tokens'] + usage?.['output_tokens']],
    [{ exactly: [1] }, (usage) => JSON.stringify(usage) === '[1]'],
  ];
  for (const [lie, holds] of lies) {
    it(`reports false usage (${JSON.stringify(lie)}), streamed and not, while the meter keeps the truth`, async () => {
      const streamed = await first({ kind: 'stream', usage: lie });
      assert.ok(holds(terminal(streamed)[0]?.data['response'].usage));
      assert.equal(sandbox?.meter.requests[0]?.billedUsage?.inputTokens, 2);
      await sandbox?.close();
      const whole = await first({ kind: 'stream', usage: lie }, { model: 'gpt-5.5', input: 'say hi' });
      assert.ok(holds((JSON.parse(whole.text) as Record<string, Json>)['usage']));
    });
  }

  for (const off of [10, -10]) {
    it(`announces a length that is off by ${off}`, async () => {
      const { port } = await start({ kind: 'stream', contentLengthOffBy: off });
      const text = (await onTheWire(port, streaming())).bytes.toString();
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      assert.equal(length - Buffer.byteLength(text.slice(text.indexOf('\r\n\r\n') + 4)), off);
    });
  }

  it('writes other line ends, a byte order mark and a flood of comments', async () => {
    for (const [lineEnds, mark] of [['crlf', '\r\n'], ['cr', '\r']] as const) {
      const answer = await first({ kind: 'stream', lineEnds, byteOrderMark: true, comments: 5000 });
      assert.ok(answer.text.includes(`: keep-alive${mark}${mark}: keep-alive`));
      assert.ok(lineEnds === 'crlf' ? !/[^\r]\n/.test(answer.text) : !answer.text.includes('\n'));
      assert.equal(terminal(answer)[0]?.event, 'response.completed');
      await sandbox?.close();
    }
  });

  it('quotes a terminal event inside a piece of text', async () => {
    const answer = await first({ kind: 'stream', eventNameInDelta: true });
    assert.ok(answer.text.includes('event: response.completed\\ndata: '));
    assert.equal(terminal(answer).length, 1);
  });

  it('acts on other routes too', async () => {
    sandbox = await startSandbox({ scenario: { faults: [{ match: { path: '/v1/models', nth: 1 }, do: { kind: 'serverError' } }] } });
    const get = () => fetch(`${sandbox?.url}/v1/models`, { headers: { authorization: 'Bearer sk-test' } });
    assert.deepEqual([(await get()).status, (await get()).status], [500, 200]);
  });
});
