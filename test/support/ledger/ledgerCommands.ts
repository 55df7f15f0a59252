// Ledger commands for tests with everything filled in that a test does not care about, and the
// prices that they use. Builders only; nothing is run.
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import { noTokens } from '../../../src/domain/tokenUsage.ts';
import type { TokenUsage } from '../../../src/domain/tokenUsage.ts';
import type { BeginCommand, GrantCommand, ImportCommand, ImportedUse, ReserveCommand, SettleCommand, WorkspaceCommand } from '../../../src/broker/store/ledgerCommands.ts';

/** A moment that tests start at: 2026-11-22T12:00:00Z. */
export const startMs = Date.UTC(2026, 10, 22, 12);

/** Microcredits in a credit, spelled out so that a test does not lean on the code under test. */
export const credit = 1_000_000;

/** US$5 in, 0.50 cached, 6.25 cache write, 30 out per million tokens; doubled above 272,000 (out 45). */
export const testPrice: ModelPrice = {
  model: 'gpt-test', version: 'test 1', rates: { input: 125_000_000, cachedInput: 12_500_000, cacheWrite: 156_250_000, output: 750_000_000 },
  long: { aboveInputTokens: 272_000, rates: { input: 250_000_000, cachedInput: 25_000_000, cacheWrite: 312_500_000, output: 1_125_000_000 } },
  fast: { numerator: 5, denominator: 2 },
};

/** Rates that do not divide evenly, so that every charge is rounded. */
export const oddPrice: ModelPrice = { model: 'gpt-odd', version: 'test 2', rates: { input: 1_250_001, cachedInput: 333_333, cacheWrite: 1_777_777, output: 9_999_999 } };

/** A grant of promotional credits, which need no permission. */
export function grantCommand(grantId: string, amountMicroCredits: number, more: Partial<GrantCommand> = {}): GrantCommand {
  return { type: 'grant', grantId, key: `key-${grantId}`, kind: 'promotional', amountMicroCredits, atMs: startMs, consent: { scope: 'ask' }, ...more };
}

/** An attempt that asks for a hold; without an estimate the model counts as unpriced. */
export function reserveCommand(attemptId: string, estimateMicroCredits: number | undefined, more: Partial<ReserveCommand> = {}): ReserveCommand {
  const requestId = attemptId.replace(/-\d+$/, '');
  return {
    type: 'reserve', attemptId, number: Number(/-(\d+)$/.exec(attemptId)?.[1] ?? 1), atMs: startMs, unpricedRule: 'refuse',
    request: { requestId, receivedAtMs: startMs, workspaceId: 'ws_a', client: 'codex_exec', model: 'gpt-test', stream: true },
    ...(estimateMicroCredits === undefined ? {} : { estimateMicroCredits, price: testPrice }),
    estimatedInputTokens: 1000, estimatedOutputTokens: 500, limits: { waitedMs: 0, because: 'There is room.' }, ...more,
  };
}

/** A wait, half of it in the line. */
export function halfInLine(waitedMs: number): Pick<ReserveCommand['limits'], 'waitedMs' | 'inLineMs'> {
  return { waitedMs, inLineMs: Math.floor(waitedMs / 2) };
}

/** The upstream began to answer. */
export function beginCommand(attemptId: string): BeginCommand {
  return { type: 'begin', attemptId, atMs: startMs, responseId: `resp_${attemptId}` };
}

/** An attempt that ended with reported usage. At `testPrice` 1,000 tokens in cost 125,000 and 100 out 75,000. */
export function settleCommand(attemptId: string, usage: Partial<TokenUsage>, more: Partial<SettleCommand> = {}): SettleCommand {
  return {
    type: 'settle', attemptId, atMs: startMs + 1000, outcome: 'completed', usage: { ...noTokens, ...usage }, measured: true, chargeable: true,
    tier: 'standard', status: 200, waitedMs: 0, durationMs: 900, ...more,
  };
}

/** A workspace with its token's hash. */
export function workspaceCommand(workspaceId: string): WorkspaceCommand {
  return { type: 'workspace', workspaceId, path: `/projects/${workspaceId}`, label: workspaceId, tokenHash: `hash-of-${workspaceId}`, atMs: startMs };
}

/** A response that went around the broker. At `testPrice` it would have cost 200,000. */
export function importCommand(responseId: string, more: Partial<ImportedUse> = {}): ImportCommand {
  const use = { key: responseId, responseId, atMs: startMs, workspaceId: 'ws_a', client: 'codex_exec', model: 'gpt-test', usage: { ...noTokens, inputTokens: 1000, outputTokens: 100 }, source: 'rollout-of-a-test.jsonl', price: testPrice };
  return { type: 'import', atMs: startMs + 9_000_000, uses: [{ ...use, ...more }] };
}
