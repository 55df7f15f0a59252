// A short film of a part of a window: pictures taken while something happens, each kept once, and joined into one
// SVG that plays them at their times. For the README: a picture cannot show that the meter moves.
import { setTimeout as pause } from 'node:timers/promises';
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

/** The film as one SVG. Whoever wants little motion sees the last picture. */
export function filmSvg({ frames, width, height }: Film, title: string): string {
  const totalMs = (frames.at(-1)?.atMs ?? 0) + lastMs;
  const share = (ms: number) => `${(ms / totalMs * 100).toFixed(2)}%`;
  const rules = frames.map(({ atMs }, index) => {
    const endMs = frames[index + 1]?.atMs;
    const from = atMs === 0 ? '0%{visibility:visible}' : `0%{visibility:hidden}${share(atMs)}{visibility:visible}`;
    return `@keyframes f${index}{${from}${endMs === undefined ? '100%{visibility:visible}' : `${share(endMs)}{visibility:hidden}100%{visibility:hidden}`}}#f${index}{animation:f${index} ${totalMs}ms step-end infinite}`;
  });
  const images = frames.map(({ png }, index) => `<image id="f${index}" width="${width}" height="${height}" href="data:image/png;base64,${png.toString('base64')}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><title>${title}</title><style>image{visibility:hidden}${rules.join('')}@media (prefers-reduced-motion:reduce){image{animation:none!important}image:last-of-type{visibility:visible}}</style>${images.join('')}</svg>\n`;
}
