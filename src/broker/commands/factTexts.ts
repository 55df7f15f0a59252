// How times, ages and sizes are written in the command line's answers to people. Times are those of the
// local clock.
import { utcOffsetMs } from '../systemClock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "2026-11-22 13:05", by the local clock. */
export function momentText(atMs: number): string {
  return new Date(atMs + utcOffsetMs(atMs)).toISOString().slice(0, 16).replace('T', ' ');
}

/** How long something lasts, in its largest whole unit: "3 hours". */
export function spanText(ms: number): string {
  const [count, unit] = ms < minuteMs ? [Math.floor(ms / 1000), 'second'] : ms < hourMs ? [Math.floor(ms / minuteMs), 'minute'] : ms < 2 * dayMs ? [Math.floor(ms / hourMs), 'hour'] : [Math.floor(ms / dayMs), 'day'];
  return countText(Math.max(0, count), unit);
}

/** "1 request", "2 requests", "3 entries". */
export function countText(count: number, one: string): string {
  return `${count} ${count === 1 ? one : one.endsWith('y') && !/[aeiou]y$/.test(one) ? `${one.slice(0, -1)}ies` : `${one}s`}`;
}

/** "340 KB", "12.5 MB". */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return countText(bytes, 'byte');
  const units = ['KB', 'MB', 'GB', 'TB'] as const;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  const value = bytes / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1] ?? 'KB'}`;
}
