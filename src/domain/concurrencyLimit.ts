// How many attempts of one model may run at once: few until the upstream told its limits, many when
// it announces them, and learnt by trying where it announces none or is overloaded: a refusal takes a share, what was borne
// comes back at once, more is tried slowly, and a number that is refused again and again is held for longer each time. One refusal
// among no more than ran well of late says nothing about their number. It counts nothing itself; the caller says how many run.

/** Attempts at once while nothing is known about a model's limits. */
export const attemptsUnknownMax = 4;
/** Attempts at once in any case: as many as the broker opens connections. */
export const attemptsAnnouncedMax = 512;
/** The largest limit that is learnt by trying. */
export const attemptsLearntMax = 64;
/** What is left of the limit after a refusal, and after answers that came slowly: that is no refusal yet. */
const decreaseRatio = 0.7;
const slowRatio = 0.9;
/** What ran well is known for so long. */
const wellKnownMs = 600_000;
/** So long a number is held for too many: at first, as one refusal may have any cause, and at the most; each further one at about that number holds it longer by the factor. */
const heldMsMin = 35_000;
const heldMsMax = 1_800_000;
const heldFactor = 3;
/** And so long after answers that are slower than usual. */
const slowHeldMs = 900_000;
/** Between these times a number others are about the same. */
const aboutMin = 0.75;
const aboutMax = 1.5;
/** So many more per round are tried again about a number that is not held any more; one where only slower answers would tell of too many. */
const triedPerRound = 4;

/** The last refusal that told no limit. */
interface Refusal {
  /** Refusals of attempts sent before this were answered by the decrease then. */
  readonly atMs: number;
  /** So long from then on more than `borneMax` are held for too many. */
  readonly heldMs: number;
  /** About one more was refused; absent while only fewer were refused than are known to run well. */
  readonly borneMax?: number;
}

/** A limit on attempts at once; every operation gives a new value. */
export interface ConcurrencyLimit {
  readonly state: 'unknown' | 'announced' | 'learnt';
  /** Grows by fractions; the whole part counts. */
  readonly attemptsMax: number;
  /** The most that were under way, let in, when one was answered, of late. */
  readonly well?: { readonly attempts: number; readonly atMs: number };
  /** The same since the last refusal; absent while nothing was answered since. */
  readonly wellSince?: number;
  readonly refusal?: Refusal;
}

/** The limit of a model that was never asked. */
export const unknownConcurrency: ConcurrencyLimit = { state: 'unknown', attemptsMax: attemptsUnknownMax };

/** Whether one more attempt may run beside those that do. */
export function hasRoom(limit: ConcurrencyLimit, running: number): boolean {
  return running + 1 <= limit.attemptsMax;
}

/** An attempt was answered, and not by a refusal. @param letIn attempts under way that were not refused, the answered one included */
export function ranWell(limit: ConcurrencyLimit, letIn: number, nowMs: number): ConcurrencyLimit {
  const well = letIn >= wellAt(limit, nowMs) ? { attempts: letIn, atMs: nowMs } : limit.well;
  return { ...limit, ...(well ? { well } : {}), wellSince: Math.max(limit.wellSince ?? 0, letIn) };
}

/**
 * After an answer from which more may be tried.
 * @param announced whether the upstream told a limit on requests or tokens, now or before
 * @param running   attempts under way, the answered one included
 */
export function afterAnswer(limit: ConcurrencyLimit, announced: boolean, running: number, nowMs: number): ConcurrencyLimit {
  if (announced && limit.state !== 'announced' && !limit.refusal) return { ...limit, state: 'announced', attemptsMax: attemptsAnnouncedMax };
  const state = announced ? 'announced' : 'learnt';
  const { attemptsMax } = limit;
  // A limit that is not used to the full says nothing about whether more would be borne.
  if (running + 1 < attemptsMax) return { ...limit, state };
  const ceiling = announced ? attemptsAnnouncedMax : attemptsLearntMax;
  return { ...limit, state, attemptsMax: Math.min(ceiling, attemptsMax + step(limit, announced, nowMs)) };
}

/**
 * After a refusal that told no limit. All attempts that were under way together count as one refusal.
 * @param running attempts under way, the refused one included
 */
export function afterRefusal(limit: ConcurrencyLimit, running: number, sentAtMs: number, nowMs: number): ConcurrencyLimit {
  const { refusal, well: _, wellSince, ...rest } = limit;
  if (refusal && sentAtMs <= refusal.atMs) return limit;
  const state = limit.state === 'unknown' ? 'learnt' : limit.state;
  const well = wellAt(limit, nowMs);
  const decreased = Math.max(1, Math.floor(Math.min(limit.attemptsMax, running) * decreaseRatio));
  const isAbout = refusal !== undefined && isAgain(refusal, running, nowMs);
  // One refusal may have any cause, and so has one of fewer than ran well since the last: then what ran well of late still may.
  if (!refusal || !isAbout && !isHeld(refusal, nowMs) || running <= Math.max(1, wellSince ?? 0)) {
    const attemptsMax = Math.min(limit.attemptsMax, Math.max(decreased, well));
    const borneMax = running > Math.max(well, attemptsUnknownMax) ? attemptsMax : refusal && isHeld(refusal, nowMs) ? refusal.borneMax : undefined;
    return { ...rest, state, attemptsMax, ...(limit.well ? { well: limit.well } : {}), refusal: { atMs: nowMs, heldMs: heldMsMin, ...(borneMax === undefined ? {} : { borneMax }) } };
  }
  // An upstream that answers nothing at all says nothing about how many it bears when it does again.
  const borneMax = wellSince === undefined ? refusal.borneMax : Math.max(1, running - 1);
  const heldMs = isAbout && wellSince !== undefined ? Math.min(heldMsMax, refusal.heldMs * heldFactor) : heldMsMin;
  return {
    ...rest, state, attemptsMax: decreased, ...(limit.well ? { well: { ...limit.well, attempts: Math.min(well, Math.max(1, running - 1)) } } : {}),
    refusal: { atMs: nowMs, heldMs, ...(borneMax === undefined ? {} : { borneMax }) },
  };
}

function wellAt({ well }: ConcurrencyLimit, nowMs: number): number {
  return well && nowMs - well.atMs < wellKnownMs ? well.attempts : 0;
}

function isHeld({ atMs, heldMs }: Refusal, nowMs: number): boolean {
  return nowMs - atMs < heldMs;
}

/** Whether about as many were refused before, not so long ago that it would be another matter. */
function isAgain({ atMs, heldMs, borneMax }: Refusal, running: number, nowMs: number): boolean {
  return borneMax !== undefined && running >= aboutMin * (borneMax + 1) && running <= aboutMax * (borneMax + 1) && nowMs - atMs < heldMs + heldMsMax;
}

/** What an answer adds to a limit that is used to the full. */
function step({ attemptsMax, refusal }: ConcurrencyLimit, announced: boolean, nowMs: number): number {
  // Each answer lets one more run, up to what was borne and while no number is held for too many, so that a wide upstream is found in a few rounds.
  if (refusal?.borneMax === undefined || attemptsMax < refusal.borneMax) return 1;
  if (!isHeld(refusal, nowMs)) return attemptsMax > aboutMax * (refusal.borneMax + 1) ? 1 : Math.min(1, (announced ? triedPerRound : 1) / attemptsMax);
  // One in as many rounds as one more per round would take to make good a decrease, and in more the surer the number is: so a
  // limit that is really there is met no more often than if that was done, although what it bears is used meanwhile.
  return heldMsMin / refusal.heldMs / (attemptsMax * Math.max(1, attemptsMax * (1 - decreaseRatio)));
}

/** After answers that came slowly for the number that runs. It never goes below what is tried while nothing is known. @param running attempts under way, the answered one included */
export function afterSlowness(limit: ConcurrencyLimit, running: number, nowMs: number): ConcurrencyLimit {
  const attemptsMax = Math.max(Math.min(attemptsUnknownMax, limit.attemptsMax), Math.min(limit.attemptsMax, running) * slowRatio);
  const { refusal } = limit;
  if (refusal?.borneMax === undefined) return { ...limit, attemptsMax };
  return whileSlower({ ...limit, attemptsMax, refusal: { ...refusal, borneMax: Math.min(refusal.borneMax, Math.floor(attemptsMax)) } }, nowMs);
}

/** While answers are slower than usual where something was refused before: it was the number then, and it is held on. */
export function whileSlower(limit: ConcurrencyLimit, nowMs: number): ConcurrencyLimit {
  const { refusal } = limit;
  if (refusal?.borneMax === undefined) return limit;
  return { ...limit, refusal: { ...refusal, heldMs: Math.max(refusal.heldMs, nowMs - refusal.atMs + slowHeldMs) } };
}
