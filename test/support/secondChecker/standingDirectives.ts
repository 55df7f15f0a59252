// What directives said at each point of their chain: the newest of each subject holds. Answers about
// purchased credits, budgets, allowances, the automatic top-up, issuers of vouchers and the policy for questions that nobody can answer.
import type { WrittenDirective } from './ledgerTables.ts';

/** A budget as it was set. */
export interface WrittenBudget {
  readonly id: string; readonly per: string; readonly of?: string; readonly unit: string; readonly limit: number;
  readonly period: 'day' | 'week' | 'month' | 'life' | { readonly rollingHours: number }; readonly timeZone: string; readonly mode: string;
  readonly pace?: string; readonly pacedFromMs?: number;
}

/** An allowance as it was set up. */
export interface WrittenAllowance {
  readonly id: string; readonly kind: string; readonly amountMicroCredits: number; readonly every: 'day' | 'week' | 'month'; readonly weekStartsOn?: number;
  readonly timeZone: string; readonly priority: number; readonly models?: readonly string[]; readonly workspaces?: readonly string[]; readonly note?: string;
}

/** The automatic top-up as it was set. */
export interface WrittenTopUp { readonly belowMicroCredits: number; readonly amountMicroCredits: number; readonly capMicroCredits: number; readonly timeZone: string }

/** Whose credits are asked for. */
export interface Asker { readonly requestId: string; readonly workspaceId: string; readonly threadId: string | null }

/** What holds at one point. */
export interface Standing {
  readonly budgets: readonly WrittenBudget[];
  readonly allowances: ReadonlyMap<string, WrittenAllowance>;
  readonly topUp: WrittenTopUp | undefined;
  /** Issuers of vouchers by the ids of their keys. */
  readonly issuers: ReadonlySet<string>;
  readonly unattended: string;
  /** The answer about purchased credits: the most specific one that is not to ask. */
  answerFor(asker: Asker): string;
}

/** What holds after the first so many directives. */
export function standingAfter(directives: readonly WrittenDirective[]): (count: number) => Standing {
  const known = new Map<number, Standing>();
  return (count) => {
    const found = known.get(count) ?? readStanding(directives.slice(0, count));
    known.set(count, found);
    return found;
  };
}

function readStanding(directives: readonly WrittenDirective[]): Standing {
  // A subject keeps the place at which it came up first, which is the order that budgets are told in.
  const newest = new Map<string, WrittenDirective>();
  for (const one of directives) newest.set(`${one.kind} ${one.subject}`, one);
  const of = <T>(kind: string, name: string) => [...newest.values()].filter((one) => one.kind === kind).flatMap((one) => (one.content[name] === null ? [] : [one.content[name] as T]));
  return {
    budgets: of<WrittenBudget>('budget', 'budget'),
    allowances: new Map(of<WrittenAllowance>('allowance', 'allowance').map((one) => [one.id, one])),
    topUp: of<WrittenTopUp>('auto-top-up', 'rule')[0],
    issuers: new Set(of<{ readonly keyId: string }>('voucher-issuer', 'issuer').map((one) => one.keyId)),
    unattended: String(newest.get('policy unattended')?.content['value'] ?? 'refuse'),
    answerFor: ({ requestId, workspaceId, threadId }) => {
      const subjects = [`request ${requestId}`, ...(threadId === null ? [] : [`task ${threadId}`]), `workspace ${workspaceId}`, 'everywhere '];
      const answers = subjects.map((subject) => (newest.get(`consent ${subject}`)?.content['consent'] as { readonly answer: string } | undefined)?.answer);
      return answers.find((answer) => answer === 'allow' || answer === 'deny') ?? 'ask';
    },
  };
}
