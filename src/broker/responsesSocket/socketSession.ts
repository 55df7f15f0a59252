// Everything that happens on one connection: messages are read as they come and carried one after the other,
// as the real service does; the connection ends when either side does, or when the broker stops and nothing
// runs on it any more.
import type { WebSocket } from 'ws';
import { problem, problemThat } from '../../domain/problem.ts';
import { readClientMessage } from '../../protocol/clientMessage.ts';
import { HeldBody, heldBytesMax } from '../heldBodies.ts';
import { carryMessage } from './carryMessage.ts';
import type { MessageRequest } from './carryMessage.ts';
import { againstPolicy, restarting, somethingBroke } from './closeCodes.ts';
import { refuseMessage } from './runSocketAttempt.ts';
import type { SocketConnection } from './socketConnection.ts';
import { SocketPair } from './socketPair.ts';

/** Requests that may wait on one connection behind the one that runs. */
export const waitingMax = 8;

const tokenReplaced = problem('unknown_token', 'The workspace has another token since this connection was made. Nothing was sent.');

/** One connection and its requests. */
export class SocketSession {
  readonly #connection: SocketConnection;
  readonly #ended: () => void;
  readonly #waiting: MessageRequest[] = [];
  #isRunning = false;
  #isStopping = false;
  #isRevoked = false;
  #isEnded = false;

  /** @param ended called once, when both sides are gone and nothing runs */
  constructor(client: WebSocket, upstream: WebSocket, about: Omit<SocketConnection, 'pair' | 'settledIds' | 'requestId' | 'attempt'>, ended: () => void) {
    const pair = new SocketPair(client, upstream, {
      message: (data) => this.#guarded(() => this.#message(data)),
      frame: (data) => this.#guarded(() => this.#frame(data)),
      clientGone: () => this.#clientGone(),
      upstreamGone: (why) => this.#upstreamGone(why),
    }, about.parts.clock);
    this.#connection = { ...about, pair, settledIds: [], requestId: undefined, attempt: undefined };
    this.#ended = ended;
  }

  /** Takes no more requests; the one that runs may end. */
  stop(): void {
    this.#isStopping = true;
    this.#endIfIdle();
  }

  /** Whose requests these are. */
  get workspaceId(): string { return this.#connection.workspace.workspaceId; }

  /** Its token holds no longer: the request that runs may end, all others are refused. */
  revoke(): void {
    this.#isRevoked = true;
    for (const { requestId, body } of this.#waiting.splice(0)) {
      body.letGo();
      refuseMessage(this.#connection, tokenReplaced, { ...this.#connection.speaks, requestId });
    }
    this.stop();
  }

  /** Sends the client away, whatever runs. */
  cut(why = 'the broker stops'): void { this.#connection.pair.endClient(restarting, why); }

  /** A fault of ours with one message ends its connection, and never the broker, which carries others. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      const { parts, pair, requestId } = this.#connection;
      parts.log('request-failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
      pair.endClient(somethingBroke, 'the broker met a fault of its own');
    }
  }

  #message(data: Buffer): void {
    const { parts, pair } = this.#connection;
    const tooMuch = () => pair.endClient(againstPolicy, 'too much waits on this connection');
    // One that asks on and on, and one that does not even read the refusals.
    if (this.#waiting.length >= waitingMax || pair.isClientFull && !this.#isRunning) { tooMuch(); return; }
    const message = readClientMessage(data.toString('utf8'));
    if (message.kind === 'note') { pair.noteToUpstream(data); return; }
    const requestId = parts.newRequestId();
    const listener = { ...this.#connection.speaks, requestId };
    const refuse = (what: Parameters<typeof refuseMessage>[1]) => { if (pair.isClientFull) tooMuch(); else refuseMessage(this.#connection, what, listener); };
    if (this.#isRevoked) { refuse(tokenReplaced); return; }
    if (message.kind === 'broken') { refuse(problemThat('body_broken', { because: message.broken })); return; }
    // What is not known may start something that costs, and nothing would be held for it.
    if (message.kind === 'unknown') { refuse(problem('argument_invalid', 'Messages of the type "{0}" are not carried. Nothing was sent.', { values: [message.type] })); return; }
    const body = new HeldBody(parts.bodies);
    if (!body.grow(data.length)) { refuse(problem('queue_full', 'Requests that wait or are being sent hold {0} MB already, as much as the broker keeps. Nothing was sent.', { values: [heldBytesMax / 1024 / 1024] })); return; }
    body.keep(data);
    this.#waiting.push({ requestId, receivedAtMs: parts.clock.nowMs(), message, body });
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    const connection = this.#connection;
    this.#isRunning = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      connection.requestId = next.requestId;
      try {
        // The upstream may have said that it closes and not have done so yet.
        if (connection.pair.isUpstreamGone) connection.pair.endClient(restarting, 'the connection has to be made anew');
        if (!connection.pair.isClientGone) await carryMessage(connection, next);
      } catch (error) {
        const { requestId } = next;
        connection.parts.log('request-failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
        refuseMessage(connection, problem('internal', 'The broker met a fault of its own while it carried this request.'), { ...connection.speaks, requestId });
      } finally {
        next.body.letGo();
        connection.requestId = undefined;
      }
    }
    this.#isRunning = false;
    this.#endIfIdle();
  }

  #frame(data: Buffer): void {
    const { attempt, pair } = this.#connection;
    if (attempt && !attempt.isSettled) attempt.frame(data);
    // What an upstream sends behind the end of an answer belongs to nobody's account.
    else pair.toClient(data);
  }

  #clientGone(): void {
    const { attempt, parts, requestId } = this.#connection;
    attempt?.clientGone();
    if (requestId !== undefined) parts.admission.left(requestId, problem('cancelled', 'The client left while the request waited in line. Nothing was sent.'));
    this.#endIfIdle();
  }

  #upstreamGone(why: string): void {
    const { attempt, parts, requestId } = this.#connection;
    attempt?.upstreamGone(why);
    if (requestId !== undefined) parts.admission.left(requestId, problem('cancelled', 'The upstream closed the connection while the request waited in line. Nothing was sent; the client sends it again.'));
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    const { pair } = this.#connection;
    if (this.#isRunning || this.#isEnded) return;
    if (this.#isStopping && !pair.isClientGone) { this.cut(); return; }
    if (!pair.isClientGone) return;
    this.#isEnded = true;
    pair.endUpstream(false);
    this.#ended();
  }
}
