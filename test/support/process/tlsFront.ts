// Puts TLS before a server of a test, as the network's edge does before a real upstream: HTTP/1.1 goes through byte
// by byte, and HTTP/2 is translated.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { TestCertificate } from '../testCertificates.ts';

/** A running front. */
export interface TlsFront {
  readonly port: number;
  /** The protocol that was agreed on, for each connection. */
  readonly protocols: (string | false)[];
  /** Over HTTP/2: does not look at the next request, and refuses its stream or retires its connection, as edges do. */
  turnAwayNext(how: 'refuse' | 'retire'): void;
  close(): Promise<void>;
}

/** Opens one before a port. @param protocols what it speaks, best first */
export async function openTlsFront(port: number, { cert, key }: TestCertificate, protocols: readonly string[] = ['http/1.1']): Promise<TlsFront> {
  const agreed: (string | false)[] = [];
  const sockets = new Set<net.Socket>();
  let turnsAway: 'refuse' | 'retire' | undefined;
  const translate = http2.createServer((message, response) => {
    const { session, id = 1 } = message.stream;
    const how = turnsAway;
    turnsAway = undefined;
    if (how === 'refuse') { message.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM); return; }
    if (how === 'retire') { session?.goaway(http2.constants.NGHTTP2_NO_ERROR, Math.max(0, id - 2)); return; }
    const { ':method': method, ':path': path, ':scheme': _scheme, ':authority': host, ...headers } = message.headers;
    const onward = http.request({ host: '127.0.0.1', port, method: String(method), path: String(path), headers: { ...headers, host: String(host) } }, (answer) => {
      const { connection: _hop, 'keep-alive': _kept, 'transfer-encoding': _coding, ...plain } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, plain);
      answer.on('data', (chunk: Buffer) => response.write(chunk)).once('end', () => response.end()).once('error', () => fail(response));
    });
    onward.on('error', () => fail(response));
    response.stream.once('close', () => onward.destroy());
    message.pipe(onward);
  });
  const fail = ({ stream }: http2.Http2ServerResponse) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  const server = tls.createServer({ cert, key, ALPNProtocols: [...protocols] }, (socket) => {
    agreed.push(socket.alpnProtocol ?? false);
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === 'h2') { translate.emit('connection', socket); return; }
    const onward = net.connect(port, '127.0.0.1');
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
    socket.once('close', () => onward.destroy());
  });
  // A client that does not trust the certificate hangs up in the middle of the handshake.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, protocols: agreed, turnAwayNext: (how) => { turnsAway = how; },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
