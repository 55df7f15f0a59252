// The waterfall: one pure function that walks the layers for one attempt and returns a decision
// with its whole reasoning. It reads a snapshot of the ledger; it never writes and never waits.
// Pacing has happened before (an attempt comes here when upstream limits have room), so its wait
// arrives as a fact and becomes part of the record.
import { judgeBudgets } from './budgetLayer.ts';
import { stopsAt } from './budgets.ts';
import type { ConsentScope } from './consent.ts';
import type { DecisionRecord } from './decisionRecord.ts';
import { fallBack } from './fallback.ts';
import { appliesTo, availableMicroCredits, grantKinds, isInForce, isUsable, takeSlices } from './grants.ts';
import type { Grant, GrantKind, GrantUse, Slice } from './grants.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';
import { say, saidOf } from './say.ts';
import type { Because, SaidValue } from './say.ts';
import { decimalsApart, hundredthsUp, sum } from './units.ts';
import { ask, holdBack, refuse } from './walk.ts';
import type { Walk, WaterfallInput } from './walk.ts';

/** Walks the layers and decides. The slices of an admitted attempt sum to its hold. */
export function decide(input: WaterfallInput): DecisionRecord {
  return fallBack(input, walkLayers(input));
}

function walkLayers(input: WaterfallInput): DecisionRecord {
  const walk: Walk = { input, layers: [] };
  const { layers } = walk;
  if (input.unsafe) return refuse(walk, 'safety', input.unsafe, []);
  if (input.limits.ended) return refuse(walk, 'limits', input.limits.ended, []);
  if (input.owedMicroCredits > 0 && !input.plan) {
    const owed = { credits: input.owedMicroCredits, decimals: input.owedMicroCredits < 1_000_000 ? 6 : 2 };
    return refuse(walk, 'safety', problem('credits_owed', 'Credits were taken back after {0} credits of them had been spent, so {0} credits are owed. Nothing was sent.', { values: [owed] }), [say('Add {0} credits or more of purchased credits; they pay what is owed first.', owed)]);
  }
  const ended = judgeRunaway(walk);
  if (ended) return ended;

  const budgets = judgeBudgets(walk);
  if (budgets.ended) return budgets.ended;
  layers.push({ layer: 'limits', verdict: input.limits.waitedMs > 0 ? 'waited' : 'passed', because: input.limits.because, ...saidOf(input.limits) });
  // Credits are no measure of what a plan pays for, so no budget in credits stops it.
  const stops = stopsAt(input.budgets).filter((stop) => !input.plan || stop.unit === 'tokens');
  const kept = {
    ...(budgets.verdicts.length > 0 ? { budgets: budgets.verdicts } : {}), ...(stops.length > 0 ? { stops } : {}), ...(input.answered ? { answered: input.answered } : {}),
  };

  if (input.plan) return { ...cover(walk, input.plan), ...kept };

  const matters = input.tracked || input.budgets.some(({ budget }) => budget.mode === 'hard' && budget.unit === 'credits');
  if (input.estimateMicroCredits === undefined && matters) {
    const unpriced = judgeUnpriced(walk);
    if (unpriced) return { ...unpriced, ...kept };
  }
  if (!input.tracked || input.estimateMicroCredits === undefined) {
    const because = input.tracked
      ? say('The model has no price; the request is counted as unpriced and nothing is reserved for it.')
      : say('No credits were ever added, so the balance is not tracked: usage is counted and priced, nothing is drawn.');
    for (const kind of grantKinds) layers.push({ layer: kind, verdict: 'skipped', ...because });
    return { outcome: 'admit', layers, slices: [], holdMicroCredits: 0, ...(input.tracked ? { tracked: true } : {}), ...kept };
  }
  return { ...draw(walk, input.estimateMicroCredits), ...kept };
}

/** A plan pays, which is the first thing that costs nothing: no credits are looked at. */
function cover({ layers }: Walk, { because, said }: Because): DecisionRecord {
  layers.push({ layer: 'included', verdict: 'passed', because, ...(said ? { said } : {}) });
  for (const kind of grantKinds) if (kind !== 'included') layers.push({ layer: kind, verdict: 'skipped', ...say('The plan pays for it.') });
  return { outcome: 'admit', layers, slices: [], holdMicroCredits: 0, coveredBy: 'plan' };
}

/** The runaway guard's part of the safety layer; undefined when the request goes on. */
function judgeRunaway(walk: Walk): DecisionRecord | undefined {
  const { runaway, answered, canAsk, plan } = walk.input;
  const healthy = plan ? say('The ledger is healthy; the client brings its own sign-in.') : say('The ledger is healthy and a key is present.');
  if (!runaway || runaway.action === 'slow' || runaway.action === 'let') {
    walk.layers.push(!runaway ? { layer: 'safety', verdict: 'passed', ...healthy } : runaway.action === 'slow'
      ? { layer: 'safety', verdict: 'waited', ...say('{0} {1} It was slowed down.', healthy, runaway) }
      : { layer: 'safety', verdict: 'passed', ...say('{0} {1} A person let it go on.', healthy, runaway) });
    return undefined;
  }
  const why = problem('runaway_paused', '{0} Nothing was sent and nothing was charged.', { values: [runaway] });
  const toChange = [say('Look at what the task does, then let it go on with `codex-broker release`, or in the window of its workspace.')];
  return runaway.action === 'ask' && canAsk && answered?.kind !== 'runaway' ? ask(walk, 'safety', 'runaway', why, toChange) : refuse(walk, 'safety', why, toChange);
}

/** A model without a price where credits are at stake; undefined when the request goes on unpriced. */
function judgeUnpriced(walk: Walk): DecisionRecord | undefined {
  const { input } = walk;
  if (input.unpricedRule === 'allow') return undefined;
  const why = problem('model_unpriced', 'No price is known for the model "{0}", so its cost cannot be held against your credits. Nothing was sent.', { values: [input.model] });
  const toChange = [say('Choose a priced model, add its price to prices.json, or set the rule for unpriced models to a ceiling price.')];
  if (input.unpricedRule === 'ask' && input.canAsk && input.answered?.kind !== 'unpriced') return ask(walk, 'safety', 'unpriced', why, toChange);
  return refuse(walk, 'safety', why, toChange);
}

/** The layers that cover the hold: included, promotional, then purchased with consent. */
function draw(walk: Walk, hold: number): DecisionRecord {
  const { input, layers } = walk;
  const slices: Slice[] = [];
  let missing = hold;
  for (const kind of grantKinds) {
    const grants = input.grants.filter((grant) => grant.kind === kind);
    if (missing === 0 && (hold > 0 || slices.length > 0)) {
      layers.push({ layer: kind, verdict: 'skipped', ...say('The hold is covered already.') });
      continue;
    }
    const taken = takeSlices(grants, missing, input);
    if (kind === 'purchased' && taken.length > 0) {
      const barred = judgeConsent(walk, sum(taken.map((slice) => slice.microCredits)));
      if (barred) return barred;
    }
    const amount = sum(taken.map((slice) => slice.microCredits));
    slices.push(...taken);
    missing -= amount;
    layers.push(amount > 0
      ? { layer: kind, verdict: 'took', ...reserved(kind, amount, freeOf(grants, input)), microCredits: amount }
      : { layer: kind, verdict: 'passed', ...whyNone(kind, grants, input) });
  }
  if (missing > 0) return tooLittle(walk, hold, missing);
  return { outcome: 'admit', layers, slices, holdMicroCredits: hold, ...(hold === 0 ? { tracked: true } : {}) };
}

function reserved(kind: GrantKind, amount: number, free: number): Because {
  const values = [{ credits: amount, decimals: 6 }, { credits: free, decimals: 6 }] as const;
  switch (kind) {
    case 'included': return say('Reserved {0} of {1} free included credits.', ...values);
    case 'promotional': return say('Reserved {0} of {1} free promotional credits.', ...values);
    case 'purchased': return say('Reserved {0} of {1} free purchased credits.', ...values);
  }
}

function whyNone(kind: GrantKind, grants: readonly Grant[], use: GrantUse): Because {
  if (grants.length === 0) return noCredits(kind);
  const others = grants.filter((grant) => isInForce(grant, use.nowMs) && availableMicroCredits(grant) > 0 && !appliesTo(grant, use)).length;
  switch (kind) {
    case 'included': return others > 0 ? say('The included credits that are free are for other models or workspaces.') : say('The included credits have nothing free.');
    case 'promotional': return others > 0 ? say('The promotional credits that are free are for other models or workspaces.') : say('The promotional credits have nothing free.');
    case 'purchased': return others > 0 ? say('The purchased credits that are free are for other models or workspaces.') : say('The purchased credits have nothing free.');
  }
}

function noCredits(kind: GrantKind): Because {
  switch (kind) {
    case 'included': return say('There are no included credits.');
    case 'promotional': return say('There are no promotional credits.');
    case 'purchased': return say('There are no purchased credits.');
  }
}

/** Permission for purchased credits; undefined when it is given. */
function judgeConsent(walk: Walk, amount: number): DecisionRecord | undefined {
  const { input, layers } = walk;
  const { answer, scope } = input.consent;
  if (answer === 'allow') {
    layers.push({ layer: 'consent', verdict: 'passed', ...allowed(scope ?? 'everywhere') });
    return undefined;
  }
  const toChange = [say('Allow this workspace to use purchased credits, or add included or promotional ones.')];
  const would = { credits: amount, decimals: 2 };
  if (answer === 'deny') return refuse(walk, 'consent', denied(scope ?? 'workspace', would), toChange);
  const missing = problem('consent_missing', 'This request would use {0} purchased credits, and this workspace has no permission to. Nothing was sent and nothing was charged.', { values: [would] });
  if (input.answered?.kind === 'consent') {
    return refuse(walk, 'consent', input.answered.answer === undefined
      ? problem('consent_missing', 'This request would use {0} purchased credits; permission was asked for, and nobody answered within {1} s. Nothing was sent and nothing was charged.', { values: [would, Math.round(input.answered.afterMs / 1000)] }) : missing, toChange);
  }
  return input.canAsk ? ask(walk, 'consent', 'consent', missing, toChange) : refuse(walk, 'consent', missing, toChange);
}

function allowed(scope: ConsentScope): Because {
  switch (scope) {
    case 'request': return say('Using purchased credits was allowed for this request.');
    case 'task': return say('Using purchased credits was allowed for this task.');
    case 'workspace': return say('Using purchased credits was allowed for this workspace.');
    case 'everywhere': return say('Using purchased credits was allowed for every workspace.');
  }
}

function denied(scope: ConsentScope, would: SaidValue): Problem {
  const parts = { values: [would] };
  switch (scope) {
    case 'request': return problem('consent_missing', 'This request would use {0} purchased credits, and that was refused for this request. Nothing was sent and nothing was charged.', parts);
    case 'task': return problem('consent_missing', 'This request would use {0} purchased credits, and that was refused for this task. Nothing was sent and nothing was charged.', parts);
    case 'workspace': return problem('consent_missing', 'This request would use {0} purchased credits, and that was refused for this workspace. Nothing was sent and nothing was charged.', parts);
    case 'everywhere': return problem('consent_missing', 'This request would use {0} purchased credits, and that was refused for every workspace. Nothing was sent and nothing was charged.', parts);
  }
}

/** The free credits do not cover the hold: wait for reserved ones where those would do, else refuse. */
function tooLittle(walk: Walk, hold: number, missing: number): DecisionRecord {
  const { input } = walk;
  const free = freeOf(input.grants, input);
  const held = heldOf(input.grants, input);
  const decimals = decimalsApart(hold, free);
  const [may, has, more] = [hold, free, held].map((credits) => ({ credits, decimals })) as [SaidValue, SaidValue, SaidValue];
  const why = held > 0
    ? problem('credits_exhausted', 'This request may cost up to {0} credits and {1} are free ({2} more are reserved by running requests). Nothing was sent and nothing was charged.', { values: [may, has, more] })
    : problem('credits_exhausted', 'This request may cost up to {0} credits and {1} are free. Nothing was sent and nothing was charged.', { values: [may, has] });
  const startsAtMs = nextStart(input.grants, input);
  const toChange = [say('Add {0} credits or more.', { credits: hundredthsUp(missing), decimals: 2 }), ...(held > 0 ? [say('Or wait until running requests give back what they do not use.')] : [])];
  // Everything that is reserved may come back but for what is really used: waiting can cure it, so it is no refusal.
  if (held >= missing && input.canWait) return holdBack(walk, 'wait', why, toChange);
  return refuse(walk, 'wait', why, toChange, startsAtMs);
}

/** When the next grant that has not begun will. */
function nextStart(grants: readonly Grant[], use: GrantUse): number | undefined {
  const starts = grants.filter((grant) => grant.voided === undefined && grant.startsAtMs !== undefined && grant.startsAtMs > use.nowMs && appliesTo(grant, use)).map((grant) => grant.startsAtMs ?? 0);
  return starts.length > 0 ? Math.min(...starts) : undefined;
}

/** What the next request of a workspace would draw from; `none` when it would be refused for lack of credits or consent. */
export function nextDraw(balance: { readonly tracked: boolean; readonly grants: readonly Grant[] }, mayBuy: boolean, nowMs: number): 'untracked' | GrantKind | 'none' {
  if (!balance.tracked) return 'untracked';
  const usable = balance.grants.filter((grant) => isInForce(grant, nowMs) && availableMicroCredits(grant) > 0);
  const kind = grantKinds.find((one) => usable.some((grant) => grant.kind === one));
  return kind === undefined || kind === 'purchased' && !mayBuy ? 'none' : kind;
}

function freeOf(grants: readonly Grant[], use: GrantUse): number {
  return sum(grants.filter((grant) => isUsable(grant, use)).map(availableMicroCredits));
}

function heldOf(grants: readonly Grant[], use: GrantUse): number {
  return sum(grants.filter((grant) => isInForce(grant, use.nowMs) && appliesTo(grant, use)).map((grant) => grant.heldMicroCredits));
}
