// An upstream with several addresses is reached by the first that works, over HTTP and WebSockets, and its
// connections are kept.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { WebSocketServer } from 'ws';
import { openUpstreamSocket } from '../../../src/broker/responsesSocket/upstreamSocket.ts';
import { systemClock } from '../../../src/broker/systemClock.ts';
import { networkOf } from '../../../src/broker/upstream/network.ts';
import { upstreamTarget } from '../../../src/broker/upstream/upstreamTarget.ts';

/** Finds a dead IPv6 address first, then the one that answers; whoever asks for one alone gets the dead one. */
const deadFirst = ((_host, options, done) => {
  if (options.all) done(null, [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);
  else done(null, '::1', 6);
}) as LookupFunction;

describe('an upstream with several addresses', () => {
  it('is reached by the one that answers, and by the same connection again', async () => {
    let connections = 0;
    const server = http.createServer((message, response) => { message.resume(); response.end('there'); });
    const sockets = new WebSocketServer({ server });
    server.on('connection', () => { connections += 1; });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = upstreamTarget(`http://two.test:${(server.address() as AddressInfo).port}`, networkOf({ env: {}, lookup: deadFirst }));
    try {
      for (let count = 0; count < 6; count += 1) {
        const answer = await target.pool.request({ method: 'POST', path: target.paths.responses, body: '{}', origin: target.origin });
        assert.equal(await answer.body.text(), 'there');
      }
      assert.ok(connections <= 2, `${connections} connections`);
      const opened = await openUpstreamSocket(target, {}, systemClock, new AbortController().signal);
      assert.equal(opened.kind, 'open', JSON.stringify(opened));
      if (opened.kind === 'open') opened.socket.terminate();
    } finally {
      await target.close();
      sockets.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
