// Each client hears a refusal in its own dialect: a status and headers for SDKs, a failed stream for
// Codex, with the difference between "come back" and "give up" that each of them understands.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { fullRetryMs, refuse, stopAnswer } from '../../src/broker/refusal.ts';
import { problem, problemKinds } from '../../src/domain/problem.ts';
import type { Problem, ProblemCode } from '../../src/domain/problem.ts';

const nowMs = 1_000_000;

interface Written { status?: number; headers?: Record<string, unknown>; body?: string; isCut?: true }

/** What was written to a client. */
function written(what: Problem, codexStream: boolean, more: { headersSent?: boolean; destroyed?: boolean } = {}, answer = refuse): Written {
  const seen: Written = {};
  answer({
    headersSent: false, destroyed: false, ...more,
    writeHead: (status: number, headers: Record<string, unknown>) => { seen.status = status; seen.headers = headers; }, end: (body: string) => { seen.body = body; }, destroy: () => { seen.isCut = true; },
  } as unknown as ServerResponse, what, { requestId: 'req_1', codexStream, model: 'gpt-test' }, nowMs);
  return seen;
}

const eventsOf = (body = '') => body.split('\n\n').filter((part) => part.includes('data: ')).map((part) => JSON.parse(part.slice(part.indexOf('data: ') + 6)) as { type: string; sequence_number: number; response: { status: string; error: { code: string; message: string } | null; model: string } });

describe('a refusal to an SDK', () => {
  it('has the status, the body and the request id of its kind', () => {
    for (const code of Object.keys(problemKinds) as ProblemCode[]) {
      const { status, headers, body = '' } = written(problem(code, 'It is so.'), false);
      assert.equal(status, problemKinds[code].status);
      assert.deepEqual((JSON.parse(body) as { error: { code: string; type: string } }).error.code, code);
      assert.equal(headers?.['x-request-id'], 'req_1');
      assert.equal(headers['content-length'], Buffer.byteLength(body));
      // Whether to ask again after a lost connection is the SDK's own affair.
      assert.equal(headers['x-should-retry'], code === 'upstream_unreachable' ? undefined : String(status === 503 || code === 'queue_full'), code);
    }
  });

  it('says when to come back, between one second and the minute that SDKs heed', () => {
    const after = (ms: number) => written(problem('wait_too_long', 'Too long.', { retryAtMs: nowMs + ms }), false).headers?.['retry-after'];
    assert.deepEqual([after(-5000), after(1), after(1001), after(59_000), after(3_600_000)], ['1', '1', '2', '59', '60']);
    assert.equal(written(problem('wait_too_long', 'Too long.', { retryAtMs: nowMs + 1 }), false).headers?.['x-should-retry'], 'true');
    assert.equal(written(problem('credits_exhausted', 'Nothing left.'), false).headers?.['retry-after'], undefined);
  });
});

describe('a refusal to Codex', () => {
  it('is a stream that fails for good: Codex shows the sentence and does not come back', () => {
    const { status, headers, body } = written(problem('credits_exhausted', 'Nothing is left.'), true);
    assert.equal(status, 200);
    assert.match(String(headers?.['content-type']), /^text\/event-stream/);
    const [created, failed] = eventsOf(body);
    assert.deepEqual([created?.type, created?.response.status, created?.response.model], ['response.created', 'in_progress', 'gpt-test']);
    assert.deepEqual([failed?.type, failed?.sequence_number, failed?.response.status, failed?.response.error?.code], ['response.failed', 1, 'failed', 'invalid_prompt']);
    for (const part of ['Nothing is left.', problemKinds.credits_exhausted.remedy, 'credits_exhausted', 'req_1']) assert.ok(failed?.response.error?.message.includes(part), part);
  });

  it('is a status for a lost connection, from which Codex comes back by itself, and for a plan in its own words', () => {
    for (const code of ['upstream_unreachable', 'plan_used_up'] as const) assert.equal(written(problem(code, 'It is so.'), true).status, problemKinds[code].status);
  });

  it('is a rate limit with a time when waiting helps', () => {
    const { body } = written(problem('wait_too_long', 'Too long.', { retryAtMs: nowMs + 90_500 }), true);
    const failed = eventsOf(body)[1]?.response.error;
    assert.equal(failed?.code, 'rate_limit_exceeded');
    assert.match(failed?.message ?? '', /Please try again in 91s\.$/);
  });

  it('is worth coming back soon where a full line or room was met, which empties by itself, and for an SDK too', () => {
    const full = problem('queue_full', 'Full.');
    const failed = eventsOf(written(full, true).body)[1]?.response.error;
    assert.equal(failed?.code, 'rate_limit_exceeded');
    assert.match(failed?.message ?? '', new RegExp(`Please try again in ${fullRetryMs / 1000}s\\.$`));
    const { status, headers } = written(full, false);
    assert.deepEqual([status, headers?.['x-should-retry'], headers?.['retry-after']], [429, 'true', String(fullRetryMs / 1000)]);
  });
});

describe('an answer that the broker stops', () => {
  const stopped = (codexStream: boolean, headersSent: boolean) => written(problem('cancelled', 'A person stopped it.'), codexStream, { headersSent }, stopAnswer);

  it('ends a stream of Codex that has begun as its own event', () => {
    const { body = '' } = stopped(true, true);
    assert.ok(body.startsWith('\n\n'));
    assert.deepEqual(eventsOf(body).map((event) => [event.type, event.response.error?.code]), [['response.failed', 'invalid_prompt']]);
  });

  it('cuts any other that has begun, and refuses what has not', () => {
    assert.deepEqual(stopped(false, true), { isCut: true });
    assert.equal(stopped(false, false).status, problemKinds.cancelled.status);
    assert.equal(stopped(true, false).status, 200);
  });
});

describe('a refusal that comes too late', () => {
  it('writes nothing into an answer that has begun or a client that is gone', () => {
    assert.deepEqual(written(problem('internal', 'x'), false, { headersSent: true }), {});
    assert.deepEqual(written(problem('internal', 'x'), true, { destroyed: true }), {});
  });
});
