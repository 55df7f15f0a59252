// One WebSocket for each VS Code window: typed calls in, snapshots out. A window that falls behind
// gets the newest snapshot when its socket has drained, never a backlog.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createBirpc } from 'birpc';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { CallOutcome, TokenResult, WindowApi } from '../protocol/control.ts';
import { controlArguments } from '../protocol/controlArguments.ts';
import type { ControlMethod } from '../protocol/controlArguments.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { Clock } from './clock.ts';
import type { SnapshotFeed } from './snapshotFeed.ts';

/** Largest message from a window. */
const messageBytesMax = 1024 * 1024;
/** Windows at once. */
export const windowsMax = 64;
/** A window that answers no ping for two rounds is gone. */
const pingMs = 20_000;

/** Serves the live sockets of all windows. */
export class LiveSockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false });
  readonly #feed: SnapshotFeed;
  readonly #clock: Clock;
  readonly #call: (method: string, args: unknown) => Promise<CallOutcome>;
  readonly #changed: () => void;
  readonly #workspaces = new Map<WebSocket, Set<string>>();

  constructor(feed: SnapshotFeed, clock: Clock, call: (method: string, args: unknown) => Promise<CallOutcome>, changed: () => void) {
    this.#feed = feed;
    this.#clock = clock;
    this.#call = call;
    this.#changed = changed;
  }

  /** How many windows are connected. */
  get size(): number { return this.#server.clients.size; }

  /** The workspaces that open windows have asked a token for. */
  get workspaces(): ReadonlySet<string> { return new Set([...this.#workspaces.values()].flatMap((ids) => [...ids])); }

  /** Takes over an authenticated upgrade. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (live) => this.#serve(live));
  }

  #serve(live: WebSocket): void {
    const functions = Object.fromEntries((Object.keys(controlArguments) as ControlMethod[])
      .map((method) => [method, async (args: unknown) => this.#noted(live, method, await this.#call(method, args))]));
    const remote = createBirpc<WindowApi, Record<string, (args: unknown) => Promise<CallOutcome>>>(functions, {
      post: (data: string) => { live.send(data); },
      on: (receive) => { live.on('message', (data: Buffer) => { receive(data.toString('utf8')); }); },
      serialize: (value) => JSON.stringify(value), deserialize: readMessage,
      eventNames: ['snapshot'],
      resolver: (name: string) => (Object.hasOwn(functions, name) ? functions[name] : undefined),
      // A window that speaks anything else than the protocol is cut off; the broker goes on.
      onGeneralError: () => {
        live.terminate();
        return true;
      },
    });
    const send = (snapshot: Snapshot) => {
      if (live.readyState !== live.OPEN) return;
      // A socket that has not drained paints an old picture still; the next change brings the newest.
      if (live.bufferedAmount > 0) { this.#clock.after(snapshotRetryMs, this.#changed); return; }
      remote.snapshot.asEvent(snapshot).catch(() => {
        // The window closed between the check and the write; its close event does the rest.
      });
    };
    const stopListening = this.#feed.listen(send);
    let answered = true;
    let stopPing = () => undefined as void;
    const ping = () => {
      if (!answered) { live.terminate(); return; }
      answered = false;
      live.ping();
      stopPing = this.#clock.after(pingMs, ping);
    };
    live.on('pong', () => { answered = true; });
    live.on('error', () => live.terminate());
    live.once('close', () => {
      this.#workspaces.delete(live);
      stopPing();
      stopListening();
      this.#changed();
    });
    ping();
  }

  /** A window that asks for a workspace's token is that workspace's window: its questions are asked there. */
  #noted(live: WebSocket, method: ControlMethod, outcome: CallOutcome): CallOutcome {
    if (method !== 'token' || !outcome.ok || live.readyState !== live.OPEN) return outcome;
    const known = this.#workspaces.get(live) ?? new Set();
    this.#workspaces.set(live, known.add((outcome.value as TokenResult).workspaceId));
    this.#changed();
    return outcome;
  }

  /** Closes every window's socket. */
  close(): void {
    for (const live of this.#server.clients) live.close(1001, 'the broker stops');
    this.#server.close();
  }
}

const snapshotRetryMs = 500;

/** Reads a call or an answer of the protocol. @throws when the text is neither */
function readMessage(text: string): unknown {
  const message = JSON.parse(text) as { t?: unknown; m?: unknown; a?: unknown } | null;
  const isCall = message?.t === 'q' && typeof message.m === 'string' && Array.isArray(message.a);
  if (!isCall && message?.t !== 's') throw new TypeError('a window sent a message that is none');
  return message;
}
