// The routes of the simulated API: method, path, and who answers.
import type { SandboxWorld } from './answerPlan.ts';
import { answerChat } from './chatEndpoint.ts';
import { answerCompact, answerInputTokens } from './compactEndpoint.ts';
import { answerEmbeddings } from './embeddingsEndpoint.ts';
import { jsonAnswer, modelNotFound } from './errorAnswer.ts';
import type { Exchange } from './exchange.ts';
import { faultAnswer } from './faultAnswer.ts';
import { isServed, modelList, modelObject } from './models.ts';
import { answerResponses, send } from './responsesEndpoint.ts';
import { answerStored } from './storedEndpoint.ts';

/** One route. */
export interface SandboxRoute {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (exchange: Exchange, world: SandboxWorld, path: string) => Promise<void>;
}

const stored = /^\/v1\/responses\/(resp_[\w-]+)(\/\w+)?$/;
const answerStoredAt: SandboxRoute['answer'] = (exchange, world, path) => {
  const [, id = '', what = ''] = stored.exec(path) ?? [];
  return answerStored(exchange, world, id, what);
};

const routes: readonly SandboxRoute[] = [
  { method: 'POST', path: /^\/v1\/responses$/, answer: answerResponses },
  { method: 'POST', path: /^\/v1\/responses\/compact$/, answer: answerCompact },
  { method: 'POST', path: /^\/v1\/responses\/input_tokens$/, answer: answerInputTokens },
  { method: 'GET', path: /^\/v1\/responses\/resp_[\w-]+(?:\/input_items)?$/, answer: answerStoredAt },
  { method: 'DELETE', path: /^\/v1\/responses\/resp_[\w-]+$/, answer: answerStoredAt },
  { method: 'POST', path: /^\/v1\/responses\/resp_[\w-]+\/cancel$/, answer: answerStoredAt },
  { method: 'POST', path: /^\/v1\/chat\/completions$/, answer: answerChat },
  { method: 'POST', path: /^\/v1\/embeddings$/, answer: answerEmbeddings },
  { method: 'GET', path: /^\/v1\/models(?:\/[\w.-]+)?$/, answer: answerModels },
];

/** Who answers; undefined for a route that does not exist. */
export function routeFor(method: string, path: string): SandboxRoute | undefined {
  return routes.find((route) => route.method === method && route.path.test(path));
}

/** Methods that a path takes. */
export function methodsAt(path: string): readonly string[] {
  return routes.filter((route) => route.path.test(path)).map((route) => route.method);
}

async function answerModels(exchange: Exchange, world: SandboxWorld, path: string): Promise<void> {
  const fault = world.picker.pick({ path });
  if (fault) exchange.record.fault = fault.kind;
  if (fault?.kind === 'closeBeforeHeaders') return exchange.cut(fault.how);
  if (fault?.kind === 'hang') await world.clock.sleep(fault.forMs, exchange.gone);
  const replaced = fault && faultAnswer(fault, { nowMs: world.clock.nowMs(), requestId: exchange.record.requestId, model: '', key: exchange.key });
  const model = path.slice('/v1/models/'.length);
  send(exchange, replaced ?? (path === '/v1/models' ? jsonAnswer(200, modelList()) : isServed(model) ? jsonAnswer(200, modelObject(model)) : modelNotFound(model)));
}
