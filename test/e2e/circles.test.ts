// The real Codex CLI goes round in a circle: an upstream that always wants the same command run. The broker sees it in
// what the real Codex sends back, which names each result anew, over HTTP and over WebSockets, and slows it down.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { makeCodexHome, signalRun, startCodex } from '../support/process/codexBench.ts';
import { chunkOf, lastChunk, streamHead, wholeAnswer } from '../support/process/scriptedUpstream.ts';
import { openSocketBench } from '../support/process/socketBench.ts';
import { callBroker, openBench, until } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

/** Answers after which nobody slowed the run down, so that it ends. */
const answersMax = 40;

/** What an upstream says that wants one command run, whatever came of it. */
function stubborn(): () => readonly { readonly type: string; readonly response?: unknown; readonly item?: unknown }[] {
  let answers = 0;
  return () => {
    answers += 1;
    const usage = { input_tokens: 1200, input_tokens_details: { cached_tokens: 1000 }, output_tokens: 34, output_tokens_details: { reasoning_tokens: 20 }, total_tokens: 1234 };
    const item = answers > answersMax ? { type: 'message', id: `msg_${answers}`, role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Nobody slowed me down.', annotations: [] }] }
      : { type: 'custom_tool_call', id: `ctc_${answers}`, call_id: `call_${answers}`, name: 'exec', status: 'completed', input: 'text(await tools.exec_command({"cmd":"echo still broken; exit 3"}));\n' };
    const response = { id: `resp_${answers}`, object: 'response', status: 'completed', model: 'gpt-6.1-sol', output: [item], usage };
    return [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } }, { type: 'response.output_item.added', item },
      { type: 'response.output_item.done', item }, { type: 'response.completed', response },
    ];
  };
}

const serve = { runawayGuard: true };

const ways: Readonly<Record<string, () => Promise<Workbench>>> = {
  'over HTTP': () => {
    const next = stubborn();
    return openBench({ credits: 1000, serve, script: async (request, wire) => {
      if (request.line.startsWith('GET')) { await wire.write(wholeAnswer(426, '{}')); return; }
      await wire.write(Buffer.concat([Buffer.from(streamHead()), chunkOf(next().map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')), Buffer.from(lastChunk)]));
    } });
  },
  'over WebSockets, which bring the results alone': () => {
    const next = stubborn();
    return openSocketBench({ credits: 1000, serve, socketScript: async ({ json }, wire, index) => {
      const { input } = json as { readonly input: readonly { readonly type: string }[] };
      if (index > 2) assert.deepEqual(input.map(({ type }) => type), ['custom_tool_call_output']);
      for (const event of next()) await wire.send(JSON.stringify(event));
    } });
  },
};

describe('the real Codex CLI in a circle', function () {
  this.timeout(120_000);
  for (const [way, open] of Object.entries(ways)) {
    it(`is slowed down after ten rounds, with the evidence, ${way}`, async () => {
      const bench = await open();
      try {
        const work = path.join(bench.folder, 'work');
        mkdirSync(work);
        const run = startCodex({ dataDir: bench.dataDir }, makeCodexHome(bench.folder), work, ['mend it']);
        const reasons: string[] = [];
        await until(async () => {
          reasons.push(...(await callBroker(bench.broker, 'status', {})).waiting.flatMap((one) => one.reason ?? []).filter((reason) => reason.includes('circle')));
          return reasons.length > 0 || run.child.exitCode !== null;
        }, 'a slowed request');
        signalRun(run, 'SIGINT');
        await run.ended;
        assert.match(reasons[0] ?? 'It was never slowed down.', /^It looks like a circle: this task got the same result 11 times in a row, after 1[1-3] requests\. Its requests are slowed down\./);
      } finally {
        await bench.close();
      }
    });
  }
});
