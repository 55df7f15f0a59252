// The control calls by name, each with the shape of its arguments. They are checked with these at the edge
// of the broker, whoever calls.
import * as z from 'zod';
import { historyGroupings, usageGroupings } from './history.ts';
import { entryKinds, happeningKinds, pageRowsMax } from './ledgerPages.ts';

/** The largest single grant: one million credits (US$40,000). */
export const grantMicroCreditsMax = 1_000_000_000_000;

/** Responses that one call may import. */
export const importUsesMax = 250;

const microCredits = z.number().int().positive().max(grantMicroCreditsMax);
const timeMs = z.number().int().nonnegative().max(8_640_000_000_000_000);
const name = z.string().min(1).max(200);
const names = z.array(name).min(1).max(50);
const empty = z.object({}).strict();
const calendar = z.enum(['day', 'week', 'month']);
const tokens = z.number().int().nonnegative().max(100_000_000);

const pageRows = z.number().int().min(1).max(pageRowsMax);
/** Checked further where it is used: not longer than a local day. */
const daySpan = { fromMs: timeMs, untilMs: timeMs };

const permission = [
  z.object({ scope: z.literal('everywhere') }).strict(),
  z.object({ scope: z.literal('workspace'), workspaceId: z.string().min(1).max(100) }).strict(),
] as const;

const consentAnswer = z.enum(['allow', 'deny', 'ask']).optional();

const budget = z.object({
  id: name, per: z.enum(['request', 'task', 'workspace', 'model', 'client', 'everything']), of: name.optional(), unit: z.enum(['credits', 'tokens']),
  limit: z.number().int().nonnegative(), period: z.union([calendar, z.literal('life'), z.object({ rollingHours: z.number().int().min(1).max(8784) }).strict()]),
  timeZone: name, mode: z.enum(['soft', 'hard']), pace: z.literal('even').optional(),
}).strict().refine(({ per, of }) => of === undefined || per !== 'request' && per !== 'everything', { message: 'a budget per request or for everything is of no one thing', path: ['of'] });

const allowance = z.object({
  id: name, kind: z.enum(['included', 'promotional']), amountMicroCredits: microCredits, every: calendar, weekStartsOn: z.number().int().min(1).max(7).optional(),
  timeZone: name, priority: z.number().int().min(0).max(1000), models: names.optional(), workspaces: names.optional(), note: z.string().max(200).optional(),
}).strict();

const autoTopUp = z.object({ belowMicroCredits: microCredits, amountMicroCredits: microCredits, capMicroCredits: microCredits, timeZone: name }).strict();

/** A response's id, or a thread's id with its place among the totals. */
const importKey = z.string().min(1).max(300);

const usage = z.object({ inputTokens: tokens, cachedInputTokens: tokens, cacheWriteTokens: tokens, outputTokens: tokens, reasoningTokens: tokens }).strict();

/** Arguments of each call, by its name. */
export const controlArguments = {
  status: empty,
  token: z.object({ workspacePath: z.string().min(1).max(4096), label: z.string().max(200).optional(), renew: z.boolean().optional() }).strict(),
  creditsAdd: z.object({
    amountMicroCredits: microCredits,
    kind: z.enum(['included', 'promotional', 'purchased']),
    /** Lower burns first within a kind; 50 when left out. */
    priority: z.number().int().min(0).max(1000).optional(),
    startsAtMs: timeMs.optional(),
    expiresAtMs: timeMs.positive().optional(),
    /** Only for these models (`gpt-5*` for a family) and workspaces (ids). */
    models: names.optional(),
    workspaces: names.optional(),
    /** Same key and same content: the grant that exists. Same key and other content: `key_conflict`. */
    key: name,
    note: z.string().max(200).optional(),
    /** Who may use purchased credits: the person's answer, given together with the top-up. */
    consent: z.discriminatedUnion('scope', [...permission, z.object({ scope: z.literal('ask') }).strict()]),
  }).strict(),
  creditsList: empty,
  /** Says for every workspace, or for one, whether purchased credits may be used: `allow` (when left out), `deny`, or `ask` each time. */
  consent: z.discriminatedUnion('scope', [permission[0].extend({ answer: consentAnswer }), permission[1].extend({ answer: consentAnswer })]),
  /** Answers the question that a request waits with. For a model without a price, `task` and `workspace` mean `always`. */
  answer: z.object({ requestId: name, answer: z.enum(['once', 'task', 'workspace', 'always', 'never']) }).strict(),
  /** Says for a model without a price what the question about it would: `ask` takes an answer back. */
  unpricedSet: z.object({ model: name, answer: z.enum(['allow', 'deny', 'ask']) }).strict(),
  budgets: empty,
  /** Sets a budget, or puts it in the place of the one with the same id. Its limit is in microcredits or tokens. */
  budgetSet: z.object({ budget }).strict(),
  budgetRemove: z.object({ id: name }).strict(),
  allowanceSet: z.object({ allowance }).strict(),
  allowanceRemove: z.object({ id: name }).strict(),
  /** Switches the automatic top-up on, or off with `null`. */
  autoTopUpSet: z.object({ rule: autoTopUp.nullable() }).strict(),
  /** An Ed25519 public key, bare in base64url or in PEM. */
  voucherTrust: z.object({ publicKey: z.string().min(1).max(2000), name: z.string().min(1).max(100).optional() }).strict(),
  voucherDistrust: z.object({ keyId: name }).strict(),
  /** Longer than any code, so that one with line breaks is taken too. */
  voucherRedeem: z.object({ code: z.string().min(1).max(1000) }).strict(),
  policySet: z.union([
    z.object({ name: z.literal('unpriced'), value: z.enum(['refuse', 'ask', 'ceiling', 'allow']) }).strict(),
    z.object({ name: z.literal('unattended'), value: z.enum(['refuse', 'allow']) }).strict(),
  ]),
  correct: z.object({
    key: name, reason: z.string().min(1).max(500),
    what: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('usage'), attemptId: name, usage }).strict(),
      z.object({ kind: z.literal('refund'), attemptId: name, microCredits }).strict(),
      z.object({ kind: z.literal('void'), grantId: name, disputed: z.boolean() }).strict(),
    ]),
  }).strict(),
  usage: z.object({
    by: z.enum(usageGroupings),
    sinceMs: timeMs.optional(),
    /** Leaves out what went around the broker and was imported. */
    withoutImported: z.boolean().optional(),
  }).strict(),
  /** Usage of a range up to now, for charts. `fromMs` is brought back to the beginning of its local day or hour. */
  history: z.object({ by: z.enum(historyGroupings), fromMs: timeMs, step: z.enum(['day', 'hour']) }).strict(),
  /** What one workspace used in a span of a day at the most. */
  workspaceUsage: z.object({ by: z.enum(historyGroupings), workspaceId: name, ...daySpan }).strict(),
  /** What the prompt cache saved in such a span. */
  cacheSaving: z.object({ workspaceId: name.optional(), ...daySpan }).strict(),
  /** What was sent out of this computer in such a span, and where to. */
  sent: z.object(daySpan).strict(),
  /** What the product keeps on this computer. */
  stored: empty,
  entryPage: z.object({
    kind: z.enum(entryKinds), limit: pageRows, before: z.number().int().positive().optional(), search: z.string().max(200).optional(),
    workspaceId: name.optional(), fromMs: timeMs.optional(), untilMs: timeMs.optional(),
  }).strict(),
  happenings: z.object({
    filter: z.enum(happeningKinds), limit: pageRows, before: z.object({ atMs: timeMs, from: z.enum(['entry', 'directive']), sequence: z.number().int().positive() }).strict().optional(),
    /** Only what is about this workspace alone. */
    workspaceId: name.optional(), fromMs: timeMs.optional(),
  }).strict(),
  course: z.object({ fromMs: timeMs, budgetId: name.optional(), key: z.string().max(200).optional() }).strict(),
  explain: z.object({ id: name }).strict(),
  explainImported: z.object({ id: importKey }).strict(),
  /** Books responses that went around the broker, as session files tell them; `dryRun` only counts. */
  importUsage: z.object({
    uses: z.array(z.object({
      key: importKey, responseId: name.optional(), atMs: timeMs, cwd: z.string().min(1).max(4096).optional(), client: name.optional(), clientVersion: name.optional(),
      threadId: name.optional(), model: name.optional(), usage, source: z.string().min(1).max(255),
    // The audit holds a response to its own id, so that nothing else may be booked under it.
    }).strict().refine(({ key, responseId }) => responseId === undefined || responseId === key, { message: 'a response is imported under its own id', path: ['key'] })).max(importUsesMax),
    dryRun: z.boolean().optional(),
  }).strict(),
  /** A request that is not sent, told by its sizes: nothing of its text leaves the caller. */
  dryRun: z.object({
    workspacePath: z.string().min(1).max(4096).optional(), model: name, serviceTier: name.optional(), client: name.optional(), threadId: name.optional(),
    size: z.record(z.string().max(40), z.union([z.number(), z.boolean(), z.string().max(200)])),
  }).strict(),
  audit: z.object({ full: z.boolean().optional() }).strict(),
  backup: z.object({ path: z.string().min(1).max(4096).optional() }).strict(),
  export: z.object({ set: z.enum(['requests', 'charges', 'entries', 'directives', 'grants', 'imports']), after: z.number().int(), limit: z.number().int().min(1).max(2000), sinceMs: timeMs }).strict(),
  health: empty,
  setApiKey: z.object({ apiKey: z.string().min(1).max(500) }).strict(),
  forgetApiKey: empty,
  /** What is worth knowing of some local days up to today, seven where none are named; of one workspace where it is. */
  insights: z.object({ days: z.number().int().min(1).max(90).optional(), workspaceId: name.optional() }).strict(),
  cancel: z.object({ requestId: name }).strict(),
  /** Moves a waiting request to another class: interactive goes before agent before batch. */
  setPriority: z.object({ requestId: name, priority: z.enum(['interactive', 'agent', 'batch']) }).strict(),
  /** Of one workspace; of all where it is left out. */
  release: z.object({ workspaceId: name.optional() }).strict(),
  shutdown: empty,
} as const;

/** Name of a call. */
export type ControlMethod = keyof typeof controlArguments;

/** Arguments of a call. */
export type ControlArguments<M extends ControlMethod> = z.infer<(typeof controlArguments)[M]>;
