// What the side bar's page remembers, and how a message changes it: the newest state, what is being cancelled or gets another
// turn, what is said aloud. Pure.
import type { Priority } from '../domain/fairQueue.ts';
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import { problemMessage } from '../protocol/problemWords.ts';
import { turnSentence } from './turnChoice.ts';

/** The newest `state` message. */
export type StateMessage = Extract<ExtensionMessage, { type: 'state' }>;

/** What the page remembers. */
export interface SidebarState {
  readonly newest?: StateMessage;
  /** Page clock when the newest snapshot arrived; with it the broker's clock is carried on. */
  readonly receivedAtMs: number;
  /** Requests that are to get another turn, or to be cancelled where none is named, by the question's id. */
  readonly asked: ReadonlyMap<number, { readonly requestId: string; readonly priority?: Priority }>;
  /** Why the last one got no other turn. */
  readonly turnFailure?: { readonly requestId: string; readonly said: string };
  /** The sentence for the page's live region: the meter's own, at each change of its state, and never each number. */
  readonly announcement: string;
}

/** The page before anything arrived. */
export const firstSidebarState: SidebarState = { receivedAtMs: 0, asked: new Map(), announcement: '' };

/** Takes a message in; what is not the side bar's changes nothing. `nowMs` is the page's clock. */
export function receiveSidebar(state: SidebarState, message: ExtensionMessage, nowMs: number): SidebarState {
  if (message.type === 'cancelResult' || message.type === 'changeResult') {
    const { requestId = '', priority } = state.asked.get(message.id) ?? {};
    const asked = new Map(state.asked);
    asked.delete(message.id);
    const why = message.problem && problemMessage(message.problem);
    if (message.type === 'cancelResult') return { ...state, asked, announcement: why ? `${t('Not cancelled.')} ${why}` : message.cancelled ? t('Cancelled.') : t('It had ended before it could be cancelled.') };
    return { ...state, asked, announcement: why ?? (priority ? turnSentence(priority) : ''), ...(why ? { turnFailure: { requestId, said: why } } : {}) };
  }
  if (message.type !== 'state') return state;
  const { newest } = state;
  const isFresh = message.snapshot !== undefined && (message.snapshot.sequence !== newest?.snapshot?.sequence || message.snapshot.broker.pid !== newest.snapshot.broker.pid);
  const announcement = newest && newest.meter.state !== message.meter.state ? message.meter.spoken : state.announcement;
  return { ...state, newest: message, receivedAtMs: isFresh ? nowMs : state.receivedAtMs, announcement };
}

/** The broker's clock now: the snapshot's time carried on by the page's own while the connection is there. */
export function sidebarNowMs({ newest, receivedAtMs }: SidebarState, pageNowMs: number): number {
  if (!newest?.snapshot) return pageNowMs;
  return newest.link.state === 'connected' ? newest.snapshot.atMs + Math.max(0, pageNowMs - receivedAtMs) : newest.snapshot.atMs;
}
