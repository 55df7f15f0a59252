// Reaches the broker of a data folder: finds the one that runs, or starts one and waits for it.
// Several windows may start at once; the losers' processes leave and their windows find the winner.
import { join } from 'node:path';
import { problem, problemKinds, ProblemError, type Problem, type ProblemCode, problemThat } from '../domain/problem.ts';
import { say } from '../domain/say.ts';
import { startLogFile, type BrokerSeat, type StartedBroker } from './brokerStart.ts';
import { lookForBroker, type ProofParts, type ProvenBroker } from './brokerProof.ts';
import { pause } from './schedule.ts';

/** What reaching the broker needs from outside. */
export interface ReachParts extends ProofParts {
  start(seat: BrokerSeat): Promise<StartedBroker>;
}

/** How long a start may take until it counts as failed. */
export const startWaitMsMax = 10_000;
/** How long to go on looking after the started process has left; the winner of a race may still be starting. */
export const afterExitWaitMsMax = 3_000;
const lookPauseMs = 100;

/**
 * Finds or starts the broker.
 * @param beforeStart called just before a process is started; without it nothing is started
 * @throws ProblemError: `broker_unreachable` (also for another protocol version), `data_folder_unusable`, `wipe_unfinished`
 */
export async function reachBroker(parts: ReachParts, seat: BrokerSeat, beforeStart: (() => void) | undefined, signal?: AbortSignal): Promise<ProvenBroker> {
  const first = await lookForBroker(parts, seat.dataDir, seat.practice);
  if (first.kind === 'found') return first.broker;
  if (first.kind === 'unusable') throw new ProblemError(first.problem);
  if (!beforeStart) throw new ProblemError(first.kind === 'silent' ? silentProblem(first.pid) : problem('broker_unreachable', 'No broker is running for this data folder.'));

  beforeStart();
  const process = await parts.start(seat);
  let exitCode: number | null | undefined;
  let deadlineMs = parts.schedule.nowMs() + startWaitMsMax;
  void process.exited.then((code) => {
    exitCode = code;
    deadlineMs = Math.min(deadlineMs, parts.schedule.nowMs() + afterExitWaitMsMax);
  });
  let silentPid: number | undefined;
  while (parts.schedule.nowMs() < deadlineMs && !signal?.aborted) {
    await pause(parts.schedule, lookPauseMs, signal);
    const look = await lookForBroker(parts, seat.dataDir, seat.practice);
    if (look.kind === 'found') return look.broker;
    if (look.kind === 'unusable') throw new ProblemError(look.problem);
    silentPid = look.kind === 'silent' ? look.pid : undefined;
  }
  throw new ProblemError(silentPid === undefined ? startProblem(seat, exitCode, await process.lastWords()) : silentProblem(silentPid));
}

function silentProblem(pid: number): Problem {
  return problem('broker_unreachable', 'A broker (process {0}) holds the data folder but does not answer.', { values: [pid], remedy: 'End that process if it stays silent, then start the broker again.' });
}

function startProblem(seat: BrokerSeat, exitCode: number | null | undefined, lastWords: string | undefined): Problem {
  const own = exitCode ? ownProblem(lastWords) : undefined;
  if (own) return own;
  const what = exitCode === undefined ? say('The broker was started but did not come up in time. Requests are refused until it runs.')
    : exitCode === null ? say('The broker was started but was ended by the system. Requests are refused until it runs.')
      : say('The broker was started but left with exit code {0}. Requests are refused until it runs.', exitCode);
  return problemThat('broker_unreachable', what, { remedy: say('See {0} for its own words, then start it again.', join(seat.dataDir, startLogFile)) });
}

/** The problem that a broker named when it left: its line ends in a code of the catalogue. */
function ownProblem(lastWords: string | undefined): Problem | undefined {
  const match = /^(.+) \((\w+)\)$/.exec(lastWords ?? '');
  const code = match?.[2];
  if (!match?.[1] || code === undefined || !Object.hasOwn(problemKinds, code)) return undefined;
  return problemThat(code as ProblemCode, { because: match[1].replace(problemKinds[code as ProblemCode].remedy, '').trim() });
}
