// Sends the frames of an answer at the pace that a scenario sets, stops at once when the client
// leaves, and cuts the connection where a fault says so. It reports what really went out; it never
// changes a byte of it.
import type { ServerResponse } from 'node:http';
import type { SandboxClock } from './clock.ts';
import type { StreamFault } from './faultAction.ts';
import type { Frame } from './streamBytes.ts';

/** How far an answer came. */
export interface SendOutcome {
  /** Output tokens in the frames that went out. */
  readonly outputTokens: number;
  /** The usage that went out, if it did: first of the frames that report one. */
  readonly reported?: { readonly usage: unknown };
}

/** How frames are sent. */
export interface SendSettings {
  readonly deltaMs: number;
  readonly fault: StreamFault;
  readonly clock: SandboxClock;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
  /** Ends the connection in the name of a fault. */
  readonly cut: (how: CutHow) => void;
}

/** `end` finishes the body as if all were well, `drop` closes the connection, `reset` tears it down. */
export type CutHow = 'end' | 'drop' | 'reset';

/** Frames without a wait between them go out together, up to this size. */
const batchCharactersMax = 16_384;

/** Ends a connection without ceremony. */
export function closeConnection(response: ServerResponse, how: CutHow): void {
  if (how === 'end') response.end();
  else if (how === 'drop') response.socket?.destroy();
  else response.socket?.resetAndDestroy();
}

/** Sends the frames and ends the response, headers having been written before. Never rejects. */
export async function sendFrames(response: ServerResponse, frames: readonly Frame[], settings: SendSettings): Promise<SendOutcome> {
  const { fault, gone, clock, deltaMs } = settings;
  const writer = new FaultyWriter(response, settings);
  let batch = '';
  let pending: Frame | undefined;
  let events = 0;
  let outputTokens = 0;
  let reported: SendOutcome['reported'];
  const flush = async (isLast = false): Promise<boolean> => {
    if (batch === '' && !isLast) return !gone.aborted;
    const text = batch;
    batch = '';
    if (!await writer.write(Buffer.from(text), isLast)) return false;
    outputTokens = pending?.outputTokens ?? outputTokens;
    return true;
  };
  const outcome = () => ({ outputTokens, ...(reported ? { reported } : {}) });
  for (const [index, frame] of frames.entries()) {
    const isEvent = frame.eventType !== '';
    if (isEvent && fault.close?.afterEvents === events) {
      if (!await flush()) return outcome();
      if (fault.close.midEvent) await writer.write(Buffer.from(frame.text.slice(0, Math.ceil(frame.text.length / 2))));
      settings.cut(fault.close.how);
      return outcome();
    }
    if (isEvent && fault.pause?.afterEvents === events) {
      if (!await flush()) return outcome();
      await clock.sleep(fault.pause.ms, gone);
    }
    if (frame.isDelta && deltaMs > 0) {
      if (!await flush()) return outcome();
      await clock.sleep(deltaMs, gone);
      if (gone.aborted) return outcome();
    }
    if ('reported' in frame) {
      // What ends the answer goes out by itself, so that it is known whether it did.
      if (!await flush()) return outcome();
      batch = frame.text;
      pending = frame;
      const isLast = index === frames.length - 1;
      if (!await flush(isLast)) return outcome();
      reported ??= { usage: frame.reported };
      if (isLast) return outcome();
    } else {
      batch += frame.text;
      pending = frame;
      if (batch.length >= batchCharactersMax && !await flush()) return outcome();
    }
    if (isEvent) events++;
  }
  await flush(true);
  return outcome();
}

/** Sends one body, bent by the same faults as a stream's bytes. @returns whether all of it went out */
export function sendBody(response: ServerResponse, text: string, settings: SendSettings): Promise<boolean> {
  return new FaultyWriter(response, settings).write(Buffer.from(text), true);
}

/** Writes bytes in the pieces that a fault asks for and cuts the connection after so many. */
class FaultyWriter {
  readonly #response: ServerResponse;
  readonly #settings: SendSettings;
  #sent = 0;

  constructor(response: ServerResponse, settings: SendSettings) {
    this.#response = response;
    this.#settings = settings;
  }

  /**
   * Writes, and with `isLast` ends the body together with its last bytes, so that a client which
   * leaves as soon as it has them has not left early.
   * @returns false once the connection is over
   */
  async write(bytes: Buffer, isLast = false): Promise<boolean> {
    const { fault, clock, gone } = this.#settings;
    const size = fault.splitBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      if (fault.splitDelayMs > 0) await clock.sleep(fault.splitDelayMs, gone);
      if (gone.aborted) return false;
      const piece = bytes.subarray(at, at + size);
      const room = (fault.close?.afterBytes ?? Number.POSITIVE_INFINITY) - this.#sent;
      const isEnd = isLast && at + size >= bytes.length && piece.length < room;
      await this.#put(piece.subarray(0, Math.min(room, piece.length)), isEnd);
      if (piece.length >= room && fault.close) {
        this.#settings.cut(fault.close.how);
        return false;
      }
    }
    if (isLast && bytes.length === 0) this.#response.end();
    return isLast || !gone.aborted;
  }

  /** Resolves when the bytes were handed to the system, or the client has gone. */
  async #put(bytes: Buffer, isEnd: boolean): Promise<void> {
    const { gone } = this.#settings;
    if (bytes.length === 0 || gone.aborted) return;
    this.#sent += bytes.length;
    await new Promise<void>((resolve) => {
      const done = () => {
        gone.removeEventListener('abort', done);
        resolve();
      };
      gone.addEventListener('abort', done, { once: true });
      // An error means that the client has gone, which `gone` tells as well.
      if (isEnd) this.#response.end(bytes, done);
      else this.#response.write(bytes, done);
    });
  }
}
