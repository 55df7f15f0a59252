// Lets the ledger note where requests are sent to, once and whenever that is another place than it noted last, so that what left
// this computer can be told for ever. A ledger that takes nothing now is asked again; the note keeps the time of the start.
import type { UpstreamHosts } from '../domain/directives.ts';
import type { Clock, Ids } from './clock.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What it needs. */
export interface UpstreamNoteParts {
  readonly ledger: Pick<LedgerStore, 'command' | 'query'>;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'directiveId'>;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** How long it is waited before a ledger that did not take the note is asked again. */
export const askAgainMs = 5000;

/** Notes them. @returns the first try, which never rejects, and what ends the trying */
export function noteUpstreams(parts: UpstreamNoteParts, at: UpstreamHosts): { readonly first: Promise<void>; stop(): void } {
  const { ledger, clock, ids, log } = parts;
  const atMs = clock.nowMs();
  // The same key each time: a try whose outcome was not known changes nothing when it comes again.
  const key = ids.directiveId();
  let cancel = () => undefined as void;
  let isStopped = false;
  const attempt = async (): Promise<void> => {
    try {
      const known = (await ledger.query('upstreams', {})).at(-1)?.at;
      if (known?.key === at.key && known.login === at.login) return;
      await ledger.command({ type: 'direct', key, atMs, directive: { kind: 'upstream', at } });
    } catch (error) {
      log('upstream-not-noted', { error: error instanceof Error ? error.message : String(error) });
      if (!isStopped) cancel = clock.after(askAgainMs, () => { void attempt(); });
    }
  };
  return {
    first: attempt(),
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
}
