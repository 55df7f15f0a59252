// The unit of the benchmark: the least a proxy in Node can do. It pipes the request up and the
// answer down over kept connections, and knows nothing of what passes.
import { Agent, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

const upstream = new URL(process.argv[2] ?? 'http://127.0.0.1');
const agent = new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 1024 });
const server = createServer((message, response) => {
  const up = send({ agent, host: upstream.hostname, port: upstream.port, method: message.method, path: message.url, headers: message.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  up.on('error', () => response.destroy());
  response.on('close', () => up.destroy());
  message.pipe(up);
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })));
process.stdin.resume().once('end', () => process.exit(0));
