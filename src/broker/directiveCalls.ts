// The control calls by which a person lays something down: who may use purchased credits, budgets,
// allowances, the automatic top-up, policies, corrections; and the answer to a question that a request waits with.
import { autoTopUpFault } from '../domain/autoTopUp.ts';
import { directiveFault } from '../domain/directives.ts';
import type { Directive } from '../domain/directives.ts';
import { pacedFromMs } from '../domain/evenBurn.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Budget } from '../domain/budgets.ts';
import type { Allowance } from '../domain/allowances.ts';
import type { ControlApi } from '../protocol/control.ts';
import { balanceView } from './balanceView.ts';
import type { ControlParts } from './controlParts.ts';

type Calls = Pick<ControlApi, 'consent' | 'answer' | 'unpricedSet' | 'budgets' | 'budgetSet' | 'budgetRemove' | 'allowanceSet' | 'allowanceRemove' | 'autoTopUpSet' | 'policySet' | 'correct'>;
type Parts = Pick<ControlParts, 'ledger' | 'clock' | 'ids' | 'admission' | 'changed'>;

/** Makes the calls. @param eased told after whatever may let a waiting request go on */
export function directiveCalls({ ledger, clock, ids, admission }: Parts, eased: () => void): Calls {
  const lay = async (directive: Directive) => {
    const result = await ledger.command({ type: 'direct', key: ids.directiveId(), atMs: clock.nowMs(), directive });
    if ('problem' in result) throw new ProblemError(result.problem);
    eased();
    return result;
  };
  return {
    consent: async ({ answer = 'allow', ...who }) => {
      await lay({ kind: 'consent', consent: { scope: who.scope, of: who.scope === 'workspace' ? who.workspaceId : '', answer } });
      return { answer };
    },
    answer: async ({ requestId, answer }) => {
      const answered = await admission()?.answer(requestId, answer, ids.directiveId()) ?? false;
      eased();
      return { answered };
    },
    unpricedSet: async ({ model, answer }) => {
      await lay({ kind: 'unpriced-model', model, answer });
      return { answer };
    },
    budgets: async () => ({ budgets: await ledger.query('budgets', { nowMs: clock.nowMs() }) }),
    budgetSet: async ({ budget }) => {
      const set: Budget = withoutAbsent(budget);
      if (set.pace === undefined || typeof set.period !== 'object') return lay({ kind: 'budget', id: set.id, budget: set });
      const { directives } = await ledger.query('balance', { nowMs: clock.nowMs() });
      const before = directives.budgets.find((one) => one.id === set.id);
      return lay({ kind: 'budget', id: set.id, budget: { ...set, pacedFromMs: pacedFromMs(set, before, clock.nowMs()) } });
    },
    budgetRemove: async ({ id }) => {
      const { directives } = await ledger.query('balance', { nowMs: clock.nowMs() });
      if (!directives.budgets.some((one) => one.id === id)) return { removed: false };
      await lay({ kind: 'budget', id, budget: null });
      return { removed: true };
    },
    allowanceSet: async ({ allowance }) => {
      const { directives } = await ledger.query('balance', { nowMs: clock.nowMs() });
      const directive: Directive = { kind: 'allowance', id: allowance.id, allowance: withoutAbsent(allowance) };
      const fault = directiveFault(directive, directives);
      if (fault !== undefined) throw new ProblemError(problem('argument_invalid', '{0} Nothing was changed.', { values: [fault] }));
      const result = await lay(directive);
      // The current period's grant is there at once, not only with the next request.
      await ledger.command({ type: 'upkeep', atMs: clock.nowMs() });
      eased();
      return result;
    },
    allowanceRemove: async ({ id }) => {
      const { directives } = await ledger.query('balance', { nowMs: clock.nowMs() });
      if (!directives.allowances.some((one) => one.id === id)) return { removed: false };
      await lay({ kind: 'allowance', id, allowance: null });
      return { removed: true };
    },
    autoTopUpSet: async ({ rule }) => {
      const fault = rule && autoTopUpFault(rule);
      if (fault) throw new ProblemError(problem('argument_invalid', '{0} Nothing was changed.', { values: [fault] }));
      const result = await lay({ kind: 'auto-top-up', rule });
      // Where too little is left already, the first addition is there at once.
      await ledger.command({ type: 'upkeep', atMs: clock.nowMs() });
      eased();
      return result;
    },
    policySet: (policy) => lay({ kind: 'policy', ...policy }),
    correct: async ({ key, reason, what }) => {
      const result = await ledger.command({ type: 'correct', key, atMs: clock.nowMs(), reason, what });
      if ('problem' in result) throw new ProblemError(result.problem);
      eased();
      return { ...result, balance: balanceView(await ledger.query('balance', { nowMs: clock.nowMs() })) };
    },
  };
}

/** The same without fields that are there and undefined, so that equal ones have equal texts. */
function withoutAbsent<T extends Budget | Allowance>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as unknown as T;
}
