// The guard watches hundreds of made-up histories: it stops all that got out of hand, soon, and never disturbs
// ordinary work.
import assert from 'node:assert/strict';
import { circleRounds, releaseFactor, RunawayGuard, sameRequestRounds, slowMs, watchedMax } from '../../../src/domain/runawayGuard.ts';
import type { Runaway } from '../../../src/domain/runawayGuard.ts';
import { seededRandom } from '../../support/seededRandom.ts';
import { normalHistory, runawayHistory } from './agentHistory.ts';
import type { AgentHistory } from './agentHistory.ts';

/** Lives through a history until the guard asks. */
function watch(history: AgentHistory): { readonly slowed: number; readonly askedAt?: number; readonly because?: string; readonly found?: Runaway; readonly spentMicroCredits: number } {
  const guard = new RunawayGuard();
  let nowMs = 1_800_000_000_000;
  guard.learn('workspace', history.past, nowMs);
  let spentMicroCredits = 0;
  let slowed = 0;
  let because: string | undefined;
  for (const [index, request] of history.requests.entries()) {
    nowMs += request.gapMs;
    const found = guard.judge(request, { nowMs, monotonicMs: nowMs, ...(history.freeMicroCredits === undefined ? {} : { freeMicroCredits: history.freeMicroCredits - spentMicroCredits }) });
    if (found?.action === 'ask') return { slowed, askedAt: index, found, spentMicroCredits };
    if (found) { slowed += 1; because = found.because; nowMs += found.waitMs; }
    nowMs += request.lastsMs;
    guard.ended(request, nowMs, request.writtenTokens);
    guard.spent('workspace', request.costMicroCredits, nowMs);
    spentMicroCredits += request.costMicroCredits;
  }
  return { slowed, ...(because === undefined ? {} : { because }), spentMicroCredits };
}

describe('the runaway guard', () => {
  it('never disturbs ordinary work, in 400 histories of it', () => {
    const disturbed = Array.from({ length: 400 }, (_, seed) => ({ seed, history: normalHistory(seededRandom(seed + 1)) }))
      .map(({ seed, history }) => ({ seed, name: history.name, ...watch(history) })).filter((one) => one.slowed > 0 || one.askedAt !== undefined);
    assert.deepEqual(disturbed, []);
  });

  it('stops everything that got out of hand, after slowing it down', () => {
    const caught = new Map<string, number[]>();
    for (let seed = 1; seed <= 400; seed += 1) {
      const history = runawayHistory(seededRandom(seed));
      const { askedAt, found, slowed } = watch(history);
      assert.ok(askedAt !== undefined && found, `seed ${seed}: ${history.name} was not seen in ${history.requests.length} requests`);
      assert.ok(slowed > 0 || found.kind !== 'circle', `seed ${seed}: ${history.name} was not slowed down first`);
      const kind = history.name.replace(/\d/, 'N');
      caught.set(kind, [...caught.get(kind) ?? [], askedAt]);
    }
    assert.equal(caught.size, 5);
    for (const [name, at] of caught) console.log(`      ${name}: ${at.length} of ${at.length} seen, at request ${at.toSorted((a, b) => a - b)[Math.floor(at.length / 2)]} on average`);
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
