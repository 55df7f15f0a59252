// One request to the sandbox on its way, as all its endpoints are given it. Shapes only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReceivedRequest } from './requestMeter.ts';
import type { CutHow } from './streamSender.ts';

/** One request on its way. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: ReceivedRequest;
  /** The key that came with it; checked already. */
  readonly key: string;
  /** It came to ChatGPT's address, where a plan's limits are told and no minute's. */
  readonly onPlan: boolean;
  /** Aborts when the client has gone, or the answer is over. */
  readonly gone: AbortSignal;
  /** Ends the connection in the name of a fault, so that it does not look as if the client had left. */
  readonly cut: (how: CutHow) => void;
}
