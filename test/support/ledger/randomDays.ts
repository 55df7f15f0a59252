// What the days of a random ledger know of each other, and the things that they choose from: workspaces, threads,
// clients, models with their prices. Shapes and data only.
import type { ModelPrice } from '../../../src/domain/pricing.ts';
import type { TokenUsage } from '../../../src/domain/tokenUsage.ts';
import type { ImportedUse, LedgerCommand, ReserveCommand } from '../../../src/broker/store/ledgerCommands.ts';
import type { SeededRandom } from '../seededRandom.ts';
import { oddPrice } from './ledgerCommands.ts';

/** An attempt that runs, and who pays for it. */
export interface OpenAttempt {
  readonly hold: ReserveCommand;
  /** The model that answers instead. */
  readonly fallback?: string;
  /** A plan pays. */
  readonly isCovered: boolean;
}

/** The days of a random ledger so far. */
export interface Days {
  readonly random: SeededRandom;
  nowMs: number;
  readonly clockIsSet: boolean;
  /** Whether people add credits and rules that do. */
  tracked: boolean;
  readonly open: Map<string, OpenAttempt>;
  /** Attempts that used something, whoever paid for it. */
  readonly ended: Map<string, TokenUsage>;
  /** Those of them that a fallback answered. */
  readonly fallenBack: string[];
  /** Ids of responses that went through the broker. */
  readonly responses: string[];
  readonly imported: ImportedUse[];
  readonly grants: string[];
  readonly requests: Map<string, ReserveCommand['request']>;
  readonly given: LedgerCommand[];
  next: number;
}

/** Smaller than `testPrice`, so that a few tokens cost little; changes with time. */
export const smallPrices: readonly ModelPrice[] = [1, 2, 3].map((times) => ({ ...oddPrice, model: 'gpt-small', version: `small ${times}`, rates: { ...oddPrice.rates, output: oddPrice.rates.output * times } }));
/** Counted by where the policy for models without a price is a ceiling. */
export const ceilingPrice: ModelPrice = { ...oddPrice, model: 'ceiling', version: 'ceiling 1' };
/** What the fallback costs by its user's own prices: nothing, or something. */
export const fallbackPrices: readonly ModelPrice[] = [0, 700_001].map((rate, place) => ({ model: 'local-fallback', version: `own ${place}`, rates: { input: rate, cachedInput: rate, cacheWrite: rate, output: rate } }));
/** Time zones, one with half an hour of summer time. */
export const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
/** Workspaces by id. */
export const workspaces = ['ws_a', 'ws_b', 'ws_c'];
/** Codex threads. */
export const threads = ['th_1', 'th_2', 'th_3'];
/** Clients by name. */
export const clients = ['codex_exec', 'openai_sdk'];
/** Models; the last one never has a price. */
export const models = ['gpt-test', 'gpt-odd', 'gpt-small', 'local-free'];
/** Tiers that are asked for. */
export const tiers = ['standard', 'standard', 'standard', 'fast', 'flex'] as const;
