// Oracles that no client can be: they see the upstream's own buckets, are counted the moment they decide, and
// know every output beforehand. They keep the broker's order (classes, then equal shares of workspaces by what
// jobs really use), since an unfair schedule would be no measure. One starts whatever the door lets in; the other
// starts only what the door can pay to its last output, so that it never falls into debt and people wait less.
// What is compared with them is compared with the better of both.
import { FairQueue, type QueueItem } from '../../../src/domain/fairQueue.ts';
import { countedTokens, type Job, type Scenario } from './scenarios.ts';
import { latencyMsMax, type Desk, type PolicyKind } from './world.ts';

interface Waiting extends QueueItem { readonly job: Job; readonly done: (carried: boolean) => void }

/** Starts as soon as the door lets it. */
export const eagerOracle: PolicyKind = { name: 'oracle', make: (desk, scenario) => oracle(desk, scenario, false) };
/** Starts once the whole output can be paid too. */
export const carefulOracle: PolicyKind = { name: 'oracle without debt', make: (desk, scenario) => oracle(desk, scenario, true) };

/**
 * Sees the upstream's buckets too when it decides, but its requests take their way through the network like everybody's: what
 * another application takes meanwhile it cannot know. No client sees more, and yet it is refused.
 */
export const networkedOracle: PolicyKind = { name: 'oracle behind the network', make: (desk, scenario) => oracle(desk, scenario, true, true) };

function oracle({ time, door, send, sendCounted }: Desk, { limits }: Scenario, isCareful: boolean, isNetworked = false) {
  /** What a job takes of the scarcer limit, in tokens. */
  const costOf = ({ model, inputTokens, outputTokens }: Job) => Math.max(inputTokens + outputTokens, (limits[model]?.tokensPerMinute ?? 0) / (limits[model]?.requestsPerMinute ?? 1));
  const lanes = new Map<string, { readonly queue: FairQueue<Waiting>; unpaid: number; onTheWay: number; stopWake: () => void }>();
  const laneOf = (model: string) => {
    let lane = lanes.get(model);
    if (!lane) lanes.set(model, lane = { queue: new FairQueue(), unpaid: 0, onTheWay: 0, stopWake: () => undefined });
    return lane;
  };
  const pump = (model: string): void => {
    const lane = laneOf(model);
    lane.stopWake();
    for (let next = lane.queue.peek(); next; next = lane.queue.peek()) {
      const { job, done } = next;
      const beyond = job.inputTokens + job.outputTokens - countedTokens(job);
      const wanted = countedTokens(job) + lane.onTheWay + (isCareful ? lane.unpaid + Math.max(0, beyond) : 0);
      const waitMs = door.waitMs(model, wanted, time.worldMs);
      if (waitMs > 0) {
        lane.stopWake = time.onLaptop(waitMs, () => pump(model));
        return;
      }
      lane.queue.take();
      lane.unpaid += Math.max(0, beyond);
      if (isNetworked) {
        lane.onTheWay += countedTokens(job);
        time.onLaptop(latencyMsMax, () => { lane.onTheWay -= countedTokens(job); });
      }
      (isNetworked ? send : sendCounted)(job, {
        refused: () => {
          if (!isNetworked) throw new Error(`the oracle was refused: ${job.id}`);
          lane.unpaid -= Math.max(0, beyond);
          lane.queue.putBack(next);
          pump(model);
        },
        ended: () => {
          lane.unpaid -= Math.max(0, beyond);
          done(true);
          pump(model);
        },
      });
    }
  };
  return {
    carry: (job: Job, done: (carried: boolean) => void) => {
      const { id, workspaceId, threadId, priority } = job;
      if (laneOf(job.model).queue.enqueue({ id, workspaceId, threadId, priority, cost: costOf(job), job, done }) !== 'queued') throw new Error('the line is full');
      // What comes at the same moment takes its place before anything starts.
      const lane = laneOf(job.model);
      lane.stopWake();
      lane.stopWake = time.onLaptop(0, () => pump(job.model));
    },
  };
}
