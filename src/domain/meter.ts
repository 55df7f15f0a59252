// What the status bar says, from what is known: one state, at most 14 characters, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import { creditsPerUsd, microCreditsPerCredit } from './units.ts';

/** States of the meter; each has its own icon and words, so that none needs colour. */
export type MeterState = 'loading' | 'ok' | 'low' | 'critical' | 'blocked' | 'waiting' | 'no-key' | 'key-rejected' | 'stale' | 'broker-down' | 'practice' | 'untracked';

/** What is known when the meter is painted. Absent means unknown. */
export interface MeterInput {
  /** `connecting` before the first snapshot and after a loss, `down` when no broker answers. */
  readonly link: 'connecting' | 'connected' | 'down';
  readonly snapshot?: {
    readonly practice: boolean;
    /** Local time of the numbers, as people read it. */
    readonly asOf: string;
    readonly keyMissing: boolean;
    readonly keyRejected: boolean;
    /** Only purchased credits are free, and this window's workspace may not use them. */
    readonly notAllowed: boolean;
    /** What is wrong at the broker now, as a sentence; the first of all that is. */
    readonly problem?: string;
    readonly tracked: boolean;
    readonly balanceMicroCredits: number;
    readonly heldMicroCredits: number;
    /** Sum of all grants that have not expired: what the balance is a share of. */
    readonly grantedMicroCredits: number;
    readonly todayMicroCredits: number;
    /** This window's own waiting request that starts first. */
    readonly waiting?: { readonly place: number; readonly startsInMs?: number };
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
  readonly action: 'dashboard' | 'topUp' | 'setApiKey' | 'startBroker';
  readonly background?: 'warning' | 'error';
}

/** Share of the granted credits below which the balance is low, and critical. */
export const lowShare = 0.25;
/** See `lowShare`. */
export const criticalShare = 0.10;

/** Paints the meter. */
export function meterFace(input: MeterInput): MeterFace {
  const { snapshot } = input;
  if (input.link === 'down') {
    return { state: 'broker-down', icon: 'debug-disconnect', text: 'Broker down', spoken: 'Codex broker is not running', action: 'startBroker', background: 'error' };
  }
  if (!snapshot) return { state: 'loading', icon: 'loading~spin', text: 'Codex', spoken: 'Codex usage, loading', action: 'dashboard' };
  const amount = meterAmount(input, snapshot);
  if (input.link === 'connecting') {
    return { state: 'stale', icon: 'sync~spin', text: amount.text, spoken: `${amount.spoken} at ${snapshot.asOf}; connecting to the broker again`, action: 'dashboard' };
  }
  if (snapshot.waiting) {
    const seconds = snapshot.waiting.startsInMs === undefined ? undefined : Math.max(1, Math.ceil(snapshot.waiting.startsInMs / 1000));
    return {
      state: 'waiting', icon: 'history',
      text: seconds === undefined || seconds > 999 ? `${ordinal(snapshot.waiting.place)} in line` : `${ordinal(snapshot.waiting.place)} · ${seconds} s`,
      spoken: `A request is ${ordinal(snapshot.waiting.place)} in line${seconds === undefined ? '' : `, starts in about ${seconds} second${seconds === 1 ? '' : 's'}`}`,
      action: 'dashboard',
    };
  }
  if (!snapshot.practice && snapshot.keyMissing) {
    return { state: 'no-key', icon: 'key', text: 'Add key', spoken: 'Codex broker: no API key stored', action: 'setApiKey' };
  }
  if (!snapshot.practice && snapshot.keyRejected) {
    return { state: 'key-rejected', icon: 'key', text: 'Key rejected', spoken: 'OpenAI rejected the stored API key. Store a valid one to go on', action: 'setApiKey', background: 'warning' };
  }
  const face = balanceFace(snapshot, amount);
  const told = snapshot.problem === undefined ? face : { ...face, icon: face.state === 'blocked' ? face.icon : 'warning', spoken: `${face.spoken}. ${snapshot.problem}` };
  if (!snapshot.practice) return told;
  // The same words as with real credits, so that practice teaches what they mean; the beaker tells it apart.
  return { ...told, state: 'practice', icon: face.state === 'blocked' || snapshot.problem !== undefined ? told.icon : 'beaker', spoken: `Practice mode, simulated requests. ${told.spoken}` };
}

/** How the balance stands, whatever the mode. */
function balanceFace(snapshot: Picture, amount: Amount): MeterFace {
  if (!snapshot.tracked) {
    return { state: 'untracked', icon: 'dashboard', text: amount.text, spoken: `${amount.spoken}, balance not tracked`, action: 'dashboard' };
  }
  const available = snapshot.balanceMicroCredits - snapshot.heldMicroCredits;
  const share = snapshot.grantedMicroCredits > 0 ? snapshot.balanceMicroCredits / snapshot.grantedMicroCredits : 0;
  if (snapshot.balanceMicroCredits <= 0 || available <= 0 && snapshot.heldMicroCredits === 0) {
    return { state: 'blocked', icon: 'circle-slash', text: 'No credits', spoken: 'Blocked: no credits left. Add credits to go on', action: 'topUp', background: 'warning' };
  }
  if (snapshot.notAllowed) {
    return {
      state: 'blocked', icon: 'circle-slash', text: 'Not allowed', action: 'topUp', background: 'warning',
      spoken: 'Blocked: this workspace may not use purchased credits. Allow it on the Credits page, to go on',
    };
  }
  if (share < criticalShare) return { state: 'critical', icon: 'warning', text: amount.text, spoken: `Critical: ${amount.spoken}`, action: 'topUp', background: 'warning' };
  if (share < lowShare) return { state: 'low', icon: 'warning', text: amount.text, spoken: `Low: ${amount.spoken}`, action: 'dashboard' };
  return { state: 'ok', icon: 'dashboard', text: amount.text, spoken: amount.spoken, action: 'dashboard' };
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
  const spokenUnit = input.unit === 'usd' ? 'US dollars' : 'credits';
  const number = fitAmount(amount, input.unit, input.locale);
  const spokenWord = snapshot.tracked ? word : 'used today';
  return { text: `${number} ${word}`, spoken: `${number.replace('$', '')} ${spokenUnit} ${spokenWord}` };
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
