// What left this computer, by local day: where requests were sent, what let them in there, how many tokens, for which
// workspaces. Shapes of the control calls that tell it, their checks on the asking side, and how days are put together. Pure.
import * as z from 'zod/mini';
import { dataKinds } from './dataFiles.ts';
import { dayKeyOf, dayStartMs, localDayOf } from '../domain/localDays.ts';

/** What let a request in: the broker's own API key, the person's own ChatGPT sign-in, or what the fallback takes, which gets neither. */
export const sentWays = ['key', 'login', 'fallback'] as const;
/** See `sentWays`. */
export type SentWay = (typeof sentWays)[number];

const count = z.int().check(z.nonnegative());

/** What was sent to one place, one way, for one workspace. */
const sentRow = z.object({
  way: z.enum(sentWays),
  /** Host and port; absent for what was sent before the ledger noted where to. */
  at: z.optional(z.string()),
  workspaceId: z.string(), workspaceLabel: z.string(),
  requests: count,
  /** A request that waits out a refusal is sent again: each time is an attempt. */
  attempts: count,
  /** As counted by whoever answered, or estimated where an answer broke off. */
  inputTokens: count, outputTokens: count,
  /** Estimated input of attempts for which nothing was counted: refused there, or lost. */
  uncountedInputTokens: count,
});
/** See `sentRow`. */
export type SentRow = Readonly<z.infer<typeof sentRow>>;

/** Who stands for workspaces that are not told one by one. */
export const otherWorkspaces = { workspaceId: '', workspaceLabel: '' } as const;

/** What of the product lies in one folder. */
const storedFolder = z.object({
  path: z.string(),
  kinds: z.array(z.object({ kind: z.enum(dataKinds), files: count, bytes: count })),
  /** Names of what is not the product's own, and of links, which are never followed. */
  others: z.array(z.string()),
});
/** See `storedFolder`. */
export type StoredFolder = Readonly<z.infer<typeof storedFolder>>;

/** What the product keeps on this computer outside of the editor. */
const stored = z.object({
  folders: z.array(storedFolder),
  /** Configurations of Codex that were routed. */
  routes: z.array(z.string()),
});
/** See `stored`. */
export type Stored = Readonly<z.infer<typeof stored>>;

/** The answer of `sent`, checked. @throws Error where it makes no sense */
export function checkedSent(answer: unknown): readonly SentRow[] {
  return z.object({ rows: z.array(sentRow) }).parse(answer).rows;
}

/** The answer of `stored`, checked. @throws Error where it makes no sense */
export function checkedStored(answer: unknown): Stored {
  return stored.parse(answer);
}

/** One local day on which something was done. */
export interface SentDay {
  /** `2026-11-30`. */
  readonly day: string;
  readonly rows: readonly SentRow[];
}

/** Days that are looked back, today among them. */
export const sentDaysMax = 90;

/** The calls that the days are asked by. */
export interface SentCalls {
  /** The local days since a time on which anything was asked of the broker, as `YYYY-MM-DD`. */
  daysWithUse(sinceMs: number): Promise<readonly string[]>;
  /** What left in a span of one day at the most. */
  sent(span: { readonly fromMs: number; readonly untilMs: number }): Promise<readonly SentRow[]>;
}

/**
 * Asks day by day, the newest first, so that the ledger is never held up for long; days without use are not asked for.
 * @param told how many of how many days are done
 * @param known what was learned of days of this ledger that are over; what is learned now is added
 */
export async function sentDays(calls: SentCalls, { nowMs, utcOffsetMs, told, known = new Map() }: { readonly nowMs: number; readonly utcOffsetMs: (atMs: number) => number; readonly told?: (done: number, of: number) => void; readonly known?: Map<string, readonly SentRow[]> }): Promise<SentDay[]> {
  const today = localDayOf(nowMs, utcOffsetMs);
  const used = new Set(await calls.daysWithUse(dayStartMs(today - sentDaysMax + 1, utcOffsetMs)));
  // What ends in this moment is counted too, and a clock that was set back leaves rows of tomorrow.
  const days = Array.from({ length: sentDaysMax + 1 }, (_, ago) => today + 1 - ago).filter((day) => used.has(dayKeyOf(day)));
  const found: SentDay[] = [];
  for (const [index, day] of days.entries()) {
    const rows = known.get(dayKeyOf(day)) ?? await calls.sent({ fromMs: dayStartMs(day, utcOffsetMs), untilMs: dayStartMs(day + 1, utcOffsetMs) });
    if (day < today) known.set(dayKeyOf(day), rows);
    if (rows.length > 0) found.push({ day: dayKeyOf(day), rows });
    told?.(index + 1, days.length);
  }
  return found;
}

/** Whether a place is this computer itself, as a server of local models is. */
export function isThisComputer(at: string): boolean {
  const host = at.replace(/:\d+$/, '').replace(/^\[|\]$/g, '').toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
