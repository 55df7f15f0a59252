// What a person changes on the dashboard besides adding credits, as the page asks for it: answers, permissions that
// are taken back, budgets, the automatic top-up, a voucher, policies, a top-up that is undone. Checked by the extension, and again by the broker.
import * as z from 'zod/mini';

const name = z.string().check(z.minLength(1), z.maxLength(200));

const amount = z.int().check(z.positive());

const budget = z.strictObject({
  id: name,
  per: z.enum(['request', 'task', 'workspace', 'model', 'client', 'everything']),
  of: z.optional(name),
  unit: z.enum(['credits', 'tokens']),
  limit: z.int().check(z.nonnegative()),
  period: z.union([z.enum(['day', 'week', 'month', 'life']), z.strictObject({ rollingHours: z.int().check(z.positive()) })]),
  timeZone: name,
  mode: z.enum(['soft', 'hard']),
  pace: z.optional(z.literal('even')),
});

/** One change. */
export const pageChange = z.discriminatedUnion('kind', [
  /** The answer to a question that a request waits with. */
  z.object({ kind: z.literal('answer'), requestId: name, answer: z.enum(['once', 'task', 'workspace', 'always', 'never']) }),
  /** Lets a workspace, every workspace or a model be asked about again. */
  z.object({ kind: z.literal('askEverywhere') }),
  z.object({ kind: z.literal('askWorkspace'), workspaceId: name }),
  z.object({ kind: z.literal('askModel'), model: name }),
  z.object({ kind: z.literal('budgetSet'), budget }),
  z.object({ kind: z.literal('budgetRemove'), budgetId: name }),
  z.object({ kind: z.literal('unpricedPolicy'), value: z.enum(['refuse', 'ask', 'ceiling', 'allow']) }),
  z.object({ kind: z.literal('unattendedPolicy'), value: z.enum(['refuse', 'allow']) }),
  /** Switches the automatic top-up on, or off. */
  z.object({ kind: z.literal('autoTopUp'), rule: z.nullable(z.strictObject({ belowMicroCredits: amount, amountMicroCredits: amount, capMicroCredits: amount, timeZone: name })) }),
  /** Redeems a voucher. */
  z.object({ kind: z.literal('voucher'), code: z.string().check(z.minLength(1), z.maxLength(400)) }),
  /** Lets a waiting request go before others or after them. */
  z.object({ kind: z.literal('priority'), requestId: name, priority: z.enum(['interactive', 'agent', 'batch']) }),
  /** Takes back credits that this window added a moment ago. */
  z.object({ kind: z.literal('undo'), grantId: name }),
  /** The prices that changed up to a moment were seen; they are not told again. */
  z.object({ kind: z.literal('seePrices'), untilMs: z.int().check(z.nonnegative()) }),
]);
/** See `pageChange`. */
export type PageChange = z.infer<typeof pageChange>;
