// `GET /v1/models`, passed through: free, not paced, not stored. The answer is bounded and short.
import type { ServerResponse } from 'node:http';
import { problem } from '../domain/problem.ts';
import { refuse } from './refusal.ts';
import type { Listener } from './refusal.ts';
import { clientHeaders, upstreamHeaders } from './upstream/headerLists.ts';
import { unreachable } from './upstream/networkFault.ts';
import type { UpstreamWay } from './upstreamWay.ts';

const answerBytesMax = 8 * 1024 * 1024;
/** Codex waits five seconds for its list of models at start; longer helps nobody. */
const answerMsMax = 30_000;

/** Asks the upstream for its models and gives the answer on. */
export async function passModels(
  { target, credential: credentialNow, headSeen }: UpstreamWay, clientVersion: string | undefined, message: { readonly headers: Parameters<typeof upstreamHeaders>[0] },
  response: ServerResponse, listener: Listener, nowMs: number,
): Promise<void> {
  const credential = credentialNow();
  if (!credential) { refuse(response, problem('no_api_key', 'No API key is stored, so the upstream cannot be asked.'), listener, nowMs); return; }
  try {
    const answer = await target.pool.request({
      method: 'GET', path: `${target.paths.models}${clientVersion === undefined ? '' : `${target.paths.models.includes('?') ? '&' : '?'}client_version=${clientVersion}`}`,
      headers: upstreamHeaders(message.headers, credential.head(), undefined), headersTimeout: answerMsMax, bodyTimeout: answerMsMax,
    });
    headSeen(answer.headers, { sentAtMs: nowMs });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > answerBytesMax) throw new Error('the list of models is too large');
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    if (answer.statusCode >= 300 && answer.statusCode < 400) {
      refuse(response, problem('upstream_invalid', 'The upstream {0} wants to send the request elsewhere (status {1}), which the broker never does.', { values: [target.label, answer.statusCode] }), listener, nowMs);
      return;
    }
    response.writeHead(answer.statusCode, { ...clientHeaders(answer.headers, listener.requestId), 'content-length': String(body.length) });
    response.end(body);
  } catch (error) {
    refuse(response, unreachable(target, error instanceof Error ? error : { message: String(error) }), listener, nowMs);
  }
}
