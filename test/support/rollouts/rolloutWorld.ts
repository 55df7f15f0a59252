// Session files as Codex writes them, made up from a tree of threads whose usage is known: forks that replay
// their parent with the old times or new ones, or go on from its totals without a replay; both formats and the
// change from one to the other; repeated totals, compactions, totals that begin anew, and lines of other kinds.
import fc from 'fast-check';

/** What one response used, as the files count it. */
export interface TrueUse { readonly id: string; readonly input: number; readonly cached: number; readonly output: number; readonly reasoning: number }

/** A world: its files by name, and what was really used in it. */
export interface RolloutWorld { readonly files: readonly { readonly name: string; readonly text: string }[]; readonly uses: readonly TrueUse[] }

type Format = 'records' | 'totals';
type Noise = 'nothing' | 'repeated' | 'limits only' | 'compaction' | 'text';

interface Step { readonly input: number; readonly cached: number; readonly reasoning: number; readonly noise: Noise; readonly anew: boolean }
interface Branch { readonly parent: number; readonly at: number; readonly format: Format; readonly how: 'old times' | 'new times' | 'no replay'; readonly steps: readonly Step[] }

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  input: fc.integer({ min: 2, max: 90_000 }), cached: fc.integer({ min: 0, max: 90_000 }), reasoning: fc.integer({ min: 0, max: 1_000 }),
  noise: fc.constantFrom<Noise>('nothing', 'repeated', 'limits only', 'compaction', 'text'), anew: fc.boolean(),
});

const branchArbitrary: fc.Arbitrary<Branch> = fc.record({
  parent: fc.nat(), at: fc.nat(), format: fc.constantFrom<Format>('records', 'totals'), how: fc.constantFrom('old times', 'new times', 'no replay' as const),
  steps: fc.array(stepArbitrary, { minLength: 1, maxLength: 4 }),
});

interface Total { readonly input: number; readonly cached: number; readonly output: number; readonly reasoning: number }
interface Line { readonly atMs: number; readonly type: string; readonly payload: unknown }
interface Thread { readonly id: string; readonly ancestors: readonly { readonly id: string; readonly version: string; readonly parent?: string }[]; readonly format: Format; readonly turns: readonly { readonly lines: readonly Line[]; readonly total: Total }[] }

const nothing: Total = { input: 0, cached: 0, output: 0, reasoning: 0 };
const startMs = Date.UTC(2026, 10, 1);
const counts = (one: Total) => ({ input_tokens: one.input, cached_input_tokens: one.cached, output_tokens: one.output, reasoning_output_tokens: one.reasoning, total_tokens: one.input + one.output });
const plus = (a: Total, b: Total): Total => ({ input: a.input + b.input, cached: a.cached + b.cached, output: a.output + b.output, reasoning: a.reasoning + b.reasoning });

/** Worlds of up to five threads. The first has no parent; a file in the old format never follows on one in the new. */
export const rolloutWorlds: fc.Arbitrary<RolloutWorld> = fc.array(branchArbitrary, { minLength: 1, maxLength: 5 }).map((branches) => {
  const threads: Thread[] = [];
  const files: { name: string; text: string }[] = [];
  const uses: TrueUse[] = [];
  for (const [index, branch] of branches.entries()) {
    const parent = index === 0 ? undefined : threads[branch.parent % (index + 1)];
    const inherited = parent ? parent.turns.slice(0, branch.at % (parent.turns.length + 1)) : [];
    const id = `thread-${index}`;
    const format = parent?.format === 'records' ? 'records' : branch.format;
    const own = { id, version: format === 'records' ? '0.163.0' : '0.140.0', ...(parent ? { parent: parent.id } : {}) };
    const ancestors = [own, ...(parent ? parent.ancestors : [])];
    let total = inherited.at(-1)?.total ?? nothing;
    const turns = branch.steps.map((step, place) => {
      const isAnew = format === 'totals' && step.anew && total.input > 1;
      // Powers of two: no two different sums of them are the same.
      const used: TrueUse = { id: `resp_${uses.length}`, input: isAnew ? 1 : step.input, cached: isAnew ? 0 : step.cached % step.input, output: 2 ** uses.length, reasoning: step.reasoning % (2 ** uses.length + 1) };
      uses.push(used);
      total = isAnew ? used : plus(total, used);
      return { lines: linesOf(used, { total, format, threadId: id, noise: step.noise, atMs: startMs + index * 3_600_000 + place * 60_000 }), total };
    });
    threads.push({ id, ancestors, format, turns: [...inherited, ...turns] });
    const madeMs = startMs + index * 3_600_000 - 1_000;
    const replay = branch.how === 'no replay' && inherited.length > 0 && format === 'totals' ? [] : inherited.flatMap(({ lines }) => lines.map((line) => ({ ...line, atMs: branch.how === 'new times' ? madeMs : line.atMs })));
    const metas = ancestors.map(({ id: of, version, parent: from }): Line => ({ atMs: madeMs, type: 'session_meta', payload: { id: of, cwd: '/projects/a', originator: 'codex_exec', cli_version: version, ...(from === undefined ? {} : { forked_from_id: from }) } }));
    const lines = [...metas, { atMs: madeMs, type: 'turn_context', payload: { model: 'gpt-test', cwd: '/projects/a' } }, ...replay, ...turns.flatMap((turn) => turn.lines)];
    files.push({ name: `rollout-${index}-${id}.jsonl`, text: lines.map(({ atMs, ...line }) => `${JSON.stringify({ timestamp: new Date(atMs).toISOString(), ...line })}\n`).join('') });
  }
  return { files, uses };
});

function linesOf(used: TrueUse, at: { readonly total: Total; readonly format: Format; readonly threadId: string; readonly noise: Noise; readonly atMs: number }): Line[] {
  const { total, format, threadId, noise, atMs } = at;
  const count = (last: unknown): Line => ({ atMs, type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: counts(total), last_token_usage: last }, rate_limits: null } });
  const plain = count(counts(used));
  return [
    ...(format === 'records' ? [{ atMs, type: 'token_usage_record', payload: { thread_id: threadId, response_id: used.id, usage: { ...counts(used), cache_write_input_tokens: 0 } } }] : []),
    plain,
    ...(noise === 'repeated' ? [plain] : []),
    ...(noise === 'limits only' ? [{ atMs, type: 'event_msg', payload: { type: 'token_count', info: null, rate_limits: {} } }] : []),
    ...(noise === 'compaction' ? [count({ ...counts(nothing), total_tokens: 6888 })] : []),
    ...(noise === 'text' ? [{ atMs, type: 'response_item', payload: { type: 'message', content: 'says "token_usage_record" and "token_count" and \n nothing' } }] : []),
  ];
}
