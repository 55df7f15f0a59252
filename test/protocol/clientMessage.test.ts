// What a client's WebSocket message says: a request as over HTTP, who sent it, and what must not pass.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { claimed, readClientMessage } from '../../src/protocol/clientMessage.ts';
import { readEnvelope } from '../../src/protocol/dialectEnvelope.ts';
import { readClient } from '../../src/protocol/requestEnvelope.ts';

const create = (more: Record<string, unknown> = {}) => ({ type: 'response.create', model: 'gpt-5.5', input: 'say hi', ...more });
const read = (message: unknown) => readClientMessage(JSON.stringify(message));

describe('a client\'s message', () => {
  it('is a request like that of HTTP, whose answer always comes as events', () => {
    const { type: _type, ...body } = create({ max_output_tokens: 100, service_tier: 'flex', reasoning: { effort: 'high' }, tools: [{ type: 'function', name: 'x' }] });
    const message = read({ type: 'response.create', ...body });
    assert.ok(message.kind === 'create');
    assert.deepEqual(message.envelope, { ...readEnvelope(JSON.stringify(body)), stream: true });
    assert.deepEqual([message.isPrewarm, message.claims], [false, {}]);
  });

  it('may only prepare', () => {
    for (const [generate, isPrewarm] of [[false, true], [true, false], [null, false], ['false', false], [0, false]] as const) {
      const message = read(create({ generate }));
      assert.ok(message.kind === 'create');
      assert.equal(message.isPrewarm, isPrewarm, String(generate));
    }
  });

  it('counts tools and instructions once where it continues a response', () => {
    const large = { instructions: 'word '.repeat(1000), tools: [{ type: 'function', name: 'x', description: 'word '.repeat(1000) }] };
    const [whole, rest] = [read(create(large)), read(create({ ...large, previous_response_id: 'resp_1' }))];
    assert.ok(whole.kind === 'create' && rest.kind === 'create');
    assert.ok((whole.envelope.size.textTokens ?? 0) > 1500);
    assert.ok((rest.envelope.size.textTokens ?? Infinity) < 20);
    assert.deepEqual([rest.envelope.size.continues, rest.envelope.size.continuesId], [true, 'resp_1']);
  });

  it('says who sent it, before what the head of its connection said', () => {
    const head: Record<string, string> = { 'originator': 'codex_exec', 'thread-id': 'of the head', 'x-codex-turn-metadata': '{"request_kind":"prewarm","turn_id":""}' };
    const message = read(create({ client_metadata: { 'thread_id': 'of the message', 'x-codex-turn-metadata': '{"request_kind":"turn","turn_id":"t7"}', 'originator': 'ignored', 'session_id': 7 } }));
    assert.ok(message.kind === 'create');
    const client = readClient(claimed(message.claims, (name) => head[name]));
    assert.deepEqual([client.name, client.threadId, client.turnId, client.requestKind], ['codex_exec', 'of the message', 't7', 'turn']);
    assert.deepEqual(readClient(claimed({}, (name) => head[name])).threadId, 'of the head');
  });

  it('is broken, a note, or unknown', () => {
    for (const text of ['', '{', '[]', 'null', '7', '{}', '{"type":7}', '{"type":""}']) assert.equal(readClientMessage(text).kind, 'broken', text);
    assert.deepEqual(read({ type: 'response.create' }), { kind: 'broken', broken: 'The message names no model.' });
    assert.equal(read({ type: 'response.processed', response_id: 'r' }).kind, 'note');
    for (const type of ['response.steer', 'response.append', 'response.cancel', 'session.update', 'error']) assert.deepEqual(read({ type }), { kind: 'unknown', type });
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.json().map((json) => `{"type":"response.create","model":"m","client_metadata":${json},"input":${json}}`)), (text) => {
      assert.ok(['create', 'note', 'unknown', 'broken'].includes(readClientMessage(text).kind));
    }));
  });
});
