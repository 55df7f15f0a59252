// Runs policies over scenarios and seeds and sums up what came of it, beside the better of both oracles.
import { carefulOracle, eagerOracle } from './oraclePolicy.ts';
import type { Scenario } from './scenarios.ts';
import { simulate, type Outcome, type PolicyKind } from './world.ts';

/** What one policy did in one scenario, over all seeds. */
export interface Row {
  readonly policy: string;
  /** The time that the agents' jobs took, divided by the faster oracle's for each seed; absent when jobs failed, since it then had less to do. */
  readonly makespanRatio?: number;
  readonly refusalsPer100: number;
  readonly failedPer100: number;
  /** Jain's index over the workspaces of each model, the lowest of all. */
  readonly jain: number;
  readonly personWaitP99Ms: number;
}

/** One scenario: what policies did, and how long a person waited at the better oracle. */
export interface Compared { readonly scenario: Scenario; readonly rows: readonly Row[]; readonly oracleWaitP99Ms: number; readonly oracle: Row }

/** Runs all of it. */
export async function compare(scenario: Scenario, policies: readonly PolicyKind[], seeds: readonly number[]): Promise<Compared> {
  const [eager, careful] = [await outcomesOf(eagerOracle, scenario, seeds), await outcomesOf(carefulOracle, scenario, seeds)];
  const bestMs = seeds.map((_, index) => Math.min(eager[index]?.makespanMs ?? Infinity, careful[index]?.makespanMs ?? Infinity));
  const rows: Row[] = [];
  for (const policy of policies) rows.push(rowOf(policy.name, await outcomesOf(policy, scenario, seeds), bestMs));
  const waits = [eager, careful].map((outcomes) => quantile(outcomes.flatMap((each) => each.personWaitsMs), 0.99));
  return { scenario, rows, oracle: rowOf(eagerOracle.name, eager, bestMs), oracleWaitP99Ms: Math.min(...waits) };
}

async function outcomesOf(policy: PolicyKind, scenario: Scenario, seeds: readonly number[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await simulate(policy, scenario, seed));
  return outcomes;
}

function rowOf(policy: string, outcomes: readonly Outcome[], bestMs: readonly number[]): Row {
  const sum = (of: (each: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  const [carried, failed] = [sum((each) => each.carried), sum((each) => each.failed)];
  return {
    policy, refusalsPer100: 100 * sum((each) => each.refusals) / carried, failedPer100: 100 * failed / (carried + failed),
    ...(failed > 0 ? {} : { makespanRatio: sum((each) => each.makespanMs) / bestMs.reduce((total, each) => total + each, 0) }),
    jain: Math.min(...outcomes.flatMap((each) => each.shares.map(jain))), personWaitP99Ms: quantile(outcomes.flatMap((each) => each.personWaitsMs), 0.99),
  };
}

/** Jain's fairness index: 1 when all shares are equal, 1/n when one has everything. */
export function jain(shares: readonly number[]): number {
  const total = shares.reduce((sum, each) => sum + each, 0);
  return total * total / (shares.length * shares.reduce((sum, each) => sum + each * each, 0));
}

/** The value that this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;
}
