// The worlds in which policies are compared, as data, and the jobs that a seed makes of them.
import type { Priority } from '../../../src/domain/fairQueue.ts';
import type { DoorRules } from './doorUpstream.ts';
import { logNormal, seeded } from './chance.ts';
import type { Sleep } from './virtualTime.ts';

/** One request, with everything that only the world and the oracle know. */
export interface Job {
  readonly id: string;
  readonly workspaceId: string;
  readonly threadId: string;
  readonly priority: Priority;
  readonly model: string;
  readonly bodyBytes: number;
  /** The text's tokens as a client can guess them. */
  readonly guessedTokens: number;
  readonly maxOutputTokens?: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** From the door to the first byte, and to the last one. */
  readonly firstByteMs: number;
  readonly durationMs: number;
}

/** What a scenario is made of. Agents send one request after the other; people send theirs by chance while agents work. */
export interface Scenario extends DoorRules {
  readonly name: string;
  readonly title: string;
  /** Agents of each workspace; the workspaces want unequal amounts. */
  readonly agents: readonly number[];
  readonly requestsPerAgent: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxOutputTokens?: number;
  readonly people: number;
  /** Another application with the same key: so many requests a minute, of the agents' size. */
  readonly strangerPerMinute?: (worldMs: number) => number;
  readonly sleep?: Sleep;
  /** How many times as long a request takes that comes as the last of so many that run. */
  readonly slowness?: (running: number, worldMs: number) => number;
  /** More than so many are refused as overload. */
  readonly streamsMax?: number;
  /** How much the time to the first byte varies, as the deviation of its logarithm; evenly between 0.2 and 0.7 s without it. */
  readonly firstByteSpread?: number;
}

/** Requests of one person a minute. */
export const personPerMinute = 1.5;
/** A person's question and its answer. */
const personTokens = { input: 3000, output: 300 };
/** Longest answer: a longer tail would only make every policy's end a matter of luck. */
const outputTokensMax = 3000;
const outputTokensPerSecond = 150;
const pauseBetweenMs = 300;
const agents = [18, 12, 10];
const minutes = (count: number) => count * 60_000;

const tokensBound = {
  limits: { m: { requestsPerMinute: 500, tokensPerMinute: 500_000 } }, announces: true, agents, requestsPerAgent: 25, inputTokens: 12_000, outputTokens: 800, people: 2,
} as const;
const requestsBound = { ...tokensBound, limits: { m: { requestsPerMinute: 60, tokensPerMinute: 2_000_000 } }, inputTokens: 4000 } as const;

/** All scenarios. */
export const scenarios: readonly Scenario[] = [
  { name: 'tokens', title: 'tokens bound', ...tokensBound },
  { name: 'requests', title: 'requests bound', ...requestsBound },
  { name: 'caps', title: 'large caps on output', ...tokensBound, inputTokens: 4000, maxOutputTokens: 12_000 },
  { name: 'hidden-requests', title: 'requests, hidden', ...requestsBound, announces: false },
  { name: 'hidden-tokens', title: 'tokens, hidden', ...tokensBound, announces: false },
  { name: 'stranger', title: 'beside a stranger, in waves', ...tokensBound, strangerPerMinute: (worldMs) => (worldMs % minutes(4) < minutes(2) ? 20 : 4) },
  { name: 'halves', title: 'halves and returns', ...requestsBound, limits: { m: { requestsPerMinute: 120, tokensPerMinute: 4_000_000 } }, factor: (worldMs) => (worldMs > minutes(2) && worldMs < minutes(7) ? 0.5 : 1) },
  { name: 'seconds', title: 'enforced per second', ...requestsBound, limits: { m: { requestsPerMinute: 120, tokensPerMinute: 4_000_000 } }, spanMs: 1000 },
  { name: 'burst', title: '600 jobs at once', ...tokensBound, agents: [200, 150, 120, 80, 50], requestsPerAgent: 1, inputTokens: 8000 },
  {
    name: 'models', title: 'three models on one key', ...tokensBound, agents: [36, 30, 24], requestsPerAgent: 20,
    limits: { m: { requestsPerMinute: 500, tokensPerMinute: 400_000 }, small: { requestsPerMinute: 50, tokensPerMinute: 2_000_000 }, other: { requestsPerMinute: 300, tokensPerMinute: 300_000 } },
  },
  { name: 'sleep', title: 'ten minutes of sleep', ...tokensBound, sleep: { atMs: minutes(5), forMs: minutes(10) } },
];

const loadBound = { ...tokensBound, limits: { m: { requestsPerMinute: 60_000, tokensPerMinute: 1_000_000_000 } }, announces: false } as const;

/**
 * Upstreams without any limit on amounts, for the rule about latency: one that slows down under its load before it refuses,
 * one whose first bytes come as they like, and one that is slow for reasons of its own.
 */
export const latencies = {
  overload: { name: 'overload', title: 'slower, then overloaded', ...loadBound, slowness: (running) => Math.max(1, running / 10), streamsMax: 24 },
  noise: { name: 'noise', title: 'noisy, not overloaded', ...loadBound, agents: [50, 40, 30], firstByteSpread: 0.75 },
  others: { name: 'others', title: 'slow for others\' sake', ...loadBound, agents: [50, 40, 30], slowness: (_, worldMs) => (worldMs > minutes(1) ? 3 : 1) },
} as const satisfies Readonly<Record<string, Scenario>>;

/** An agent's or a person's requests, each sent when the one before is over. */
export interface Run { readonly workspaceId: string; readonly priority: Priority; readonly jobs: readonly Job[] }

/** The agents' work; the same for every policy. */
export function agentRuns(scenario: Scenario, seed: number): Run[] {
  const models = Object.keys(scenario.limits);
  return scenario.agents.flatMap((count, workspace) => Array.from({ length: count }, (_, agent) => {
    const [workspaceId, threadId] = [`w${workspace}`, `w${workspace}-${agent}`];
    const model = models[agent % models.length] ?? '';
    const jobs = Array.from({ length: scenario.requestsPerAgent }, (_, number) => makeJob(
      { id: `${threadId}-${number}`, workspaceId, threadId, priority: 'agent', model }, scenario, seed));
    return { workspaceId, priority: 'agent' as const, jobs };
  }));
}

/** A person's next request. */
export function personJob(scenario: Scenario, person: number, number: number, seed: number): Job {
  const models = Object.keys(scenario.limits);
  const who = { id: `person${person}-${number}`, workspaceId: `person${person}`, threadId: `person${person}`, priority: 'interactive' as const, model: models[person % models.length] ?? '' };
  return makeJob(who, { inputTokens: personTokens.input, outputTokens: personTokens.output, ...(scenario.firstByteSpread === undefined ? {} : { firstByteSpread: scenario.firstByteSpread }) }, seed);
}

/** Time between an agent's requests. */
export const agentPauseMs = pauseBetweenMs;

/** What the door counts when a request comes: https://developers.openai.com/api/docs/guides/rate-limits. */
export function countedTokens(job: Pick<Job, 'bodyBytes' | 'maxOutputTokens'>): number {
  return Math.max(job.maxOutputTokens ?? 0, Math.ceil(job.bodyBytes / 4));
}

type Who = Pick<Job, 'id' | 'workspaceId' | 'threadId' | 'priority' | 'model'>;

/** What jobs are drawn from: middles of their sizes, and a few things besides. */
type Shape = Pick<Scenario, 'inputTokens' | 'outputTokens' | 'maxOutputTokens' | 'firstByteSpread'>;

function makeJob(who: Who, shape: Shape, seed: number): Job {
  const { maxOutputTokens, firstByteSpread } = shape;
  // Each job has chance of its own, so that it is the same whatever happened before it.
  const random = seeded(hashOf(`${seed}/${who.id}`));
  const inputTokens = Math.round(Math.min(4 * shape.inputTokens, logNormal(random, shape.inputTokens, 0.4)));
  const outputTokens = Math.round(Math.min(outputTokensMax, logNormal(random, shape.outputTokens, 0.7)));
  const firstByteMs = firstByteSpread === undefined ? 200 + random() * 500 : logNormal(random, 450, firstByteSpread);
  return {
    ...who, inputTokens, outputTokens, firstByteMs, durationMs: firstByteMs + outputTokens * 1000 / outputTokensPerSecond,
    bodyBytes: Math.round(inputTokens * logNormal(random, 4.2, 0.15)), guessedTokens: Math.round(inputTokens * logNormal(random, 1, 0.06)),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}

/** A number for a name (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
