// The limit worth a headline, in words: the same one that the status bar speaks of, and only when it is low, over its
// pace or used up. Pure.
import { levelOf } from '../domain/tightest.ts';
import { t } from '../protocol/language.ts';
import { tightestStand } from '../protocol/limitStands.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { runOutPhrase } from '../protocol/snapshotForecast.ts';
import { percentText } from './amountText.ts';
import { budgetRows, renewsText } from './budgetText.ts';
import { limitRow } from './limitText.ts';
import type { Place } from './timeText.ts';

/** A limit as a headline. */
export interface TightText {
  readonly title: string;
  /** What is left or used of it, without that word. */
  readonly amount: string;
  /** "left · 36 %" */
  readonly of: string;
  readonly pace: string;
  readonly ends: string;
  /** When it is used up at its pace, where that is before its time. */
  readonly ahead?: string;
}

/** The headline; undefined where no limit of this window needs one. */
export function tightText(snapshot: Snapshot, workspaceId: string | undefined, nowMs: number, show: 'left' | 'used', place: Place): TightText | undefined {
  const stand = tightestStand(snapshot, workspaceId, nowMs);
  if (!stand || levelOf(stand) === 'ok') return undefined;
  const share = percentText(show === 'left' ? stand.left : 1 - stand.left);
  const ahead = runOutPhrase(stand, nowMs, place.locale);
  const lasts = ahead === undefined ? {} : { ahead };
  const word = show === 'left' ? t('left') : t('used');
  if (stand.kind === 'budget') {
    const row = budgetRows(snapshot, workspaceId, nowMs, show, place).find(({ id }) => id === stand.id);
    if (row?.today) return { title: t('Today\'s share of the budget of {0}', row.name), amount: row.today.amount, of: `${word} · ${share}`, pace: row.today.state, ends: row.today.ends && t('resets {0}', row.today.ends) };
    return row && { title: t('Budget of {0}', row.name), amount: row.amount, of: `${word} · ${share}`, pace: row.pace ?? row.state, ends: [renewsText(row), row.countdown].filter(Boolean).join(' · '), ...lasts };
  }
  const window = snapshot.windows.find(({ id }) => id === stand.id);
  const row = window && limitRow(window, nowMs, show, place);
  // Limits of OpenAI's are each model's own: which one it is says whose work they end.
  return row && { title: `${row.name} · ${row.model}`, amount: row.amount, of: row.amount === share ? word : `${word} · ${share}`, pace: row.pace, ends: [row.renews ?? row.resets, row.countdown].filter(Boolean).join(' · '), ...lasts };
}
