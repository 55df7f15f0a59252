// Reads the few facts of a client's request that pacing and accounting need: from its decoded body
// the model and what limits its size, from its headers who sent it and which thread it belongs to.
// It keeps no prompt, trusts no header for identity, and never throws.
import type { BodySize } from '../domain/estimateBasis.ts';
import { bodySize } from './bodySize.ts';
import { clean } from './clientText.ts';
import type { HeaderGetter } from './rateLimitHeaders.ts';
import { readOrigin } from './originHeaders.ts';
import type { ToldOrigin } from './originHeaders.ts';
import { field, record } from './responseUsage.ts';
import { stepPrints } from './stepPrint.ts';
import type { StepPrints } from './stepPrint.ts';

/** What a request body says about itself. */
export interface RequestEnvelope {
  readonly model: string;
  readonly stream: boolean;
  readonly maxOutputTokens?: number;
  readonly serviceTier?: string;
  readonly effort?: string;
  readonly promptCacheKey?: string;
  readonly background?: boolean;
  /** Answers that are asked for at once; absent for the usual one. */
  readonly answers?: number;
  /** It cannot but make an image: the tool that it demands, or the only one of which it demands any. */
  readonly makesImage?: boolean;
  /** How much there is to read for the model. */
  readonly size: BodySize;
  /** What the request adds to its task, as a print; absent where it adds nothing. */
  readonly prints?: StepPrints;
}

/** A body that cannot be served. */
export interface BrokenEnvelope {
  /** What is wrong, as a sentence. */
  readonly broken: string;
}

/** What a request is for: Codex's own words, and those for requests of other APIs and in the background. */
export type RequestKind = 'turn' | 'prewarm' | 'compaction' | 'review' | 'chat' | 'embeddings' | 'background';

/** Who sent a request. Read from what the client claims: good for counting, never for permission. */
export interface ClientFacts extends ToldOrigin {
  readonly name: string;
  readonly version?: string;
  readonly threadId?: string;
  readonly turnId?: string;
  readonly requestKind?: RequestKind;
  readonly isCodex: boolean;
  /** How long the answer's headers may be withheld before the client gives up, with a margin. */
  readonly patienceMs: number;
}

/** Codex waited 20 minutes for headers without giving up (measured with 0.169.0). */
export const patienceCodexMs = 15 * 60_000;
/** Node's fetch, and with it the OpenAI SDK, gives up after 300 seconds without headers. */
export const patienceOtherMs = 4 * 60_000;
/** The longest turn metadata that is parsed; it may list remote addresses of several folders. */
const metadataCharactersMax = 65_536;
/** The tool of the Responses API that makes images: https://developers.openai.com/api/docs/guides/tools-image-generation. */
const imageTool = 'image_generation';
/** More than any answer has. */
export const outputTokensMax = 100_000_000;

/** Reads a parsed request. `bodyCharacters` is the length of its JSON. */
export function readRequest(request: Readonly<Record<string, unknown>>, bodyCharacters: number): RequestEnvelope | BrokenEnvelope {
  const model = clean(request['model']);
  if (model === undefined) return { broken: 'The body names no model.' };
  const stream = request['stream'] ?? false;
  if (typeof stream !== 'boolean') return { broken: 'The value of "stream" is not true or false.' };
  const maxOutput = request['max_output_tokens'] ?? undefined;
  if (!isCount(maxOutput)) return { broken: 'The value of "max_output_tokens" is not a positive whole number.' };
  const background = request['background'];
  return {
    model, stream,
    ...field('maxOutputTokens', maxOutput === undefined ? undefined : Math.min(maxOutput, outputTokensMax)),
    ...field('serviceTier', clean(request['service_tier'])),
    ...field('effort', clean(record(request['reasoning'])?.['effort'])),
    ...field('promptCacheKey', clean(request['prompt_cache_key'])),
    ...(typeof background === 'boolean' ? { background } : {}),
    ...(makesImage(request) ? { makesImage: true } : {}),
    size: bodySize(request, bodyCharacters),
    ...field('prints', stepPrints(request)),
  };
}

/** A tool that is only offered beside others may never be used, and would count against a limit on images with every request of a task. */
function makesImage({ tools, tool_choice: choice }: Readonly<Record<string, unknown>>): boolean {
  if (!Array.isArray(tools) || !tools.some((tool) => record(tool)?.['type'] === imageTool)) return false;
  return record(choice)?.['type'] === imageTool || choice === 'required' && tools.length === 1;
}

/** Whether a limit is a positive whole number, or not there. */
export function isCount(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number' && Number.isInteger(value) && value > 0;
}

/** Reads who sent a request from its headers. */
export function readClient(header: HeaderGetter): ClientFacts {
  const originator = clean(header('originator'));
  const product = firstProduct(header('user-agent'));
  const metadata = turnMetadata(header('x-codex-turn-metadata'));
  const isCodex = metadata !== undefined || header('x-codex-window-id') !== undefined
    || /^codex[_-]/.test(originator ?? '') || /^codex[_-]/.test(product?.name ?? '');
  const ours = originator !== undefined && isCodex;
  const name = ours ? originator : sdkNames[product?.name ?? ''] ?? product?.name ?? 'unknown';
  return {
    name,
    ...field('version', product?.version),
    ...field('threadId', clean(header('thread-id')) ?? clean(header('session-id'))),
    ...field('turnId', clean(metadata?.['turn_id'])),
    ...field('requestKind', kindOf(clean(header('x-openai-subagent')), clean(metadata?.['request_kind']))),
    ...readOrigin(header),
    isCodex,
    patienceMs: isCodex ? patienceCodexMs : patienceOtherMs,
  };
}

/** Names of the SDKs by the product in their `user-agent` ("OpenAI/JS 7.57.0"). */
const sdkNames: Readonly<Record<string, string>> = { 'OpenAI/JS': 'openai-node', 'OpenAI/Python': 'openai-python' };

/** `name/version` at the head of a `user-agent`; OpenAI's SDKs put the version behind a space. */
function firstProduct(userAgent: string | undefined): { readonly name: string; readonly version?: string } | undefined {
  const agent = clean(userAgent);
  if (agent === undefined) return undefined;
  const sdk = /^((?:Async)?OpenAI\/[A-Za-z]+) ([\w.+-]+)/.exec(agent);
  if (sdk?.[1]) return { name: sdk[1].replace(/^Async/, ''), ...field('version', sdk[2]) };
  const product = /^([^\s/(]+)(?:\/([\w.+-]+))?/.exec(agent);
  return product?.[1] === undefined ? undefined : { name: product[1], ...field('version', product[2]) };
}

function turnMetadata(value: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value.length > metadataCharactersMax) return undefined;
  try {
    return record(JSON.parse(value));
  } catch {
    // Codex writes JSON here; from anything else there is nothing to learn.
    return undefined;
  }
}

function kindOf(subagent: string | undefined, kind: string | undefined): ClientFacts['requestKind'] | undefined {
  if (subagent === 'review') return 'review';
  return kind === 'turn' || kind === 'prewarm' || kind === 'compaction' || kind === 'review' ? kind : undefined;
}
