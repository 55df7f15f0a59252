// What a person would want to know of their usage and act on, found in sums of the ledger: each finding with its
// numbers, what it is worth, and one thing to do. Pure: the sums are handed in. A finding that would rest on little
// is not made, and what cannot be computed is left out, never guessed.
import { chargeFor } from './pricing.ts';
import type { ModelPrice } from './pricing.ts';
import type { WaitCause } from './waitCauses.ts';

/** Sums over a span of time under one key. */
export interface UsageSums {
  readonly requests: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly costMicroCredits: number;
  /** Requests that had no price. */
  readonly unpriced: number;
}

/** A workspace of the range. */
interface WorkspaceFacts {
  readonly workspaceId: string;
  readonly label: string;
  readonly recent: UsageSums;
  readonly before: UsageSums;
  /** What it read by the model that served. */
  readonly models: readonly { readonly model: string; readonly inputTokens: number }[];
  /** How long its requests stood in the line for limits, and how many did. */
  readonly waitedMs: number;
  readonly waitingRequests: number;
  /** The task that used most of the same models in that time. */
  readonly cause?: WaitCause & { readonly workspaceLabel: string };
}

/** Everything that findings are made from: a range of days, and those before it for comparison. */
export interface InsightFacts {
  readonly workspaces: readonly WorkspaceFacts[];
  /** Tasks that cost most. */
  readonly tasks: readonly { readonly threadId: string; readonly workspaceLabel: string; readonly model: string; readonly sums: UsageSums }[];
  /** By the model that served, with the price of today; absent where none is known. */
  readonly models: readonly { readonly model: string; readonly sums: UsageSums; readonly price?: ModelPrice }[];
  /** Answers that were cut before their end and cost something, and what all answers that were looked at cost. */
  readonly cut: { readonly requests: number; readonly costMicroCredits: number; readonly ofMicroCredits: number };
  /** Where not every request of the range was looked at by itself: when the first one was that was. Tasks, waits and cut answers are known from then on. */
  readonly closeSinceMs?: number;
  /** The models' sums are from then on as well. */
  readonly areModelsClose?: true;
}

/** The range that findings are made for, in days up to now. */
export interface InsightRange {
  readonly days: number;
  readonly untilMs: number;
}

/** How many days before a range it is compared with: four weeks, or as many as it has itself where that is more. */
export function comparedDays(days: number): number {
  return Math.max(28, days);
}

/** A finding. */
export interface Insight {
  readonly kind: 'cache-fell' | 'history-resent' | 'waits' | 'cheaper-model' | 'unpriced' | 'cut-answers';
  /** What it is about: a workspace, a task, a model. */
  readonly subject: string;
  /** What was found, with its numbers, as data for words in any language. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Other names that the words need. */
  readonly names: Readonly<Record<string, string>>;
  /** What it costs, or would save in the range; absent where it cannot be told. */
  readonly worthMicroCredits?: number;
  /** Since when it is known, where that is less than the range. */
  readonly sinceMs?: number;
}

const dayMs = 86_400_000;
/** A share of cached input that fell by so much says something; smaller changes come and go. */
const fallenShareMin = 0.15;
/** Below so many input tokens a share says nothing. */
const tokensMin = 500_000;
/** A task that read so many tokens for each one it wrote, hardly any of them from the cache, sends everything again and again. */
const resent = { requestsMin: 20, cachedShareMax: 0.3, inputTokensMin: 1_000_000 } as const;
/** Waits that add up to less than this in seven days are no matter. */
export const toldWaitsMsMin = 10 * 60_000;
/** One task that used at least so much of their models' tokens while others waited is why they did; less is nobody's doing. */
const causeShareMin = 0.5;
/** Savings below this in seven days (5 credits, US$0.20) are not worth a word. */
const worthMin = 5_000_000;
/** Findings of one kind at the most, those that are worth most. */
const perKindMax = 3;

/** All findings, those that are worth most first. What is little in a week is little in proportion in a longer range. */
export function findInsights(facts: InsightFacts, { days, untilMs }: InsightRange): Insight[] {
  const { closeSinceMs } = facts;
  const weeksOf = (ofDays: number) => Math.max(1, ofDays / 7);
  const [all, close] = [weeksOf(days), weeksOf(closeSinceMs === undefined ? days : (untilMs - closeSinceMs) / dayMs)];
  const since = (found: Insight[]) => (closeSinceMs === undefined ? found : found.map((one): Insight => ({ ...one, sinceMs: closeSinceMs })));
  const ofModels = (find: (weeks: number) => Insight[]) => (facts.areModelsClose ? since(find(close)) : find(all));
  const found = [...cacheFell(facts), ...since([...historyResent(facts), ...waits(facts, close), ...cutAnswers(facts, close)]), ...ofModels((weeks) => cheaperModels(facts, weeks)), ...ofModels(() => unpriced(facts))];
  const worth = (one: Insight) => one.worthMicroCredits ?? 0;
  const counts = new Map<string, number>();
  return found.toSorted((a, b) => worth(b) - worth(a)).filter(({ kind }) => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return (counts.get(kind) ?? 0) <= perKindMax;
  });
}

const shareOf = (sums: UsageSums) => sums.cachedInputTokens / sums.inputTokens;

/** What the input tokens of a model would have cost less, had a greater part of them come from the cache. */
function lost(tokens: number, price: ModelPrice | undefined): number | undefined {
  return price && Math.round(tokens * (price.rates.input - price.rates.cachedInput) / 1_000_000);
}

/** The same for a workspace, by the models that it uses, each for its part; what has no price is worth nothing here. */
function lostBy(tokens: number, used: WorkspaceFacts['models'], { models }: InsightFacts): number | undefined {
  const all = used.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const parts = used.flatMap(({ model, inputTokens }) => lost(tokens * inputTokens / all, models.find((one) => one.model === model)?.price) ?? []);
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0);
}

function cacheFell(facts: InsightFacts): Insight[] {
  return facts.workspaces.flatMap(({ label, recent, before, models }): Insight[] => {
    if (recent.inputTokens < tokensMin || before.inputTokens < tokensMin) return [];
    const [now, then] = [shareOf(recent), shareOf(before)];
    if (then - now < fallenShareMin) return [];
    const worthMicroCredits = lostBy((then - now) * recent.inputTokens, models, facts);
    return [{ kind: 'cache-fell', subject: label, names: {}, numbers: { share: now, shareBefore: then, inputTokens: recent.inputTokens }, ...(worthMicroCredits === undefined ? {} : { worthMicroCredits }) }];
  });
}

function historyResent(facts: InsightFacts): Insight[] {
  return facts.tasks.flatMap(({ threadId, workspaceLabel, model, sums }): Insight[] => {
    if (sums.requests < resent.requestsMin || sums.inputTokens < resent.inputTokensMin || shareOf(sums) > resent.cachedShareMax) return [];
    const price = facts.models.find((one) => one.model === model)?.price;
    // With a cache that works nine of ten tokens of a growing conversation come from it.
    const worthMicroCredits = lost((0.9 - shareOf(sums)) * sums.inputTokens, price);
    return [{
      kind: 'history-resent', subject: threadId, names: { workspace: workspaceLabel, model },
      numbers: { requests: sums.requests, inputTokens: sums.inputTokens, share: shareOf(sums), costMicroCredits: sums.costMicroCredits }, ...(worthMicroCredits === undefined ? {} : { worthMicroCredits }),
    }];
  });
}

function waits({ workspaces }: InsightFacts, weeks: number): Insight[] {
  return workspaces.flatMap(({ workspaceId, label, waitedMs, waitingRequests, cause: most }): Insight[] => {
    if (waitedMs < toldWaitsMsMin * weeks) return [];
    const cause = most && most.share >= causeShareMin && most.workspaceId !== workspaceId ? most : undefined;
    return [{
      kind: 'waits', subject: label, numbers: { waitedMs, requests: waitingRequests, ...(cause ? { share: cause.share, tokens: cause.tokens } : {}) },
      names: cause ? { task: cause.threadId, workspace: cause.workspaceLabel } : {},
    }];
  });
}

/** Each model beside the cheapest of the others in use, for the same tokens. */
function cheaperModels({ models }: InsightFacts, weeks: number): Insight[] {
  const priced = models.flatMap(({ model, sums, price }) => (price && sums.inputTokens > 0 ? [{ model, sums, price }] : []));
  return priced.flatMap(({ model, sums, price }): Insight[] => {
    // A sum over many requests says nothing about the length of each, so the rates of ordinary length stand for all.
    const costAt = ({ model: name, version, rates }: ModelPrice) => chargeFor({ ...sums, reasoningTokens: 0 }, { model: name, version, rates }, 'standard').costMicroCredits;
    const own = costAt(price);
    const [cheapest] = priced.filter((other) => other.model !== model).map((other) => ({ model: other.model, costMicroCredits: costAt(other.price) })).toSorted((a, b) => a.costMicroCredits - b.costMicroCredits);
    if (!cheapest || own - cheapest.costMicroCredits < worthMin * weeks) return [];
    return [{
      kind: 'cheaper-model', subject: model, names: { model: cheapest.model }, worthMicroCredits: own - cheapest.costMicroCredits,
      numbers: { requests: sums.requests, costMicroCredits: own, otherMicroCredits: cheapest.costMicroCredits },
    }];
  });
}

function unpriced({ models }: InsightFacts): Insight[] {
  return models.flatMap(({ model, sums }): Insight[] => (sums.unpriced === 0 ? [] : [{ kind: 'unpriced', subject: model, names: {}, numbers: { requests: sums.unpriced, tokens: sums.inputTokens + sums.outputTokens } }]));
}

function cutAnswers({ cut }: InsightFacts, weeks: number): Insight[] {
  if (cut.costMicroCredits < worthMin * weeks || cut.costMicroCredits < cut.ofMicroCredits / 20) return [];
  return [{ kind: 'cut-answers', subject: '', names: {}, worthMicroCredits: cut.costMicroCredits, numbers: { requests: cut.requests, share: cut.costMicroCredits / cut.ofMicroCredits } }];
}
