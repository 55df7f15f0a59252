// Makes the view that every part is painted with, from what the page remembers and the time. Pure.
import { usableLocale } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetName } from '../protocol/windowBudgets.ts';
import type { Moment } from './moving.ts';
import { changesUnderWay } from './pageChanges.ts';
import { brokerNowMs } from './pageState.ts';
import type { PageState, Tab } from './pageState.ts';
import type { PageActions, View } from './view.ts';
import { workspaceNames } from './workspaceNames.ts';

/** The view over a snapshot. @param clock moves what it can move while the numbers are live */
export function viewOf(page: PageState, snapshot: Snapshot, { nowMs: pageNowMs, clock }: Moment, act: PageActions): View {
  const { newest } = page;
  const own = { workspaceId: newest?.workspaceId, workspaceLabel: newest?.workspaceLabel };
  const undoLeftMs = page.undo ? page.undo.untilMs - pageNowMs : 0;
  return {
    place: { locale: usableLocale(newest?.locale ?? 'en') },
    ...(newest?.link.state === 'connected' ? { nowMs: brokerNowMs(page, pageNowMs), clock } : { nowMs: snapshot.atMs }),
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

/** After the newest snapshot a page that asks on demand may ask once more, when its last answer is old enough. */
const settlingMs = 5_050;
const asking: readonly Tab[] = ['history', 'ledger', 'events', 'insights'];

/** When time changes more of the page than its moving parts: the day ends, a grant begins or ends, what was added cannot be taken back any more. By the page's clock. */
export function nextTurnMs(page: PageState, pageNowMs: number): number {
  const { newest, tab, undo, snapshotReceivedAtMs } = page;
  const isLive = newest?.link.state === 'connected';
  const nowMs = isLive ? brokerNowMs(page, pageNowMs) : pageNowMs;
  const grants = isLive ? newest.snapshot?.balance.grants ?? [] : [];
  const turns = [new Date(nowMs).setHours(24, 0, 0, 0), ...grants.flatMap(({ startsAtMs, expiresAtMs }) => [startsAtMs ?? 0, expiresAtMs ?? 0])].map((atMs) => atMs - nowMs + pageNowMs);
  return [...turns, undo?.untilMs ?? 0, isLive && asking.includes(tab) ? (snapshotReceivedAtMs ?? 0) + settlingMs : 0].reduce((first, atMs) => (atMs > pageNowMs ? Math.min(first, atMs) : first), Infinity);
}

/** The view before the first snapshot. */
export function emptyView(pageNowMs: number, act: PageActions): View {
  return {
    place: { locale: 'en' }, nowMs: pageNowMs, show: 'left', stale: true, practice: false, workspaceId: undefined, workspaceLabel: undefined, cancelling: new Set(), explained: undefined,
    consentQuestion: undefined, changing: new Map(), failures: new Map(), workspaceNames: new Map(), budgetNames: new Map(), undo: undefined, pricesSeenAtMs: 0, act,
  };
}
