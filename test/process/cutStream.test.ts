// A recorded stream that is cut off behind every single byte, and one that is sliced at every single
// byte. What reaches the client is a true beginning of what was sent, what is charged is measured
// exactly when the terminal event came whole, and nothing stays reserved.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { failuresMax } from '../../src/domain/circuitBreaker.ts';
import type { Answer } from '../support/process/httpExchange.ts';
import { recordedStream, recordedUsage, terminalKnownAt } from '../support/process/recordedStream.ts';
import { chunkOf, lastChunk, streamHead } from '../support/process/scriptedUpstream.ts';
import type { Script, Wire } from '../support/process/scriptedUpstream.ts';
import { offlineAudit, openBench } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';

/** Requests at a time; each has a kept connection of its own. */
const lanes = 12;

const head = Buffer.from(streamHead());
/** Says which case a request belongs to; this header is one that goes upstream. */
const caseHeader = 'x-codex-test-case';

type How = 'reset' | 'close' | 'early end';
interface Cut { readonly at: number; readonly how: How }

function finish(wire: Wire, how: How): Promise<void> | void {
  if (how === 'reset') return wire.reset();
  if (how === 'close') return wire.end();
  return wire.write(lastChunk);
}

/** What the ledger says of each request, read from its file by the test itself. */
function settlements(dataDir: string): Map<string, { outcome: string; measured: boolean; input: number; output: number; cost: number | null; drawn: number | null }> {
  const db = new DatabaseSync(path.join(dataDir, 'ledger.db'), { readOnly: true });
  try {
    const rows = db.prepare(`SELECT u.request_id, u.outcome, u.measured, u.input_tokens, u.output_tokens, c.cost, c.drawn
      FROM usage_events u LEFT JOIN charges c ON c.usage_event_id = u.id`).all();
    return new Map(rows.map((row) => [String(row['request_id']), {
      outcome: String(row['outcome']), measured: row['measured'] === 1, input: Number(row['input_tokens']), output: Number(row['output_tokens']),
      cost: row['cost'] as number | null, drawn: row['drawn'] as number | null,
    }]));
  } finally {
    db.close();
  }
}

describe('a stream that is cut or sliced at every byte', function () {
  this.timeout(600_000);
  let bench: Workbench;
  let agent: Agent;
  beforeEach(async () => {
    bench = await openBench({ credits: 100_000 });
    agent = new Agent({ keepAlive: true, maxSockets: lanes });
  });
  afterEach(async () => {
    agent.destroy();
    await bench.close();
  });

  /** Runs the cases over a few connections; `check` sees each answer, or undefined when none came. */
  async function each<T>(cases: readonly T[], ask: (one: T, index: number) => Promise<void>, count = lanes): Promise<void> {
    let next = 0;
    const lane = async () => {
      for (let index = next++; index < cases.length; index = next++) await ask(cases[index] as T, index);
    };
    await Promise.all(Array.from({ length: count }, lane));
  }

  /** Stops the broker and proves its ledger. @returns the settlements by request */
  async function proven(count: number) {
    assert.equal(await bench.broker.stop(), 0);
    const { code, found } = await offlineAudit(bench.dataDir);
    assert.deepEqual([code, found.violations, found.openHolds, found.requests], [0, [], 0, count]);
    return settlements(bench.dataDir);
  }

  const hows: readonly How[] = ['reset', 'close', 'early end'];
  it(`gives on exactly what came, and measures exactly what was whole (${hows.join(', ')} behind each of ${recordedStream.length} bytes)`, async () => {
    const cuts: Cut[] = hows.flatMap((how) => Array.from({ length: recordedStream.length + 1 }, (_, at) => ({ at, how })));
    const received = new Map<number, { bytes: number; wake: () => void }>();
    bench.upstream.script = async (request, wire) => {
      const index = Number(request.headers[caseHeader]);
      const cut = cuts[index];
      assert.ok(cut);
      await wire.write(Buffer.concat([head, ...(cut.at > 0 ? [chunkOf(recordedStream.subarray(0, cut.at))] : [])]));
      // A reset may overtake bytes that are still on their way, so it waits until they have arrived.
      await new Promise<void>((resolve) => {
        const seen = received.get(index);
        if (!seen || seen.bytes >= cut.at) resolve();
        else seen.wake = resolve;
      });
      await finish(wire, cut.how);
    };
    const answers: Answer[] = [];
    await each(cuts, async (cut, index) => {
      const seen = { bytes: cut.at === 0 ? -1 : 0, wake: () => undefined as void };
      received.set(index, seen);
      answers[index] = await bench.ask({ agent, headers: { [caseHeader]: String(index) }, onResponse: (response) => {
        seen.bytes = Math.max(0, seen.bytes);
        const look = () => { if (seen.bytes >= cut.at) seen.wake(); };
        response.on('data', (chunk: Buffer) => { seen.bytes += chunk.length; look(); });
        look();
      } });
    });
    const known = await proven(cuts.length);
    for (const [index, cut] of cuts.entries()) {
      const answer = answers[index];
      const where = `${cut.how} behind byte ${cut.at}`;
      assert.ok(answer, where);
      assert.ok(answer.bytes.equals(recordedStream.subarray(0, cut.at)), `${where}: the client got other bytes`);
      assert.equal(answer.complete, cut.how === 'early end', where);
      const settled = known.get(String(answer.headers['x-request-id']));
      assert.ok(settled, where);
      const isWhole = cut.at >= terminalKnownAt;
      assert.deepEqual([settled.measured, settled.outcome], [isWhole, isWhole ? 'completed' : 'broken'], where);
      if (isWhole) assert.deepEqual([settled.input, settled.output], [recordedUsage.inputTokens, recordedUsage.outputTokens], where);
      else assert.ok(settled.input > 0 && (settled.cost ?? 0) > 0, where);
      assert.equal(settled.drawn, settled.cost, where);
    }
  });

  it('answers a head that is cut behind any byte with one clean refusal, free of charge', async () => {
    const cuts = Array.from({ length: head.length }, (_, at) => at);
    bench.upstream.script = async (request, wire) => {
      const at = Number(request.headers[caseHeader]);
      if (at === head.length) { await wire.write(Buffer.concat([head, chunkOf(recordedStream), Buffer.from(lastChunk)])); return; }
      if (at > 0) await wire.write(head.subarray(0, at));
      await finish(wire, at % 2 === 0 ? 'close' : 'reset');
    };
    const ids: string[] = [];
    await each(cuts, async (at) => {
      const answer = await bench.ask({ agent, headers: { [caseHeader]: String(at) } });
      assert.deepEqual([answer.status, answer.complete], [502, true], `cut behind byte ${at}`);
      ids.push(String(answer.headers['x-request-id']));
      // An upstream that fails again and again is asked less and less, so it answers well in between.
      assert.equal((await bench.ask({ agent, headers: { [caseHeader]: String(head.length) } })).status, 200);
    }, failuresMax - 1);
    const known = await proven(cuts.length * 2);
    for (const id of ids) assert.deepEqual([known.get(id)?.outcome, known.get(id)?.cost], ['broken', null]);
  });

  it('reads the usage and changes no byte wherever the pieces meet', async () => {
    const pieces = (at: number): Buffer[] => (at === 0
      ? Array.from(recordedStream, (_, index) => recordedStream.subarray(index, index + 1))
      : [recordedStream.subarray(0, at), recordedStream.subarray(at)]);
    const script: Script = async (request, wire) => {
      await wire.write(head);
      for (const piece of pieces(Number(request.headers[caseHeader]))) await wire.write(chunkOf(piece));
      await wire.write(lastChunk);
    };
    bench.upstream.script = script;
    // Case 0 sends every byte on its own.
    const cases = Array.from({ length: recordedStream.length }, (_, at) => at);
    const ids: string[] = [];
    await each(cases, async (at) => {
      const answer = await bench.ask({ agent, headers: { [caseHeader]: String(at) } });
      assert.ok(answer.complete && answer.bytes.equals(recordedStream), `sliced at byte ${at}`);
      ids.push(String(answer.headers['x-request-id']));
    });
    const known = await proven(cases.length);
    for (const id of ids) {
      const settled = known.get(id);
      assert.deepEqual([settled?.measured, settled?.input, settled?.output], [true, recordedUsage.inputTokens, recordedUsage.outputTokens]);
    }
    assert.equal(new Set([...known.values()].map((one) => one.cost)).size, 1, 'the same usage costs the same');
  });
});
