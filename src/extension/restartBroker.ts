// Ends the broker of this window in an orderly way and starts it again, with what settings say now. Whoever would be cut
// off by that is told of first. Tasks that wait are kept by their windows, and go on with the next broker.
import { problem, ProblemError } from '../domain/problem.ts';
import { plural, t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { BrokerLink } from './brokerLink.ts';
import type { Editor } from './editorApi.ts';
import { until, type Schedule } from './schedule.ts';

/** What a restart needs from outside. */
export interface RestartParts {
  readonly editor: Pick<Editor, 'window' | 'ProgressLocation'>;
  readonly schedule: Schedule;
  readonly link: Pick<BrokerLink, 'state' | 'snapshot' | 'call'>;
  /** Looks for a broker anew, and starts one where there is none. */
  start(): void;
}

/** How long the old broker may take to leave; it gives running requests three seconds. */
export const leaveMsMax = 15_000;
/** How long the new one may take to be connected; the first may still find the old one at the ledger. */
export const returnMsMax = 30_000;

/** The label of every button that restarts the broker. */
export function restartLabel(): string {
  return t('Restart Broker');
}

/** Requests that a restart would end or refuse. */
export function busyWith({ running, waiting }: Pick<Snapshot, 'running' | 'waiting'>): number {
  return running.length + waiting.length;
}

/** What a restart does to requests that run or wait; empty where there are none. */
export function cutOffWords({ running, waiting }: Pick<Snapshot, 'running' | 'waiting'>): string {
  return [
    ...(running.length === 0 ? [] : [plural(running.length, 'One request runs; a restart cuts off what does not end within seconds.', '{0} requests run; a restart cuts off what does not end within seconds.')]),
    ...(waiting.length === 0 ? [] : [plural(waiting.length, 'One request waits; a restart tells it to come back.', '{0} requests wait; a restart tells them to come back.')]),
  ].join(' ');
}

/**
 * Restarts it; without a connection it looks for one as Start Broker does.
 * @param toldOf of how many requests that run or wait the person was told already
 * @throws ProblemError when the old broker stays or no new one comes
 */
export async function restartBroker({ editor, schedule, link, start }: RestartParts, toldOf = 0): Promise<void> {
  const before = isConnected(link) ? link.snapshot : undefined;
  if (!before) {
    start();
    return;
  }
  if (busyWith(before) > toldOf && !await confirmed(editor, before)) return;
  await editor.window.withProgress({ location: editor.ProgressLocation.Notification, title: t('Restarting the broker') }, async (progress) => {
    progress.report({ message: t('what runs is given a few seconds') });
    await askToEnd(link);
    const hasLeft = await until(schedule, leaveMsMax, () => !isConnected(link) || isOther(link.snapshot, before));
    if (!hasLeft) throw new ProblemError(problem('broker_unreachable', 'The broker was asked to end and is still there, so it was not started again. It brings to an end what runs and refuses what is new.', { remedy: 'Try it again in a moment.' }));
    progress.report({ message: t('starting') });
    // Another window may have been quicker; a look anew also forgets how often this one started a broker lately.
    if (!isConnected(link)) start();
    await until(schedule, returnMsMax, () => link.state.state === 'down' || isConnected(link) && isOther(link.snapshot, before));
    if (!isConnected(link)) throw new ProblemError(link.state.problem ?? problem('broker_unreachable', 'The broker ended and did not come back in time. Requests are refused until it runs.'));
  });
}

async function askToEnd(link: RestartParts['link']): Promise<void> {
  try {
    await link.call('shutdown', {});
  } catch (error) {
    // A broker that leaves quickly takes its answer with it.
    if (isConnected(link)) throw error;
  }
}

async function confirmed(editor: RestartParts['editor'], { running, waiting }: Pick<Snapshot, 'running' | 'waiting'>): Promise<boolean> {
  const restart = restartLabel();
  const chosen = await editor.window.showWarningMessage(running.length > 0 ? plural(running.length, 'One request is running. Restart the broker?', '{0} requests are running. Restart the broker?')
    : plural(waiting.length, 'One request is waiting. Restart the broker?', '{0} requests are waiting. Restart the broker?'), {
    modal: true,
    detail: t('What does not end within seconds is cut off, and counted as far as it came. Requests that wait are told to come back, and tasks that wait for a limit go on by themselves.'),
  }, restart);
  return chosen === restart;
}

function isConnected(link: RestartParts['link']): boolean {
  return link.state.state === 'connected';
}

function isOther(now: Snapshot | undefined, before: Snapshot): boolean {
  return now !== undefined && (now.broker.pid !== before.broker.pid || now.broker.startedAtMs !== before.broker.startedAtMs);
}
