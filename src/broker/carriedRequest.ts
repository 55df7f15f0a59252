// The shapes that one carried request is handed around in: what the route has to work with, and
// what is known of the request once it is understood. Shapes only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Estimator } from '../domain/estimator.ts';
import type { ModelPrice } from '../domain/pricing.ts';
import type { ApiDialect } from '../protocol/apiDialect.ts';
import type { RequestEnvelope } from '../protocol/requestEnvelope.ts';
import type { Admission } from './admission.ts';
import type { AdmissionRequest } from './admissionTicket.ts';
import type { BackgroundRuns } from './background/backgroundRuns.ts';
import type { Clock } from './clock.ts';
import type { CodexMeterFeed } from './codexMeterFeed.ts';
import type { BodyRoom, HeldBody } from './heldBodies.ts';
import type { PriceLookup } from './prices/priceTable.ts';
import type { Listener } from './refusal.ts';
import type { ResponseOwners } from './responseOwners.ts';
import type { RunawayWatch } from './runawayWatch.ts';
import type { SettleCommand, SettleResult } from './store/ledgerCommands.ts';
import type { LedgerStore } from './store/ledgerPort.ts';
import type { FallbackUpstream } from './upstream/fallbackUpstream.ts';
import type { UpstreamWay } from './upstreamWay.ts';

/** What the route needs. */
export interface ResponsesParts extends UpstreamWay {
  readonly admission: Admission;
  readonly watch: Pick<RunawayWatch, 'ended' | 'spent'>;
  readonly bodies: BodyRoom;
  readonly ledger: LedgerStore;
  /** Ends an attempt in the ledger; resolves when that is stored, however long it takes. */
  readonly settle: (command: SettleCommand) => Promise<SettleResult>;
  readonly clock: Clock;
  readonly estimator: Estimator;
  /** Which workspace began which response. */
  readonly owners: ResponseOwners;
  /** Which git branch a workspace's folder is on now, within a moment; undefined where that is not known. */
  readonly branchOf: (folder: string) => Promise<string | undefined>;
  /** Responses that go on at the upstream without their client. */
  readonly background: BackgroundRuns;
  readonly prices: PriceLookup;
  /** The dearest price there is, for models without one where the policy is a ceiling. */
  readonly ceilingPrice: (atMs: number) => ModelPrice;
  /** The second upstream, if there is one. */
  readonly fallback?: FallbackUpstream | undefined;
  /** What Codex shows of our own limits where the upstream tells none; absent where it is not to. */
  readonly meter?: Pick<CodexMeterFeed, 'refresh' | 'meterOf'> | undefined;
  readonly changed: () => void;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A request on its way, with both ends of its connection. */
export interface Carried {
  readonly request: AdmissionRequest;
  readonly dialect: ApiDialect;
  readonly envelope: RequestEnvelope;
  readonly body: HeldBody;
  readonly listener: Listener;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}
