// Every failure the broker can name: a stable code, what happened and what it means, what to do.
// A code is never reused for something else once it was released.
import { say, saidOf } from './say.ts';
import type { Because, Said, SayValue } from './say.ts';

/** A failure as people and programs see it. */
export interface Problem {
  /** Stable name, for programs and for searching. */
  readonly code: ProblemCode;
  /** What happened and what it means. One or two sentences, no stack trace, no secret. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** What `message` was made of, for other languages; absent where no values stand in it. */
  readonly said?: Said;
  /** The same for `remedy`. */
  readonly remedySaid?: Said;
  /** When waiting helps: the time at which to try again. */
  readonly retryAtMs?: number;
}

/** What a problem has beside its code and its sentence. */
export interface ProblemParts {
  /** What stands in the sentence's places. */
  readonly values?: readonly SayValue[];
  /** What to do, where it is something else than for others of its code: a literal, or a sentence with values. */
  readonly remedy?: string | Because;
  readonly retryAtMs?: number | undefined;
}

interface ProblemKind {
  /** HTTP status of a refusal that is spoken over HTTP. */
  readonly status: number;
  /** OpenAI's `error.type` for clients that look at it. */
  readonly type: string;
  /** OpenAI's `error.param`: the part of the request that is wrong; null where it names none. */
  readonly param?: string;
  readonly remedy: string;
}

/** The catalogue. The status decides how a client that reads only statuses behaves. */
export const problemKinds = {
  // What the client sent.
  unknown_token: { status: 401, type: 'invalid_request_error', remedy: 'Get the workspace\'s token with `codex-broker token --workspace PATH`, or open a metered terminal in VS Code.' },
  control_token_wrong: { status: 401, type: 'invalid_request_error', remedy: 'Use the codex-broker command or the extension; they read the control token from the data folder.' },
  origin_forbidden: { status: 403, type: 'invalid_request_error', remedy: 'Call the broker from a program on this computer, not from a web page.' },
  host_forbidden: { status: 421, type: 'invalid_request_error', remedy: 'Use http://127.0.0.1 and the port that the broker printed.' },
  framing_forbidden: { status: 400, type: 'invalid_request_error', remedy: 'Send HTTP/1.1 with a content-length or with a plain chunked body.' },
  unknown_route: { status: 404, type: 'invalid_request_error', remedy: 'The broker serves responses, chat completions, embeddings and models below /v1, and /w/TOKEN/backend-api/codex/… for ChatGPT sign-ins. Others can be opened, unmetered, with --pass-through or codexBroker.passThrough.' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', remedy: 'Use the method that the route names.' },
  body_broken: { status: 400, type: 'invalid_request_error', remedy: 'Send one JSON object as the Responses API describes it.' },
  body_too_large: { status: 413, type: 'invalid_request_error', remedy: 'Send at most 64 MB, before and after decompression.' },
  encoding_unknown: { status: 415, type: 'invalid_request_error', remedy: 'Send the body plain or as zstd, gzip, br or deflate.' },
  argument_invalid: { status: 400, type: 'invalid_request_error', remedy: 'Correct the value that the message names.' },
  request_not_found: { status: 404, type: 'invalid_request_error', remedy: 'Use the x-request-id of an answer, or one that `codex-broker status` shows.' },
  response_not_found: { status: 404, type: 'invalid_request_error', remedy: 'A response is there only for the token of the workspace that began it.' },
  previous_response_not_found: { status: 400, type: 'invalid_request_error', param: 'previous_response_id', remedy: 'A response is there only for the token of the workspace that began it.' },
  grant_not_found: { status: 404, type: 'invalid_request_error', remedy: 'Use a grant\'s id as `codex-broker credits list` shows it.' },
  question_not_found: { status: 404, type: 'invalid_request_error', remedy: 'The question was answered already, or its request has ended.' },
  key_conflict: { status: 409, type: 'invalid_request_error', remedy: 'Use a new --key for a different grant.' },
  voucher_broken: { status: 400, type: 'invalid_request_error', remedy: 'Copy the whole code once more; it begins with "cbv1_" and has 133 letters.' },
  voucher_foreign: { status: 403, type: 'invalid_request_error', remedy: 'If you know its issuer, ask for the public key and run `codex-broker voucher trust PUBLICKEY`.' },
  voucher_forged: { status: 403, type: 'invalid_request_error', remedy: 'Copy the code once more, or ask its issuer for another.' },
  voucher_expired: { status: 410, type: 'invalid_request_error', remedy: 'Ask its issuer for another; if the date is not over, set this computer\'s clock right.' },
  voucher_redeemed: { status: 409, type: 'invalid_request_error', remedy: 'Each voucher gives once; `codex-broker credits list` shows what it gave.' },
  // What the waterfall decided.
  no_api_key: { status: 400, type: 'invalid_request_error', remedy: 'Store a key with "Codex Broker: Set API Key" in VS Code, or try practice mode. Without VS Code, start the broker anew with --api-key-stdin.' },
  chatgpt_login_missing: { status: 401, type: 'invalid_request_error', remedy: 'Sign in with `codex login`, or use the address that ends in /v1, which takes the broker\'s own key.' },
  plan_used_up: { status: 429, type: 'usage_limit_reached', remedy: 'Wait until it resets, or see https://chatgpt.com/codex/settings/usage.' },
  model_unpriced: { status: 400, type: 'invalid_request_error', remedy: 'Choose a priced model, or add its price to prices.json in the data folder.' },
  credits_exhausted: { status: 402, type: 'insufficient_quota', remedy: 'Add credits with "Codex Broker: Top Up Credits" or `codex-broker credits add AMOUNT`.' },
  consent_missing: { status: 402, type: 'insufficient_quota', remedy: 'Choose "Allow this workspace" on the dashboard\'s Credits page, or run `codex-broker credits allow --for PATH`.' },
  credits_owed: { status: 402, type: 'insufficient_quota', remedy: 'Add purchased credits; they pay what is owed first.' },
  runaway_paused: { status: 403, type: 'invalid_request_error', remedy: 'Look at what the task does, then let it go on with `codex-broker release`.' },
  budget_exceeded: { status: 402, type: 'insufficient_quota', remedy: 'Wait for the budget\'s next period or raise it with `codex-broker budget set`.' },
  queue_full: { status: 429, type: 'requests', remedy: 'Wait until running requests finish, or run fewer at once.' },
  wait_too_long: { status: 429, type: 'requests', remedy: 'Try again after the time given, or ask OpenAI for a higher limit.' },
  too_large_for_limit: { status: 429, type: 'tokens', remedy: 'Send a smaller request, or ask OpenAI for a higher token limit.' },
  cancelled: { status: 409, type: 'invalid_request_error', remedy: 'Send it again if it was stopped by mistake.' },
  // What went wrong around it.
  ledger_unavailable: { status: 503, type: 'server_error', remedy: 'See the broker\'s log; run `codex-broker audit`.' },
  ledger_full: { status: 507, type: 'server_error', remedy: 'Free some space on the disk that holds the data folder; the broker goes on by itself.' },
  ledger_missing: { status: 404, type: 'invalid_request_error', remedy: 'Start a broker with `codex-broker serve`, or name the right folder with --data.' },
  ledger_corrupt: { status: 503, type: 'server_error', remedy: 'Run `codex-broker restore`: it keeps the damaged file and offers the backups there are.' },
  ledger_rewound: { status: 503, type: 'server_error', remedy: 'Put the newer ledger back, or accept this one with `codex-broker restore --accept`. After a wipe whose keychain gave no answer, accept the new one.' },
  ledger_discrepancy: { status: 503, type: 'server_error', remedy: 'Run `codex-broker audit --full` to see what is wrong, and `codex-broker restore` to go back to a backup.' },
  ledger_newer: { status: 503, type: 'server_error', remedy: 'Update the extension: a newer version wrote this ledger.' },
  upstream_unreachable: { status: 502, type: 'server_error', remedy: 'Check the network; nothing was charged.' },
  upstream_untrusted: { status: 502, type: 'server_error', remedy: 'If a company\'s network puts its own certificate in between, give the broker that certificate with --ca FILE, or name it in NODE_EXTRA_CA_CERTS. Nothing was charged.' },
  proxy_refused: { status: 502, type: 'server_error', remedy: 'Put name and password into the proxy\'s address (HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT), or check them there. Nothing was charged.' },
  fallback_unreachable: { status: 502, type: 'server_error', remedy: 'Start the fallback\'s server, or correct its address (--fallback-url, codexBroker.fallback.url).' },
  upstream_invalid: { status: 502, type: 'server_error', remedy: 'Check the upstream address, or whether a login page of the network answers in its place.' },
  broker_running: { status: 409, type: 'server_error', remedy: 'Use the running broker, stop it, or choose another --data folder.' },
  broker_unreachable: { status: 503, type: 'server_error', remedy: 'Start the broker with `codex-broker serve` or reload the VS Code window.' },
  broker_stopping: { status: 503, type: 'server_error', remedy: 'Send it again in a moment.' },
  data_folder_unusable: { status: 500, type: 'server_error', remedy: 'Choose a folder on a local disk that you may write to, with --data or CODEX_BROKER_DATA.' },
  wipe_unfinished: { status: 503, type: 'server_error', remedy: 'Finish it with "Codex Broker: Wipe All Data" in VS Code or `codex-broker wipe`.' },
  requests_running: { status: 409, type: 'server_error', remedy: 'Wait until they have ended, or agree to stopping them.' },
  port_in_use: { status: 500, type: 'server_error', remedy: 'Choose another port with --port, or leave it out: then one is chosen and kept.' },
  runtime_too_old: { status: 500, type: 'server_error', remedy: 'Use Node 22.19 or newer.' },
  keychain_unavailable: { status: 500, type: 'server_error', remedy: 'Unlock the system keychain, or hand the key over again in each session.' },
  api_key_rejected: { status: 401, type: 'invalid_request_error', remedy: 'Store a valid key with "Codex Broker: Set API Key".' },
  api_key_invalid: { status: 400, type: 'invalid_request_error', remedy: 'Paste the key as OpenAI shows it; it begins with "sk-".' },
  command_failed: { status: 500, type: 'server_error', remedy: 'Check the command and that it is installed.' },
  codex_config_unusable: { status: 400, type: 'invalid_request_error', remedy: 'Correct the file that the message names, then run the command again.' },
  codex_not_found: { status: 500, type: 'server_error', remedy: 'Install it with `npm install -g @openai/codex`, or set codexBroker.codexPath.' },
  internal: { status: 500, type: 'server_error', remedy: 'See the broker\'s log and report it.' },
} as const satisfies Record<string, ProblemKind>;

/** A stable problem code. */
export type ProblemCode = keyof typeof problemKinds;

/**
 * Makes a problem of the catalogue.
 * @param sentence what happened and what it means; a literal, so that it can be found in the source and translated
 */
export function problem(code: ProblemCode, sentence: string, parts: ProblemParts = {}): Problem {
  return problemThat(code, say(sentence, ...parts.values ?? []), parts);
}

/** A problem whose sentence was made elsewhere. */
export function problemThat(code: ProblemCode, { because, said }: Because, { remedy = problemKinds[code].remedy, retryAtMs }: Omit<ProblemParts, 'values'> = {}): Problem {
  const what = typeof remedy === 'string' ? { because: remedy } : remedy;
  return {
    code, message: because, remedy: what.because, ...(said ? { said } : {}), ...(what.said ? { remedySaid: what.said } : {}), ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
}

/** What a problem says, as a part of another sentence. */
export function becauseOf(what: Pick<Problem, 'message' | 'said'>): Because {
  return { because: what.message, ...saidOf(what) };
}

/** Carries a problem through code that throws: IO edges only, never the rules. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(what: Problem, options?: ErrorOptions) {
    super(`${what.message} ${what.remedy}`, options);
    this.name = 'ProblemError';
    this.problem = what;
  }
}

/** The body of a refusal as OpenAI clients expect it, with what an editor needs to say it in its own language. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly type: string; readonly param: string | null } & Partial<Pick<Problem, 'remedy' | 'said' | 'remedySaid'>>;
}

/** That body. `remedy` stands by itself only beside the parts of a message. */
export function errorBody(what: Problem): ErrorBody {
  const { code, message, remedy, said, remedySaid } = what;
  const { type, param }: ProblemKind = problemKinds[code];
  return { error: { code, message: `${message} ${remedy}`, type, param: param ?? null, ...(said ? { said, remedy } : {}), ...(remedySaid ? { remedySaid, remedy } : {}) } };
}
