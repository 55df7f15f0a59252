// The upstream of the benchmark, as a process of its own: answers each request at once with a
// stream of a given number of events, a given time apart where asked, and honest usage at its end. Each event says when it was written.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const delta = (index: number) => `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"word ${index} ","sequence_number":${index},"obfuscation":"${(Number(process.hrtime.bigint()) / 1e6).toFixed(3)}"}\n\n`;
const head = 'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_bench","object":"response","status":"in_progress","model":"gpt-5.4-mini","usage":null}}\n\n';
const tail = 'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_bench","object":"response","status":"completed","model":"gpt-5.4-mini","output":[],"usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":0},"output_tokens":200,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":1200}}}\n\n';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => { chunks.push(chunk); });
  request.on('end', () => {
    const { metadata } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { metadata?: { events?: number; paceMs?: number } };
    const events = metadata?.events ?? 10;
    const paceMs = metadata?.paceMs ?? 0;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8', 'x-ratelimit-limit-requests': '100000000', 'x-ratelimit-remaining-requests': '99999999', 'x-ratelimit-reset-requests': '1ms',
      'x-ratelimit-limit-tokens': '100000000000', 'x-ratelimit-remaining-tokens': '99999999999', 'x-ratelimit-reset-tokens': '1ms',
    });
    response.write(head);
    if (paceMs === 0) {
      for (let index = 0; index < events; index += 1) response.write(delta(index));
      response.end(tail);
      return;
    }
    let index = 0;
    const timer = setInterval(() => {
      if (index < events) { response.write(delta(index)); index += 1; return; }
      clearInterval(timer);
      response.end(tail);
    }, paceMs);
    response.once('close', () => clearInterval(timer));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })));
process.stdin.resume().once('end', () => process.exit(0));
