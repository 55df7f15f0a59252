// ChatGPT sign-ins that pass through: each request goes with what its own client brought along, to the one
// host that it is for. Kept in memory per account, under a name that gives nothing away: what the provider
// told of the plan, and Cloudflare's cookies. The sign-in itself is held by its request or connection alone.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { observeModelLimits, usedUpModelLimit, type ModelLimit } from '../domain/modelLimits.ts';
import { observePlan, planWindowsAt, unknownPlan, usedUp, usedUpShare, windowSaid } from '../domain/planLimits.ts';
import type { PlanLimits, PlanObservation } from '../domain/planLimits.ts';
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { say } from '../domain/say.ts';
import type { Because } from '../domain/say.ts';
import { isOfAnotherLimit, readModelLimits, readPlanHeaders, readPlanUsage } from '../protocol/codexLimits.ts';
import { classifyAnswer } from '../protocol/upstreamError.ts';
import type { PlanView, WindowView } from '../protocol/snapshot.ts';
import type { PlanCover } from './admissionTicket.ts';
import { single } from './headerValue.ts';
import type { RememberedPlan } from './planMemory.ts';
import type { Clock } from './clock.ts';
import { CookieJar } from './upstream/cookieJar.ts';
import type { ChatGptTarget } from './upstream/chatGptTarget.ts';
import type { Credential } from './upstream/credential.ts';
import type { Asked, UpstreamWay } from './upstreamWay.ts';

/** Accounts that are remembered at once; the one that was used longest ago makes room. */
export const accountsMax = 16;
/** What was told of a plan is asked for again when it is older than this, and not more often. */
export const usageAskedMs = 5 * 60_000;
/** How long the provider may take to tell it, and how much. */
const usageMsMax = 10_000;
const usageBytesMax = 64 * 1024;
/** The longest sign-in that is taken for one, in characters. */
const bearerCharactersMax = 16 * 1024;

/** What the accounts need. */
export interface PlanAccountsParts {
  readonly target: ChatGptTarget;
  readonly clock: Clock;
  readonly upstreamAnswered: UpstreamWay['upstreamAnswered'];
  /** Whether long windows are spread over their days. */
  readonly spread: boolean;
  readonly changed: () => void;
  /** Told of every window that an answer told of a plan. */
  readonly planTold: (plan: string, windows: PlanObservation['windows']) => void;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** What was known before the broker started, and what keeps what is known now. */
  readonly remembered: readonly RememberedPlan[];
  readonly remember: (plans: readonly RememberedPlan[]) => void;
}

/** A sign-in as its request uses it. */
export interface PlanWay {
  readonly way: UpstreamWay;
  readonly cover: PlanCover;
  /** A request has ended: asks how much of the plan is used, where that is not known freshly. Never rejects. */
  readonly ended: () => Promise<void>;
}

/** What limits of the API's own upstream go by, which are no plan. */
const apiName = 'API';

interface Told { readonly name: string; limits: PlanLimits; modelLimits: readonly ModelLimit[] }
interface Account extends Told { readonly isLasting: boolean; readonly jar: CookieJar; askedAtMs: number }

/** All accounts. */
export class PlanAccounts {
  readonly #parts: PlanAccountsParts;
  readonly #accounts = new Map<string, Account>();
  readonly #api: Told = { name: apiName, limits: unknownPlan, modelLimits: [] };

  constructor(parts: PlanAccountsParts) {
    this.#parts = parts;
    for (const { id, limits, modelLimits } of parts.remembered) this.#accounts.set(id, { ...this.#fresh(id), limits, modelLimits });
  }

  /** What a request goes with; a problem where it brings no sign-in. */
  wayOf(headers: IncomingHttpHeaders): PlanWay | Problem {
    const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer === undefined || bearer.length > bearerCharactersMax) return problem('chatgpt_login_missing', 'The request came to the address for ChatGPT sign-ins and brings none. Nothing was sent.');
    const accountId = single(headers['chatgpt-account-id']);
    const account = this.#account(accountId ?? bearer, accountId !== undefined);
    const credential: Credential = {
      kind: 'chatgpt', secret: bearer,
      head: () => {
        const cookie = account.jar.header;
        return { authorization: `Bearer ${bearer}`, ...(accountId === undefined ? {} : { 'chatgpt-account-id': accountId }), ...(cookie === undefined ? {} : { cookie }) };
      },
    };
    const { target, upstreamAnswered, clock, spread } = this.#parts;
    const ears = this.#ears(account);
    return {
      cover: { account: account.name, because: () => coverText(account.limits, clock.nowMs()), ended: (model) => endedProblem(account, model, spread, clock.nowMs()) },
      ended: () => this.#askUsage(account, credential),
      way: {
        target, upstreamAnswered, credential: () => credential, keyAnswered: () => undefined,
        limitsTold: ears.limitsTold,
        headSeen: (head, asked, refusal) => {
          account.jar.take(head['set-cookie']);
          ears.headSeen(head, asked, refusal);
        },
      },
    };
  }

  /** Hears what the API's upstream may tell in the same words; some stand before a plan of their own. */
  apiEars(): Pick<UpstreamWay, 'headSeen' | 'limitsTold'> {
    return this.#ears(this.#api);
  }

  /** The windows as limits among others, in percent. */
  windows(): WindowView[] {
    const nowMs = this.#parts.clock.nowMs();
    return [...this.#accounts.values(), this.#api].flatMap((told) => [
      ...planWindowsAt(told.limits, nowMs).map((window) => this.#windowView(told, window, nowMs)),
      ...told.modelLimits.flatMap(({ limitId, name, limits, models }) => planWindowsAt(limits, nowMs).map((window) => ({
        ...shareOf(window), id: `${told.name}/${limitId}/${window.windowMinutes}`, model: name, ofPlan: { name: told.name, models },
      }))),
    ]);
  }

  #windowView({ name, limits }: Told, window: PlanLimits['windows'][number], nowMs: number): WindowView {
    const share = this.#parts.spread && name !== apiName ? usedUpShare(limits, nowMs) : undefined;
    return {
      id: `${name}/${window.windowMinutes}`, model: name, ...shareOf(window),
      ...(share?.windowMinutes === window.windowMinutes ? { shareUsedUntilMs: share.nextAtMs } : {}),
    };
  }

  /** What is known of each plan beside its windows. */
  plans(): PlanView[] {
    return [...this.#accounts.values()].flatMap(({ name, limits: { planType, credits, observedAtMs } }) => (observedAtMs === undefined ? [] : [{
      account: name, observedAtMs, ...(planType === undefined ? {} : { planType }), ...(credits ? { credits } : {}),
    }]));
  }

  #ears(account: Told): Pick<UpstreamWay, 'headSeen' | 'limitsTold'> {
    const { clock } = this.#parts;
    const limitsTold = (told: PlanObservation, asked: Asked) => this.#observe(account, told, asked);
    return {
      limitsTold,
      headSeen: (head, asked, refusal) => {
        limitsTold(toldBy(head, refusal, clock.nowMs()), asked);
      },
    };
  }

  /** The account of an id or, without one, of the sign-in itself. */
  #account(key: string, isLasting: boolean): Account {
    const id = createHash('sha256').update(key).digest('hex');
    const known = this.#accounts.get(id) ?? this.#fresh(id, isLasting);
    this.#accounts.delete(id);
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size >= accountsMax && oldest !== undefined) this.#accounts.delete(oldest);
    this.#accounts.set(id, known);
    return known;
  }

  /** @param isLasting known by the account's id, which the next sign-in has too */
  #fresh(id: string, isLasting = true): Account {
    return { name: `ChatGPT ${id.slice(0, 4)}`, isLasting, limits: unknownPlan, modelLimits: [], jar: new CookieJar(this.#parts.clock), askedAtMs: Number.NEGATIVE_INFINITY };
  }

  #observe(account: Told, observation: PlanObservation, { sentAtMs, model }: Asked): void {
    const { modelLimits = [], appliedLimitId } = observation;
    const applied = model === undefined || appliedLimitId === undefined ? undefined : { limitId: appliedLimitId, model };
    const limitOfModel = () => account.modelLimits.find(({ models }) => model !== undefined && models.includes(model))?.limitId;
    const before = limitOfModel();
    account.modelLimits = observeModelLimits(account.modelLimits, modelLimits, applied, this.#parts.clock.nowMs(), sentAtMs);
    const isTold = observation.windows.length + modelLimits.length > 0 || observation.credits || observation.planType || observation.refused;
    if (!isTold && limitOfModel() === before) return;
    account.limits = observePlan(account.limits, observation, this.#parts.clock.nowMs(), sentAtMs);
    this.#parts.planTold(account.name, observation.windows);
    if (account !== this.#api) this.#parts.remember([...this.#accounts].filter(([, one]) => one.isLasting).map(([id, { limits, modelLimits: own }]) => ({ id, limits, modelLimits: own })));
    this.#parts.changed();
  }

  async #askUsage(account: Account, credential: Credential): Promise<void> {
    const { clock, target, log } = this.#parts;
    const since = Math.max(account.askedAtMs, account.limits.observedAtMs ?? Number.NEGATIVE_INFINITY);
    if (clock.nowMs() - since < usageAskedMs) return;
    const sentAtMs = account.askedAtMs = clock.nowMs();
    try {
      const answer = await target.pool.request({
        method: 'GET', path: target.usagePath, headersTimeout: usageMsMax, bodyTimeout: usageMsMax,
        headers: { ...credential.head(), 'accept': 'application/json', 'accept-encoding': 'identity', 'user-agent': 'codex-cli' },
      });
      account.jar.take(answer.headers['set-cookie']);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > usageBytesMax) throw new Error('the answer is too large');
        chunks.push(chunk);
      }
      const usage = answer.statusCode === 200 ? readPlanUsage(Buffer.concat(chunks).toString('utf8'), clock.nowMs()) : undefined;
      if (usage) this.#observe(account, usage, { sentAtMs });
      else log('plan-usage-unread', { account: account.name, status: answer.statusCode });
    } catch (error) {
      // The plan's windows stay unknown, as they were; the next answer may tell them.
      log('plan-usage-unread', { account: account.name, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** A plan's window as one of a snapshot. */
function shareOf({ windowMinutes, usedPercent, observedAtMs, resetsAtMs }: PlanLimits['windows'][number]): Omit<WindowView, 'id' | 'model'> {
  return { measure: 'percent', windowMinutes, limit: 100, remaining: Math.max(0, 100 - usedPercent), observedAtMs, ...(resetsAtMs === undefined ? {} : { resetsAtMs }) };
}

/** What an answer's head, and the rest of a refusal, told of the plan and of its models' own limits. */
function toldBy(head: IncomingHttpHeaders, refusal: { readonly status: number; readonly body: Buffer } | undefined, nowMs: number): PlanObservation {
  const header = (name: string) => single(head[name]);
  const told: PlanObservation = { ...readPlanHeaders(header, nowMs), ...readModelLimits(Object.keys(head), header, nowMs) };
  const fault = refusal && classifyAnswer(refusal.status, header, refusal.body.toString('utf8'), nowMs);
  // One that names no time may be about a single model, or be over in a moment.
  if (fault?.kind !== 'plan' || fault.resetsAtMs === undefined) return told;
  const refused = { untilMs: fault.resetsAtMs };
  if (!isOfAnotherLimit(header)) return { ...told, refused };
  // One model's own limit; others go on.
  return { ...told, modelLimits: told.modelLimits?.map((one) => (one.limitId === told.appliedLimitId ? { ...one, refused } : one)) ?? [] };
}

/** Why a request for a model is known not to be taken now. */
function endedProblem({ limits, modelLimits }: Told, model: string | undefined, spread: boolean, nowMs: number): Problem | undefined {
  const own = model === undefined ? undefined : usedUpModelLimit(modelLimits, model, limits.credits, nowMs);
  return usedUpProblem(limits, nowMs) ?? (own && modelLimitProblem(own)) ?? (spread ? shareProblem(limits, nowMs) : undefined);
}

function modelLimitProblem({ name, untilMs, windowMinutes }: NonNullable<ReturnType<typeof usedUpModelLimit>>): Problem {
  const what = windowMinutes === undefined ? say('The limit {0} in the ChatGPT plan is used up; models that it is not for go on.', name)
    : say('The {0} of the limit {1} in the ChatGPT plan is used up; models that it is not for go on.', windowSaid(windowMinutes), name);
  return usedUpUntil(what, untilMs);
}

function coverText(limits: PlanLimits, nowMs: number): Because {
  const windows = planWindowsAt(limits, nowMs).map((one) => say('{0} % of its {1}', Math.round(one.usedPercent), windowSaid(one.windowMinutes)));
  if (windows.length === 0) return say('The ChatGPT plan that the client is signed in to pays for it; how much of it is used is not known yet.');
  return say('The ChatGPT plan that the client is signed in to pays for it (used: {0}).', windows.reduce((before, next) => say('{0}, {1}', before, next)));
}

function usedUpProblem(limits: PlanLimits, nowMs: number): Problem | undefined {
  const end = usedUp(limits, nowMs);
  if (!end) return undefined;
  const what = end.windowMinutes === undefined ? say('The ChatGPT plan\'s limit is used up.') : say('The {0} of the ChatGPT plan is used up.', windowSaid(end.windowMinutes));
  return usedUpUntil(what, end.untilMs);
}

function usedUpUntil(what: Because, untilMs: number | undefined): Problem {
  if (untilMs === undefined) return problem('plan_used_up', '{0} Nothing was sent.', { values: [what] });
  return problem('plan_used_up', '{0} It resets at {1}. Nothing was sent.', { values: [what, { atMs: untilMs }], retryAtMs: untilMs });
}

function shareProblem(limits: PlanLimits, nowMs: number): Problem | undefined {
  const share = usedUpShare(limits, nowMs);
  if (!share) return undefined;
  return problem('plan_used_up', 'The {0} of the ChatGPT plan is spread over its days, and the {1} % of it that may be used by now are. More is free at {2}. Nothing was sent.', {
    values: [windowSaid(share.windowMinutes), Math.round(share.allowedPercent), { atMs: share.nextAtMs }], retryAtMs: share.nextAtMs,
    remedy: 'Wait until then, or let the plan be used at once again: the setting codexBroker.spreadPlan, or serve without --spread-plan.',
  });
}
