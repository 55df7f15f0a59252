// The face that ChatGPT shows to Codex, `/backend-api/codex/*`: it wants a sign-in and an account, recognises a
// visitor by a cookie as Cloudflare does, and tells how much of a plan is used in headers, in an event and at
// `wham/usage`. What is asked of models is answered as at the API's own address.
import type { IncomingHttpHeaders } from 'node:http';
import type { NewId, SandboxClock } from './clock.ts';
import { jsonAnswer, planLimitReached, type PlainAnswer } from './errorAnswer.ts';
import type { Scenario } from './scenario.ts';

/** Where the face begins, and where usage is told. */
const facePrefix = '/backend-api/codex/';
const usagePath = '/backend-api/wham/usage';
/** Where Codex asks, before its first request and past any broker, where an account's requests belong. */
const accountsPath = '/backend-api/wham/accounts/check';
/** Name of the visitor's cookie, and of a session's, which nobody but a browser has any use for. */
const visitorCookie = '__cf_bm';
const sessionCookie = '__Secure-next-auth.session-token';
/** Accounts and visitors that are remembered. */
const rememberedMax = 1000;

/** One account's plan as it stands. */
interface Plan { used: number; readonly startedAtMs: number }

/** The face and what it remembers. */
export class PlanFace {
  readonly #scenario: Scenario['plan'];
  readonly #clock: SandboxClock;
  readonly #newId: NewId;
  readonly #plans = new Map<string, Plan>();
  readonly #visitors = new Set<string>();

  constructor(scenario: Scenario['plan'], clock: SandboxClock, newId: NewId) {
    this.#scenario = scenario;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** The API's own path for a path of this face; undefined for others. Usage has none. */
  static pathOf(path: string): string | undefined {
    if (path === usagePath || path === accountsPath) return path;
    return path.startsWith(facePrefix) ? `/v1/${path.slice(facePrefix.length)}` : undefined;
  }

  /** Why a request is turned away; undefined where it may go on. */
  refuse(headers: IncomingHttpHeaders): PlainAnswer | undefined {
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    const account = accountOf(headers);
    if (bearer === undefined || bearer.startsWith('sk-') || account === undefined) {
      return jsonAnswer(401, { error: { message: 'Provided authentication token is expired or missing. Please try signing in again.', type: 'invalid_request_error', code: 'token_expired', param: null } });
    }
    const cookie = new RegExp(`(?:^|; )${visitorCookie}=(\\w+)`).exec(headers.cookie ?? '')?.[1];
    if (headers.cookie?.includes(sessionCookie)) return jsonAnswer(400, { detail: 'A session cookie was sent by something that is no browser.' });
    // A first visit is let in and given a cookie; whoever then comes without it looks like a robot.
    if (this.#plans.has(account) && (cookie === undefined || !this.#visitors.has(cookie))) {
      return { status: 403, headers: { 'content-type': 'text/html; charset=utf-8', 'cf-mitigated': 'challenge' }, body: '<!doctype html><title>Just a moment...</title>' };
    }
    return undefined;
  }

  /** Counts a request against the plan of its account. @returns the headers of its answer */
  visit(headers: IncomingHttpHeaders, isRequest: boolean): Record<string, string | string[]> {
    const plan = this.#planOf(headers);
    if (isRequest) plan.used += this.#scenario.percentPerRequest;
    const visitor = this.#newId('visitor');
    if (this.#visitors.size < rememberedMax) this.#visitors.add(visitor);
    const [primary, secondary] = this.#windows(plan);
    const { credits, planType } = this.#scenario;
    return {
      'set-cookie': [`${visitorCookie}=${visitor}; path=/; Max-Age=1800; HttpOnly; Secure`, `${sessionCookie}=not-for-you; path=/; HttpOnly; Secure`],
      'x-codex-plan-type': planType, ...windowHeaders('primary', primary), ...windowHeaders('secondary', secondary),
      'x-codex-credits-has-credits': String(credits.hasCredits), 'x-codex-credits-unlimited': 'false', 'x-codex-credits-balance': credits.balance,
    };
  }

  /** The refusal of a plan that is used up. */
  usedUp(headers: IncomingHttpHeaders): PlainAnswer | undefined {
    const full = this.#windows(this.#planOf(headers)).filter((window) => window.used >= 100).at(-1);
    return full && planLimitReached(full.resetAtS, full.resetAtS - Math.floor(this.#clock.nowMs() / 1000), this.#scenario.planType);
  }

  /** The event that tells limits over a WebSocket. Counts a request. */
  limitsEvent(headers: IncomingHttpHeaders): string {
    const plan = this.#planOf(headers);
    plan.used += this.#scenario.percentPerRequest;
    const [primary, secondary] = this.#windows(plan).map(({ used, minutes, resetAtS }) => ({ used_percent: used, window_minutes: minutes, reset_at: resetAtS }));
    return JSON.stringify({ type: 'codex.rate_limits', plan_type: this.#scenario.planType, rate_limits: { primary, secondary }, credits: this.#credits() });
  }

  /** The answer to the question where an account's requests belong, in the words that were seen of the real one; no visit. Undefined for other questions. */
  accounts(path: string, headers: IncomingHttpHeaders): PlainAnswer | undefined {
    if (path !== accountsPath) return undefined;
    const id = accountOf(headers) ?? '';
    const account = { id, structure: 'personal', plan_type: this.#scenario.planType, account_user_role: 'account-owner', workspace_backend_origin: 'https://chatgpt.com', account_routing_override: 'NO_CONSTRAINT', name: null, profile_picture_url: null };
    return jsonAnswer(200, { accounts: [account], account_ordering: [id], default_account_id: id });
  }

  /** The answer of `wham/usage`. */
  usage(headers: IncomingHttpHeaders): PlainAnswer {
    const [primary, secondary] = this.#windows(this.#planOf(headers)).map(({ used, minutes, resetAtS }) => ({ used_percent: used, limit_window_seconds: minutes * 60, reset_at: resetAtS }));
    return jsonAnswer(200, { plan_type: this.#scenario.planType, rate_limit: { primary_window: primary, secondary_window: secondary }, credits: this.#credits() });
  }

  /** Forgets everybody. */
  reset(): void {
    this.#plans.clear();
    this.#visitors.clear();
  }

  #credits(): object {
    const { credits } = this.#scenario;
    return { has_credits: credits.hasCredits, unlimited: false, balance: credits.balance };
  }

  #planOf(headers: IncomingHttpHeaders): Plan {
    const account = accountOf(headers) ?? '';
    const known = this.#plans.get(account) ?? { used: this.#scenario.usedPercent, startedAtMs: this.#clock.nowMs() };
    if (this.#plans.size < rememberedMax) this.#plans.set(account, known);
    return known;
  }

  /** Five hours and a week, of which a request takes a tenth as much. */
  #windows({ used, startedAtMs }: Plan): { readonly used: number; readonly minutes: number; readonly resetAtS: number }[] {
    const { usedPercent } = this.#scenario;
    return [{ used, minutes: 300 }, { used: usedPercent / 2 + (used - usedPercent) / 10, minutes: 10_080 }]
      .map((window) => ({ ...window, resetAtS: Math.floor(startedAtMs / 1000) + window.minutes * 60 }));
  }
}

function accountOf(headers: IncomingHttpHeaders): string | undefined {
  const account = headers['chatgpt-account-id'];
  return typeof account === 'string' && account !== '' ? account : undefined;
}

function windowHeaders(slot: string, window: { readonly used: number; readonly minutes: number; readonly resetAtS: number } | undefined): Record<string, string> {
  return window ? { [`x-codex-${slot}-used-percent`]: String(window.used), [`x-codex-${slot}-window-minutes`]: String(window.minutes), [`x-codex-${slot}-reset-at`]: String(window.resetAtS) } : {};
}
