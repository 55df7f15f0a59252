// Peers that are packages, run as they are in virtual time: the openai SDK with its default retries, bottleneck
// with reservoirs, p-queue with an interval cap. The two queues are told the true limits, which a broker has
// to find out; they are given people's requests as more urgent, and a refused job is tried again by the header.
import Bottleneck from 'bottleneck';
import OpenAI from 'openai';
import PQueue from 'p-queue';
import { parseRetryAfter } from '../../../src/protocol/rateLimitHeaders.ts';
import { countedTokens, type Job } from './scenarios.ts';
import type { Desk, PolicyKind } from './world.ts';

/** How often a queue's refused job is tried again. */
const triesMax = 10;
const minuteMs = 60_000;

/** openai-node 7 as it comes: two retries, after the header or half a second and more. */
export const openaiDefault: PolicyKind = {
  name: 'openai-node by itself', isAsync: true,
  make: (desk) => {
    const giveBack = desk.time.lend();
    const jobs = new Map<string, Job>();
    const client = new OpenAI({
      apiKey: 'sk-simulated', baseURL: 'http://upstream.invalid/v1',
      fetch: (_, init) => new Promise<Response>((resolve) => {
        const job = jobs.get((JSON.parse(String(init?.body)) as { readonly input: string }).input);
        if (!job) throw new Error('the SDK sent what it was not given');
        desk.send(job, {
          refused: (headers, body) => resolve(new Response(body, { status: 429, headers: { ...headers, 'content-type': 'application/json' } })),
          ended: () => resolve(Response.json({ id: job.id, object: 'response', output: [] })),
        });
      }),
    });
    return {
      carry: (job, over) => {
        jobs.set(job.id, job);
        client.responses.create({ model: job.model, input: job.id }).then(() => over(true), (error: unknown) => {
          if (!(error instanceof OpenAI.RateLimitError)) throw error;
          over(false);
        });
      },
      close: giveBack,
    };
  },
};

/** bottleneck 2: a reservoir of requests and one of tokens for each model, filled once a minute. */
export const bottleneckReservoir: PolicyKind = {
  name: 'bottleneck, reservoirs', isAsync: true,
  make: (desk, { limits }) => {
    const giveBack = desk.time.lend();
    const filled = (amount: number) => new Bottleneck({ reservoir: amount, reservoirRefreshAmount: amount, reservoirRefreshInterval: minuteMs });
    const pairs = new Map(Object.entries(limits).map(([model, { requestsPerMinute, tokensPerMinute }]) => [model, { requests: filled(requestsPerMinute), tokens: filled(tokensPerMinute) }]));
    return {
      carry: (job, over) => {
        const pair = pairs.get(job.model);
        if (!pair) throw new Error(`no limiter for ${job.model}`);
        const priority = job.priority === 'interactive' ? 0 : 5;
        void pair.requests.schedule({ priority }, () => pair.tokens.schedule({ priority, weight: sizeOf(job) }, () => sendUntilLetIn(desk, job))).then(over);
      },
      close: giveBack,
    };
  },
};

/** p-queue 10: so many jobs a minute for each model as both limits allow for jobs of the usual size. */
export const queueInterval: PolicyKind = {
  name: 'p-queue, interval cap', isAsync: true,
  make: (desk, { limits, inputTokens, outputTokens }) => {
    const giveBack = desk.time.lend();
    const queues = new Map(Object.entries(limits).map(([model, { requestsPerMinute, tokensPerMinute }]) => [model, new PQueue({
      interval: minuteMs, intervalCap: Math.floor(Math.min(requestsPerMinute, tokensPerMinute / (inputTokens + outputTokens))),
    })]));
    return {
      carry: (job, over) => {
        void queues.get(job.model)?.add(() => sendUntilLetIn(desk, job), { priority: job.priority === 'interactive' ? 1 : 0 }).then(over);
      },
      close: giveBack,
    };
  },
};

/** What a client can reserve for a job: what the door counts, and at least its text and the usual answer. */
function sizeOf(job: Job): number {
  return Math.max(countedTokens(job), job.guessedTokens + 800);
}

/** @returns whether the job was let in and carried */
function sendUntilLetIn(desk: Desk, job: Job, tries = 1): Promise<boolean> {
  return new Promise((resolve) => {
    desk.send(job, {
      refused: (headers) => {
        if (tries >= triesMax) { resolve(false); return; }
        desk.time.onLaptop(parseRetryAfter((name) => headers[name], desk.time.worldMs) ?? 1000 * 2 ** (tries - 1), () => { void sendUntilLetIn(desk, job, tries + 1).then(resolve); });
      },
      ended: () => resolve(true),
    });
  });
}
