// What actors of a world see of it, and the things that they choose from: models with their prices,
// workspaces, threads, clients. Shapes and data only.
import type { ModelPrice } from '../../../../src/domain/pricing.ts';
import type { LedgerCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { oddPrice, testPrice } from '../../../support/ledger/ledgerCommands.ts';
import type { SeededRandom } from '../../../support/seededRandom.ts';
import type { ModelState } from '../model/modelState.ts';
import type { Mood } from './moods.ts';

/** The world as an actor sees it when it is its turn. */
export interface Scene {
  readonly random: SeededRandom;
  readonly state: ModelState;
  readonly nowMs: number;
  readonly mood: Mood;
  /** A name that nothing had before. */
  name(prefix: string): string;
  /** Commands that were given so far. */
  readonly given: readonly LedgerCommand[];
  /** Whether a person has seen by which id a grant goes; one that a rule made is seen when the ledger is next looked at. */
  isSeen(grantId: string): boolean;
  /** Requests that are on their way. */
  readonly alive: readonly string[];
}

/** Workspaces, by id. */
export const workspaceIds = ['ws_a', 'ws_b', 'ws_c'] as const;

/** Codex threads. */
export const threadIds = ['thread_1', 'thread_2', 'thread_3'] as const;

/** Clients by name. */
export const clientNames = ['codex_exec', 'vscode', 'openai_sdk'] as const;

/** A model that nobody knows a price of. */
export const unpricedModel = 'mystery';

/** Models with their prices; some begin alike, so that a pattern means several. */
export const pricedModels: Readonly<Record<string, ModelPrice>> = {
  'gpt-test': testPrice, 'gpt-5': oddPrice, 'gpt-5-mini': { model: 'gpt-5-mini', version: 'test 3', rates: { input: 40_000_000, cachedInput: 4_000_001, cacheWrite: 50_000_000, output: 333_333_333 } },
};

/** The price that a ceiling stands for. */
export const ceilingPrice: ModelPrice = { model: 'ceiling', version: 'test 4', rates: { input: 60_000_000, cachedInput: 60_000_000, cacheWrite: 60_000_000, output: 60_000_000 } };

/** The price of a model that costs nothing. */
export const freePrice: ModelPrice = { model: 'free', version: 'test 5', rates: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 } };

/** What a fallback costs by its user's own prices: nothing, or something. */
export const ownPrices: readonly ModelPrice[] = [0, 900_001].map((rate, place) => ({ model: 'own-model', version: `test ${9 + place}`, rates: { input: rate, cachedInput: rate, cacheWrite: rate, output: rate } }));

/** A price so high that what it gives is no exact number. */
export const dearPrice: ModelPrice = { model: 'gpt-dear', version: 'test 6', rates: { input: 900_000_000_000_000, cachedInput: 0, cacheWrite: 0, output: 0 } };
