// Session files give each response once, with its own counts, however they were forked, replayed, compacted or
// cut off, in both of Codex's formats; recorded files of the real Codex give what it told.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RolloutReader } from '../../src/protocol/rolloutReader.ts';
import type { RolloutUse } from '../../src/protocol/rolloutReader.ts';
import { rolloutWorlds } from '../support/rollouts/rolloutWorld.ts';
import type { TrueUse } from '../support/rollouts/rolloutWorld.ts';

function read(text: string): { uses: RolloutUse[]; unreadable: number } {
  const reader = new RolloutReader();
  const uses = text.split('\n').flatMap((line) => reader.read(line) ?? []);
  return { uses, unreadable: reader.unreadable };
}

const countsOf = ({ usage }: RolloutUse) => [usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, usage.reasoningTokens];
const trueCounts = (use: TrueUse) => [use.input, use.cached, use.output, use.reasoning];
/** Counted the way that the ledger counts: each key once. Outputs are different in all responses, so they tell them apart. */
const counted = (texts: readonly string[]) => [...new Map(texts.flatMap((text) => read(text).uses).map((use) => [use.key, countsOf(use)])).values()].sort((a, b) => (a[2] ?? 0) - (b[2] ?? 0));

describe('session files', () => {
  const recorded = (name: string) => read(readFileSync(join(import.meta.dirname, 'fixtures/rollouts', `${name}.jsonl`), 'utf8'));

  it('give one response for each record of a real run: turns, a compaction, a resumed session, a review', () => {
    for (const [name, responses] of [['compacted', 2], ['compactedRemotely', 2], ['resumed', 2], ['subagent', 1]] as const) {
      const { uses, unreadable } = recorded(name);
      assert.equal(unreadable, 0, name);
      assert.deepEqual(uses.map(countsOf), Array.from({ length: responses }, () => [1200, 1000, 34, 20]), name);
      assert.ok(uses.every((use) => use.responseId === use.key && /^resp_[\da-f]{12}$/.test(use.key)), name);
    }
    assert.deepEqual(recorded('subagent').uses.map((use) => [use.threadId, use.atMs]), [['01a20228-7f4c-7cd2-9516-9d0583392b58', Date.parse('2026-11-22T07:28:58.303Z')]]);
  });

  it('give the same responses by their totals alone, but for a remote compaction, which totals do not tell', () => {
    for (const [name, responses] of [['compacted', 2], ['compactedRemotely', 1], ['resumed', 2], ['subagent', 1]] as const) {
      const text = readFileSync(join(import.meta.dirname, 'fixtures/rollouts', `${name}.jsonl`), 'utf8').split('\n').filter((line) => !line.includes('token_usage_record')).join('\n');
      assert.deepEqual(read(text).uses.map(countsOf), Array.from({ length: responses }, () => [1200, 1000, 34, 20]), name);
    }
  });

  it('give each response of any tree of threads once, whatever the order in which they are read', () => {
    fc.assert(fc.property(rolloutWorlds, fc.infiniteStream(fc.nat()), ({ files, uses }, order) => {
      const shuffled = files.map((file) => ({ file, at: order.next().value })).sort((a, b) => a.at - b.at).map(({ file }) => file.text);
      assert.deepEqual(counted(shuffled), uses.map(trueCounts));
    }), { numRuns: 500 });
  });

  it('give the rest of a file that was cut off at any character when it is read again, with the same keys', () => {
    fc.assert(fc.property(rolloutWorlds, fc.nat(), ({ files, uses }, cut) => {
      const torn = files.map(({ text }) => text.slice(0, cut % (text.length + 1)));
      const before = torn.flatMap((text) => read(text).uses.map((use) => JSON.stringify(use)));
      const whole = new Set(files.flatMap(({ text }) => read(text).uses.map((use) => JSON.stringify(use))));
      assert.deepEqual(before.filter((use) => !whole.has(use)), []);
      assert.deepEqual(counted([...torn, ...files.map((file) => file.text)]), uses.map(trueCounts));
    }), { numRuns: 300 });
  });

  it('tell nothing of totals that a fork by a newer version begins with', () => {
    const line = (type: string, payload: unknown) => JSON.stringify({ timestamp: '2026-11-01T10:00:00.000Z', type, payload });
    const total = { input_tokens: 50, output_tokens: 7 };
    const first = line('event_msg', { type: 'token_count', info: { total_token_usage: total, last_token_usage: total } });
    const meta = (version: string) => line('session_meta', { id: 'b', forked_from_id: 'a', cli_version: version });
    assert.deepEqual(['0.140.0', '0.163.0', '0.169.0', '1.0.0', '0.0.0'].map((version) => read([meta(version), first].join('\n')).uses.length), [1, 0, 0, 0, 1]);
  });

  it('say by which model, in which folder and in which client each was used', () => {
    const line = (type: string, payload: unknown) => JSON.stringify({ timestamp: '2026-11-01T10:00:00.000Z', type, payload });
    const record = (id: string) => line('token_usage_record', { thread_id: 't', response_id: id, usage: { input_tokens: 5, output_tokens: 2 } });
    const { uses } = read([
      line('session_meta', { id: 't', cwd: '/a', originator: 'codex_vscode', cli_version: '0.163.0' }), record('one'),
      line('turn_context', { model: 'gpt-x', cwd: '/b' }), record('two'), line('turn_context', { model: 'gpt-y' }), record('three'),
    ].join('\n'));
    assert.deepEqual(uses.map((use) => [use.key, use.model, use.cwd, use.client, use.clientVersion]), [
      ['one', undefined, '/a', 'codex_vscode', '0.163.0'], ['two', 'gpt-x', '/b', 'codex_vscode', '0.163.0'], ['three', 'gpt-y', '/b', 'codex_vscode', '0.163.0'],
    ]);
  });

  it('count what they tell and cannot be: no id, no time, more cached than there is, and pass over what is no line of theirs', () => {
    const usage = { input_tokens: 5, output_tokens: 2 };
    const lines = [
      { timestamp: '2026-11-01T10:00:00Z', type: 'token_usage_record', payload: { usage } }, { type: 'token_usage_record', payload: { response_id: 'a', usage } },
      { timestamp: '2026-11-01T10:00:00Z', type: 'token_usage_record', payload: { response_id: 'b', usage: { ...usage, cached_input_tokens: 6 } } },
      { timestamp: '2026-11-01T10:00:00Z', type: 'token_usage_record', payload: { response_id: 'c'.repeat(500), usage } },
      { timestamp: '2026-11-01T10:00:00Z', type: 'token_usage_record', payload: { response_id: 'd', usage: { ...usage, output_tokens: -1 } } },
    ].map((line) => JSON.stringify(line));
    assert.deepEqual(read([...lines, '{"type":"token_usage_record"', '["token_usage_record"]', '"token_count"', ''].join('\n')), { uses: [], unreadable: 5 });
    fc.assert(fc.property(fc.anything(), (payload) => { read(JSON.stringify({ type: 'token_usage_record', payload, timestamp: payload }) ?? ''); read(JSON.stringify({ type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: payload, last_token_usage: payload } } })); }));
  });
});
