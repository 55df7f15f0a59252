// Responses over one WebSocket: each `response.create` is a request of its own, one after the other, with the
// limits and faults of HTTP. The connection remembers its last response, so that the next request may send
// only what is new (as OpenAI's guide on WebSocket mode describes it). Refusals are `error` messages.
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { noTokens } from '../domain/tokenUsage.ts';
import { planAnswer, type SandboxWorld } from './answerPlan.ts';
import { itemsOf } from './conversation.ts';
import { badRequest, type PlainAnswer } from './errorAnswer.ts';
import { soundStream } from './faultAction.ts';
import type { ReceivedRequest } from './requestMeter.ts';
import { buildAnswer } from './responseEvents.ts';
import { parseJson, previousNotFound, readResponsesRequest, type InputItem, type ResponsesRequest } from './responsesRequest.ts';
import { streamMessages } from './streamBytes.ts';
import { closeSocket, sendMessages, sendOne } from './socketSender.ts';
import type { CutHow } from './streamSender.ts';

/** An upgraded connection. */
export interface SocketConnection {
  readonly socket: WebSocket;
  readonly raw: Socket;
  /** The key that came with the upgrade; checked already. */
  readonly key: string;
  /** What is told of limits before an answer; absent where none are. */
  readonly limitsEvent?: () => string;
  /** Why a plan takes no more requests; absent where there is no plan. */
  readonly usedUp?: () => PlainAnswer | undefined;
  /** Notes a request in the meter. */
  readonly arrived: () => ReceivedRequest;
}

/** What a connection knows of its last response. */
interface Remembered { readonly id: string; readonly items: readonly InputItem[] }

/** Serves a connection until it ends. */
export function serveSocket(connection: SocketConnection, world: SandboxWorld): void {
  const { socket } = connection;
  const serving = new ServedSocket(connection, world);
  let last = Promise.resolve();
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) { socket.close(1003, 'only text is understood'); return; }
    last = last.then(() => serving.answer(data));
  });
  // What breaks a connection shows as its close.
  socket.on('error', () => undefined);
}

class ServedSocket {
  readonly #connection: SocketConnection;
  readonly #world: SandboxWorld;
  readonly #openedAtMs: number;
  #requests = 0;
  #remembered: Remembered | undefined;

  constructor(connection: SocketConnection, world: SandboxWorld) {
    this.#connection = connection;
    this.#world = world;
    this.#openedAtMs = world.clock.nowMs();
  }

  async answer(data: Buffer): Promise<void> {
    const { socket, arrived } = this.#connection;
    const read = parseJson(data);
    // Codex may say that it has dealt with a response; nothing is answered to that.
    if ('json' in read && read.json['type'] === 'response.processed') return;
    const record = arrived();
    record.bodyBytes = data.length;
    record.bodySha256 = createHash('sha256').update(data).digest('hex');
    if (this.#world.keepBodies) record.body = data;
    const gone = new AbortController();
    let wasCut = false;
    const left = () => gone.abort();
    socket.once('close', left);
    const cut = (how: CutHow) => {
      wasCut = true;
      closeSocket(socket, this.#connection.raw, how);
    };
    const refusal = 'refusal' in read ? read.refusal : await this.#create(read.json, record, gone.signal, cut);
    if (refusal) {
      record.status = refusal.status;
      // A failed turn loses the response that it went on from.
      this.#remembered = undefined;
      await sendOne(socket, errorMessage(refusal));
    }
    socket.off('close', left);
    record.aborted = gone.signal.aborted && !wasCut;
    record.finishedAtMs = this.#world.clock.nowMs();
  }

  /** Answers a request. @returns the refusal, if it is refused */
  async #create(json: Readonly<Record<string, unknown>>, record: ReceivedRequest, gone: AbortSignal, cut: (how: CutHow) => void): Promise<PlainAnswer | undefined> {
    const { scenario: { webSocket, delays }, clock } = this.#world;
    const { socket, raw, key } = this.#connection;
    if (json['type'] !== 'response.create') return badRequest('Only response.create is understood here.', 'invalid_value', 'type');
    this.#requests += 1;
    if (clock.nowMs() - this.#openedAtMs >= webSocket.connectionMs || this.#requests > (webSocket.requestsPerConnection ?? Infinity)) {
      return badRequest('Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.', 'websocket_connection_limit_reached');
    }
    const parsed = readResponsesRequest(json);
    if ('refusal' in parsed) return parsed.refusal;
    const previous = parsed.request.previous_response_id;
    if (previous && previous !== this.#remembered?.id) return previousNotFound(previous);
    const request = whole(parsed.request, previous ? this.#remembered?.items ?? [] : []);
    if (json['generate'] === false) return this.#prewarm(request, record);
    const usedUp = this.#connection.usedUp?.();
    if (usedUp) return usedUp;
    const planned = await planAnswer({ request, record, key, gone, cut }, this.#world);
    if (!planned || 'refusal' in planned) return planned?.refusal;
    const { answer, fault, sent } = planned.plan;
    if (delays.headersMs > 0) await clock.sleep(delays.headersMs, gone);
    record.status = 200;
    // The next request may come as soon as the client has the last message.
    this.#remembered = answer.response['status'] === 'failed' ? undefined
      : { id: String(answer.response['id']), items: [...itemsOf(request), ...answer.response['output'] as readonly InputItem[]] };
    if (this.#connection.limitsEvent) await sendOne(socket, this.#connection.limitsEvent());
    const outcome = await sendMessages(socket, raw, streamMessages(answer, fault), { deltaMs: delays.deltaMs, fault, clock, gone, cut });
    if (outcome.reported) record.reportedUsage = outcome.reported.usage;
    sent(outcome.outputTokens);
    return undefined;
  }

  /** Prepares a conversation: nothing is generated, nothing is counted. */
  async #prewarm(request: ResponsesRequest, record: ReceivedRequest): Promise<undefined> {
    const { clock, newId } = this.#world;
    const { events, response } = buildAnswer({
      request, reply: { kind: 'text', text: '' }, responseId: newId('resp_'), createdAtS: Math.floor(clock.nowMs() / 1000), newId,
      inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, ending: { kind: 'completed' }, isPrewarm: true,
    });
    record.model = request.model;
    record.isPrewarm = true;
    record.status = 200;
    record.responseId = String(response['id']);
    record.reportedUsage = response['usage'];
    this.#remembered = { id: record.responseId, items: itemsOf(request) };
    for (const { text } of streamMessages({ events, response, usage: noTokens }, soundStream)) await sendOne(this.#connection.socket, text);
    return undefined;
  }
}

/** The request with everything that came before it on its connection. */
function whole(request: ResponsesRequest, before: readonly InputItem[]): ResponsesRequest {
  return { ...request, previous_response_id: null, stream: true, ...(before.length === 0 ? {} : { input: [...before, ...itemsOf(request)] }) };
}

/** A refusal as it is told over a WebSocket: the status, the error and the headers that HTTP would have. */
function errorMessage({ status, headers, body }: PlainAnswer): string {
  let error: unknown = { message: body.slice(0, 1000), type: 'server_error', code: null, param: null };
  try {
    error = (JSON.parse(body) as { error?: unknown }).error ?? error;
  } catch {
    // A body that is no JSON is told as the message.
  }
  return JSON.stringify({ type: 'error', status, error, headers });
}
