// One upstream limit of one model (requests, tokens or images over time) as a value: what the upstream said
// was left, projected to any moment, minus what is under way and not yet in that figure. A limit that
// nobody announced is learnt from its refusals (`learntLimit.ts`) and marked as such. It knows no clock.
import { counted, noTally, type Learnt, type Tally } from './learntLimit.ts';
import { afterTaken, unseenAmount, type Unseen } from './unseenUse.ts';

/** What one answer said about one limit. Absent means that the answer did not say. */
export interface LimitObservation {
  readonly limit?: number;
  readonly remaining?: number;
  /** Time until the limit is full again, in milliseconds from the answer. */
  readonly resetMs?: number;
}

/** What the headers of one answer said about all limits. */
export interface RateLimitObservation {
  readonly requests?: LimitObservation;
  readonly tokens?: LimitObservation;
  readonly images?: LimitObservation;
  readonly madeImages?: LimitObservation;
  /** How long the upstream asked to wait before the next request. */
  readonly retryAfterMs?: number;
}

/** An amount that was started and that no observation accounts for yet. */
export interface Reservation {
  readonly id: string;
  readonly amount: number;
  readonly sentAtMs: number;
  /** It ended without an observation of its own; kept while older answers that miss it may still come. */
  readonly endedAtMs?: number;
}

/** An attempt that ended or was answered, by a figure or without one, and is part of the level: figures of others sent about when it was may miss what it took. */
export interface Answered { readonly amount: number; readonly sentAtMs: number; readonly answeredAtMs: number; readonly figure?: number }

/** A limit as known now. Every operation gives a new value. */
export interface RateWindow {
  /** Time in which an empty limit fills up. */
  readonly lengthMs: number;
  readonly limit?: number;
  /** What was left at `levelAtMs`, reservations not subtracted; below zero when more was used than there was. */
  readonly level?: number;
  readonly levelAtMs?: number;
  /** When the upstream last told its limit. */
  readonly observedAtMs?: number;
  /** When the attempt was sent whose answer the level comes from: it orders observations. */
  readonly referenceSentAtMs?: number;
  /** Nothing starts before: a throttle answer said so. */
  readonly closedUntilMs?: number;
  /** Until then starts are spread evenly, because the upstream enforces shorter spans than it announces. */
  readonly smoothUntilMs?: number;
  /** For how long they were spread last: it doubles whenever the upstream is found to do so still. */
  readonly smoothForMs?: number;
  readonly nextSmoothStartMs?: number;
  /** What others take unseen. */
  readonly unseen?: Unseen;
  /** What was let in while no limit was announced. */
  readonly tally: Tally;
  /** The limit is no announced one but learnt from refusals. */
  readonly learnt?: Learnt;
  /** When the newest refusal came: what was sent before tells nothing new. */
  readonly refusedAtMs?: number;
  readonly reservations: readonly Reservation[];
  /** What lately ended or was answered. */
  readonly answered?: readonly Answered[];
}

/** OpenAI's limits count per minute (RPM, TPM) … */
export const minuteMs = 60_000;
/** … or per day (RPD, TPD): https://developers.openai.com/api/docs/guides/rate-limits. */
export const dayMs = 86_400_000;
/** Two attempts sent further apart than this reach the upstream in the order in which they were sent. */
export const overtakingMsMax = 2_000;
/** How long starts stay spread after the upstream refused one although it announced room: at first, and at the most. */
const smoothMsMin = 600_000;
const smoothMsMax = dayMs;
/** Spread starts come this much slower than the limit, so that room for a person grows. */
const spreadSlack = 1.001;
/** At most such a share of a limit is kept free for what others may take, and from such a share on they are there. */
const unseenShareMax = 0.25;
const sharedShareMin = 0.01;
/**
 * What is missing below zero closes a limit for so long at the most, or for its own length where that is longer, such as after a usage that
 * was told absurdly large, or a limit that became much smaller: then one request goes up, and its answer tells what is really left.
 */
export const debtMsMax = 3_600_000;
/** After so long what was sent is at the upstream's door. */
const arrivalMsMax = 2 * overtakingMsMax;

/** A limit of which nothing is known. */
export const unknownWindow: RateWindow = { lengthMs: minuteMs, tally: noTally, reservations: [] };

/** What is left at a time by continuous refilling, reservations not subtracted; absent while unknown. */
export function levelAt(window: RateWindow, nowMs: number): number | undefined {
  const { limit, level, levelAtMs } = window;
  if (limit === undefined || level === undefined || levelAtMs === undefined) return undefined;
  const refilled = Math.max(level, -limit * Math.max(debtMsMax, window.lengthMs) / window.lengthMs) + limit * Math.max(0, nowMs - levelAtMs) / window.lengthMs;
  return refilled <= limit ? refilled : Math.min(limit + arrivedBy(window, nowMs), refilled);
}

/** How much of the reservations has made room for refilling: what came to the door is missing there, however late its answer comes. */
function arrivedBy(window: RateWindow, nowMs: number): number {
  const arrived = isShared(window, nowMs) ? [] : window.reservations.filter(({ sentAtMs }) => sentAtMs <= nowMs - arrivalMsMax);
  const sinceMs = nowMs - arrivalMsMax - Math.min(nowMs, ...arrived.map(({ sentAtMs }) => sentAtMs));
  return Math.min(totalOf(arrived), (window.limit ?? 0) * Math.max(0, sinceMs) / window.lengthMs);
}

/** Whether somebody else is noticed to use the limit. What is known of it ages with every moment then. */
export function isShared(window: RateWindow, nowMs: number): boolean {
  return unseenAt(window, nowMs) > (window.limit ?? 0) * sharedShareMin;
}

/** What can still be started at a time: the level minus everything under way; absent while unknown. */
export function availableAt(window: RateWindow, nowMs: number): number | undefined {
  const level = levelAt(window, nowMs);
  return level === undefined ? undefined : level - reservedIn(window);
}

/** When the limit will be full again if nothing more is started; absent while unknown. */
export function fullAtMs(window: RateWindow, nowMs: number): number | undefined {
  const available = availableAt(window, nowMs);
  if (available === undefined || window.limit === undefined) return undefined;
  return nowMs + fillMs(window, window.limit - available);
}

/** What others may have taken by a time without an answer having told; 0 where nobody else uses the limit. */
export function unseenAt({ unseen, limit, observedAtMs }: RateWindow, nowMs: number): number {
  return !unseen || limit === undefined ? 0 : Math.min(limit * unseenShareMax, unseenAmount(unseen, nowMs - (observedAtMs ?? nowMs), nowMs));
}

/**
 * The earliest time at which an amount may start.
 * An amount above the whole limit counts as the whole limit. An unknown limit holds nothing back.
 * @param keepFree what has to be left besides, as far as the limit has room for it at all
 * @param isUrgent it may start half a turn early where starts are spread evenly; later ones make up for it
 * @returns `Infinity` when only an answer to what is under way can make room
 */
export function earliestStartMs(window: RateWindow, amount: number, nowMs: number, keepFree = 0, isUrgent = false): number {
  const opensAtMs = Math.max(nowMs, window.closedUntilMs ?? nowMs);
  const level = levelAt(window, nowMs);
  if (level === undefined || window.limit === undefined) return opensAtMs;
  const needed = Math.min(amount, window.limit) + reservedIn(window);
  const most = needed + keepFree <= window.limit ? window.limit : window.limit + arrivedBy(window, nowMs);
  // Only answers, or what has arrived by then, make room.
  if (needed > most) return isShared(window, nowMs) ? Infinity : Math.max(opensAtMs, Math.max(...window.reservations.map(({ sentAtMs }) => sentAtMs)) + arrivalMsMax + 1, nowMs + fillMs(window, needed - level));
  const wanted = Math.min(most, needed + keepFree);
  const spreadAtMs = window.smoothUntilMs !== undefined && nowMs < window.smoothUntilMs ? window.nextSmoothStartMs ?? nowMs : nowMs;
  const earlyMs = isUrgent ? turnMs(window, amount) / 2 : 0;
  return Math.max(opensAtMs, spreadAtMs - earlyMs, nowMs + fillMs(window, wanted - level));
}

/** When an amount will probably have been started in all, however large it is; absent while unknown. */
export function forecastStartMs(window: RateWindow, amount: number, nowMs: number): number | undefined {
  const available = availableAt(window, nowMs);
  if (available === undefined) return undefined;
  return Math.max(nowMs, window.closedUntilMs ?? nowMs, nowMs + fillMs(window, amount - available));
}

/** Sets an amount aside for an attempt that starts now. */
export function reserve(window: RateWindow, id: string, amount: number, nowMs: number): RateWindow {
  const spread = window.limit === undefined || window.smoothUntilMs === undefined ? {}
    : { nextSmoothStartMs: Math.max(nowMs, window.nextSmoothStartMs ?? nowMs) + Math.ceil(turnMs(window, amount) * spreadSlack) };
  const level = levelAt(window, nowMs);
  return { ...window, ...spread, ...(level === undefined ? {} : { level, levelAtMs: nowMs }), reservations: [...window.reservations, { id, amount, sentAtMs: nowMs }] };
}

/** Notes that an attempt's request left only now. */
export function markSent(window: RateWindow, id: string, nowMs: number): RateWindow {
  return { ...window, reservations: window.reservations.map((each) => (each.id === id ? { ...each, sentAtMs: nowMs } : each)) };
}

/** Forgets a reservation that the upstream never counted. */
export function release(window: RateWindow, id: string, nowMs: number): RateWindow {
  return settled({ ...window, reservations: window.reservations.filter((each) => each.id !== id) }, nowMs);
}

/** Ends a reservation that no observation accounted for: the amount used stays subtracted. */
export function commit(window: RateWindow, id: string, usedAmount: number, nowMs: number): RateWindow {
  const ended = (each: Reservation): Reservation => (each.id === id && each.endedAtMs === undefined ? { ...each, amount: usedAmount, endedAtMs: nowMs } : each);
  return settled({ ...window, reservations: window.reservations.map(ended) }, nowMs);
}

/** Subtracts a further amount that the upstream counts only now, such as output beyond what was reserved. */
export function charge(window: RateWindow, id: string, amount: number, nowMs: number): RateWindow {
  const tally = window.learnt || window.limit === undefined ? counted(window.tally, amount, nowMs) : window.tally;
  if (window.level === undefined) return { ...window, tally };
  return settled({ ...window, tally, reservations: [...window.reservations, { id, amount, sentAtMs: nowMs, endedAtMs: nowMs }] }, nowMs);
}

/** The time in which nothing could be sent, but limits refilled, such as a computer's sleep. */
export function passed(window: RateWindow, ms: number): RateWindow {
  return { ...window, ...(window.levelAtMs === undefined ? {} : { levelAtMs: window.levelAtMs - ms }), ...(window.closedUntilMs === undefined ? {} : { closedUntilMs: window.closedUntilMs - ms }) };
}

/** Notes what was taken beyond everything that was foreseen; nothing is a note too. */
export function takenUnseen(window: RateWindow, amount: number, nowMs: number): RateWindow {
  const unseen = afterTaken(window.unseen, amount, nowMs);
  return unseen === undefined ? window : { ...window, unseen };
}

/**
 * Closes the window after a throttle answer, whose own observation was taken in before.
 * Where the answer announced room for the amount all the same, starts are spread evenly for a while.
 * @param refused what this limit refused; absent when another cause may be behind the refusal
 */
export function close(
  window: RateWindow, untilMs: number, refused: { readonly amount: number; readonly sentAtMs: number; readonly remaining?: number } | undefined, nowMs: number,
): RateWindow {
  const closedUntilMs = Math.max(untilMs, window.closedUntilMs ?? untilMs);
  if (!refused) return { ...window, closedUntilMs };
  // A turn of a day's limit would be far too long.
  if (refused.remaining !== undefined && refused.remaining >= refused.amount && window.lengthMs <= minuteMs) {
    // The pause knows nothing of what was sent since; and half a turn more is what a person's requests come early by.
    const since = window.reservations.reduce((total, each) => total + (each.sentAtMs >= refused.sentAtMs ? each.amount : 0), 0);
    const nextSmoothStartMs = closedUntilMs + turnMs(window, since) + turnMs(window, refused.amount) / 2;
    const smoothForMs = nowMs < (window.smoothUntilMs ?? 0) ? window.smoothForMs ?? smoothMsMin : Math.min(smoothMsMax, 2 * (window.smoothForMs ?? smoothMsMin / 2));
    return { ...window, closedUntilMs, smoothUntilMs: nowMs + smoothForMs, smoothForMs, nextSmoothStartMs };
  }
  const level = levelAt(window, nowMs);
  if (level === undefined || window.limit === undefined || window.learnt) return { ...window, closedUntilMs };
  // There is room for just this amount at the end of the wait, hence so much less now.
  const implied = refused.remaining ?? Math.min(refused.amount, window.limit) - window.limit * Math.max(0, untilMs - nowMs) / window.lengthMs;
  // A level that no answer told was only the whole limit.
  const told = window.referenceSentAtMs === undefined ? window : takenUnseen(window, level - implied, nowMs);
  return { ...told, closedUntilMs, level: Math.min(level, implied), levelAtMs: nowMs };
}

/** Takes in a limit that was told without what is left of it, such as in the text of a refusal. */
export function withLimit(window: RateWindow, limit: number, nowMs: number): RateWindow {
  const { learnt: _, ...announced } = window;
  const level = levelAt(window, nowMs);
  return { ...announced, limit, level: Math.min(level ?? limit, limit), levelAtMs: nowMs, observedAtMs: nowMs };
}

/** Takes from the level what ended, as soon as no answer can come any more that misses it. */
export function settled(window: RateWindow, nowMs: number): RateWindow {
  const level = levelAt(window, nowMs);
  // Without a level there is nothing to correct; and the answer to an attempt sent well before the known one changes nothing.
  const oldestMs = (window.referenceSentAtMs ?? -Infinity) - overtakingMsMax;
  const live = window.reservations.filter((each) => each.endedAtMs === undefined && level !== undefined && each.sentAtMs > oldestMs);
  const due = window.reservations.filter(({ sentAtMs, endedAtMs }) => endedAtMs !== undefined
    && !live.some((each) => each.sentAtMs <= endedAtMs && each.sentAtMs < sentAtMs + overtakingMsMax));
  if (due.length === 0) return window;
  const reservations = window.reservations.filter((each) => !due.includes(each));
  if (level === undefined) return { ...window, reservations };
  return { ...window, reservations, level: level - totalOf(due), levelAtMs: nowMs };
}

function reservedIn(window: RateWindow): number {
  return totalOf(window.reservations);
}

/** The sum of amounts. */
export function totalOf(takings: readonly { readonly amount: number }[]): number {
  return takings.reduce((total, each) => total + each.amount, 0);
}

/** In what time the limit refills an amount. */
function turnMs({ limit, lengthMs }: RateWindow, amount: number): number {
  return limit === undefined ? 0 : Math.min(amount, limit) * lengthMs / limit;
}

function fillMs(window: RateWindow, amount: number): number {
  return amount <= 0 || window.limit === undefined ? 0 : Math.ceil(amount * window.lengthMs / window.limit);
}
