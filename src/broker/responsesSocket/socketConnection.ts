// The shapes that the messages of one connection are carried with: what all connections share, and what is
// known of this one. Shapes only.
import type { RateLimitObservation } from '../../domain/rateWindow.ts';
import type { HeaderGetter } from '../../protocol/rateLimitHeaders.ts';
import type { ResponsesParts } from '../carriedRequest.ts';
import type { PlanWay } from '../planAccounts.ts';
import type { Listener } from '../refusal.ts';
import type { Workspace } from '../store/ledgerPort.ts';
import type { SocketAttempt } from './socketAttempt.ts';
import type { SocketPair } from './socketPair.ts';

/** What all connections share. */
export interface SocketParts extends ResponsesParts {
  readonly newRequestId: () => string;
}

/** Whether this upstream takes nothing for a prewarm; one that once reported tokens for one is not believed again. */
export interface PrewarmTrust { isFree: boolean }

/** What is known of a connection. */
export interface SocketConnection {
  readonly parts: SocketParts;
  readonly pair: SocketPair;
  readonly workspace: Workspace;
  /** What the head of the upgrade said about the client. */
  readonly header: HeaderGetter;
  /** How the client is spoken to; each request has its own id and model. */
  readonly speaks: Pick<Listener, 'codexStream'>;
  /** The sign-in that its requests go with, where that is not the broker's key. */
  readonly plan: PlanWay | undefined;
  /** What the upstream's side was opened with. */
  readonly secret: string;
  readonly upstreamRequestId?: string;
  /** What the upstream's answer to the upgrade said about limits, and when by the monotonic clock: told to pacing with the first answer, which tells nothing itself. */
  limits: { readonly told: RateLimitObservation; readonly atMs: number } | undefined;
  readonly prewarms: PrewarmTrust;
  /** Ends the connection and sends the workspace to HTTP for a while. */
  readonly useHttp: () => void;
  /** Ids of responses that were settled, the newest last. */
  readonly settledIds: string[];
  /** The request that waits or runs, and the attempt that the upstream's messages belong to. */
  requestId: string | undefined;
  attempt: SocketAttempt | undefined;
}
