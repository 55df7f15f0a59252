// One live connection to a proven broker: typed calls, pushed snapshots, and a pulse that notices
// a socket whose other end is gone. It ends once; whoever opened it decides whether to try again.
import { createBirpc } from 'birpc';
import WebSocket from 'ws';
import { problem, ProblemError } from '../domain/problem.ts';
import type { CallOutcome, ControlResults, WindowApi } from '../protocol/control.ts';
import type { ControlArguments, ControlMethod } from '../protocol/controlArguments.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { ProvenBroker } from './brokerProof.ts';
import { within, type Schedule } from './schedule.ts';

type LiveApi = { readonly [M in ControlMethod]: (args: ControlArguments<M>) => Promise<CallOutcome<ControlResults[M]>> };

/** Makes one call. @throws ProblemError: the broker's own problem, or `broker_unreachable`. */
export type BrokerCall = <M extends ControlMethod>(method: M, args: ControlArguments<M>) => Promise<ControlResults[M]>;

/** An open connection. */
export interface LiveConnection {
  readonly call: BrokerCall;
  /** Ends the connection without reporting it as lost. */
  close(): void;
}

/** What the connection reports. `lost` comes at most once and never after `close`. */
export interface LiveEvents {
  snapshot(snapshot: Snapshot): void;
  lost(because: string): void;
}

/** Opens a connection to a broker. @throws ProblemError when it cannot be opened. */
export type OpenLive = (broker: ProvenBroker, events: LiveEvents) => Promise<LiveConnection>;

/** Longest wait for the answer of one call. */
export const callWaitMsMax = 15_000;
/** Longest wait for the connection to open. */
export const openWaitMsMax = 5_000;
/** Distance of the pulses; a connection that missed one whole distance is given up. */
export const pulseMs = 15_000;
const messageBytesMax = 16_777_216;

/** Makes the real `OpenLive`. */
export function liveOpener(schedule: Schedule): OpenLive {
  return async (broker, events) => {
    const socket = new WebSocket(`${broker.address.url.replace(/^http:/, 'ws:')}/broker/v1/live`, {
      headers: { authorization: `Bearer ${broker.controlToken}` },
      perMessageDeflate: false, followRedirects: false, maxPayload: messageBytesMax, handshakeTimeout: openWaitMsMax,
    });
    await opened(socket);
    return connect(socket, events, schedule);
  };
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.off('error', failed);
      resolve();
    });
    const failed = (error: Error) => reject(new ProblemError(problem('broker_unreachable', 'The broker did not accept this window\'s connection.'), { cause: error }));
    socket.once('error', failed);
  });
}

function connect(socket: WebSocket, events: LiveEvents, schedule: Schedule): LiveConnection {
  let ended = false;
  let alive = true;
  let stopPulse: () => void = () => undefined;

  const rpc = createBirpc<LiveApi, WindowApi>({ snapshot: (snapshot) => { if (!ended) events.snapshot(snapshot); } }, {
    post: (text: string) => { socket.send(text, () => undefined); },
    on: (take) => {
      socket.on('message', (data, binary) => {
        const message = binary ? undefined : readMessage(data.toString());
        if (message) take(message);
      });
    },
    serialize: (message: unknown) => JSON.stringify(message),
    deserialize: (message: unknown) => message,
    // Each call has its own limit below; the library's timer would be a second clock.
    timeout: -1,
  });

  const end = (because: string | undefined) => {
    if (ended) return;
    ended = true;
    stopPulse();
    rpc.$close(new ProblemError(problem('broker_unreachable', 'The connection to the broker ended before it answered.')));
    socket.terminate();
    if (because !== undefined) events.lost(because);
  };
  socket.on('close', (code) => end(`the connection closed (${code})`));
  socket.on('error', (error) => end(error.message));
  socket.on('pong', () => { alive = true; });
  const pulse = () => {
    if (!alive) {
      end('the broker stopped answering');
      return;
    }
    alive = false;
    socket.ping();
    stopPulse = schedule.after(pulseMs, pulse);
  };
  stopPulse = schedule.after(pulseMs, pulse);

  const call: BrokerCall = async (method, args) => {
    if (ended) throw new ProblemError(problem('broker_unreachable', 'This window is not connected to the broker.'));
    let answer: CallOutcome<ControlResults[typeof method]>;
    try {
      const pending = rpc.$call(method, ...([args] as never)) as Promise<CallOutcome<ControlResults[typeof method]>>;
      answer = await within(schedule, callWaitMsMax, pending, () => new Error('no answer in time'));
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(problem('broker_unreachable', 'The broker did not answer the call "{0}".', { values: [method] }), { cause: error });
    }
    if (!answer.ok) throw new ProblemError(answer.problem);
    return answer.value;
  };
  return { call, close: () => end(undefined) };
}

function readMessage(text: string): object | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    // A message that cannot be read is dropped: the next snapshot repairs what it would have said.
    return undefined;
  }
}
