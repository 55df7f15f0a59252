// A short film of a part of a window: pictures taken while something happens, each kept once, and joined into one
// animated PNG that plays them at their times. For the README: a picture cannot show that the meter moves.
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Locator, Page } from 'playwright-core';

/** One picture, and when it was taken, in milliseconds from the first. */
export interface Frame {
  readonly atMs: number;
  readonly png: Buffer;
}

/** A film and its size in pixels. */
export interface Film {
  readonly frames: readonly Frame[];
  readonly width: number;
  readonly height: number;
}

const everyMs = 100;
/** How long the last picture stands before the film begins anew. */
const lastMs = 2_500;

/** Films the strip of a page that an element stands in, `width` pixels wide with the element at its end, until `over` settles and a moment longer. */
export async function film(page: Page, element: Locator, width: number, over: Promise<unknown>): Promise<Film> {
  const box = await element.boundingBox();
  if (!box) throw new Error('What is to be filmed is not on the screen.');
  const clip = { x: Math.max(0, Math.round(box.x + box.width + 8 - width)), y: Math.floor(box.y), width, height: Math.ceil(box.height) };
  const frames: Frame[] = [];
  const startedMs = performance.now();
  let isOver = false;
  const settled = () => { isOver = true; };
  void over.then(settled, settled);
  for (let after = 0; after < 5; after += isOver ? 1 : 0) {
    const png = await page.screenshot({ clip, animations: 'allow' });
    const last = frames.at(-1);
    if (!last?.png.equals(png)) frames.push({ atMs: frames.length === 0 ? 0 : Math.round(performance.now() - startedMs), png });
    await pause(everyMs);
  }
  return { frames, width: clip.width, height: clip.height };
}

/** How often the film plays before it rests on its last picture: some minutes, and nothing that moves for ever. */
const playsMax = 30;
const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The film as one animated PNG, which browsers, GitHub and the Marketplace play. https://www.w3.org/TR/png-3/#apng-frame-based-animation */
export function filmPng({ frames, width, height }: Film): Buffer {
  let sequence = 0;
  const numbered = (...values: readonly Uint8Array[]) => Buffer.concat([uint32(sequence++), ...values]);
  const parts = frames.flatMap(({ atMs, png }, index) => {
    const delayMs = Math.min(0xffff, (frames[index + 1]?.atMs ?? atMs + lastMs) - atMs);
    // Size, no offset, delay in thousandths of a second, and nothing kept of the picture before.
    const control = chunk('fcTL', numbered(uint32(width), uint32(height), uint32(0), uint32(0), uint16(delayMs), uint16(1000), Buffer.from([0, 0])));
    const data = chunksOf(png, 'IDAT');
    return [control, ...data.map((bytes) => (index === 0 ? chunk('IDAT', bytes) : chunk('fdAT', numbered(bytes))))];
  });
  const [header] = chunksOf(frames[0]?.png ?? signature, 'IHDR');
  if (!header) throw new Error('A film needs a picture.');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('acTL', Buffer.concat([uint32(frames.length), uint32(playsMax)])), ...parts, chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
}

/** The contents of a picture's chunks of one type, in their order. */
function chunksOf(png: Buffer, type: string): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = signature.length; at + 8 <= png.length;) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === type) found.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return found;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
