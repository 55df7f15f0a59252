// Turns an upstream limit into the words and the gauge of its line in the tooltip. Unknown stays
// unknown: a dash and a dashed gauge, never a zero.
import { clockWords } from '../protocol/clockWords.ts';
import type { WindowView } from '../protocol/snapshot.ts';
import type { Gauge } from './gaugeImage.ts';

/** One limit, ready to be written down. */
export interface LimitLine {
  readonly name: string;
  readonly gauge: Gauge;
  /** "38 %", "< 1 %" or a dash. */
  readonly share: string;
  readonly resets: string;
}

/** Share below which a limit counts as low. */
const lowShare = 0.25;
const shortWindowMinutes = 60;

/** Describes a limit at a time. */
export function limitLine(window: WindowView, show: 'left' | 'used', nowMs: number, locale: string): LimitLine {
  const name = `${window.model}${window.measure === 'percent' ? '' : ` ${window.measure}`}${windowWords(window.windowMinutes)}`;
  const left = window.limit !== undefined && window.limit > 0 && window.remaining !== undefined
    ? Math.min(1, Math.max(0, window.remaining / window.limit)) : undefined;
  const shown = left === undefined ? undefined : show === 'left' ? left : 1 - left;
  const leftMs = window.resetsAtMs === undefined ? undefined : window.resetsAtMs - nowMs;
  const timeLeft = leftMs === undefined || window.windowMinutes < shortWindowMinutes ? undefined : Math.min(1, Math.max(0, leftMs / (window.windowMinutes * 60_000)));
  return {
    name,
    gauge: {
      low: left !== undefined && left < lowShare,
      ...(shown === undefined ? {} : { share: shown }),
      ...(timeLeft === undefined ? {} : { tick: show === 'left' ? timeLeft : 1 - timeLeft }),
    },
    share: shown === undefined ? '—' : percent(shown),
    resets: resetWords(leftMs, left, window, nowMs, locale),
  };
}

/** Whole percent; "< 1 %" while something is left, and 100 % only when it is all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '99 %';
  return `${Math.round(share * 100)} %`;
}

/** A duration in at most two units: "47 s", "2 h 14 min", "1 d 18 h". */
export function durationWords(durationMs: number): string {
  const seconds = Math.max(1, Math.ceil(durationMs / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

function windowWords(minutes: number): string {
  if (minutes === 1) return '/min';
  if (minutes === 1440) return '/day';
  if (minutes === 10_080) return '/week';
  return minutes % 60 === 0 ? ` in ${minutes / 60} h` : ` in ${minutes} min`;
}

function resetWords(leftMs: number | undefined, left: number | undefined, window: WindowView, nowMs: number, locale: string): string {
  if (left === undefined) return 'not announced yet';
  if (left >= 1) return 'full';
  if (leftMs === undefined) return '—';
  if (leftMs <= 0) return 'now';
  if (window.windowMinutes < shortWindowMinutes) return `full in ${durationWords(leftMs)}`;
  return `${clockWords(nowMs + leftMs, nowMs, locale)} · in ${durationWords(leftMs)}`;
}
