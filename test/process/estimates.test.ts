// Holds of the real broker: they follow what the body holds and what answers of the same effort and
// kind were like, as the upstream measured them.
import assert from 'node:assert/strict';
import { recordedJson, recordedRequest } from '../support/process/recordedStream.ts';
import { wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { codexHeaders, openBench } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

const answersEach = 25;
const recorded = JSON.parse(recordedJson.toString('utf8')) as Record<string, unknown>;

describe('holds', () => {
  let bench: Workbench;
  beforeEach(async () => { bench = await openBench({ credits: 1_000_000 }); });
  afterEach(() => bench.close());

  /** The next answer uses so many tokens, and is complete or cut. */
  const answering = (outputTokens: number, status: 'completed' | 'incomplete' = 'completed') => {
    const body = JSON.stringify({ ...recorded, status, usage: { input_tokens: 12, output_tokens: outputTokens, total_tokens: 12 + outputTokens } });
    bench.upstream.script = async (_request, wire) => { await wire.write(wholeAnswer(200, body, { 'content-type': 'application/json' })); };
  };
  const holdOf = async (more: Readonly<Record<string, unknown>>, kind?: string) => {
    const headers = kind === undefined ? {} : { ...codexHeaders, 'x-codex-turn-metadata': JSON.stringify({ request_kind: kind }) };
    return (await bench.explain(await bench.ask({ body: recordedRequest(false, more), headers }))).decision.holdMicroCredits;
  };

  it('follow the effort and the kind of a request', async () => {
    const low = { reasoning: { effort: 'low' } };
    const high = { reasoning: { effort: 'high' } };
    for (let index = 0; index < answersEach; index += 1) {
      answering(400);
      await holdOf(low, 'turn');
      answering(12_000);
      await holdOf(high, 'turn');
      answering(3000);
      await holdOf(low, 'compaction');
    }
    const [lowTurn, highTurn, lowCompaction] = [await holdOf(low, 'turn'), await holdOf(high, 'turn'), await holdOf(low, 'compaction')];
    assert.ok(highTurn > 20 * lowTurn && highTurn < 40 * lowTurn, `${highTurn} and ${lowTurn}`);
    assert.ok(lowCompaction > 5 * lowTurn && lowCompaction < 10 * lowTurn, `${lowCompaction} and ${lowTurn}`);
  });

  it('do not shrink by answers that were cut', async () => {
    answering(300, 'incomplete');
    for (let index = 0; index < answersEach; index += 1) await holdOf({});
    const afterCuts = await holdOf({});
    answering(300);
    for (let index = 0; index < 7 * answersEach; index += 1) await holdOf({});
    assert.ok(afterCuts > 3 * await holdOf({}), `${afterCuts}`);
  });

  it('take an image for an image, and not for its bytes', async () => {
    answering(10);
    const data = 'iVBORw0KGgoAAAANSUhEUgAA'.repeat(80_000);
    const image = await holdOf({ input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${data}` }] }] });
    const text = await holdOf({ input: [{ role: 'user', content: [{ type: 'input_text', text: data }] }] });
    assert.ok(text > 20 * image, `${text} and ${image}`);
  });
});
