// What a client is told whose upgrade to a WebSocket cannot be accepted. Codex falls back to HTTP at once
// when it gets 426, and hears there in words what HTTP can say better; any other status makes it try
// again for seconds first (measured with 0.169). Pure.
import { errorBody, problemKinds, problemThat } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { retryHeaders } from '../refusal.ts';
import type { KeptAnswer } from '../upstream/attempt.ts';
import { clientHeaders } from '../upstream/headerLists.ts';

/** An answer to an upgrade. */
export interface UpgradeRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | string;
}

/** Who asked. */
export interface Upgrading { readonly requestId: string; readonly isCodex: boolean; readonly nowMs: number }

/** Statuses of servers that know the address but not the upgrade. */
const withoutWebSocket = new Set([400, 404, 405, 406, 410, 426, 501, 505]);

/** Whether an answer to an upgrade is that of a server without WebSockets, one that is no refusal among them. */
export function tellsNoWebSocket({ status }: KeptAnswer): boolean {
  return status < 400 || withoutWebSocket.has(status);
}

/** The answer where there is no WebSocket to be had: use HTTP. */
export function useHttp(because: string, to: Upgrading): UpgradeRefusal {
  return worded(426, problemThat('method_not_allowed', { because }), to);
}

/** What coming back does not cure; Codex hears it over HTTP, as a sentence. */
const saidOverHttp: ReadonlySet<string> = new Set(['no_api_key', 'api_key_rejected', 'upstream_untrusted', 'proxy_refused']);

/** One of the broker's own. */
export function ownRefusal(what: Problem, to: Upgrading): UpgradeRefusal {
  return worded(to.isCodex && saidOverHttp.has(what.code) ? 426 : problemKinds[what.code].status, what, to);
}

/** The upstream's own answer, as HTTP would give it on. */
export function givenOn(answer: KeptAnswer, to: Upgrading): UpgradeRefusal {
  return { status: answer.status, headers: clientHeaders(answer.headers, to.requestId), body: answer.body };
}

function worded(status: number, what: Problem, to: Upgrading): UpgradeRefusal {
  return { status, headers: { 'content-type': 'application/json', 'x-request-id': to.requestId, ...retryHeaders(what, to.nowMs) }, body: JSON.stringify(errorBody(what)) };
}
