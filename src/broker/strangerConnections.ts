// Connections that have shown no token yet. Anyone on the computer can open those, so they get a
// small room of their own: when it is full the oldest one goes, and whoever has shown a token is not
// touched. It reads nothing and decides nothing about requests.

/**
 * Connections without a token at once, half of what the door takes. A client shows its token within a moment of
 * connecting, but hundreds may come in the same moment (a build with many agents), and none of them must be lost.
 */
export const strangersMax = 512;

/** What it needs of a socket. */
export interface ClosableSocket {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** The room of the strangers. */
export class StrangerConnections {
  readonly #sockets = new Set<ClosableSocket>();

  /** How many there are. */
  get size(): number { return this.#sockets.size; }

  /** Lets a new connection in, and the oldest one out when there are too many. */
  add(socket: ClosableSocket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#sockets.size <= strangersMax) return;
    const [oldest] = this.#sockets;
    if (!oldest) return;
    this.#sockets.delete(oldest);
    oldest.destroy();
  }

  /** The connection has shown a token that is right. */
  recognise(socket: ClosableSocket): void {
    this.#sockets.delete(socket);
  }
}
