// When a page was painted and ready, as Chromium itself marks it.
import type { Frame, Page } from 'playwright-core';

/** Milliseconds of a page's own clock, and when that clock began, in milliseconds since 1970. */
export interface Opening { readonly paintedMs: number; readonly readyMs: number; readonly beganAtMs: number }

/** When everything in view was painted, and when its icons were there too and no task kept input waiting. The page's clock begins with its navigation. */
export function openingOf(page: Pick<Page | Frame, 'evaluate'>): Promise<Opening> {
  return page.evaluate(async () => {
    await document.fonts.ready;
    const seen = (type: string) => new Promise<PerformanceEntryList>((resolve) => {
      const observer = new PerformanceObserver((list) => { resolve(list.getEntries()); observer.disconnect(); });
      observer.observe({ type, buffered: true });
      // What there is was seen by then; there may be no long task.
      setTimeout(() => resolve([]), 1000);
    });
    const [paints, tasks] = await Promise.all([seen('largest-contentful-paint'), seen('longtask')]);
    // The browser marks each paint of something larger in view; what is painted below it later is none.
    const paintedMs = Math.max(...paints.map((entry) => entry.startTime));
    const fontMs = Math.max(0, ...performance.getEntriesByType('resource').filter((entry) => entry.name.includes('.ttf')).map((entry) => entry.startTime + entry.duration));
    // A task of 50 ms and more keeps input waiting.
    return { paintedMs, readyMs: Math.max(paintedMs, fontMs, ...tasks.map((task) => task.startTime + task.duration)), beganAtMs: performance.timeOrigin };
  });
}
