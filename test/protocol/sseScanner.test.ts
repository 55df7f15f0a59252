// Proves that the scanner finds in a stream exactly what a reference parser of event streams finds,
// however the bytes are cut into chunks and wherever the stream breaks off, within bounded memory.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { readResponse, record } from '../../src/protocol/responseUsage.ts';
import { terminalTypes } from '../../src/protocol/eventNotes.ts';
import { SseScanner, type SseFindings } from '../../src/protocol/sseScanner.ts';

const folder = new URL('fixtures/', import.meta.url);
const recorded = readdirSync(folder).filter((name) => name.endsWith('.sse.txt')).map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));
const bytesOf = (text: string) => new TextEncoder().encode(text);

type Seen = Omit<SseFindings, 'bytes' | 'oversizedEvents' | 'brokenEvents'>;

/** The same findings by the reference: every event parsed whole. Data that is cut off does not count. */
function reference(bytes: Uint8Array): Seen {
  const seen: { -readonly [K in keyof Seen]: Seen[K] } = { events: 0, deltaEvents: 0, deltaCharacters: 0 };
  let ended = false;
  const parser = createParser({
    onEvent({ data, event: name }) {
      if (seen.terminal) return;
      let event: Readonly<Record<string, unknown>> | undefined;
      try { event = record(JSON.parse(data)); } catch { event = undefined; }
      if (ended && !event) return;
      seen.events += 1;
      if (!event) return;
      const type = typeof event['type'] === 'string' ? event['type'] : name ?? '';
      if (type.endsWith('.delta')) {
        seen.deltaEvents += 1;
        if (typeof event['delta'] === 'string') seen.deltaCharacters += event['delta'].length;
      }
      const terminal = terminalTypes.find((each) => each === type);
      if (!terminal && type !== 'response.created') return;
      const facts = readResponse(event['response']);
      if (facts.id !== undefined) seen.responseId ??= facts.id;
      if (terminal) seen.terminal = { type: terminal, facts };
    },
  });
  parser.feed(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  ended = true;
  parser.feed('\n\n');
  return seen;
}

function scanned(chunks: readonly Uint8Array[]): Seen {
  const scanner = new SseScanner();
  for (const chunk of chunks) {
    // A chunk's memory is used again by whoever gave it, as Node's sockets do.
    const lent = chunk.slice();
    scanner.push(lent);
    lent.fill(0x20);
  }
  scanner.end();
  const { bytes, oversizedEvents, brokenEvents, ...seen } = scanner.findings;
  assert.equal(bytes, chunks.reduce((total, chunk) => total + chunk.length, 0));
  assert.equal(oversizedEvents, 0);
  assert.ok(brokenEvents <= seen.events);
  return seen;
}

describe('scanner of response streams', () => {
  it('has streams to compare', () => assert.ok(recorded.length >= 5));

  for (const { name, bytes } of recorded) {
    it(`${name}: equals the reference when cut in two at every byte`, () => {
      const expected = reference(bytes);
      for (let at = 0; at <= bytes.length; at += 1) assert.deepEqual(scanned([bytes.subarray(0, at), bytes.subarray(at)]), expected, `cut at ${at}`);
      assert.deepEqual(scanned([...bytes].map((byte) => Uint8Array.of(byte))), expected, 'byte by byte');
    });

    it(`${name}: equals the reference when it breaks off at every byte`, () => {
      for (let at = 0; at <= bytes.length; at += 1) assert.deepEqual(scanned([bytes.subarray(0, at)]), reference(bytes.subarray(0, at)), `broken off at ${at}`);
    });
  }

  it('finds what the recordings contain', () => {
    const of = (name: string) => scanned([recorded.find((each) => each.name === name)?.bytes ?? new Uint8Array()]);
    const completed = of('completed.sse.txt');
    assert.equal(completed.terminal?.type, 'response.completed');
    assert.deepEqual(completed.terminal?.facts.usage, { inputTokens: 1200, cachedInputTokens: 1000, cacheWriteTokens: 0, outputTokens: 34, reasoningTokens: 20 });
    assert.equal(completed.deltaCharacters, 'hi from stub'.length);
    assert.equal(of('pleaseRetry.sse.txt').terminal?.facts.errorCode, 'rate_limit_exceeded');
    const itself = of('talksAboutItself.sse.txt');
    assert.equal(itself.terminal?.facts.usage?.inputTokens, 5000);
    assert.equal(itself.responseId, 'resp_0a1b2c3d4e5f');
    const mixed = of('mixedLines.sse.txt');
    assert.equal(mixed.terminal?.type, 'response.incomplete');
    assert.equal(mixed.terminal?.facts.usage?.inputTokens, 7);
    assert.equal(mixed.deltaEvents, 2);
  });

  it('equals the reference for any stream, any line ends and any cuts', () => {
    const type = fc.constantFrom('response.created', 'response.output_text.delta', 'response.completed', 'response.failed', 'keepalive', 'response.completed.x', undefined);
    const inner = fc.record({ id: fc.string(), usage: fc.option(fc.record({ input_tokens: fc.nat(), output_tokens: fc.nat() })) });
    const event = fc.tuple(type, type, fc.boolean(), fc.string({ unit: 'grapheme' }), inner, fc.boolean()).map(([named, typed, first, delta, response, pretty]) => {
      const rest = { delta, response };
      const data = JSON.stringify(typed === undefined ? rest : first ? { type: typed, ...rest } : { ...rest, type: typed }, null, pretty ? 1 : undefined);
      return `${named === undefined ? '' : `event: ${named}\n`}${data.split('\n').map((line) => `data: ${line}`).join('\n')}\n\n`;
    });
    const noise = fc.constantFrom(': comment\n', 'id: 7\n', 'data\n', 'unknown: x\n', 'data:[DONE]\n\n', '\n', 'event\n', 'dataset: 1\n');
    const ends = fc.array(fc.constantFrom('\n', '\r', '\r\n'), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: event }, noise), { maxLength: 12 }), ends, fc.array(fc.nat(400), { maxLength: 12 }), (parts, lineEnds, sizes) => {
      let count = 0;
      const bytes = bytesOf(parts.join('').replaceAll('\n', () => lineEnds[count++ % lineEnds.length] ?? '\n'));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) chunks.push(bytes.subarray(at, at += size));
      assert.deepEqual(scanned([...chunks, bytes.subarray(Math.min(at, bytes.length))]), reference(bytes));
    }), { numRuns: 300 });
  });

  it('never throws and always equals itself byte by byte, whatever the bytes are', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom('data: {"type":"response.completed"', '\n\n', '\r', 'data:', '"delta":"', '{"type":"a.delta","delta":"\\').map(bytesOf));
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const single = pieces.flatMap((each) => [...each]).map((byte) => Uint8Array.of(byte));
      assert.deepEqual(scanned(pieces), scanned(single));
    }));
  });

  it('skips an event that is larger than it may hold, says so, and goes on', () => {
    const scan = (text: string, size: number) => {
      const scanner = new SseScanner(500);
      const bytes = bytesOf(text);
      for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
      scanner.end();
      return scanner.findings;
    };
    const large = `data: {"type":"response.output_item.done","item":"${'x'.repeat(5000)}"}\n\n`;
    const done = 'data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":7,"output_tokens":3}}}\n\n';
    const largeDone = `data: {"type":"response.completed","response":{"id":"r","output":"${'x'.repeat(5000)}"}}\n\n`;
    for (const size of [1, 7, 100_000]) {
      const found = scan(large + done, size);
      assert.equal(found.oversizedEvents, 1);
      assert.equal(found.terminal?.facts.usage?.inputTokens, 7);
      assert.deepEqual(scan(largeDone, size).terminal, { type: 'response.completed', facts: { usagePlausible: false } });
      assert.equal(scan(largeDone.slice(0, 3000), size).terminal, undefined, 'broken off inside it');
      assert.equal(scan(`data: x\n`.repeat(5000) + '\n' + done, size).oversizedEvents, 1, 'many small lines');
    }
  });

  it('survives data that is nested deeper than can be parsed', () => {
    const deep = `data: {"type":"response.completed","response":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n\n`;
    const scanner = new SseScanner();
    scanner.push(bytesOf(deep));
    scanner.end();
    assert.equal(scanner.findings.events, 1);
    assert.equal(scanner.findings.responseId, undefined);
  });
});
