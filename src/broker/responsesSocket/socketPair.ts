// One client's WebSocket and the one of the upstream that belongs to it, for as long as both live: messages
// go from one to the other unchanged, a side that does not read holds the other back, and when one ends the
// other ends too. It knows nothing of what messages say.
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { unreadMsMax } from '../upstream/attempt.ts';
import { carriedCode, normalClose, notUnderstood } from './closeCodes.ts';

/** Bytes that may wait for a client to read them before the upstream is held back, and when it goes on. */
const unreadBytesMax = 1024 * 1024;
const unreadBytesLow = 256 * 1024;
/** How long a side that has read everything may take to answer a close before its connection is torn down. */
const closeMsMax = 2000;
/** An upstream from which nothing is heard for two rounds is gone. Clients are on this computer: their end shows at once. */
const pingMs = 30_000;

/** What happens on a pair. */
export interface PairEvents {
  /** The client sent a message. */
  message(data: Buffer): void;
  /** The upstream sent one. */
  frame(data: Buffer): void;
  /** The client is gone. The upstream is kept until it is cut. */
  clientGone(): void;
  /** The upstream is gone; the client is about to be told. */
  upstreamGone(why: string): void;
}

/** Both sockets. */
export class SocketPair {
  readonly #client: WebSocket;
  readonly #upstream: WebSocket;
  readonly #events: PairEvents;
  readonly #clock: Clock;
  #isClientGone = false;
  #isUpstreamGone = false;
  #isHeard = true;
  #stopUnread = () => undefined as void;
  #stopPing = () => undefined as void;

  /** @param upstream open, and paused until now */
  constructor(client: WebSocket, upstream: WebSocket, events: PairEvents, clock: Clock) {
    this.#client = client;
    this.#upstream = upstream;
    this.#events = events;
    this.#clock = clock;
    client.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#isClientGone) return;
      if (isBinary) this.endClient(notUnderstood, 'only text messages are understood');
      else events.message(data);
    });
    client.once('close', () => this.#clientClosed());
    upstream.on('message', (data: Buffer, isBinary: boolean) => {
      this.#isHeard = true;
      if (this.#isUpstreamGone) return;
      if (!isBinary) { events.frame(data); return; }
      this.#close(upstream, notUnderstood, 'only text messages are understood');
      this.#upstreamClosed(notUnderstood, 'it sent a message that is no text');
    });
    upstream.on('pong', () => { this.#isHeard = true; });
    upstream.once('close', (code: number, reason: Buffer) => this.#upstreamClosed(code, reason.toString('utf8')));
    // What breaks a socket shows as its close.
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    this.#ping();
    upstream.resume();
  }

  /** The client has left, or is being sent away. */
  get isClientGone(): boolean { return this.#isClientGone; }

  /** Nothing can be sent upstream any more. */
  get isUpstreamGone(): boolean { return this.#isUpstreamGone || this.#upstream.readyState !== this.#upstream.OPEN; }

  /** The client has so much to read that nothing more should be made for it. */
  get isClientFull(): boolean { return this.#client.bufferedAmount > unreadBytesMax; }

  /** Gives a message to the client; one that does not read for too long is cut off. */
  toClient(data: Buffer | string): void {
    const client = this.#client;
    if (this.#isClientGone || client.readyState !== client.OPEN) return;
    client.send(data, { binary: false }, () => {
      if (this.#upstream.isPaused && client.bufferedAmount <= unreadBytesLow) this.#letFlow();
    });
    if (client.bufferedAmount <= unreadBytesMax || this.#upstream.isPaused) return;
    this.#upstream.pause();
    this.#stopUnread = this.#clock.after(unreadMsMax, () => client.terminate());
  }

  /** Gives a message to the upstream. */
  toUpstream(data: Buffer): void {
    if (!this.isUpstreamGone) this.#upstream.send(data, { binary: false });
  }

  /** Gives the upstream a message that it can do without: one that has much to read already does not get it. */
  noteToUpstream(data: Buffer): void {
    if (this.#upstream.bufferedAmount <= unreadBytesLow) this.toUpstream(data);
  }

  /** Sends the client away. What the upstream still says is heard until it is cut. */
  endClient(code: number, reason: string): void {
    if (this.#isClientGone) return;
    this.#close(this.#client, code, reason);
    this.#clientClosed();
  }

  /** Ends the upstream's side: at once where it works for nobody any more, else with a close. */
  endUpstream(atOnce: boolean): void {
    if (this.#isUpstreamGone) return;
    if (atOnce) this.#upstream.terminate();
    else this.#close(this.#upstream, normalClose, '');
  }

  #clientClosed(): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    // The upstream may be about to tell the usage; one that was held back must flow again for that.
    this.#letFlow();
    this.#events.clientGone();
  }

  #upstreamClosed(code: number, reason: string): void {
    if (this.#isUpstreamGone) return;
    this.#isUpstreamGone = true;
    this.#stopPing();
    this.#stopUnread();
    this.#events.upstreamGone(`the WebSocket was closed with code ${code}${reason === '' ? '' : ` (${reason.slice(0, 100)})`}`);
    if (!this.#isClientGone) this.endClient(carriedCode(code), code === 1006 ? 'the upstream was lost' : reason);
  }

  #letFlow(): void {
    this.#stopUnread();
    this.#upstream.resume();
  }

  #ping(): void {
    const upstream = this.#upstream;
    this.#stopPing = this.#clock.after(pingMs, () => {
      // While it is held back its answers are not read either.
      if (!this.#isHeard && !upstream.isPaused) { upstream.terminate(); return; }
      this.#isHeard = false;
      if (upstream.readyState === upstream.OPEN) upstream.ping();
      this.#ping();
    });
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    let stop = () => undefined as void;
    const wait = () => {
      // A slow reader gets the rest of its answer; how long, is bounded by the socket itself.
      stop = this.#clock.after(closeMsMax, () => (socket.bufferedAmount > 0 ? wait() : socket.terminate()));
    };
    wait();
    socket.once('close', () => stop());
    socket.close(code, Buffer.byteLength(reason) > 123 ? '' : reason);
  }
}
