// Reads an `error` message of the upstream as the refusal that it would be over HTTP: a status, headers and a
// body. Some come without a status, or with code and message beside the type; the code then tells. It never
// throws. Pure but for bytes.
import { record, text } from '../../protocol/responseUsage.ts';
import type { KeptAnswer } from '../upstream/attempt.ts';

/** The largest error that is kept for classification. */
const bodyBytesMax = 64 * 1024;

const statusOfCode: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429, slow_down: 429, insufficient_quota: 429, usage_limit_reached: 429, usage_not_included: 429, server_is_overloaded: 503,
  invalid_api_key: 401, previous_response_not_found: 400, websocket_connection_limit_reached: 400, context_length_exceeded: 400, invalid_prompt: 400,
};

/** The refusal in an `error` message; `hasStatus` tells whether it named its own. */
export function readErrorFrame(frame: Buffer): KeptAnswer & { readonly hasStatus: boolean } {
  const message = parsed(frame);
  const error = record(message?.['error']) ?? { code: message?.['code'], message: message?.['message'], param: message?.['param'] };
  const status = message?.['status'] ?? message?.['status_code'];
  const hasStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  const byCode = statusOfCode[text(error['code']) ?? ''] ?? statusOfCode[text(error['type']) ?? ''] ?? 500;
  return { status: hasStatus ? status : byCode, hasStatus, headers: headersOf(message?.['headers']), body: Buffer.from(JSON.stringify({ error })).subarray(0, bodyBytesMax), foreign: false };
}

function parsed(frame: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    return record(JSON.parse(frame.toString('utf8')));
  } catch {
    // It was told to be an error by its beginning; what it says cannot be read.
    return undefined;
  }
}

function headersOf(value: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, one] of Object.entries(record(value) ?? {})) {
    if (typeof one === 'string' || typeof one === 'number') headers[name.toLowerCase()] = String(one);
  }
  return headers;
}
