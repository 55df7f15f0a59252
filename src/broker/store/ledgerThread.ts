// The ledger's own thread: takes commands and questions as messages, gathers what has arrived
// into one transaction (group commit), and answers each. The event loop that carries streams
// never waits for the disk.
import { hash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import type { LedgerCommand } from './ledgerCommands.ts';
import type { OpenedAs } from './ledgerFile.ts';
import type { LedgerQueries } from './ledgerPort.ts';
import { SqliteLedger } from './sqliteLedger.ts';

/** What the thread is asked; messages to it are lists of these. */
export type ThreadRequest =
  | { readonly id: number; readonly command: LedgerCommand }
  | { readonly id: number; readonly query: keyof LedgerQueries; readonly args: LedgerQueries[keyof LedgerQueries]['args'] }
  | { readonly id: number; readonly close: true };

/** Its answer; messages from it are lists of these. */
export type ThreadAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly problem: Problem };

/** What the thread is started with. */
export interface ThreadData { readonly path: string; readonly as?: OpenedAs }

/** Commands in one transaction at most; more wait for the next. */
const groupMax = 256;

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Serves the ledger on a port until it is told to close. Sends `{id: 0}` first, or why it could not open. */
export function serveLedger(port: MessagePort, data: ThreadData, schedule: (run: () => void) => void): void {
  let ledger: SqliteLedger;
  try {
    ledger = SqliteLedger.open(data.path, sha256, data.as);
  } catch (error) {
    port.postMessage([{ id: 0, problem: problemOf(error) }] satisfies ThreadAnswer[]);
    port.close();
    return;
  }
  let waiting: ThreadRequest[] = [];
  let scheduled = false;
  const answer = (...answers: readonly ThreadAnswer[]) => port.postMessage(answers);

  const drain = () => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    let group: { id: number; command: LedgerCommand }[] = [];
    const commit = () => {
      if (group.length === 0) return;
      const outcomes = ledger.runGroup(group.map((one) => one.command));
      answer(...group.map(({ id }, index) => {
        const outcome = outcomes[index];
        return outcome?.ok ? { id, value: outcome.value } : { id, problem: outcome?.problem ?? problem('internal', 'The ledger gave no answer.') };
      }));
      group = [];
    };
    for (const request of batch) {
      if ('command' in request) {
        group.push(request);
        if (group.length >= groupMax) commit();
        continue;
      }
      // A question sees every command before it, so those are committed first.
      commit();
      if ('close' in request) { ledger.close(); answer({ id: request.id, value: undefined }); port.close(); return; }
      try {
        answer({ id: request.id, value: ledger.query(request.query, request.args) });
      } catch (error) {
        answer({ id: request.id, problem: problemOf(error) });
      }
    }
    commit();
  };
  port.on('message', (requests: readonly ThreadRequest[]) => {
    waiting.push(...requests);
    // Everything that is already in the port's queue joins the same transaction.
    if (!scheduled) { scheduled = true; schedule(drain); }
  });
  answer({ id: 0, value: undefined });
}

function problemOf(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : problem('ledger_unavailable', 'The ledger failed ({0}).', { values: [error instanceof Error ? error.message : String(error)] });
}
