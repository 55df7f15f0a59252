// A running or waiting request in words: its state and place, why it waits, when it probably starts.
// Pure; the reason is the broker's own sentence and is never shortened to "queued".
import type { RunView } from '../protocol/snapshot.ts';
import { duration } from './timeText.ts';

/** "1st", "2nd", "3rd", "11th". */
export function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[place % 10] ?? 'th';
  return `${place}${suffix}`;
}

/** "Running", "Waiting, 2nd", "Parked", "Asks you". @param asked it waits with a question */
export function runState(run: RunView, asked = false): string {
  if (run.state === 'running') return 'Running';
  if (run.state === 'parked') return asked ? 'Asks you' : 'Parked';
  return run.place === undefined ? 'Waiting' : `Waiting, ${ordinal(run.place)}`;
}

/** Why a request waits and when it probably starts, as one or two sentences; undefined while it runs. */
export function waitSentence(run: RunView, nowMs: number, asked = false): string | undefined {
  if (run.state === 'running') return undefined;
  // Why it may not be sent yet is the question's own text, which stands on top of the page.
  if (run.state === 'parked') return asked ? 'It goes on with your answer.' : `${run.reason ?? 'It waits for credits.'} It goes on by itself when what running requests reserve comes back.`;
  const reason = run.reason ?? 'It waits for its turn.';
  const starts = run.startsAtMs === undefined ? 'The start is not known yet.'
    : run.startsAtMs - nowMs <= 1000 ? 'Starts now.' : `Starts in about ${duration(run.startsAtMs - nowMs)}.`;
  return `${reason} ${starts}`;
}

/** Line beside the heading: "2 running · 1 waiting". */
export function runSummary(running: number, waiting: number): string {
  const parts = [running > 0 ? `${running} running` : '', waiting > 0 ? `${waiting} waiting` : ''].filter(Boolean);
  return parts.length === 0 ? 'nothing runs or waits' : parts.join(' · ');
}
