// Opens the upstream's side of a WebSocket, within a time that clients bear, or tells how it was refused.
// Compression is never offered: it would cost more than it saves, and its windows have crashed servers
// (CVE-2026-2229).
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { bodyBytesMax } from '../requestBody.ts';
import type { KeptAnswer } from '../upstream/attempt.ts';
import { proxyFailure } from '../upstream/networkFault.ts';
import type { NetworkFailure } from '../upstream/networkFault.ts';
import type { UpstreamTarget } from '../upstream/upstreamTarget.ts';

/** Codex gives up on an upgrade after 15 seconds; the answer must be there before. */
export const openMsMax = 10_000;
/** How long the whole of a refusal may take, and how large it may be. */
const refusalMsMax = 2000;
const refusalBytesMax = 64 * 1024;
/** Largest message either way: as large as a body over HTTP. */
export const messageBytesMax = bodyBytesMax;

/** What became of the opening. An open socket is paused until somebody listens to it. */
export type Opened =
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'refused'; readonly answer: KeptAnswer }
  | { readonly kind: 'lost'; readonly error: NetworkFailure };

/** Opens it. Never rejects. @param givenUp aborts when nobody wants it any more */
export function openUpstreamSocket({ socketUrl, socketOptions }: Pick<UpstreamTarget, 'socketUrl' | 'socketOptions'>, headers: Record<string, string>, clock: Clock, givenUp: AbortSignal): Promise<Opened> {
  return new Promise((resolve) => {
    let tunnel: number | undefined;
    const finishRequest = (request: ClientRequest) => {
      request.once('proxyConnect', ({ statusCode }: { readonly statusCode?: number }) => { tunnel = statusCode; }).end();
    };
    const socket = new WebSocket(socketUrl, { ...socketOptions(), finishRequest, headers, perMessageDeflate: false, followRedirects: false, maxPayload: messageBytesMax });
    const giveUp = () => socket.terminate();
    const stop = clock.after(openMsMax, giveUp);
    givenUp.addEventListener('abort', giveUp, { once: true });
    const done = (opened: Opened) => {
      stop();
      givenUp.removeEventListener('abort', giveUp);
      resolve(opened);
    };
    let answered: IncomingHttpHeaders = {};
    socket.once('upgrade', (response) => { answered = response.headers; });
    socket.once('open', () => {
      socket.pause();
      done({ kind: 'open', socket, headers: answered });
    });
    socket.once('unexpected-response', (request, response) => {
      stop();
      // What a proxy says to the wish for a tunnel comes in place of the upstream's answer.
      if (tunnel !== undefined && tunnel !== 200) { request.destroy(); done({ kind: 'lost', error: proxyFailure(tunnel) }); return; }
      readRefusal(request, response, clock, (answer) => done({ kind: 'refused', answer }));
    });
    // Of an open socket its close tells the same.
    socket.on('error', (error) => done({ kind: 'lost', error }));
  });
}

function readRefusal(request: ClientRequest, response: IncomingMessage, clock: Clock, done: (answer: KeptAnswer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const status = response.statusCode ?? 0;
  const finish = () => {
    stop();
    request.destroy();
    done({ status, headers: response.headers, body: Buffer.concat(chunks).subarray(0, refusalBytesMax), foreign: status < 400 });
  };
  const stop = clock.after(refusalMsMax, finish);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > refusalBytesMax) finish();
  });
  response.once('close', finish);
  // What came until then is the refusal.
  response.on('error', () => undefined);
}
