// OpenAI's own SDK meets each answer of an upstream twice, straight and through the broker, streamed and whole:
// the same events or the same error, and no more requests upstream. Where the broker does better, the row says so.
// The long run plays more rows, and all of them without streaming too.
import OpenAI from 'openai';
import { sdkRows } from '../support/process/answerRows.ts';
import { compareWays, pairKey, plainWords, playPair } from '../support/process/pairedUpstreams.ts';
import { callBroker } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';

/** What a call came to: the events or the text, and the error that was thrown. */
interface Called { readonly seen: readonly string[]; readonly text: string; readonly error: readonly unknown[] }

async function called(apiKey: string, baseURL: string, stream: boolean): Promise<Called> {
  const client = new OpenAI({ apiKey, baseURL });
  const seen: string[] = [];
  let text = '';
  try {
    const asked = { model: 'gpt-5.5', input: 'say hi' } as const;
    if (stream) {
      for await (const event of await client.responses.create({ ...asked, stream })) {
        // Text comes in pieces whose edges are the upstream's affair.
        if (event.type === 'response.output_text.delta') text += event.delta;
        else seen.push(event.type);
      }
    } else {
      const response = await client.responses.create(asked);
      seen.push(response.status ?? '');
      text = response.output_text;
    }
    return { seen, text, error: [] };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { status, code } = error as { status?: unknown; code?: unknown };
    return { seen, text, error: [error.constructor.name, status, code, plainWords(error.message)] };
  }
}

for (const stream of isLong ? [true, false] : [true]) {
  describe(`an answer of the upstream, for OpenAI's SDK, ${stream ? 'streamed' : 'whole'}`, function () {
    this.timeout(120_000);
    for (const row of sdkRows.filter((one) => isLong || one.isLong !== true)) {
      it(row.better ? `${row.name}: ${row.better.why}` : row.name, async () => {
        const played = await playPair(row,
          ({ straight }) => called(pairKey, straight, stream),
          async ({ folder, broker }) => called((await callBroker(broker, 'token', { workspacePath: folder })).token, `${broker.url}/v1`, stream));
        compareWays(row, played, (call) => ({ well: call.error.length === 0 && call.text.includes('say hi'), words: String(call.error.at(-1)) }));
      });
    }
  });
}
