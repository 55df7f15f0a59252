// The pacing beside its peers and an oracle, in virtual time: the table and the picture of ARCHITECTURE.md.
// `--seeds N` runs more or fewer histories of each scenario.
import { brokerPolicy } from '../simulation/pacing/brokerPolicy.ts';
import { compare, type Compared, type Row } from '../simulation/pacing/comparison.ts';
import { bottleneckReservoir, openaiDefault, queueInterval } from '../simulation/pacing/packagePolicies.ts';
import { afterHeader, aimd, codexDefault } from '../simulation/pacing/retryPolicies.ts';
import { scenarios } from '../simulation/pacing/scenarios.ts';
import { printTable } from './benchNumbers.ts';

/** Everything that is compared, in the order of the table. */
const policies = [brokerPolicy, aimd, bottleneckReservoir, queueInterval, afterHeader, codexDefault, openaiDefault];

/** Runs all scenarios with all policies and prints a table of each. */
export async function benchPacing(seeds: number, log: (line: string) => void): Promise<Compared[]> {
  const numbers = Array.from({ length: seeds }, (_, index) => index + 1);
  const all: Compared[] = [];
  for (const scenario of scenarios) {
    const compared = await compare(scenario, policies, numbers);
    all.push(compared);
    log(`\n${scenario.title} (${seeds} seeds): time beside the faster oracle, refusals and failures per 100 jobs, Jain's index, a person's wait (p99)`);
    printTable(['', 'time', 'refused', 'failed', 'Jain', 'person'], [...compared.rows.map(cellsOf), cellsOf({ ...compared.oracle, personWaitP99Ms: compared.oracleWaitP99Ms })]);
  }
  log(`\n${markdownOf(all)}`);
  return all;
}

function cellsOf({ policy, makespanRatio, refusalsPer100, failedPer100, jain, personWaitP99Ms }: Row): string[] {
  return [policy, makespanRatio?.toFixed(3) ?? '–', amountText(refusalsPer100), amountText(failedPer100), jain.toFixed(3), secondsText(personWaitP99Ms)];
}

/** One row for each scenario: of each policy time · refusals · failures · wait. */
function markdownOf(all: readonly Compared[]): string {
  const names = policies.map(({ name }) => name);
  return [
    `| | ${names.join(' | ')} | oracle |`, `| --- |${' --- |'.repeat(names.length + 1)}`,
    ...all.map(({ scenario, rows, oracleWaitP99Ms }) => `| ${scenario.title} | ${rows.map((row) => [
      row.makespanRatio?.toFixed(3) ?? '–', amountText(row.refusalsPer100), ...(row.failedPer100 > 0 ? [`**${amountText(row.failedPer100)} failed**`] : []), secondsText(row.personWaitP99Ms)].join(' · ')).join(' | ')} | ${secondsText(oracleWaitP99Ms)} |`),
  ].join('\n');
}

function amountText(amount: number): string {
  return amount === 0 ? '0' : amount >= 10 ? amount.toFixed(0) : amount >= 1 ? amount.toFixed(1) : amount.toFixed(2);
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
