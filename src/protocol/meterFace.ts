// What the status bar says, from what is known: one state, at most 14 characters in English, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import { balanceLevelOf, balanceShare } from '../domain/balanceLevel.ts';
import { compareLevels, type StandLevel } from '../domain/tightest.ts';
import { formatShare } from '../domain/units.ts';
import { plural, t } from './language.ts';
import { spokenShare } from './limitStands.ts';
import { meterAmount, spokenNumber, withWord, type Amount, type MeterUnit } from './meterAmount.ts';
import { ordinal } from './ordinalWords.ts';
import type { Payer } from './payer.ts';

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
    /** A plan pays, alone or beside the key; absent where only a key does. */
    readonly payer?: Exclude<Payer, 'key'>;
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
    /** The hard budget that is used up for this window's workspace, and until when, as people read it; on a plan none in credits. */
    readonly budget?: { readonly text: string; readonly until?: MeterEnd };
    /** The tightest of the limits that may end work for a while; its pace as a voice reads it. */
    readonly limit?: { readonly kind: 'budget' | 'window'; readonly name: string; readonly left: number; readonly level: StandLevel; readonly pace: string; readonly until?: MeterEnd };
    /** What is wrong at the broker now, as a sentence; the first of all that is. */
    readonly problem?: string;
    readonly tracked: boolean;
    readonly balanceMicroCredits: number;
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
  readonly unit: MeterUnit;
  readonly locale: string;
}

/** The painted meter. `icon` is a codicon id. */
export interface MeterFace {
  readonly state: MeterState;
  readonly icon: string;
  /** At most 14 characters in English; other languages take what they need. */
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

/** Most characters of the item beside its icon, where there is a choice. */
export const textMax = 14;
/** Numbers younger than this need no age: a connection that comes back at once must not flicker. */
export const agedAfterMs = 60_000;

/** Paints the meter. */
export function meterFace(input: MeterInput): MeterFace {
  const { snapshot } = input;
  if (input.link === 'down') {
    return { state: 'broker-down', icon: 'debug-disconnect', text: t('Broker down'), spoken: t('Codex broker is not running'), action: 'startBroker', background: 'error' };
  }
  if (!snapshot) return { state: 'loading', icon: 'loading~spin', text: 'Codex', spoken: t('Codex usage, loading'), action: 'dashboard' };
  const amount = amountOf(input, snapshot);
  if (input.link === 'connecting') return staleFace(snapshot, headline(input, snapshot, amount), amount);
  if (snapshot.question) {
    const { text, count } = snapshot.question;
    const asked = count === 1 ? t('A request waits for your answer.') : plural(count, '{0} request waits for your answer.', '{0} requests wait for your answer.');
    return { state: 'asks', icon: 'question', text: t('Asks you'), action: 'answer', background: 'warning', spoken: `${asked} ${text}` };
  }
  if (snapshot.waiting) return waitingFace(snapshot.waiting);
  if (!snapshot.practice && snapshot.keyMissing) {
    return { state: 'no-key', icon: 'key', text: t('Add key'), spoken: t('Codex broker: no API key stored'), action: 'setApiKey' };
  }
  if (!snapshot.practice && snapshot.keyRejected) {
    return { state: 'key-rejected', icon: 'key', text: t('Key rejected'), spoken: t('OpenAI rejected the stored API key. Store a valid one to go on'), action: 'setApiKey', background: 'warning' };
  }
  const { face } = headline(input, snapshot, amount);
  const { calm: _calm, ...attentive } = face;
  const told = snapshot.problem === undefined ? face : { ...attentive, icon: face.state === 'blocked' ? face.icon : 'warning', spoken: `${face.spoken}. ${snapshot.problem}` };
  if (!snapshot.practice) return told;
  // The same words as with real credits, so that practice teaches what they mean; the beaker tells it apart.
  return { ...told, state: 'practice', icon: face.state === 'blocked' || snapshot.problem !== undefined ? told.icon : 'beaker', spoken: `${t('Practice mode, simulated requests.')} ${told.spoken}` };
}

/** A face, and the number in its text where it has one. */
interface Painted { readonly face: MeterFace; readonly number?: string }

function waitingFace({ place, startsInMs }: NonNullable<Picture['waiting']>): MeterFace {
  const face = { state: 'waiting', icon: 'history', action: 'dashboard' } as const;
  if (place === undefined) return { ...face, text: t('Waiting'), spoken: t('A request waits until running requests give back what they do not use') };
  const [seconds, nth] = [startsInMs === undefined ? undefined : Math.max(1, Math.ceil(startsInMs / 1000)), ordinal(place)];
  return {
    ...face, text: seconds === undefined || seconds > 999 ? t('{0} in line', nth) : t('{0} · {1} s', nth, seconds),
    spoken: seconds === undefined ? t('A request is {0} in line', nth) : plural(seconds, 'A request is {1} in line, starts in about {0} second', 'A request is {1} in line, starts in about {0} seconds', nth),
  };
}

/** The last number, dimmed, with its age once that matters. */
function staleFace(snapshot: Picture, { face: last, number: lastNumber }: Painted, amount: Amount): MeterFace {
  const face = { state: 'stale', icon: 'sync~spin', action: 'dashboard', dimmed: true, ...(last.share === undefined ? {} : { share: last.share }) } as const;
  // Whether it is blocked is not known any more; the number is the last one all the same.
  const { text, spoken } = lastNumber === undefined ? amount : last;
  const told = t('{0} at {1}; connecting to the broker again', spoken, snapshot.asOf);
  return { ...face, text: snapshot.ageMs < agedAfterMs ? text : agedText(lastNumber ?? amount.number, snapshot.ageMs), spoken: told };
}

function agedText(number: string, ageMs: number): string {
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 60) return fitting(t('{0} · {1} min', number, minutes), t('{0} · {1}m', number, minutes), t('{0} min old', minutes));
  const hours = Math.floor(minutes / 60);
  if (minutes < 2880) return fitting(t('{0} · {1} h', number, hours), t('{0} · {1}h', number, hours), t('{0} h old', hours));
  const days = Math.min(999, Math.floor(minutes / 1440));
  return fitting(t('{0} · {1} d', number, days), t('{0} · {1}d', number, days), t('{0} d old', days));
}

/** The first that fits; the last one always does in English. */
function fitting(...texts: readonly [string, ...string[]]): string {
  return texts.find((text) => text.length <= textMax) ?? texts[texts.length - 1] ?? '';
}

/** The worse of balance and tightest limit: what ends work first is what is told. */
function headline(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  const painted = paidFace(input, snapshot, amount);
  const { limit } = snapshot;
  const { state } = painted.face;
  if (!limit || state === 'blocked') return painted;
  // Where neither credits nor their use are a matter, a limit is all that there is to tell.
  const isAll = snapshot.payer === 'plan' || !snapshot.tracked && snapshot.todayMicroCredits === 0 && snapshot.todayUnpriced === undefined;
  const worse = compareLevels(limit.level, state === 'critical' || state === 'low' ? state : 'ok') > 0;
  return worse || isAll ? limitFace(input, limit) : painted;
}

/** The tightest limit as a share of it, or as the time until which it blocks. */
function limitFace({ show, locale }: MeterInput, limit: NonNullable<Picture['limit']>): Painted {
  const { name, until } = limit;
  const action = limit.kind === 'budget' ? 'budgets' : 'dashboard';
  if (limit.level === 'used-up') {
    return { face: {
      state: 'blocked', icon: 'circle-slash', text: blockedText(until, t('Limit used up')), action, background: 'warning', share: show === 'left' ? 0 : 1,
      spoken: until === undefined ? t('Blocked by the {0}. Credits do not lift it', name) : t('Blocked by the {0} until {1}. Credits do not lift it', name, until.words),
    } };
  }
  const share = show === 'left' ? limit.left : 1 - limit.left;
  const number = formatShare(share, locale);
  const of = show === 'left' ? t('{0} left of the {1}', spokenShare(share), name) : t('{0} used of the {1}', spokenShare(share), name);
  const spoken = [of, limit.pace, until === undefined ? '' : t('begins anew {0}', until.words)].filter(Boolean).join(', ');
  const face = { text: withWord(show, number), action, share } as const;
  if (limit.level === 'critical') return { number, face: { ...face, state: 'critical', icon: 'warning', spoken: t('Critical: {0}', spoken), background: 'warning' } };
  if (limit.level === 'low') return { number, face: { ...face, state: 'low', icon: 'warning', spoken: t('Low: {0}', spoken) } };
  return { number, face: { ...face, state: 'ok', icon: 'dashboard', spoken, calm: true } };
}

/** "til Thu 09:00", or what is used up where no end is known or its name is long. */
function blockedText(until: MeterEnd | undefined, otherwise: string): string {
  return until === undefined ? otherwise : fitting(t('til {0}', until.short), otherwise);
}

/** How that stands which pays: a plan needs no credits, and goes on where those of a key end. */
function paidFace(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  if (snapshot.payer === undefined) return balanceFace(input, snapshot, amount);
  if (snapshot.budget) return budgetFace(snapshot.budget);
  if (snapshot.payer === 'plan') return { number: amount.number, face: { state: 'ok', icon: 'dashboard', text: amount.text, spoken: amount.spoken, action: 'dashboard', calm: true } };
  const { number, face: { background: _background, ...face } } = balanceFace(input, snapshot, amount);
  if (face.state !== 'blocked' && face.state !== 'critical') return { ...(number === undefined ? {} : { number }), face };
  return { ...(number === undefined ? {} : { number }), face: { ...face, state: 'low', icon: 'warning', action: 'dashboard', spoken: face.state === 'critical' ? t('Low: {0}', amount.spoken) : endedWords(snapshot) } };
}

/** Why no request goes on with the key, where the plan does. */
function endedWords(snapshot: Picture): string {
  if (snapshot.owedMicroCredits !== undefined) return t('Credits are owed; the plan goes on');
  if (balanceLevelOf(snapshot) === 'blocked') return t('No credits left; the plan goes on');
  return snapshot.notAllowed ? t('This workspace may not use purchased credits; the plan goes on') : t('No credits for this workspace; the plan goes on');
}

function budgetFace({ text, until }: NonNullable<Picture['budget']>): Painted {
  return blocked(blockedText(until, t('Budget used up')), 'budgets', until === undefined ? t('Blocked: the budget of {0} is used up. Raise it to go on', text) : t('Blocked: the budget of {0} is used up until {1}', text, until.words));
}

/** How the balance stands, whatever the mode. */
function balanceFace(input: MeterInput, snapshot: Picture, amount: Amount): Painted {
  // In the order in which the broker looks at them: each of these refuses whatever credits there are.
  if (snapshot.owedMicroCredits !== undefined) {
    const owed = spokenNumber(snapshot.owedMicroCredits, input.unit, input.locale);
    return blocked(t('Credits owed'), 'topUp', input.unit === 'usd' ? t('Blocked: {0} US dollars are owed. Add purchased credits to go on', owed) : t('Blocked: {0} credits are owed. Add purchased credits to go on', owed));
  }
  if (snapshot.budget) return budgetFace(snapshot.budget);
  if (!snapshot.tracked) return untrackedFace(snapshot, amount);
  const [left, level] = [balanceShare(snapshot), balanceLevelOf(snapshot)];
  if (level === 'blocked') return blocked(t('No credits'), 'topUp', t('Blocked: no credits left. Add credits to go on'));
  if (snapshot.notAllowed) return blocked(t('Not allowed'), 'topUp', t('Blocked: this workspace may not use purchased credits. Allow it on the Credits page, to go on'));
  if (snapshot.noneForHere) return blocked(t('None for here'), 'topUp', t('Blocked: the credits that are left are for other workspaces, or have not begun yet. Add credits to go on'));
  const { number } = amount;
  const face = { text: amount.text, share: Math.min(1, input.show === 'left' ? left : 1 - left) } as const;
  if (level === 'critical') return { number, face: { ...face, state: 'critical', icon: 'warning', spoken: t('Critical: {0}', amount.spoken), action: 'topUp', background: 'warning' } };
  if (level === 'low') return { number, face: { ...face, state: 'low', icon: 'warning', spoken: t('Low: {0}', amount.spoken), action: 'dashboard' } };
  return { number, face: { ...face, state: 'ok', icon: 'dashboard', spoken: amount.spoken, action: 'dashboard', calm: true } };
}

function blocked(text: string, action: MeterFace['action'], spoken: string): Painted {
  return { face: { state: 'blocked', icon: 'circle-slash', text, spoken, action, background: 'warning' } };
}

/** No balance, so that what was used today is all that is known, and sometimes not even that. */
function untrackedFace({ todayUnpriced, todayMicroCredits }: Picture, { number, text, spoken }: Amount): Painted {
  const face = { state: 'untracked', icon: 'dashboard', text, action: 'dashboard', calm: true } as const;
  if (todayUnpriced === undefined) return { number, face: { ...face, spoken: t('{0}, balance not tracked', spoken) } };
  // All that is known to have been used is nothing, which is not the same as nothing.
  if (todayMicroCredits === 0) {
    return { face: { state: 'unpriced', icon: 'question', text: t('— unpriced'), action: 'dashboard', spoken: plural(todayUnpriced, 'Cost not known: {0} request of today has no price', 'Cost not known: {0} requests of today have no price') } };
  }
  return { number, face: { ...face, spoken: plural(todayUnpriced, '{1}, balance not tracked; {0} request of today has no price', '{1}, balance not tracked; {0} requests of today have no price', spoken) } };
}

type Picture = NonNullable<MeterInput['snapshot']>;

function amountOf({ show, unit, locale }: MeterInput, { payer, tracked, grantedMicroCredits, balanceMicroCredits, todayMicroCredits }: Picture): Amount {
  if (payer === 'plan') return { number: t('Plan'), text: t('Plan'), spoken: t('Codex goes on your ChatGPT plan; no limit of it is known yet') };
  if (!tracked) return meterAmount('today', todayMicroCredits, unit, locale);
  return show === 'used' ? meterAmount('used', Math.max(0, grantedMicroCredits - balanceMicroCredits), unit, locale) : meterAmount('left', balanceMicroCredits, unit, locale);
}
