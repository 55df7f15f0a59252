// What is said over a WebSocket and about one: refusals in each client's dialect, answers to upgrades, errors
// of the upstream as refusals, and close codes.
import assert from 'node:assert/strict';
import { carriedCode } from '../../../src/broker/responsesSocket/closeCodes.ts';
import { readErrorFrame } from '../../../src/broker/responsesSocket/errorFrame.ts';
import { refusalMessages, stopMessage } from '../../../src/broker/responsesSocket/socketRefusal.ts';
import { givenOn, ownRefusal, tellsNoWebSocket, useHttp } from '../../../src/broker/responsesSocket/upgradeRefusal.ts';
import { missingMs, WebSocketSupport } from '../../../src/broker/responsesSocket/webSocketSupport.ts';
import { problem } from '../../../src/domain/problem.ts';
import { manualClock, noonMs } from '../../support/manualClock.ts';

const codex = { requestId: 'req_1', codexStream: true, model: 'gpt-5.5' };
const other = { requestId: 'req_2', codexStream: false };
const parsed = (messages: readonly string[]): ReturnType<typeof JSON.parse>[] => messages.map((message) => JSON.parse(message));

describe('a refusal over a WebSocket', () => {
  it('stops Codex for good where waiting does not help', () => {
    const [created, failed] = parsed(refusalMessages(problem('credits_exhausted', 'Nothing is left.'), codex, noonMs));
    assert.deepEqual([created.type, created.response.id, created.response.model, failed.type, failed.response.error.code], ['response.created', 'resp_req_1', 'gpt-5.5', 'response.failed', 'invalid_prompt']);
    assert.match(failed.response.error.message, /^Nothing is left\. Add credits .+ \(credits_exhausted, req_1\)$/);
  });

  it('makes Codex come back at a time, in whole seconds, by the status that it heeds', () => {
    for (const [what, seconds] of [[problem('wait_too_long', 'Full.', { retryAtMs: noonMs + 1500 }), '2'], [problem('broker_stopping', 'Ends.', { retryAtMs: noonMs - 5 }), '1'], [problem('queue_full', 'Full.', { retryAtMs: noonMs + 600_000 }), '600'], [problem('queue_full', 'Full.'), '5']] as const) {
      const [error, ...more] = parsed(refusalMessages(what, codex, noonMs));
      assert.deepEqual([error.type, error.status, error.headers['retry-after'], error.error.code, more.length], ['error', 429, seconds, what.code, 0]);
    }
  });

  it('gives others the status, error and headers of HTTP', () => {
    const [hard] = parsed(refusalMessages(problem('credits_exhausted', 'No.'), other, noonMs));
    assert.deepEqual([hard.status, hard.error.type, hard.headers], [402, 'insufficient_quota', { 'x-request-id': 'req_2', 'x-should-retry': 'false' }]);
    const [soft] = parsed(refusalMessages(problem('wait_too_long', 'No.', { retryAtMs: noonMs + 300_000 }), other, noonMs));
    assert.deepEqual([soft.status, soft.headers['x-should-retry'], soft.headers['retry-after']], [429, 'true', '60']);
  });

  it('ends an answer that has begun with one message', () => {
    assert.deepEqual([parsed([stopMessage(problem('cancelled', 'Stopped.'), codex, noonMs)])[0].type, parsed([stopMessage(problem('cancelled', 'Stopped.'), other, noonMs)])[0].status], ['response.failed', 409]);
  });
});

describe('the answer to an upgrade', () => {
  const kept = (status: number) => ({ status, headers: { 'retry-after': '5', 'set-cookie': ['a'], 'x-request-id': 'up' }, body: Buffer.from('{}'), foreign: false });
  const to = { requestId: 'req_1', isCodex: true, nowMs: noonMs };

  it('tells servers without WebSockets from those that refuse', () => {
    for (const status of [200, 204, 301, 302, 400, 404, 405, 406, 410, 426, 501, 505]) assert.equal(tellsNoWebSocket(kept(status)), true, String(status));
    for (const status of [401, 402, 403, 408, 429, 500, 502, 503, 504, 529]) assert.equal(tellsNoWebSocket(kept(status)), false, String(status));
  });

  it('sends Codex to HTTP where HTTP says it better', () => {
    assert.equal(useHttp('None.', to).status, 426);
    assert.deepEqual([ownRefusal(problem('no_api_key', 'x'), to).status, ownRefusal(problem('no_api_key', 'x'), { ...to, isCodex: false }).status], [426, 400]);
    assert.deepEqual([ownRefusal(problem('upstream_unreachable', 'x'), to).status, ownRefusal(problem('broker_stopping', 'x', { retryAtMs: noonMs + 2000 }), to).headers['retry-after']], [502, '2']);
  });

  it('gives on what is on the list', () => {
    assert.deepEqual(givenOn(kept(429), to), { status: 429, headers: { 'retry-after': '5', 'x-upstream-request-id': 'up', 'x-request-id': 'req_1' }, body: Buffer.from('{}') });
  });

  it('is remembered for a while', () => {
    const clock = manualClock();
    const support = new WebSocketSupport(clock);
    assert.equal(support.isMissing, false);
    support.noteMissing();
    clock.advance(missingMs - 1);
    assert.equal(support.isMissing, true);
    clock.advance(1);
    assert.equal(support.isMissing, false);
  });
});

describe('an error of the upstream', () => {
  const read = (message: unknown) => readErrorFrame(Buffer.from(JSON.stringify(message)));

  it('is the refusal that it would be over HTTP', () => {
    const found = read({ type: 'error', status: 429, error: { code: 'rate_limit_exceeded', message: 'Slow.' }, headers: { 'Retry-After': 2, 'x-a': 'b', 'odd': ['c'], 'none': null } });
    assert.deepEqual([found.status, found.hasStatus, found.headers, found.body.toString()], [429, true, { 'retry-after': '2', 'x-a': 'b' }, '{"error":{"code":"rate_limit_exceeded","message":"Slow."}}']);
    assert.equal(read({ type: 'error', status_code: 503, error: {} }).status, 503);
  });

  it('is judged by its code where it names no status, also when it is flat', () => {
    for (const [code, status] of [['rate_limit_exceeded', 429], ['server_is_overloaded', 503], ['previous_response_not_found', 400], ['invalid_api_key', 401], ['whatever', 500], [undefined, 500]] as const) {
      for (const message of [{ type: 'error', code, message: 'x' }, { type: 'error', error: { code } }, { type: 'error', status: 'many', error: { code } }, { type: 'error', status: 200, error: { code } }]) {
        const found = read(message);
        assert.deepEqual([found.status, found.hasStatus], [status, false], JSON.stringify(message));
      }
    }
    assert.equal(readErrorFrame(Buffer.from('{"type":"error", broken')).status, 500);
  });
});

describe('close codes', () => {
  it('are carried where they mean something, and are never ones that may not be sent', () => {
    for (const code of [1000, 1001, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999]) assert.equal(carriedCode(code), code);
    for (const code of [0, 999, 1002, 1003, 1004, 1005, 1006, 1010, 1015, 1016, 2999, 5000]) assert.equal(carriedCode(code), 1011);
  });
});
