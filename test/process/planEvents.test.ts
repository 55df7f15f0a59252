// What a plan's events tell over a WebSocket through the real broker beside their figures: which model a limit is for.
import assert from 'node:assert/strict';
import { recordedModel } from '../support/process/recordedStream.ts';
import { recordedFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import type { SocketBench } from '../support/process/socketBench.ts';
import { callBroker, until } from '../support/process/workbench.ts';

/** Another model with a price. */
const freshModel = 'gpt-5-mini';
const recordedId = /"id":"(resp_\w+)"/.exec(recordedFrames[0] ?? '')?.[1] ?? '';
/** The recorded answer in the name of another response. */
const framesWithId = (id: string) => recordedFrames.map((frame) => frame.replaceAll(recordedId, id));

describe('events of a plan', function () {
  this.timeout(30_000);
  let bench: SocketBench;
  before(async () => { bench = await openSocketBench(); });
  after(() => bench.close());

  const count = async () => (await callBroker(bench.broker, 'usage', { by: 'model' })).total.requests;

  it('tell which model a limit is for, where those in one answer name one limit alone', async () => {
    const event = (name: string | undefined) => JSON.stringify({ type: 'codex.rate_limits', ...(name === undefined ? {} : { metered_limit_name: name }), rate_limits: { primary: { used_percent: 5, window_minutes: 300 } } });
    const client = await bench.connect();
    const answered = async (model: string, inside: readonly (string | undefined)[], ahead: readonly string[] = []) => {
      bench.sockets.script = async (_message, wire, index) => {
        const [first = '', ...rest] = framesWithId(`resp_limit_${index}`);
        for (const frame of [...ahead.map(event), first, ...inside.map(event), ...rest]) await wire.send(frame);
      };
      const before = await count();
      client.send(recordedMessage({ model }));
      await until(async () => await count() === before + 1);
      return (await callBroker(bench.broker, 'status', {})).windows.flatMap(({ ofPlan, model: name }) => (ofPlan ? [[name, ofPlan.models]] : []));
    };
    assert.deepEqual(await answered(recordedModel, ['codex_own']), [['codex_own', [recordedModel]]]);
    assert.deepEqual(await answered(freshModel, ['codex_own', 'codex_else']), [['codex_own', [recordedModel]], ['codex_else', []]], 'one of two is not known to be the one that applied');
    assert.deepEqual(await answered(freshModel, ['codex_own', undefined]), [['codex_else', []], ['codex_own', [recordedModel]]]);
    assert.deepEqual(await answered(freshModel, ['codex'], ['codex_own']), [['codex_else', []], ['codex_own', [recordedModel]]], 'what comes ahead of an answer may belong to the one before');
    assert.deepEqual(await answered(recordedModel, ['codex']), [['codex_else', []], ['codex_own', []]], 'the plan\'s own limit applied');
  });
});
