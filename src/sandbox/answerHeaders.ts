// What the answers of a model say in their headers beside limits. It reads nothing of the answer.
import type { SandboxWorld } from './answerPlan.ts';
import type { Exchange } from './exchange.ts';

/** The headers. Codex gets a turn state, made once for a turn: it comes back with the turn's other requests. */
export function answerHeaders({ incoming: { headers }, record }: Exchange, { clock }: SandboxWorld, contentType: string): Record<string, string> {
  const state = headers['x-codex-turn-state'];
  const isCodex = state !== undefined || headers['x-codex-window-id'] !== undefined;
  return {
    'content-type': contentType, 'openai-processing-ms': String(Math.max(1, clock.nowMs() - record.receivedAtMs)),
    ...(record.model === undefined ? {} : { 'openai-model': record.model }),
    ...(isCodex ? { 'x-codex-turn-state': typeof state === 'string' ? state : `turn-state-${record.requestId}` } : {}),
  };
}
