// A proxy for tests: tunnels CONNECT and forwards plain requests, all to this computer whatever host they name, and
// keeps what it was asked for. It can want a name and a password, or refuse everything.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** A running proxy. */
export interface ConnectProxy {
  readonly port: number;
  /** `CONNECT host:port` or `POST http://…`, oldest first. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Opens one. @param rules the name and password that it wants (`name:password`), or the status with which it refuses */
export async function openProxy(rules: { readonly login?: string; readonly refuses?: number } = {}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<net.Socket>();
  const refusal = (headers: http.IncomingHttpHeaders) => {
    if (rules.refuses !== undefined) return rules.refuses;
    return rules.login === undefined || headers['proxy-authorization'] === `Basic ${Buffer.from(rules.login).toString('base64')}` ? undefined : 407;
  };
  const server = http.createServer((message, response) => {
    asked.push(`${message.method} ${message.url}`);
    const status = refusal(message.headers);
    if (status !== undefined) { message.resume(); response.writeHead(status).end(); return; }
    const { 'proxy-authorization': _own, ...headers } = message.headers;
    const { port, pathname, search } = new URL(message.url ?? '');
    const onward = http.request({ host: '127.0.0.1', port, method: message.method, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    message.pipe(onward);
  });
  server.on('connection', (socket) => { sockets.add(socket); });
  server.on('connect', (message, socket, head) => {
    asked.push(`CONNECT ${message.url}`);
    socket.on('error', () => undefined);
    const status = refusal(message.headers);
    if (status !== undefined) { socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`); return; }
    const onward = net.connect(Number(message.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.once('close', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
