// Refusals as OpenAI words them: status, error body and headers, for everything that a client may
// have sent wrong or that a provider may refuse. Nothing here decides whether to refuse.

/** An answer that is sent as it stands.. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The parts of OpenAI's `error` object. */
export interface ErrorDetail {
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param?: string | null;
}

/** An answer with a JSON body. */
export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): PlainAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** `{"error":{message,type,param,code}}` with a status. */
export function errorAnswer(status: number, detail: ErrorDetail, headers: Readonly<Record<string, string>> = {}): PlainAnswer {
  const { message, type, code, param = null } = detail;
  return jsonAnswer(status, { error: { message, type, param, code } }, headers);
}

/** 400 for a request that cannot be understood. */
export function badRequest(message: string, code: string | null, param: string | null = null): PlainAnswer {
  return errorAnswer(400, { message, type: 'invalid_request_error', code, param });
}

/** 401 when no key came with the request. */
export function keyMissing(): PlainAnswer {
  return errorAnswer(401, {
    message: 'You didn\'t provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).',
    type: 'invalid_request_error', code: 'invalid_api_key',
  });
}

/** 401 when the key is refused; the key is shown masked, as OpenAI does. */
export function keyRefused(key: string): PlainAnswer {
  const masked = key.length > 12 ? `${key.slice(0, 5)}${'*'.repeat(8)}${key.slice(-4)}` : '********';
  return errorAnswer(401, {
    message: `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    type: 'invalid_request_error', code: 'invalid_api_key',
  });
}

/** 404 for a model that is not served. */
export function modelNotFound(model: string): PlainAnswer {
  return errorAnswer(404, {
    message: `The model \`${model.slice(0, 200)}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error', code: 'model_not_found',
  });
}

/** 404 for a route that does not exist. */
export function routeNotFound(method: string, path: string): PlainAnswer {
  return errorAnswer(404, { message: `Invalid URL (${method} ${path.slice(0, 200)})`, type: 'invalid_request_error', code: null });
}

/** 405 for a known path with another method. */
export function methodNotAllowed(method: string, allowed: string): PlainAnswer {
  return errorAnswer(405, {
    message: `Not allowed to ${method} on this URL. Use ${allowed}.`, type: 'invalid_request_error', code: 'method_not_supported',
  }, { allow: allowed });
}

/** 413 for a body beyond the maximum, before or after it was decompressed. */
export function bodyTooLarge(bytesMax: number): PlainAnswer {
  return errorAnswer(413, { message: `The request body is larger than ${bytesMax} bytes.`, type: 'invalid_request_error', code: 'request_too_large' });
}

/** 415 for a content-encoding that is not spoken here. */
export function encodingUnknown(encoding: string): PlainAnswer {
  return errorAnswer(415, {
    message: `Unsupported content-encoding: ${encoding.slice(0, 100)}.`, type: 'invalid_request_error', code: 'unsupported_content_encoding',
  });
}

/** 429 of an account without credit: waiting does not help. `code` is OpenAI's name for which kind. */
export function quotaExhausted(code: string): PlainAnswer {
  return errorAnswer(429, {
    message: 'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
    type: 'insufficient_quota', code,
  });
}

/** 429 of a ChatGPT plan whose window is used up, with the headers that Codex shows. */
export function planLimitReached(resetsAtS: number, resetsInS: number, planType: string): PlainAnswer {
  return jsonAnswer(429, {
    error: {
      message: 'The usage limit has been reached', type: 'usage_limit_reached', code: null, param: null,
      plan_type: planType, resets_at: resetsAtS, resets_in_seconds: resetsInS,
    },
  }, {
    'x-codex-active-limit': 'codex',
    'x-codex-plan-type': planType,
    'x-codex-primary-used-percent': '100',
    'x-codex-primary-window-minutes': '300',
    'x-codex-primary-reset-at': String(resetsAtS),
    'x-codex-rate-limit-reached-type': 'rate_limit_reached',
  });
}

/** 500 as OpenAI answers when something broke on its side. */
export function serverError(requestId: string): PlainAnswer {
  return errorAnswer(500, {
    message: `The server had an error while processing your request. Sorry about that! Please include the request ID ${requestId} if you report it.`,
    type: 'server_error', code: 'server_error',
  });
}

/** 503 of a model at capacity; with `retryAfterS` it says when to come back. */
export function overloaded(retryAfterS?: number): PlainAnswer {
  return errorAnswer(503, { message: 'Our servers are currently overloaded. Please try again later.', type: 'server_error', code: 'server_is_overloaded' },
    retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) });
}

/** 307 to another address, which a careful client never follows with a key in hand. */
export function redirect(location: string): PlainAnswer {
  return { status: 307, headers: { location, 'content-type': 'text/plain; charset=utf-8' }, body: '' };
}

/** The login page that a hotel's network answers in place of the real upstream. */
export function captivePortal(): PlainAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><html><head><title>Welcome</title></head><body><h1>Sign in to use this network</h1><form><input name="room"></form></body></html>\n',
  };
}
