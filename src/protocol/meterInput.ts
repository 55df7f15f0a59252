// Turns a snapshot into what the meter needs: the one place where the two shapes meet, so that
// the status bar and `codex-broker status` can never disagree.
import type { MeterEnd, MeterInput, MeterLimit } from './meterState.ts';
import { problemMessage } from './problemWords.ts';
import { isExpired } from '../domain/grants.ts';
import { contentWords, hasContent, type MeterContent } from './meterContent.ts';
import { isPaceKnown, levelOf, type LimitStand } from '../domain/tightest.ts';
import { sum } from '../domain/units.ts';
import { clockWords, shortUntil, timeWords } from './clockWords.ts';
import { isOpening, paceWords, renewsAtMs, spokenShare, tightestStand } from './limitStands.ts';
import { payerOf } from './payer.ts';
import type { BalanceView, Snapshot } from './snapshot.ts';
import { inLine } from './waitingOrder.ts';
import { budgetName, stoppingBudget } from './windowBudgets.ts';
import { windowDraw } from './windowDraw.ts';
import { windowQuestions } from './windowQuestions.ts';

/** How a person wants to read the meter. */
export interface MeterTaste {
  readonly show: 'left' | 'used';
  readonly unit: 'credits' | 'usd';
  /** See `MeterInput.content`. */
  readonly content?: MeterContent;
  readonly locale: string;
}

/** What all grants that count gave: what the balance is a share of. Those that expired or were taken back do not. */
export function grantedMicroCredits({ grants }: Pick<BalanceView, 'grants'>, atMs: number): number {
  return sum(grants.filter((grant) => !isExpired(grant, atMs) && grant.voided === undefined).map((grant) => grant.amountMicroCredits), 'granted credits');
}

/**
 * Builds the meter's input.
 * @param link     state of the connection to the broker
 * @param snapshot newest snapshot, absent before the first
 * @param workspaceId this window's workspace; only its own requests and questions show in the meter, and its own permission and budget count
 * @param nowMs     the clock that tells how old the numbers are; absent where they are new
 */
export function meterInput(link: MeterInput['link'], snapshot: Snapshot | undefined, taste: MeterTaste, workspaceId?: string, nowMs?: number): MeterInput {
  if (!snapshot) return { link, ...taste };
  const { balance, atMs } = snapshot;
  const own = inLine(snapshot.waiting).find((run) => run.workspaceId === workspaceId);
  const [question, ...more] = windowQuestions(snapshot.questions, workspaceId);
  const payer = payerOf(snapshot);
  const stopping = stoppingBudget(snapshot.budgets, workspaceId, payer);
  const wrong = snapshot.problems.find(({ code }) => payer !== 'plan' || code !== 'no_api_key' && code !== 'api_key_rejected');
  const draw = windowDraw(snapshot, workspaceId);
  const limitsAtMs = Math.max(atMs, nowMs ?? atMs);
  const limit = tightestStand(snapshot, workspaceId, limitsAtMs);
  const told = toldLimit(snapshot, taste, workspaceId, limitsAtMs);
  return {
    link, ...taste,
    snapshot: {
      practice: snapshot.broker.mode === 'practice',
      asOf: timeWords(atMs, taste.locale),
      ageMs: nowMs === undefined ? 0 : Math.max(0, nowMs - atMs),
      ...(payer === 'key' ? {} : { payer }),
      // Who works on a plan needs none.
      keyMissing: snapshot.key.state === 'missing' && payer === 'key',
      keyRejected: snapshot.key.state === 'rejected' && payer === 'key',
      notAllowed: draw === 'not-allowed',
      // What running requests hold may come back to it.
      ...(draw === 'none' && balance.heldMicroCredits === 0 && balance.grants.length > 0 ? { noneForHere: true as const } : {}),
      tracked: balance.tracked,
      balanceMicroCredits: balance.balanceMicroCredits,
      grantedMicroCredits: grantedMicroCredits(balance, atMs),
      todayMicroCredits: snapshot.today.total.costMicroCredits, ...(snapshot.today.total.estimated > 0 ? { todayEstimated: true } : {}),
      ...(snapshot.today.total.unpriced > 0 ? { todayUnpriced: snapshot.today.total.unpriced } : {}),
      ...(question ? { question: { text: question.text, count: more.length + 1 } } : {}),
      ...(balance.owedMicroCredits > 0 ? { owedMicroCredits: balance.owedMicroCredits } : {}),
      ...(stopping ? { budget: { text: budgetName(stopping.view), ...endOf(stopping.untilMs, atMs, taste.locale) } } : {}),
      ...(limit ? { limit: meterLimit(limit, atMs, taste.locale) } : {}), ...(told ? { told } : {}),
      ...(wrong ? { problem: problemMessage(wrong) } : {}),
      ...(own ? { waiting: { ...(own.place === undefined ? {} : { place: own.place }), ...(own.startsAtMs === undefined ? {} : { startsInMs: own.startsAtMs - atMs }) } } : {}),
    },
  };
}

/** The tightest limit that has the pace or the reset that was chosen. */
function toldLimit(snapshot: Snapshot, { content, locale }: MeterTaste, workspaceId: string | undefined, nowMs: number): NonNullable<MeterInput['snapshot']>['told'] {
  if (content !== 'pace' && content !== 'reset') return undefined;
  const stand = tightestStand(snapshot, workspaceId, nowMs, (one) => hasContent(content, one));
  return stand && { ...meterLimit(stand, snapshot.atMs, locale), words: contentWords(content, stand, nowMs, locale) };
}

function meterLimit(stand: LimitStand, atMs: number, locale: string): MeterLimit {
  const { id, kind, name, left, timeLeft } = stand;
  // That a pace is not known yet is worth no word of a sentence.
  const pace = left > 0 && timeLeft !== undefined && !isPaceKnown(timeLeft) ? '' : paceWords(stand, '', spokenShare);
  return { id, kind, name, left, level: levelOf(stand), pace, ...endOf(renewsAtMs(stand), atMs, locale), ...(isOpening(stand) ? { opens: true } : {}) };
}

function endOf(endsAtMs: number | undefined, atMs: number, locale: string): { readonly until?: MeterEnd } {
  return endsAtMs === undefined ? {} : { until: { short: shortUntil(endsAtMs, atMs, locale), words: clockWords(endsAtMs, atMs, locale) } };
}
