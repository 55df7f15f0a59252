// What the status bar says, from what is known: one state, at most 14 characters in English, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import type { StandLevel } from '../domain/tightest.ts';
import { plural, t } from './language.ts';
import type { Amount, MeterUnit } from './meterAmount.ts';
import type { ContentWords, MeterContent } from './meterContent.ts';
import { amountOf, fitting, headline, type Painted } from './meterHeadline.ts';
import { ordinal } from './ordinalWords.ts';
import type { Payer } from './payer.ts';

/** States of the meter; each has its own icon and words, so that none needs colour. */
export type MeterState = 'loading' | 'ok' | 'low' | 'critical' | 'blocked' | 'waiting' | 'asks' | 'no-key' | 'key-rejected' | 'stale' | 'broker-down' | 'practice' | 'untracked' | 'unpriced';

/** When something ends: as the item shows it, at most ten characters in most languages, and as a sentence says it. */
export interface MeterEnd {
  readonly short: string;
  readonly words: string;
}

/** A limit as the meter tells it; its pace as a voice reads it. */
export interface MeterLimit {
  readonly id: string;
  readonly kind: 'budget' | 'window';
  readonly name: string;
  readonly left: number;
  readonly level: StandLevel;
  readonly pace: string;
  readonly until?: MeterEnd;
  /** It begins anew at no time: then there is room for the next request. */
  readonly opens?: true;
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
    /** The tightest of the limits that may end work for a while. */
    readonly limit?: MeterLimit;
    /** The tightest of those that have the pace or the reset that was chosen, with its words; absent where none has it, and where something else is told. */
    readonly told?: MeterLimit & { readonly words: ContentWords };
    /** What is wrong at the broker now, as a sentence; the first of all that is. */
    readonly problem?: string;
    readonly tracked: boolean;
    readonly balanceMicroCredits: number;
    /** Sum of all grants that have not expired: what the balance is a share of. */
    readonly grantedMicroCredits: number;
    readonly todayMicroCredits: number;
    /** Some of today's figures are estimates. */
    readonly todayEstimated?: true;
    /** Requests of today without a price: their cost is not known, and is no part of today's. Absent when there is none. */
    readonly todayUnpriced?: number;
    /** This window's own waiting request that starts first. Without a place it waits outside of the line, for what others give back. */
    readonly waiting?: { readonly place?: number; readonly startsInMs?: number };
  };
  /** Show what is left or what was used. */
  readonly show: 'left' | 'used';
  /** Credits or US dollars. */
  readonly unit: MeterUnit;
  /** What the text is about while nothing worse has to be told; the tightest of all where absent. */
  readonly content?: MeterContent;
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

/** Numbers younger than this need no age: a connection that comes back at once must not flicker. */
export const agedAfterMs = 60_000;

/** Paints the meter. */
export function meterFace(input: MeterInput): MeterFace {
  const { snapshot } = input;
  if (input.link === 'down') {
    return { state: 'broker-down', icon: 'debug-disconnect', text: t('Broker down'), spoken: t('Codex broker is not running'), action: 'startBroker', background: 'error' };
  }
  if (!snapshot) return { state: 'loading', icon: 'loading~spin', text: 'Codex', spoken: t('Codex usage, loading'), action: 'dashboard' };
  if (input.link === 'connecting') return staleFace(snapshot, headline(input, snapshot), amountOf(input, snapshot));
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
  const { face } = headline(input, snapshot);
  const { calm: _calm, ...attentive } = face;
  const told = snapshot.problem === undefined ? face : { ...attentive, icon: face.state === 'blocked' ? face.icon : 'warning', spoken: `${face.spoken}. ${snapshot.problem}` };
  if (!snapshot.practice) return told;
  // The same words as with real credits, so that practice teaches what they mean. The beaker tells it apart in place of the
  // icon that says nothing; one that says how it stands is needed where no colour is seen.
  return { ...told, state: 'practice', icon: told.icon === 'dashboard' ? 'beaker' : told.icon, spoken: `${t('Practice mode, simulated requests.')} ${told.spoken}` };
}

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

type Picture = NonNullable<MeterInput['snapshot']>;
