// What a fault can do to a request, one shape per kind. This file only names and bounds the shapes;
// answering with them is the endpoint's part, and bending a stream is streamBytes.ts's.
import * as z from 'zod';

/** Longest silence of a fault: half an hour, beyond the patience of every client known. */
export const silenceMsMax = 1_800_000;
const silenceMs = z.number().int().min(0).max(silenceMsMax);
const headers = z.record(z.string().regex(/^[\w-]{1,100}$/), z.string().max(4000)).default({});

/** Where a stream is cut. */
const close = z.strictObject({
  /** After that many bytes of the body. */
  afterBytes: z.number().int().min(0).max(100_000_000).optional(),
  /** After that many events. */
  afterEvents: z.number().int().min(0).max(1_000_000).optional(),
  /** With `afterEvents`: in the middle of the next one. */
  midEvent: z.boolean().default(false),
  /** `end` finishes the body as if all were well, `drop` closes the connection, `reset` tears it down. */
  how: z.enum(['end', 'drop', 'reset']).default('drop'),
});

/** How a stream (or a JSON body) is bent; all parts can be combined. */
const stream = z.strictObject({
  kind: z.literal('stream'),
  lineEnds: z.enum(['lf', 'crlf', 'cr']).default('lf'),
  byteOrderMark: z.boolean().default(false),
  /** Comment lines before the first event. */
  comments: z.number().int().min(0).max(200_000).default(0),
  /** Written in pieces of so many bytes, so that characters and lines are split. */
  splitBytes: z.number().int().min(1).max(65_536).optional(),
  /** Wait before each piece of `splitBytes`: a trickle. */
  splitDelayMs: silenceMs.default(0),
  /** Silence after so many events. */
  pause: z.strictObject({ afterEvents: z.number().int().min(0).max(1_000_000), ms: silenceMs }).optional(),
  close: close.optional(),
  terminal: z.enum(['once', 'twice', 'none']).default('once'),
  /** Ends the answer otherwise than completed. */
  ending: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('failed'), code: z.string().max(100), message: z.string().max(2000).default('The simulated model failed.'),
      /** Fails after the whole output rather than before the first piece. */
      afterOutput: z.boolean().default(false),
      withUsage: z.boolean().default(false),
    }),
    z.strictObject({ kind: z.literal('incomplete'), reason: z.string().max(100).default('max_output_tokens') }),
    /** An `error` event in place of the terminal one. */
    z.strictObject({ kind: z.literal('error'), code: z.string().max(100), message: z.string().max(2000).default('The simulated model failed.') }),
  ]).optional(),
  /** What is reported in place of the honest usage. */
  usage: z.union([
    z.enum(['missing', 'null', 'negative', 'absurd', 'text', 'fractional', 'wrong-total']),
    z.strictObject({ exactly: z.unknown() }),
  ]).optional(),
  /** A `content-length` header that is off by so many bytes. */
  contentLengthOffBy: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  /** The reply contains text that looks like a terminal event of its own. */
  eventNameInDelta: z.boolean().default(false),
});

/** See the file comment. */
export const faultAction = z.discriminatedUnion('kind', [
  /** Any answer. A body that is not text is sent as JSON. */
  z.strictObject({ kind: z.literal('answer'), status: z.number().int().min(200).max(599), headers, body: z.unknown().optional() }),
  /** OpenAI's throttling 429; without a time it says nothing about when to come back. */
  z.strictObject({ kind: z.literal('throttle'), measure: z.enum(['requests', 'tokens']).default('requests'), retryAfterMs: silenceMs.optional() }),
  /** 429 that waiting does not cure. */
  z.strictObject({ kind: z.literal('quota'), code: z.string().max(100).default('insufficient_quota') }),
  /** 429 of a ChatGPT plan. */
  z.strictObject({ kind: z.literal('usageLimit'), resetsInS: z.number().int().min(0).max(10_000_000).default(7200), planType: z.string().max(50).default('plus') }),
  z.strictObject({ kind: z.literal('serverError') }),
  z.strictObject({ kind: z.literal('overloaded'), retryAfterS: z.number().int().min(0).max(1800).optional() }),
  z.strictObject({ kind: z.literal('unauthorized') }),
  z.strictObject({ kind: z.literal('redirect'), location: z.string().max(2000).default('http://127.0.0.1:9/elsewhere') }),
  z.strictObject({ kind: z.literal('captivePortal') }),
  /** Silence before the headers, and then the ordinary answer. */
  z.strictObject({ kind: z.literal('hang'), forMs: silenceMs.default(silenceMsMax) }),
  /** The connection ends before a single byte of an answer. */
  z.strictObject({ kind: z.literal('closeBeforeHeaders'), how: z.enum(['drop', 'reset']).default('drop') }),
  stream,
]);

/** What a fault does. */
export type FaultAction = z.infer<typeof faultAction>;
/** A fault that bends the stream of an answer that is otherwise given. */
export type StreamFault = z.infer<typeof stream>;

/** No fault at all: the stream as it should be. */
export const soundStream: StreamFault = stream.parse({ kind: 'stream' });
