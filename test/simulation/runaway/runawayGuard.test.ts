// The guard watches hundreds of made-up histories: it stops all that got out of hand, soon, and never disturbs
// ordinary work.
import assert from 'node:assert/strict';
import { circleRounds, releaseFactor, RunawayGuard, sameRequestRounds, slowedFirst, slowMs, watchedMax } from '../../../src/domain/runawayGuard.ts';
import type { Runaway } from '../../../src/domain/runawayGuard.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import type { SeededRandom } from '../../support/seededRandom.ts';
import { normalHistory, runawayHistory } from './agentHistory.ts';
import type { AgentHistory } from './agentHistory.ts';
import { normalNewWorkspace, runawayNewWorkspace } from './newWorkspace.ts';

/** Lives through a history until the guard asks. */
function watch(history: AgentHistory): { readonly slowed: number; readonly askedAt?: number; readonly because?: string; readonly found?: Runaway; readonly spentMicroCredits: number; readonly tookMs: number } {
  const guard = new RunawayGuard();
  const startMs = 1_800_000_000_000;
  let nowMs = startMs;
  guard.learn('workspace', history.past, nowMs, history.others);
  let spentMicroCredits = 0;
  let slowed = 0;
  let because: string | undefined;
  for (const [index, request] of history.requests.entries()) {
    nowMs += request.gapMs;
    const found = guard.judge(request, { nowMs, monotonicMs: nowMs, ...(history.freeMicroCredits === undefined ? {} : { freeMicroCredits: Math.max(0, history.freeMicroCredits - spentMicroCredits) }) });
    if (found?.action === 'ask') return { slowed, askedAt: index, found, spentMicroCredits, tookMs: nowMs - startMs };
    if (found) { slowed += 1; because = found.because; nowMs += found.waitMs; }
    nowMs += request.lastsMs;
    guard.ended(request, nowMs, request.writtenTokens);
    guard.spent('workspace', request.costMicroCredits, nowMs);
    spentMicroCredits += request.costMicroCredits;
  }
  return { slowed, ...(because === undefined ? {} : { because }), spentMicroCredits, tookMs: nowMs - startMs };
}

/** Histories that the guard disturbed. */
const disturbed = (make: (random: SeededRandom) => AgentHistory) => Array.from({ length: 400 }, (_, seed) => ({ seed, history: make(seededRandom(seed + 1)) }))
  .map(({ seed, history }) => ({ seed, name: history.name, ...watch(history) })).filter((one) => one.slowed > 0 || one.askedAt !== undefined);

/** What became of 400 histories that got out of hand, each of which must be seen, by what they were: the request at which a person was asked, in the order of size. */
function caughtIn(make: (random: SeededRandom) => AgentHistory): Map<string, number[]> {
  const caught = new Map<string, { at: number; credits: number; minutes: number }[]>();
  for (let seed = 1; seed <= 400; seed += 1) {
    const history = make(seededRandom(seed));
    const { askedAt, found, slowed, spentMicroCredits, tookMs } = watch(history);
    assert.ok(askedAt !== undefined && found, `seed ${seed}: ${history.name} was not seen in ${history.requests.length} requests`);
    assert.ok(slowed > 0, `seed ${seed}: ${history.name} was not slowed down first`);
    const kind = history.name.replace(/\d/, 'N');
    caught.set(kind, [...caught.get(kind) ?? [], { at: askedAt, credits: spentMicroCredits / 1_000_000, minutes: tookMs / 60_000 }]);
  }
  const middle = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  for (const [name, all] of caught) console.log(`      ${name}: ${all.length} of ${all.length} seen; in the middle of them at request ${middle(all.map((one) => one.at))}, after ${middle(all.map((one) => one.minutes)).toFixed(0)} min and ${middle(all.map((one) => one.credits)).toFixed(0)} credits`);
  return new Map([...caught].map(([name, all]) => [name, all.map((one) => one.at).toSorted((a, b) => a - b)]));
}

/** After how many requests of nothing but one circle of work a person is asked, its last step taking so long. */
function circleOfWorkAskedAfter(length: number, slowestMs: number): number {
  const guard = new RunawayGuard();
  for (let [step, nowMs] = [0, 0]; step < 1000; step += 1, nowMs += step % length === 0 ? slowestMs : 10) {
    const request = { workspaceId: 'w', threadId: 't', client: 'c', print: `p${step % length}`, isWork: true };
    if (guard.judge(request, { nowMs, monotonicMs: nowMs })?.action === 'ask') return step + 1;
    guard.ended(request, nowMs);
  }
  return Infinity;
}

describe('the runaway guard', () => {
  it('never disturbs ordinary work, in 400 histories of it', () => { assert.deepEqual(disturbed(normalHistory), []); });

  it('never disturbs the first hours of a workspace, in 400 histories of them', () => { assert.deepEqual(disturbed(normalNewWorkspace), []); });

  it('stops everything that got out of hand, after slowing it down', () => {
    const caught = caughtIn(runawayHistory);
    assert.equal(caught.size, 8);
    // What a slow step or a long circle adds before a person is asked; the ordinary work before it is in the numbers too.
    assert.equal(circleOfWorkAskedAfter(1, 10_000), circleRounds.ask * 2 + 1);
    assert.ok(circleOfWorkAskedAfter(8, 10) < 90 && circleOfWorkAskedAfter(5, 10) < 80 && circleOfWorkAskedAfter(3, 10_000) < 100);
  });

  it('stops a new workspace that gets out of hand in its first minutes, after slowing it down', () => {
    assert.equal(caughtIn(runawayNewWorkspace).size, 4);
  });

  it('asks before a new workspace has spent its balance in one minute', () => {
    const guard = new RunawayGuard();
    guard.learn('w', [], 0);
    for (let answer = 0; answer < 50; answer += 1) guard.spent('w', 100_000_000, answer * 1000);
    const actions = Array.from({ length: slowedFirst + 1 }, (_, step) => guard.judge({ workspaceId: 'w', threadId: `t${step}`, client: 'c' }, { nowMs: 60_000, monotonicMs: 60_000, freeMicroCredits: 1_000_000_000 }));
    assert.deepEqual(actions.map((one) => [one?.kind, one?.action, one?.waitMs]), [['burn', 'slow', 1000], ['burn', 'slow', 2000], ['burn', 'slow', 4000], ['burn', 'ask', 8000]]);
    assert.match(actions[0]?.because ?? '', /^The balance would be empty in about 1 min\. This workspace is new and spent 5,?000\.00 credits in this quarter hour\.$/);
    guard.release('task', { workspaceId: 'w', threadId: 't9', client: 'c' });
    assert.equal(guard.judge({ workspaceId: 'w', threadId: 't9', client: 'c' }, { nowMs: 60_000, monotonicMs: 60_000, freeMicroCredits: 1_000_000_000 })?.kind, 'burn', 'nearly two minutes of a balance are more than four times too few');
  });

  it('measures a new workspace by the others while its own past is short', () => {
    const judged = (others: readonly number[], past: readonly number[] = []) => {
      const guard = new RunawayGuard();
      guard.learn('w', past, 0, others);
      guard.spent('w', 900_000_000, 0);
      return guard.judge({ workspaceId: 'w', threadId: 't', client: 'c' }, { nowMs: 1, monotonicMs: 1 });
    };
    const cheap = Array.from({ length: 20 }, () => 5_000_000);
    assert.match(judged(cheap)?.because ?? '', /new and spent 900\.00 credits in this quarter hour; in 95 of 100 with work the other workspaces spent at most 5\.00\./);
    assert.match(judged([], [1_000_000, 2_000_000, 3_000_000])?.because ?? '', /in all but one of its 3 others with work it spent at most 2\.00\./);
    assert.ok(judged([], [1_000_000, 2_000_000_000, 3_000_000]), 'one quarter hour that got out of hand makes no habit');
    assert.equal(judged(cheap.map((cost) => cost * 20)), undefined, 'as dear as the others');
    assert.equal(judged(cheap, Array.from({ length: 20 }, () => 200_000_000)), undefined, 'a past of its own counts alone');
  });

  it('says by which evidence', () => {
    const guard = new RunawayGuard();
    const request = { workspaceId: 'w', threadId: 't', client: 'codex_exec', print: 'same' };
    let found: Runaway | undefined;
    for (let step = 0; step <= circleRounds.ask; step += 1) found = guard.judge(request, { nowMs: step, monotonicMs: step });
    assert.deepEqual([found?.kind, found?.action], ['circle', 'ask']);
    assert.match(found?.because ?? '', new RegExp(`the same result ${circleRounds.ask + 1} times in a row, after ${circleRounds.ask + 1} requests`));
  });

  it('waits longer with each request that it slows down, up to a bound', () => {
    const guard = new RunawayGuard();
    const waits = Array.from({ length: circleRounds.ask }, (_, step) => guard.judge({ workspaceId: 'w', threadId: 't', client: 'c', print: 'p' }, { nowMs: step, monotonicMs: step })?.waitMs);
    assert.deepEqual(waits.slice(circleRounds.slow, circleRounds.slow + 5), [slowMs.first, 2000, 4000, 8000, slowMs.longest]);
    assert.deepEqual(waits.slice(0, circleRounds.slow).filter(Boolean), []);
  });

  it('lets a released task go on four times as far, and no other', () => {
    const guard = new RunawayGuard();
    const task = { workspaceId: 'w', threadId: 't', client: 'c', print: 'p' };
    const until = (rounds: number, request = task) => Array.from({ length: rounds }, (_, step) => guard.judge(request, { nowMs: step, monotonicMs: step })?.action).at(-1);
    assert.equal(until(circleRounds.ask + 1), 'ask');
    guard.release('task', task);
    assert.equal(until(circleRounds.slow * releaseFactor), undefined);
    assert.equal(until(circleRounds.ask * releaseFactor), 'ask');
    assert.equal(until(circleRounds.ask + 1, { ...task, threadId: 'other' }), 'ask');
    guard.release('workspace', task);
    assert.equal(until(circleRounds.slow * releaseFactor, { ...task, threadId: 'other' }), undefined);
  });

  it('lets clients without a task repeat themselves for longer', () => {
    const guard = new RunawayGuard();
    const at = Array.from({ length: sameRequestRounds.ask + 1 }, (_, step) => guard.judge({ workspaceId: 'w', client: 'openai-node', print: 'p' }, { nowMs: step, monotonicMs: step })?.action);
    assert.deepEqual([at.indexOf('slow'), at.indexOf('ask')], [sameRequestRounds.slow, sameRequestRounds.ask]);
  });

  it('takes a request that got no answer and comes again for no round of a circle', () => {
    const guard = new RunawayGuard();
    const task = { workspaceId: 'w', threadId: 't', client: 'codex_exec', print: 'p' };
    const ask = (isLost: boolean, step: number) => { const found = guard.judge(task, { nowMs: step, monotonicMs: step }); guard.ended(task, step, undefined, isLost); return found?.action; };
    // An upstream that fails makes Codex ask thirty times by itself: five times over HTTP, in each of six tries.
    assert.deepEqual(Array.from({ length: 60 }, (_, step) => ask(true, step)).filter(Boolean), []);
    const answered = Array.from({ length: circleRounds.slow + 1 }, (_, step) => ask(false, 60 + step));
    assert.deepEqual(answered.map((action) => action === undefined), [...Array.from({ length: circleRounds.slow }, () => true), false], 'what was answered counts from its first time on');
    assert.equal(ask(true, 80), 'slow', 'and a circle that is refused is none the less one');
    assert.equal(ask(true, 81), 'slow');
  });

  it('remembers a bounded number of tasks, those that were seen last', () => {
    const guard = new RunawayGuard();
    const seen = (threadId: string) => guard.judge({ workspaceId: 'w', threadId, client: 'c', print: 'p' }, { nowMs: 0, monotonicMs: 0 })?.action;
    for (let step = 0; step < circleRounds.slow; step += 1) { seen('kept'); seen('dropped'); }
    for (let other = 0; other < watchedMax - 1; other += 1) { if (other % 100 === 0) guard.ended({ workspaceId: 'w', threadId: 'kept', client: 'c' }, 0); seen(`other ${other}`); }
    assert.deepEqual([seen('kept'), seen('dropped')], ['slow', undefined]);
  });
});
