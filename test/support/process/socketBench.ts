// A broker whose upstream speaks WebSocket, for process tests: the workbench with a scripted upstream of that
// kind, and clients that end with it.
import type { ClientOptions } from 'ws';
import { connectSocket } from '../socketClient.ts';
import type { SocketClient } from '../socketClient.ts';
import { openSocketUpstream } from './scriptedSocketUpstream.ts';
import type { ScriptedSocketUpstream, SocketScript } from './scriptedSocketUpstream.ts';
import { callBroker, codexHeaders, explained, openBench, until } from './workbench.ts';
import type { BenchOptions, Workbench } from './workbench.ts';
import { recordedModel } from './recordedStream.ts';

/** The bench. */
export interface SocketBench extends Workbench {
  readonly sockets: ScriptedSocketUpstream;
  /** Connects as Codex does, or with the headers given. */
  connect(options?: ClientOptions & { readonly path?: string }): Promise<SocketClient>;
  /** What is known of the newest request, once it is settled and another than `before`. */
  newest(before?: string): ReturnType<typeof explained>;
}

/** Opens one. */
export async function openSocketBench(options: Omit<BenchOptions, 'script'> & { readonly socketScript?: SocketScript } = {}): Promise<SocketBench> {
  const sockets = await openSocketUpstream(options.socketScript);
  const bench = await openBench({ ...options, serve: { upstream: sockets.url, ...options.serve } }).catch(async (error: unknown) => {
    // What did not start is nobody's to close.
    await sockets.close();
    throw error;
  });
  const clients: SocketClient[] = [];
  const made: SocketBench = {
    ...bench, sockets,
    connect: async ({ path = '/v1/responses', headers, ...rest } = {}) => {
      const client = await connectSocket(`${made.broker.url}${path}`, { headers: { authorization: `Bearer ${bench.token.token}`, ...headers ?? codexHeaders }, ...rest });
      clients.push(client);
      return client;
    },
    newest: async (before) => {
      let id: string | undefined;
      await until(async () => {
        id = (await callBroker(made.broker, 'status', {})).recent[0]?.requestId;
        return id !== undefined && id !== before;
      }, 'a settled request');
      return explained(made.broker, id ?? '');
    },
    audit: () => callBroker(made.broker, 'audit', { full: true }),
    restart: async (more) => {
      await bench.restart(more);
      made.broker = bench.broker;
    },
    close: async () => {
      for (const { socket } of clients) socket.terminate();
      await bench.close();
      await sockets.close();
    },
  };
  return made;
}

/** A request for the recorded answer. */
export function recordedMessage(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { type: 'response.create', model: recordedModel, stream: true, input: 'how large is it?', ...more };
}
