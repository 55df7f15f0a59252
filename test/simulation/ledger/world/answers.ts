// The ledger's real answers in the shape in which the second mind tells them, so that the two can be
// compared. Names of grants that a rule of the product made are those of their keys.
import type { DecisionRecord } from '../../../../src/domain/decisionRecord.ts';
import type { LedgerCommand, LedgerCommandResults } from '../../../../src/broker/store/ledgerCommands.ts';
import type { CommandOutcome } from '../../../../src/broker/store/sqliteLedger.ts';
import type { Answer } from '../model/ledgerModel.ts';
import type { Verdict } from '../model/modelState.ts';

/** Gives the name that the model has for a grant. */
export type NameOf = (grantId: string) => string;

/** A decision as a verdict. */
export function verdictOf(decision: DecisionRecord, nameOf: NameOf): Verdict {
  return {
    outcome: decision.outcome, payer: decision.coveredBy ?? (decision.fallback && `${decision.fallback.model} for ${decision.fallback.cause} ${decision.fallback.code}`), code: decision.code, question: decision.question, hold: decision.holdMicroCredits, slices: decision.slices.map((slice) => [nameOf(slice.grantId), slice.microCredits]),
    budgets: decision.budgets?.map((one) => [one.budgetId, one.key, one.used, one.reserved, one.wanted, one.verdict, one.allowed]),
    stops: decision.stops?.map((one) => [one.budgetId, one.unit, one.amount]), retryAtMs: decision.retryAtMs,
  };
}

/** What a command answered. */
export function answerOf(command: LedgerCommand, outcome: CommandOutcome | undefined, nameOf: NameOf): Answer {
  if (!outcome?.ok) return { fails: outcome?.problem.code ?? 'no answer' };
  const { value } = outcome;
  if ('problem' in value) return { code: value.problem.code };
  switch (command.type) {
    case 'grant': case 'redeem': {
      const { created, grant } = value as Extract<LedgerCommandResults['grant'], { readonly created: boolean }>;
      return { created, id: nameOf(grant.id), left: grant.remainingMicroCredits };
    }
    case 'reserve': {
      const { decision, exists } = value as LedgerCommandResults['reserve'];
      return { exists, ...verdictOf(decision, nameOf) };
    }
    case 'settle': {
      const { exists, costMicroCredits, drawnMicroCredits } = value as LedgerCommandResults['settle'];
      return { exists, cost: costMicroCredits, drawn: drawnMicroCredits };
    }
    case 'correct': {
      const { exists, changedMicroCredits } = value as Extract<LedgerCommandResults['correct'], { readonly exists: boolean }>;
      return { exists, changed: changedMicroCredits };
    }
    case 'begin': case 'direct': case 'workspace': case 'recover': case 'upkeep': case 'import': case 'note-limit': return { ...value };
  }
}

/** Two answers are the same when they read the same; what is absent does not count, nor does the order of the facts. */
export function textOf(answer: object): string {
  return JSON.stringify(Object.entries(answer).filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)));
}
