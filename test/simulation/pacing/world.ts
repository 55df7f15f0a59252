// Lets one policy carry one scenario's jobs, and measures what came of it. The upstream, the network and
// people are simulated here; the policy is whatever code decides when a request is sent.
import { DoorUpstream } from './doorUpstream.ts';
import { agentPauseMs, agentRuns, countedTokens, hashOf, personJob, personPerMinute, type Job, type Scenario } from './scenarios.ts';
import { exponentialMs, logNormal, seeded } from './chance.ts';
import { VirtualTime } from './virtualTime.ts';

/** What happens to a request that was sent. A refusal is all; otherwise the headers come, later the end. */
export interface Sent {
  readonly refused: (headers: Readonly<Record<string, string>>, body: string, status: number) => void;
  readonly answered?: (headers: Readonly<Record<string, string>>) => void;
  readonly ended: (usedTokens: number) => void;
}

/** What a policy can see and do: a laptop with a network. */
export interface Desk {
  readonly time: VirtualTime;
  readonly random: () => number;
  send(job: Job, on: Sent): void;
  /** The door itself, and a way to be counted at once. For the oracle alone. */
  readonly door: DoorUpstream;
  sendCounted(job: Job, on: Sent): void;
}

/** Something that carries jobs. */
export interface Policy {
  /** Takes a job, and calls `done` once, with whether it was carried. */
  carry(job: Job, done: (carried: boolean) => void): void;
  /** Nothing more will come. */
  close?(): void;
}

/** A way to make a policy for one scenario. `isAsync`: it waits for promises, and may take the global timers. */
export interface PolicyKind { readonly name: string; readonly isAsync?: boolean; make(desk: Desk, scenario: Scenario): Policy }

/** What came of it. */
export interface Outcome {
  /** From the start to the end of the agents' last job, without the laptop's sleep. */
  readonly makespanMs: number;
  readonly carried: number;
  readonly failed: number;
  readonly refusals: number;
  /** For each model the tokens that each workspace was let in with, up to the moment at which the first of them had none left to send. */
  readonly shares: readonly (readonly number[])[];
  /** How long people waited before the sending that was let in. */
  readonly personWaitsMs: readonly number[];
  /** How long the fluid bound is: the tightest limit, used to the full from its first full bucket on. */
  readonly boundMs: number;
}

/** The longest that a simulated world may last. */
const virtualMsMax = 12 * 3_600_000;
const latencyMsMin = 20;
/** The slowest way to the upstream, or back. */
export const latencyMsMax = 150;

/** Carries a whole scenario. */
export async function simulate(kind: PolicyKind, scenario: Scenario, seed: number): Promise<Outcome> {
  const time = new VirtualTime(scenario.sleep);
  const door = new DoorUpstream(scenario);
  const network = seeded(hashOf(`${seed}/network`));
  const latencyMs = () => latencyMsMin + network() * (latencyMsMax - latencyMsMin);
  const sentAtMs = new Map<string, number>();
  const runs = agentRuns(scenario, seed);
  const fairness = new Map(Object.keys(scenario.limits).map((model) => [model, new Shares(runs.flatMap(({ jobs }) => jobs.filter((job) => job.model === model)))]));
  let [refusals, running] = [0, 0];

  const begin = (job: Job, on: Sent): void => {
    if (running >= (scenario.streamsMax ?? Infinity)) {
      refusals += 1;
      time.toLaptop(latencyMs(), () => on.refused({}, '{"error":{"code":"server_is_overloaded","message":"The model is at capacity."}}', 503));
      return;
    }
    const answer = door.admit(job.model, countedTokens(job), time.worldMs);
    if (!answer.admitted) {
      refusals += 1;
      time.toLaptop(latencyMs(), () => on.refused(answer.headers, answer.body, 429));
      return;
    }
    fairness.get(job.model)?.letIn(job);
    running += 1;
    const slowness = scenario.slowness?.(running, time.worldMs) ?? 1;
    time.toLaptop(job.firstByteMs * slowness + latencyMs(), () => on.answered?.(answer.headers));
    time.inWorld(job.durationMs * slowness, () => {
      running -= 1;
      const used = job.inputTokens + job.outputTokens;
      door.take(job.model, used - countedTokens(job), 0, time.worldMs);
      time.toLaptop(latencyMs(), () => on.ended(used));
    });
  };
  const desk: Desk = {
    time, door, random: seeded(hashOf(`${seed}/policy`)),
    send: (job, on) => {
      sentAtMs.set(job.id, time.laptopMs);
      time.inWorld(latencyMs(), () => begin(job, on));
    },
    sendCounted: (job, on) => {
      sentAtMs.set(job.id, time.laptopMs);
      begin(job, on);
    },
  };

  const policy = kind.make(desk, scenario);
  let [open, carried, failed, makespanMs] = [0, 0, 0, 0];
  for (const { jobs } of runs) {
    open += jobs.length;
    const next = (number: number) => {
      const job = jobs[number];
      if (!job) return;
      policy.carry(job, (isCarried) => {
        if (isCarried) carried += 1; else failed += 1;
        open -= 1;
        makespanMs = time.worldMs - (scenario.sleep && time.worldMs > scenario.sleep.atMs ? scenario.sleep.forMs : 0);
        time.onLaptop(agentPauseMs, () => next(number + 1));
      });
    };
    // Within a second of each other, but for a burst, which comes at once.
    time.onLaptop(scenario.requestsPerAgent === 1 ? 0 : network() * 1000, () => next(0));
  }
  const personWaitsMs: number[] = [];
  for (let person = 0; person < scenario.people; person += 1) {
    const chance = seeded(hashOf(`${seed}/person${person}`));
    const ask = (number: number) => {
      const job = personJob(scenario, person, number, seed);
      const askedAtMs = time.laptopMs;
      policy.carry(job, (isCarried) => {
        if (isCarried) carried += 1; else failed += 1;
        if (isCarried) personWaitsMs.push((sentAtMs.get(job.id) ?? 0) - askedAtMs);
      });
      time.onLaptop(exponentialMs(chance, personPerMinute), () => ask(number + 1));
    };
    time.onLaptop(exponentialMs(chance, personPerMinute), () => ask(0));
  }
  const { strangerPerMinute } = scenario;
  if (strangerPerMinute) {
    const chance = seeded(hashOf(`${seed}/stranger`));
    const [model = ''] = Object.keys(scenario.limits);
    const come = () => {
      time.inWorld(exponentialMs(chance, strangerPerMinute(time.worldMs)), () => {
        // What it takes is the same whatever policy is beside it.
        door.take(model, Math.round(logNormal(chance, scenario.inputTokens, 0.4)), 1, time.worldMs);
        come();
      });
    };
    come();
  }

  const isOver = () => open === 0;
  if (kind.isAsync) await time.runSettled(isOver, virtualMsMax);
  else time.run(isOver, virtualMsMax);
  policy.close?.();
  if (open > 0) throw new Error(`${kind.name} never ended "${scenario.title}": ${open} jobs are open`);
  return { makespanMs, carried, failed, refusals, shares: [...fairness.values()].map((each) => each.shares), personWaitsMs, boundMs: boundOf(scenario, runs.flatMap((run) => run.jobs)) };
}

/** Counts what the workspaces of one model get while all of them have work. */
class Shares {
  readonly #left = new Map<string, number>();
  readonly #tokens = new Map<string, number>();

  constructor(jobs: readonly Job[]) {
    for (const { workspaceId } of jobs) this.#left.set(workspaceId, (this.#left.get(workspaceId) ?? 0) + 1);
  }

  letIn({ workspaceId, inputTokens, outputTokens }: Job): void {
    const left = this.#left.get(workspaceId);
    if (left === undefined || [...this.#left.values()].includes(0)) return;
    this.#left.set(workspaceId, left - 1);
    this.#tokens.set(workspaceId, (this.#tokens.get(workspaceId) ?? 0) + inputTokens + outputTokens);
  }

  get shares(): number[] {
    return [...this.#left.keys()].map((workspaceId) => this.#tokens.get(workspaceId) ?? 0);
  }
}

/** No schedule of the agents' jobs is faster. A factor, a stranger and people make it longer; that is left out. */
function boundOf({ limits }: Scenario, jobs: readonly Job[]): number {
  return Math.max(...Object.entries(limits).map(([model, { requestsPerMinute, tokensPerMinute }]) => {
    const own = jobs.filter((job) => job.model === model);
    const tokens = own.reduce((sum, job) => sum + job.inputTokens + job.outputTokens, 0);
    return 60_000 * Math.max(0, own.length / requestsPerMinute - 1, tokens / tokensPerMinute - 1);
  }));
}
