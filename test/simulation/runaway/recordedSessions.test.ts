// The guard watches sessions of the real Codex and of OpenAI's SDK that were recorded: what ordinary work, and trying again
// after every kind of failure, looks like. `recordedSessions.json` has the end of each request's input, shortened.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RunawayGuard } from '../../../src/domain/runawayGuard.ts';
import type { WatchedRequest } from '../../../src/domain/runawayGuard.ts';
import { stepPrints } from '../../../src/protocol/stepPrint.ts';

interface Recorded { readonly name: string; readonly requests: readonly { readonly atMs: number; readonly input: unknown; readonly threadId?: string; readonly previous_response_id?: string }[] }

const sessions = JSON.parse(readFileSync(path.join(import.meta.dirname, 'recordedSessions.json'), 'utf8')) as readonly Recorded[];

function watched({ input, threadId }: Recorded['requests'][number]): WatchedRequest {
  const prints = stepPrints({ input });
  if (threadId === undefined) return { workspaceId: 'w', client: 'openai-node', ...(prints ? { print: prints.alone } : {}) };
  return { workspaceId: 'w', client: 'codex_exec', threadId, ...(prints ? { print: prints.inTask, isHalf: !prints.knowsCalls, isWork: prints.isWork } : {}) };
}

/** What the guard says to the requests of sessions behind each other, all of them answered, in a workspace that is new. */
function findings(played: readonly Recorded[]): unknown[] {
  const guard = new RunawayGuard();
  guard.learn('w', [], 0);
  let [startMs, free] = [0, 1_000_000_000];
  const found: unknown[] = [];
  for (const { name, requests } of played) {
    for (const one of requests) {
      const nowMs = startMs + one.atMs;
      const said = guard.judge(watched(one), { nowMs, monotonicMs: nowMs, freeMicroCredits: free });
      if (said) found.push({ name, ...said });
      guard.ended(watched(one), nowMs, 20);
      guard.spent('w', 1_000_000, nowMs);
      free -= 1_000_000;
    }
    startMs += (requests.at(-1)?.atMs ?? 0) + 1000;
  }
  return found;
}

describe('the runaway guard beside recorded sessions', () => {
  it('disturbs none of them', () => {
    assert.ok(sessions.length >= 60 && sessions.flatMap((one) => one.requests).length >= 90);
    assert.deepEqual(sessions.flatMap((one) => findings([one])), []);
    assert.deepEqual(findings(sessions), [], 'nor all of them, one right after the other');
  });

  it('sees a recorded step that is repeated without end', () => {
    const tool = sessions.flatMap((one) => one.requests).find((one) => JSON.stringify(one.input).includes('function_call_output'));
    assert.ok(tool);
    const again = Array.from({ length: 30 }, (_, index) => ({ ...tool, atMs: index * 900, input: JSON.parse(JSON.stringify(tool.input).replace(/Chunk ID: \w+/, `Chunk ID: ${(index * 654_321 + 1_000_000).toString(16)}`)) as unknown }));
    assert.equal(findings([{ name: 'again', requests: again }]).length, 20);
  });
});
