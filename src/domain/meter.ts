// What the status bar says, from what is known: one state, at most 14 characters, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import { creditsPerUsd, microCreditsPerCredit } from './units.ts';

/** States of the meter; each has its own icon and words, so that none needs colour. */
export type MeterState = 'loading' | 'ok' | 'low' | 'critical' | 'blocked' | 'waiting' | 'no-key' | 'stale' | 'broker-down' | 'practice' | 'untracked';

/** What is known when the meter is painted. Absent means unknown. */
export interface MeterInput {
  /** `connecting` before the first snapshot of this session, `down` when no broker answers. */
  readonly link: 'connecting' | 'connected' | 'down';
  readonly snapshot?: {
    readonly practice: boolean;
    readonly keyMissing: boolean;
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
  if (snapshot.waiting) {
    const seconds = snapshot.waiting.startsInMs === undefined ? undefined : Math.max(1, Math.ceil(snapshot.waiting.startsInMs / 1000));
    return {
      state: 'waiting', icon: 'history',
      text: seconds === undefined || seconds > 999 ? `${ordinal(snapshot.waiting.place)} in line` : `${ordinal(snapshot.waiting.place)} · ${seconds} s`,
      spoken: `A request is ${ordinal(snapshot.waiting.place)} in line${seconds === undefined ? '' : `, starts in about ${seconds} second${seconds === 1 ? '' : 's'}`}`,
      action: 'dashboard',
    };
  }
  const amount = meterAmount(input, snapshot);
  if (snapshot.practice) {
    // The word says at once that no money is meant; the number beside it is what moves.
    return { state: 'practice', icon: 'beaker', text: `${amount.short} practice`, spoken: `Practice mode, simulated requests, ${amount.spoken}`, action: 'dashboard' };
  }
  if (snapshot.keyMissing) {
    return { state: 'no-key', icon: 'key', text: 'Add key', spoken: 'Codex broker: no API key stored', action: 'setApiKey' };
  }
  if (!snapshot.tracked) {
    return { state: 'untracked', icon: 'dashboard', text: amount.text, spoken: `${amount.spoken}, balance not tracked`, action: 'dashboard' };
  }
  const available = snapshot.balanceMicroCredits - snapshot.heldMicroCredits;
  const share = snapshot.grantedMicroCredits > 0 ? snapshot.balanceMicroCredits / snapshot.grantedMicroCredits : 0;
  if (snapshot.balanceMicroCredits <= 0 || available <= 0 && snapshot.heldMicroCredits === 0) {
    return { state: 'blocked', icon: 'circle-slash', text: 'No credits', spoken: 'Blocked: no credits left. Add credits to go on', action: 'topUp', background: 'warning' };
  }
  if (share < criticalShare) return { state: 'critical', icon: 'warning', text: amount.text, spoken: `Critical: ${amount.spoken}`, action: 'topUp', background: 'warning' };
  if (share < lowShare) return { state: 'low', icon: 'warning', text: amount.text, spoken: `Low: ${amount.spoken}`, action: 'dashboard' };
  return { state: 'ok', icon: 'dashboard', text: amount.text, spoken: amount.spoken, action: 'dashboard' };
}

function meterAmount(input: MeterInput, snapshot: NonNullable<MeterInput['snapshot']>): { text: string; short: string; spoken: string } {
  const used = !snapshot.tracked || input.show === 'used';
  const word = snapshot.tracked ? (used ? 'used' : 'left') : 'today';
  const amount = snapshot.tracked
    ? (used ? Math.max(0, snapshot.grantedMicroCredits - snapshot.balanceMicroCredits) : snapshot.balanceMicroCredits)
    : snapshot.todayMicroCredits;
  const spokenUnit = input.unit === 'usd' ? 'US dollars' : 'credits';
  const number = fitAmount(amount, input.unit, input.locale);
  const spokenWord = snapshot.tracked ? word : 'used today';
  return { text: `${number} ${word}`, short: shortAmount(amount, input.unit, input.locale), spoken: `${number.replace('$', '')} ${spokenUnit} ${spokenWord}` };
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

/** A number of at most five characters, rounded down: 9.46, 92.46, 497.9, 1,248, 12.3k, 1.2M. */
function shortAmount(microCredits: number, unit: 'credits' | 'usd', locale: string): string {
  const value = microCredits / microCreditsPerCredit / (unit === 'usd' ? creditsPerUsd : 1);
  const sign = unit === 'usd' ? '$' : '';
  const lengthMax = 5 - sign.length;
  for (const [divisor, suffix] of [[1, ''], [1_000, 'k'], [1_000_000, 'M']] as const) {
    for (const decimals of [2, 1, 0]) {
      const factor = 10 ** decimals;
      const text = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: suffix === '' })
        .format(Math.floor(value / divisor * factor) / factor) + suffix;
      if (text.length <= lengthMax) return sign + text;
    }
  }
  return `${sign}>1G`;
}

function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'] as const)[place % 10] ?? 'th';
  return `${place}${suffix}`;
}
