// Turns a snapshot into what the meter needs: the one place where the two shapes meet, so that
// the status bar and `codex-broker status` can never disagree.
import type { MeterInput } from '../domain/meter.ts';
import { sum } from '../domain/units.ts';
import type { Snapshot } from './snapshot.ts';
import { windowDraw } from './windowDraw.ts';

/** How a person wants to read the meter. */
export interface MeterTaste {
  readonly show: 'left' | 'used';
  readonly unit: 'credits' | 'usd';
  readonly locale: string;
}

/**
 * Builds the meter's input.
 * @param link     state of the connection to the broker
 * @param snapshot newest snapshot, absent before the first
 * @param workspaceId this window's workspace; only its own waiting request shows in the meter, and its own permission counts
 */
export function meterInput(link: MeterInput['link'], snapshot: Snapshot | undefined, taste: MeterTaste, workspaceId?: string): MeterInput {
  if (!snapshot) return { link, ...taste };
  const valid = snapshot.balance.grants.filter((grant) => grant.expiresAtMs === undefined || grant.expiresAtMs > snapshot.atMs);
  const own = snapshot.waiting.find((run) => run.workspaceId === workspaceId);
  const [wrong] = snapshot.problems;
  return {
    link, ...taste,
    snapshot: {
      practice: snapshot.broker.mode === 'practice',
      asOf: new Intl.DateTimeFormat(taste.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(snapshot.atMs),
      keyMissing: snapshot.key.state === 'missing',
      keyRejected: snapshot.key.state === 'rejected',
      notAllowed: windowDraw(snapshot, workspaceId) === 'not-allowed',
      tracked: snapshot.balance.tracked,
      balanceMicroCredits: snapshot.balance.balanceMicroCredits,
      heldMicroCredits: snapshot.balance.heldMicroCredits,
      grantedMicroCredits: sum(valid.map((grant) => grant.amountMicroCredits)),
      todayMicroCredits: snapshot.today.total.costMicroCredits,
      ...(wrong ? { problem: wrong.message } : {}),
      ...(own ? { waiting: { place: own.place ?? 1, ...(own.startsAtMs === undefined ? {} : { startsInMs: own.startsAtMs - snapshot.atMs }) } } : {}),
    },
  };
}
