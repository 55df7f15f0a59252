// What the meter is painted from and what it then shows. Shapes only.
import type { StandLevel } from '../domain/tightest.ts';
import type { MeterUnit } from './meterAmount.ts';
import type { ContentWords, MeterContent } from './meterContent.ts';
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
