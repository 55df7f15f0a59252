// `POST /v1/embeddings`: vectors that are made from nothing but the text, so that the same text always gets
// the same one. Limits, keys and faults that replace an answer hold as everywhere.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { SandboxWorld } from './answerPlan.ts';
import { answerHeaders } from './answerHeaders.ts';
import { badRequest, modelNotFound } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import { faultAnswer } from './faultAnswer.ts';
import { vectorLengthOf } from './models.ts';
import { tokensOfText } from './promptTokens.ts';
import { limitHeaders, throttledAnswer, tooLargeAnswer } from './rateLimitAnswer.ts';
import { parseJson } from './responsesRequest.ts';
import { receiveBody, send } from './responsesEndpoint.ts';

/** Inputs of one request, and tokens of one input, at the most (OpenAI's reference). */
const inputsMax = 2048;
const tokensMax = 8192;

const tokens = z.array(z.number().int().min(0)).min(1).max(tokensMax);
const body = z.looseObject({
  model: z.string().min(1).max(200),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(inputsMax), tokens, z.array(tokens).min(1).max(inputsMax)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().min(1).max(3072).nullish(),
});

/** Answers one request. Rejects only if the client goes away while it still sends. */
export async function answerEmbeddings(exchange: Exchange, world: SandboxWorld): Promise<void> {
  const { record, key, gone, cut } = exchange;
  const decoded = await receiveBody(exchange, world);
  if (!decoded) return;
  const read = parseJson(decoded);
  if ('refusal' in read) return send(exchange, read.refusal);
  const parsed = body.safeParse(read.json);
  if (!parsed.success) return send(exchange, badRequest(`Invalid '${(parsed.error.issues[0]?.path ?? []).map(String).join('.')}': ${parsed.error.issues[0]?.message ?? 'not understood'}.`, 'invalid_value'));
  const { model, input, encoding_format: encoding, dimensions } = parsed.data;
  record.model = model;
  const fault = world.picker.pick({ path: '/v1/embeddings', model });
  if (fault) record.fault = fault.kind;
  if (fault?.kind === 'closeBeforeHeaders') return cut(fault.how);
  if (fault?.kind === 'hang') await world.clock.sleep(fault.forMs, gone);
  const replaced = fault && faultAnswer(fault, { nowMs: world.clock.nowMs(), requestId: record.requestId, model, key });
  if (replaced) return send(exchange, replaced);
  const length = vectorLengthOf(model);
  if (length === undefined) return send(exchange, modelNotFound(model));
  const inputs = inputsOf(input);
  const inputTokens = inputs.reduce((sum, one) => sum + (typeof one === 'string' ? tokensOfText(one) : one.length), 0);
  const admission = world.limits.admit(model, inputTokens, world.clock.nowMs());
  if (admission.outcome === 'throttled') return send(exchange, throttledAnswer(model, admission));
  if (admission.outcome === 'too-large') return send(exchange, tooLargeAnswer(model, admission));
  const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
  const data = inputs.map((one, index) => ({ object: 'embedding', index, embedding: vectorOf(JSON.stringify(one), dimensions ?? length, encoding === 'base64') }));
  const text = JSON.stringify({ object: 'list', data, model, usage });
  world.meter.billed(record, { inputTokens, outputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 });
  record.reportedUsage = usage;
  send(exchange, { status: 200, headers: { ...answerHeaders(exchange, world, 'application/json'), ...limitHeaders(admission.reading) }, body: text });
}

function inputsOf(input: z.infer<typeof body>['input']): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input];
  return typeof input[0] === 'number' ? [input as number[]] : input as readonly (string | readonly number[])[];
}

/** A vector of length one, from a chain of hashes. */
function vectorOf(text: string, length: number, inBase64: boolean): readonly number[] | string {
  const values = new Float32Array(length);
  let block = createHash('sha256').update(text).digest();
  for (let at = 0; at < length; at += 1) {
    if (at > 0 && at % 16 === 0) block = createHash('sha256').update(block).digest();
    values[at] = block.readInt16LE(at % 16 * 2) / 32_768;
  }
  const size = Math.hypot(...values) || 1;
  for (let at = 0; at < length; at += 1) values[at] = (values[at] ?? 0) / size;
  return inBase64 ? Buffer.from(values.buffer).toString('base64') : [...values];
}
