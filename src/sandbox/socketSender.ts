// Sends the messages of an answer over a WebSocket at the pace that a scenario sets, stops at once when the
// client leaves, and cuts the connection where a fault says so. It reports what really went out.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Frame } from './streamBytes.ts';
import type { CutHow, SendOutcome, SendSettings } from './streamSender.ts';

/** Ends a connection without ceremony, or with a close that says nothing is wrong. */
export function closeSocket(socket: WebSocket, raw: Socket, how: CutHow): void {
  if (how === 'end') socket.close(1000);
  else if (how === 'drop') raw.destroy();
  else raw.resetAndDestroy();
}

/** Sends the messages. Never rejects. */
export async function sendMessages(socket: WebSocket, raw: Socket, messages: readonly Frame[], settings: SendSettings): Promise<SendOutcome> {
  const { fault: { close, pause }, gone, clock, deltaMs } = settings;
  let bytes = 0;
  let outputTokens = 0;
  let reported: SendOutcome['reported'];
  const outcome = () => ({ outputTokens, ...(reported ? { reported } : {}) });
  for (const [index, message] of messages.entries()) {
    const length = Buffer.byteLength(message.text);
    if (close?.afterEvents === index || close?.afterBytes !== undefined && bytes + length > close.afterBytes) {
      if (close.midEvent) await beginFrame(raw, message.text);
      settings.cut(close.how);
      return outcome();
    }
    if (pause?.afterEvents === index) await clock.sleep(pause.ms, gone);
    if (message.isDelta && deltaMs > 0) await clock.sleep(deltaMs, gone);
    if (gone.aborted || !await sendOne(socket, message.text)) return outcome();
    bytes += length;
    outputTokens = message.outputTokens;
    if ('reported' in message) reported ??= { usage: message.reported };
  }
  return outcome();
}

/** Sends one message. @returns whether the system took it */
export function sendOne(socket: WebSocket, text: string): Promise<boolean> {
  return new Promise((resolve) => { socket.send(text, (error) => resolve(error === undefined || error === null)); });
}

/** Writes the head of a text frame and half of its bytes. */
function beginFrame(raw: Socket, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const head = bytes.length < 126 ? Buffer.from([0x81, bytes.length]) : Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (bytes.length >= 126) head.writeUInt32BE(bytes.length, 6);
  return new Promise((resolve) => {
    if (raw.destroyed) resolve();
    else raw.write(Buffer.concat([head, bytes.subarray(0, Math.ceil(bytes.length / 2))]), () => resolve());
  });
}
