// Scenario files: limits, delays and faults of a simulated upstream, as JSON. This is the shape and
// its check; an example that uses all of it is test/sandbox/example.scenario.json. Every number has
// a maximum, so that no scenario can make the sandbox grow or hang without end.
//
// {
//   "limits":   { "requestsPerMinute": 60, "tokensPerMinute": 40000,
//                 "models": { "gpt-5.5": { "requestsPerMinute": 5 } } },
//   "delays":   { "deltaMs": 5, "headersMs": 0 },
//   "webSocket": { "offered": true, "connectionMs": 3600000, "deflate": false },
//   "plan": { "planType": "plus", "usedPercent": 20, "percentPerRequest": 1, "credits": { "hasCredits": false, "balance": "0" } },
//   "acceptedKeys": ["sk-only-this"],
//   "faults":   [ { "match": { "nth": 2 }, "do": { "kind": "throttle", "retryAfterMs": 700 } } ]
// }
//
// A fault acts on well-formed requests with an accepted key to `match.path` (by itself
// /v1/responses), for which
// everything in `match` holds: `nth` counts such requests from 1, `every` takes each k-th, `model`
// is exact, `promptIncludes` looks into what was asked last, `times` ends the fault after so many.
// The first fault that matches acts. What faults can do is in faultAction.ts; over a WebSocket a request
// is a message, and what is said of bytes and lines does not apply to it.
import * as z from 'zod';
import { faultAction } from './faultAction.ts';

/** Most faults in one scenario. */
export const faultsMax = 200;

const minuteLimit = z.number().int().min(1).max(1_000_000_000);
const modelLimits = z.strictObject({ requestsPerMinute: minuteLimit.optional(), tokensPerMinute: minuteLimit.optional() });

const match = z.strictObject({
  path: z.string().max(200).default('/v1/responses'),
  nth: z.number().int().min(1).max(1_000_000_000).optional(),
  every: z.number().int().min(1).max(1_000_000).optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
  model: z.string().min(1).max(200).optional(),
  promptIncludes: z.string().min(1).max(1000).optional(),
});

const scenario = z.strictObject({
  $comment: z.string().optional(),
  limits: modelLimits.extend({ models: z.record(z.string().max(200), modelLimits).default({}) }).default({ models: {} }),
  delays: z.strictObject({
    /** Before each piece of output. */
    deltaMs: z.number().int().min(0).max(60_000).default(5),
    /** Before the headers of an answer. */
    headersMs: z.number().int().min(0).max(1_800_000).default(0),
  }).default({ deltaMs: 5, headersMs: 0 }),
  /** Responses over a WebSocket too, as OpenAI offers them. */
  webSocket: z.strictObject({
    /** When it is not, an upgrade is answered with 426. */
    offered: z.boolean().default(true),
    /** How long a connection takes new requests; OpenAI's limit is an hour. */
    connectionMs: z.number().int().min(0).max(86_400_000).default(3_600_000),
    /** How many requests a connection takes; left out, there is no such limit. */
    requestsPerConnection: z.number().int().min(1).max(1_000_000).optional(),
    /** Whether `permessage-deflate` is accepted where a client offers it. */
    deflate: z.boolean().default(false),
  }).default({ offered: true, connectionMs: 3_600_000, deflate: false }),
  /** Every account's plan at ChatGPT's address for Codex, before its first request there. */
  plan: z.strictObject({
    planType: z.string().min(1).max(50).default('plus'),
    /** Of its five hours; of its week half as much is used. */
    usedPercent: z.number().min(0).max(200).default(20),
    percentPerRequest: z.number().min(0).max(200).default(1),
    credits: z.strictObject({ hasCredits: z.boolean(), balance: z.string().max(50) }).default({ hasCredits: false, balance: '0' }),
  }).default({ planType: 'plus', usedPercent: 20, percentPerRequest: 1, credits: { hasCredits: false, balance: '0' } }),
  /** Exactly these keys are accepted; left out, every key that begins with `sk-` is. */
  acceptedKeys: z.array(z.string().min(1).max(500)).max(1000).optional(),
  faults: z.array(z.strictObject({ match: match.default({ path: '/v1/responses' }), do: faultAction })).max(faultsMax).default([]),
});

/** A checked scenario, defaults filled in. */
export type Scenario = z.infer<typeof scenario>;
/** A scenario as it is written. */
export type ScenarioInput = z.input<typeof scenario>;
/** One fault of a scenario. */
export type Fault = Scenario['faults'][number];

/** Checks a scenario. @returns it, or one sentence that says what is wrong and where */
export function parseScenario(input: unknown): { readonly scenario: Scenario } | { readonly mistake: string } {
  const parsed = scenario.safeParse(input);
  if (parsed.success) return { scenario: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `"${issue.path.join('.')}": ` : '';
  return { mistake: `${where}${issue?.message ?? 'not a scenario'}` };
}

/** Requests and tokens that each model gets per minute unless the scenario says otherwise. */
export const defaultMinuteLimits = { requestsPerMinute: 500, tokensPerMinute: 500_000 } as const;

/** Limits of one model: its own, else the scenario's, else the defaults. */
export function limitsOf(limits: Scenario['limits'], model: string): { requestsPerMinute: number; tokensPerMinute: number } {
  const own = limits.models[model];
  return {
    requestsPerMinute: own?.requestsPerMinute ?? limits.requestsPerMinute ?? defaultMinuteLimits.requestsPerMinute,
    tokensPerMinute: own?.tokensPerMinute ?? limits.tokensPerMinute ?? defaultMinuteLimits.tokensPerMinute,
  };
}
