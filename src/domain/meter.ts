// What the status bar says, from what is known: one state, at most 14 characters, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import { compareLevels, criticalShare, lowShare, type StandLevel } from './tightest.ts';
import { creditsPerUsd, formatShare, microCreditsPerCredit } from './units.ts';

/** States of the meter; each has its own icon and words, so that none needs colour. */
export type MeterState = 'loading' | 'ok' | 'low' | 'critical' | 'blocked' | 'waiting' | 'asks' | 'no-key' | 'key-rejected' | 'stale' | 'broker-down' | 'practice' | 'untracked' | 'unpriced';

/** When something ends: as the item shows it, at most ten characters in most languages, and as a sentence says it. */
export interface MeterEnd {
  readonly short: string;
  readonly words: string;
}

/** What is known when the meter is painted. Absent means unknown. */
export interface MeterInput {
  /** `connecting` before the first snapshot and after a loss, `down` when no broker answers. */
  readonly link: 'connecting' | 'connected' | 'down';
  readonly snapshot?: {
    readonly practice: boolean;
    /** Local time of the numbers, as people read it. */
    readonly asOf: string;
    /** How old the numbers are, in milliseconds. */
    readonly ageMs: number;
    readonly keyMissing: boolean;
    readonly keyRejected: boolean;
    /** Only purchased credits are free, and this window's workspace may not use them. */
    readonly notAllowed: boolean;
    /** There are credits, but none for this window's workspace now: they are for others, or have not begun. */
    readonly noneForHere?: true;
    /** What this window is asked while requests wait: the oldest question, and how many there are. */
    readonly question?: { readonly text: string; readonly count: number };
    /** Owed for credits that were taken back after they had been spent; absent when nothing is. */
    readonly owedMicroCredits?: number;
    /** The hard budget that is used up for this window's workspace, and until when, as people read it. */
    readonly budget?: { readonly text: string; readonly until?: MeterEnd };
    /** The tightest of the limits that may end work for a while. */
    readonly limit?: { readonly kind: 'budget' | 'window'; readonly name: string; readonly left: number; readonly level: StandLevel; readonly pace: string; readonly until?: MeterEnd };
    /** What is wrong at the broker now, as a sentence; the first of all that is. */
    readonly problem?: string;
    readonly tracked: boolean;
    readonly balanceMicroCredits: number;
    readonly heldMicroCredits: number;
    /** Sum of all grants that have not expired: what the balance is a share of. */
    readonly grantedMicroCredits: number;
    readonly todayMicroCredits: number;
    /** Requests of today without a price: their cost is not known, and is no part of today's. Absent when there is none. */
    readonly todayUnpriced?: number;
    /** This window's own waiting request that starts first. Without a place it waits outside of the line, for what others give back. */
    readonly waiting?: { readonly place?: number; readonly startsInMs?: number };
  };
  /** Show what is left or what was used. */
  readonly show: 'left' | 'used';
  /** Credits or US dollars. */
  readonly unit: 'credits' | 'usd';
  readonly locale: string;
}

/** The painted meter. `icon` is a codicon id. */
export interface MeterFace {
  readonly state: MeterState;
  readonly icon: string;
  /** At most 14 characters. */
  readonly text: string;
  /** The whole sentence for a screen reader. */
  readonly spoken: string;
  /** What a click should do: cure the state. */
  readonly action: 'dashboard' | 'topUp' | 'setApiKey' | 'startBroker' | 'answer' | 'budgets';
  readonly background?: 'warning' | 'error';
  /** What the number is of the whole, 0 to 1, where there is a whole. */
  readonly share?: number;
  /** The number is no longer news: dimmed. */
  readonly dimmed?: true;
  /** Nothing needs anybody's attention: an icon says enough. */
  readonly calm?: true;
}

/** Most characters of the item beside its icon. */
export const textMax = 14;
/** Numbers younger than this need no age: a connection that comes back at once must not flicker. */
export const agedAfterMs = 60_000;

/** Paints the meter. */
export function meterFace(input: MeterInput): MeterFace {
  const { snapshot } = input;
  if (input.link === 'down') {
    return { state: 'broker-down', icon: 'debug-disconnect', text: 'Broker down', spoken: 'Codex broker is not running', action: 'startBroker', background: 'error' };
  }
  if (!snapshot) return { state: 'loading', icon: 'loading~spin', text: 'Codex', spoken: 'Codex usage, loading', action: 'dashboard' };
  const amount = meterAmount(input, snapshot);
  if (input.link === 'connecting') {
    return staleFace(snapshot, headline(input, snapshot, amount), amount);
  }
  if (snapshot.question) {
    const { text, count } = snapshot.question;
    return {
      state: 'asks', icon: 'question', text: 'Asks you', action: 'answer', background: 'warning',
      spoken: `${count === 1 ? 'A request waits' : `${count} requests wait`} for your answer. ${text}`,
    };
  }
  if (snapshot.waiting) return waitingFace(snapshot.waiting);
  if (!snapshot.practice && snapshot.keyMissing) {
    return { state: 'no-key', icon: 'key', text: 'Add key', spoken: 'Codex broker: no API key stored', action: 'setApiKey' };
  }
  if (!snapshot.practice && snapshot.keyRejected) {
    return { state: 'key-rejected', icon: 'key', text: 'Key rejected', spoken: 'OpenAI rejected the stored API key. Store a valid one to go on', action: 'setApiKey', background: 'warning' };
  }
  const face = headline(input, snapshot, amount);
  const { calm: _calm, ...attentive } = face;
  const told = snapshot.problem === undefined ? face : { ...attentive, icon: face.state === 'blocked' ? face.icon : 'warning', spoken: `${face.spoken}. ${snapshot.problem}` };
  if (!snapshot.practice) return told;
  // The same words as with real credits, so that practice teaches what they mean; the beaker tells it apart.
  return { ...told, state: 'practice', icon: face.state === 'blocked' || snapshot.problem !== undefined ? told.icon : 'beaker', spoken: `Practice mode, simulated requests. ${told.spoken}` };
}

function waitingFace({ place, startsInMs }: NonNullable<Picture['waiting']>): MeterFace {
  const face = { state: 'waiting', icon: 'history', action: 'dashboard' } as const;
  if (place === undefined) return { ...face, text: 'Waiting', spoken: 'A request waits until running requests give back what they do not use' };
  const seconds = startsInMs === undefined ? undefined : Math.max(1, Math.ceil(startsInMs / 1000));
  return {
    ...face,
    text: seconds === undefined || seconds > 999 ? `${ordinal(place)} in line` : `${ordinal(place)} · ${seconds} s`,
    spoken: `A request is ${ordinal(place)} in line${seconds === undefined ? '' : `, starts in about ${seconds} second${seconds === 1 ? '' : 's'}`}`,
  };
}

/** The last number, dimmed, with its age once that matters. */
function staleFace(snapshot: Picture, last: MeterFace, amount: Amount): MeterFace {
  const face = { state: 'stale', icon: 'sync~spin', action: 'dashboard', dimmed: true, ...(last.share === undefined ? {} : { share: last.share }) } as const;
  // Whether it is blocked is not known any more; the number is the last one all the same.
  const { text, spoken } = last.state === 'blocked' || last.state === 'unpriced' ? amount : last;
  const told = `${spoken} at ${snapshot.asOf}; connecting to the broker again`;
  if (snapshot.ageMs < agedAfterMs) return { ...face, text, spoken: told };
  const number = text.slice(0, text.lastIndexOf(' '));
  const [value, unit] = ageOf(snapshot.ageMs);
  return { ...face, text: fitting(`${number} · ${value} ${unit}`, `${number} · ${value}${unit[0]}`, `${value} ${unit} old`), spoken: told };
}

function ageOf(ageMs: number): readonly [number, 'min' | 'h' | 'd'] {
  const minutes = Math.floor(ageMs / 60_000);
  return minutes < 60 ? [minutes, 'min'] : minutes < 2880 ? [Math.floor(minutes / 60), 'h'] : [Math.min(999, Math.floor(minutes / 1440)), 'd'];
}

/** The first that fits; the last one always does. */
function fitting(...texts: readonly [string, ...string[]]): string {
  return texts.find((text) => text.length <= textMax) ?? texts[texts.length - 1] ?? '';
}

/** The worse of balance and tightest limit: what ends work first is what is told. */
function headline(input: MeterInput, snapshot: Picture, amount: Amount): MeterFace {
  const face = balanceFace(input, snapshot, amount);
  const { limit } = snapshot;
  if (!limit || face.state === 'blocked') return face;
  // Where neither credits nor their use are a matter, a limit is all that there is to tell.
  const isAll = !snapshot.tracked && snapshot.todayMicroCredits === 0 && snapshot.todayUnpriced === undefined;
  const worse = compareLevels(limit.level, face.state === 'critical' || face.state === 'low' ? face.state : 'ok') > 0;
  return worse || isAll ? limitFace(input, limit) : face;
}

/** The tightest limit as a share of it, or as the time until which it blocks. */
function limitFace({ show }: MeterInput, limit: NonNullable<Picture['limit']>): MeterFace {
  const action = limit.kind === 'budget' ? 'budgets' : 'dashboard';
  if (limit.level === 'used-up') {
    return {
      state: 'blocked', icon: 'circle-slash', text: blockedText(limit.until, 'Limit used up'), action, background: 'warning', share: show === 'left' ? 0 : 1,
      spoken: `Blocked by the ${limit.name}${limit.until === undefined ? '' : ` until ${limit.until.words}`}. Credits do not lift it`,
    };
  }
  const share = show === 'left' ? limit.left : 1 - limit.left;
  const number = formatShare(share);
  const ends = limit.until === undefined ? '' : `, begins anew ${limit.until.words}`;
  const spoken = `${number.replace('<', 'less than').replace('>', 'more than').replace(' %', ' percent')} ${show} of the ${limit.name}${limit.pace === '' ? '' : `, ${limit.pace.replace(' %', ' percent')}`}${ends}`;
  const face = { text: `${number} ${show}`, action, share } as const;
  if (limit.level === 'critical') return { ...face, state: 'critical', icon: 'warning', spoken: `Critical: ${spoken}`, background: 'warning' };
  if (limit.level === 'low') return { ...face, state: 'low', icon: 'warning', spoken: `Low: ${spoken}` };
  return { ...face, state: 'ok', icon: 'dashboard', spoken, calm: true };
}

/** "til Thu 09:00", or what is used up where no end is known or its name is long. */
function blockedText(until: MeterEnd | undefined, otherwise: string): string {
  return until === undefined ? otherwise : fitting(`til ${until.short}`, otherwise);
}

/** How the balance stands, whatever the mode. */
function balanceFace(input: MeterInput, snapshot: Picture, amount: Amount): MeterFace {
  // In the order in which the broker looks at them: each of these refuses whatever credits there are.
  if (snapshot.owedMicroCredits !== undefined) {
    const owed = fitAmount(snapshot.owedMicroCredits, input.unit, input.locale).replace('$', '');
    return { state: 'blocked', icon: 'circle-slash', text: 'Credits owed', spoken: `Blocked: ${owed} ${unitName(input.unit)} are owed. Add purchased credits to go on`, action: 'topUp', background: 'warning' };
  }
  if (snapshot.budget) {
    const { text, until } = snapshot.budget;
    return {
      state: 'blocked', icon: 'circle-slash', text: blockedText(until, 'Budget used up'), action: 'budgets', background: 'warning',
      spoken: `Blocked: the budget of ${text} is used up${until === undefined ? '. Raise it to go on' : ` until ${until.words}`}`,
    };
  }
  if (!snapshot.tracked && snapshot.todayUnpriced !== undefined) {
    const without = snapshot.todayUnpriced === 1 ? '1 request of today has no price' : `${snapshot.todayUnpriced} requests of today have no price`;
    // All that is known to have been used is nothing, which is not the same as nothing.
    if (snapshot.todayMicroCredits === 0) return { state: 'unpriced', icon: 'question', text: '— unpriced', spoken: `Cost not known: ${without}`, action: 'dashboard' };
    return { state: 'untracked', icon: 'dashboard', text: amount.text, spoken: `${amount.spoken}, balance not tracked; ${without}`, action: 'dashboard', calm: true };
  }
  if (!snapshot.tracked) {
    return { state: 'untracked', icon: 'dashboard', text: amount.text, spoken: `${amount.spoken}, balance not tracked`, action: 'dashboard', calm: true };
  }
  const available = snapshot.balanceMicroCredits - snapshot.heldMicroCredits;
  const left = snapshot.grantedMicroCredits > 0 ? snapshot.balanceMicroCredits / snapshot.grantedMicroCredits : 0;
  if (snapshot.balanceMicroCredits <= 0 || available <= 0 && snapshot.heldMicroCredits === 0) {
    return { state: 'blocked', icon: 'circle-slash', text: 'No credits', spoken: 'Blocked: no credits left. Add credits to go on', action: 'topUp', background: 'warning' };
  }
  if (snapshot.notAllowed) {
    return {
      state: 'blocked', icon: 'circle-slash', text: 'Not allowed', action: 'topUp', background: 'warning',
      spoken: 'Blocked: this workspace may not use purchased credits. Allow it on the Credits page, to go on',
    };
  }
  if (snapshot.noneForHere) {
    return {
      state: 'blocked', icon: 'circle-slash', text: 'None for here', action: 'topUp', background: 'warning',
      spoken: 'Blocked: the credits that are left are for other workspaces, or have not begun yet. Add credits to go on',
    };
  }
  const face = { text: amount.text, share: Math.min(1, input.show === 'left' ? left : 1 - left) } as const;
  if (left < criticalShare) return { ...face, state: 'critical', icon: 'warning', spoken: `Critical: ${amount.spoken}`, action: 'topUp', background: 'warning' };
  if (left < lowShare) return { ...face, state: 'low', icon: 'warning', spoken: `Low: ${amount.spoken}`, action: 'dashboard' };
  return { ...face, state: 'ok', icon: 'dashboard', spoken: amount.spoken, action: 'dashboard', calm: true };
}

type Picture = NonNullable<MeterInput['snapshot']>;

interface Amount {
  readonly text: string;
  readonly spoken: string;
}

function meterAmount(input: MeterInput, snapshot: Picture): Amount {
  const used = !snapshot.tracked || input.show === 'used';
  const word = snapshot.tracked ? (used ? 'used' : 'left') : 'today';
  const amount = snapshot.tracked
    ? (used ? Math.max(0, snapshot.grantedMicroCredits - snapshot.balanceMicroCredits) : snapshot.balanceMicroCredits)
    : snapshot.todayMicroCredits;
  const number = fitAmount(amount, input.unit, input.locale);
  const spokenWord = snapshot.tracked ? word : 'used today';
  return { text: `${number} ${word}`, spoken: `${number.replace('$', '')} ${unitName(input.unit)} ${spokenWord}` };
}

function unitName(unit: MeterInput['unit']): string {
  return unit === 'usd' ? 'US dollars' : 'credits';
}

/** A number of at most nine characters: two decimals as on every surface, then whole, k and M, cut off, as it grows. */
function fitAmount(microCredits: number, unit: 'credits' | 'usd', locale: string): string {
  const exact = microCredits / microCreditsPerCredit / (unit === 'usd' ? creditsPerUsd : 1);
  const sign = unit === 'usd' ? '$' : '';
  if (exact > 0 && exact < 0.01) return `<${sign}0.01`;
  const value = Math.round(exact * 100) / 100;
  const number = (amount: number, decimals: number, useGrouping = true) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping }).format(amount);
  const text = value < 1000 ? number(value, 2)
    : value < 100_000 ? number(Math.floor(value), 0)
      : value < 10_000_000 ? `${number(Math.floor(value / 1000), 0, false)}k`
        : `${number(Math.floor(value / 1_000_000), 0, false)}M`;
  return `${sign}${text}`;
}

function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'] as const)[place % 10] ?? 'th';
  return `${place}${suffix}`;
}
