// Makes the view that every part is painted with, from what the page remembers and the time. Pure.
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
import { changesUnderWay } from './pageChanges.ts';
import { brokerNowMs } from './pageState.ts';
import type { PageState } from './pageState.ts';
import { usableLocale } from './timeText.ts';
import type { PageActions, View } from './view.ts';
import { workspaceNames } from './workspaceNames.ts';

/** The view over a snapshot. @param pageNowMs the page's clock */
export function viewOf(page: PageState, snapshot: Snapshot, pageNowMs: number, act: PageActions): View {
  const { newest } = page;
  const own = { workspaceId: newest?.workspaceId, workspaceLabel: newest?.workspaceLabel };
  const undoLeftMs = page.undo ? page.undo.untilMs - pageNowMs : 0;
  return {
    place: { locale: usableLocale(newest?.locale ?? 'en') },
    nowMs: newest?.link.state === 'connected' ? brokerNowMs(page, pageNowMs) : snapshot.atMs,
    show: newest?.show === 'used' ? 'used' : 'left',
    stale: newest?.link.state !== 'connected',
    practice: snapshot.broker.mode === 'practice',
    ...own,
    cancelling: new Set(page.cancelling.values()),
    explained: page.explanation?.requestId,
    consentQuestion: page.consentQuestion,
    changing: changesUnderWay(page.changes), failures: page.changes.failures,
    workspaceNames: workspaceNames(snapshot, own), budgetNames: new Map(snapshot.budgets.map((budget) => [budget.id, budgetName(budget)])),
    undo: page.undo && undoLeftMs > 0 ? { grantId: page.undo.grantId, leftMs: undoLeftMs } : undefined,
    pricesSeenAtMs: newest?.pricesSeenAtMs ?? 0,
    act,
  };
}

/** After the newest snapshot a page that asks on demand may ask once more, a few seconds later. */
const settlingMs = 10_000;
/** Where nothing counts time, days and ages are looked at this often. */
const idleTickMs = 30_000;

/** Whether time alone changes what the page shows: something counts up or down, or it was painted long ago. A page at rest costs nothing. */
export function isTicking(page: PageState, pageNowMs: number, paintedAtMs: number): boolean {
  const { newest } = page;
  const snapshot = newest?.snapshot;
  if (pageNowMs - paintedAtMs >= idleTickMs || newest?.link.state !== 'connected' || !snapshot || page.undo) return true;
  const nowMs = brokerNowMs(page, pageNowMs);
  return snapshot.running.length + snapshot.waiting.length + snapshot.questions.length > 0 || snapshot.windows.some((window) => (window.resetsAtMs ?? 0) > nowMs - settlingMs)
    || pageNowMs - (page.snapshotReceivedAtMs ?? 0) < settlingMs;
}

/** The view before the first snapshot. */
export function emptyView(pageNowMs: number, act: PageActions): View {
  return {
    place: { locale: 'en' }, nowMs: pageNowMs, show: 'left', stale: true, practice: false, workspaceId: undefined, workspaceLabel: undefined, cancelling: new Set(), explained: undefined,
    consentQuestion: undefined, changing: new Map(), failures: new Map(), workspaceNames: new Map(), budgetNames: new Map(), undo: undefined, pricesSeenAtMs: 0, act,
  };
}
