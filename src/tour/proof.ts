// Checks that what the tour showed adds up: the balance fell by exactly what the workspaces cost, Codex
// and the broker counted the same tokens, the audit is clean and the files are there. Pure.
import type { Audit, Credits, UsageRow } from './brokerCommands.ts';

/** What was seen. Amounts in microcredits. */
export interface Seen {
  readonly before: Credits;
  readonly after: Credits;
  readonly rows: readonly UsageRow[];
  readonly audit: Audit;
  readonly runs: readonly { readonly name: string; readonly exitCode: number; readonly inputTokens: number; readonly outputTokens: number; readonly fileText: string | undefined; readonly wantedText: string }[];
}

/** One check, as a sentence that is true when `ok`. */
export interface Check {
  readonly ok: boolean;
  readonly sentence: string;
}

/** All checks, each with its figures in the sentence. */
export function checks(seen: Seen): readonly Check[] {
  const drop = seen.before.balanceMicroCredits - seen.after.balanceMicroCredits;
  const cost = total(seen.rows, (row) => row.costMicroCredits);
  const codexTokens = total(seen.runs, (run) => run.inputTokens + run.outputTokens);
  const brokerTokens = total(seen.rows, (row) => row.inputTokens + row.outputTokens);
  return [
    ...seen.runs.map((run) => ({ ok: run.exitCode === 0 && run.fileText === run.wantedText, sentence: `Codex ended well in ${run.name} (code ${run.exitCode}) and its file holds what was asked for` })),
    { ok: drop === cost && cost > 0, sentence: `the workspaces cost ${cost} microcredits together, and the balance fell by ${drop}` },
    { ok: codexTokens === brokerTokens && codexTokens > 0, sentence: `Codex itself counted ${codexTokens} tokens, and the broker ${brokerTokens}` },
    { ok: seen.rows.length === seen.runs.length && seen.rows.every((row) => row.costMicroCredits > 0), sentence: `${seen.rows.length} workspaces are listed, each with a cost of its own` },
    { ok: seen.after.heldMicroCredits === 0 && seen.audit.openHolds === 0, sentence: `nothing is held any more (${seen.after.heldMicroCredits} microcredits)` },
    { ok: seen.audit.ok && seen.audit.violations.length === 0, sentence: `the audit recomputed ${seen.audit.charges} charges and ${seen.audit.entries} entries and found ${seen.audit.violations.length} discrepancies` },
  ];
}

function total<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}

/** An amount for people: credits with six decimals at most, and US dollars (25 credits are one dollar). */
export function creditsText(microCredits: number): string {
  return (microCredits / 1_000_000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}

/** The amount with two decimals, as it stands on every other surface. */
export function roundCredits(microCredits: number): string {
  return (microCredits / 1_000_000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** The same amount in US dollars. */
export function dollarsText(microCredits: number): string {
  return `$${(microCredits / 25_000_000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
}
