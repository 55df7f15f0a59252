// A running or waiting request in words: its state and place, why it waits, when it probably starts.
// Pure; the reason is the broker's own sentence and is never shortened to "queued".
import { t } from '../protocol/language.ts';
import { ordinal } from '../protocol/ordinalWords.ts';
import type { RunView } from '../protocol/snapshot.ts';
import { countdown } from './timeText.ts';

/** "Running", "Waiting, 2nd", "Parked", "Asks you". @param asked it waits with a question */
export function runState(run: RunView, asked = false): string {
  if (run.state === 'running') return t('Running');
  if (run.state === 'parked') return asked ? t('Asks you') : t('Parked');
  return run.place === undefined ? t('Waiting') : t('Waiting, {0}', ordinal(run.place));
}

/** Why a request waits and when it probably starts, as one or two sentences; undefined while it runs. */
export function waitSentence(run: RunView, nowMs: number, asked = false): string | undefined {
  if (run.state === 'running') return undefined;
  // Why it may not be sent yet is the question's own text, which stands on top of the page.
  if (run.state === 'parked') return asked ? t('It goes on with your answer.') : `${run.reason ?? t('It waits for credits.')} ${t('It goes on by itself when what running requests reserve comes back.')}`;
  const reason = run.reason ?? t('It waits for its turn.');
  const starts = run.startsAtMs === undefined ? t('The start is not known yet.')
    : run.startsAtMs - nowMs <= 1000 ? t('Starts now.') : t('Starts in about {0}.', countdown(run.startsAtMs - nowMs));
  return `${reason} ${starts}`;
}

/** Line beside the heading: "2 running · 1 waiting". */
export function runSummary(running: number, waiting: number): string {
  const parts = [running > 0 ? t('{0} running', running) : '', waiting > 0 ? t('{0} waiting', waiting) : ''].filter(Boolean);
  return parts.length === 0 ? t('nothing runs or waits') : parts.join(' · ');
}
