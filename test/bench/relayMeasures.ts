// What is measured of a proxy: the time that it adds before the first byte, the processor's time for each event
// of running streams, requests per second, the memory of idle streams, and how late events come while something
// else goes on. Variants take turns in short rounds, so that a busy machine disturbs all of them alike.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './benchNumbers.ts';
import { processorMs, residentMb } from './benchProcess.ts';
import { bodyOf, dropIdle, openStream, stream } from './streamClient.ts';
import type { Asked, OpenStream, Variant } from './streamClient.ts';

/** One number for each variant, by its name; absent where it could not be measured. */
export type ByVariant = ReadonlyMap<string, number>;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Runs something for a variant; a peer that fails is told of and gives nothing. */
async function sparing<T>(variant: Variant, run: () => Promise<T>): Promise<T | undefined> {
  dropIdle();
  try {
    return await run();
  } catch (error) {
    if (variant.isPeer !== true) throw error;
    console.log(`${variant.name} failed and is left out here: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Settlements of one round must not be measured as the delay of the next. */
const pauseMs = 20;

/** Median milliseconds to the first byte that each variant adds to the direct way of the same round, and of one bare append with fdatasync. */
export async function addedFirstByte(variants: readonly Variant[], folder: string, { bodyBytes, atOnce, rounds }: { bodyBytes: number; atOnce: number; rounds: number }): Promise<{ readonly addedMs: ByVariant; readonly syncMs: number }> {
  const asked: Asked = { events: 10, paceMs: 0, bodyBytes };
  const bodies = new Map(variants.map((variant) => [variant.name, bodyOf(variant, asked)]));
  const added = new Map<string, number[]>();
  const failed = new Set<string>();
  const syncs: number[] = [];
  const file = openSync(join(folder, 'sync.bin'), 'a');
  const warmUp = Math.max(1, Math.floor(rounds / 10));
  try {
    for (let round = 0; round < rounds + warmUp; round += 1) {
      const times = new Map<string, number>();
      for (const variant of variants) {
        if (failed.has(variant.name)) continue;
        const results = await sparing(variant, () => Promise.all(Array.from({ length: atOnce }, () => stream(variant, bodies.get(variant.name) ?? Buffer.of()))));
        if (!results) { failed.add(variant.name); added.delete(variant.name); continue; }
        times.set(variant.name, median(results.map((one) => one.firstByteMs)));
        await sleep(pauseMs);
      }
      const startedMs = performance.now();
      writeSync(file, 'x'.repeat(1000));
      fdatasyncSync(file);
      if (round < warmUp) continue;
      syncs.push(performance.now() - startedMs);
      for (const [name, ms] of times) added.set(name, [...added.get(name) ?? [], ms - (times.get('direct') ?? NaN)]);
    }
  } finally {
    closeSync(file);
  }
  return { addedMs: new Map([...added].map(([name, values]) => [name, median(values)])), syncMs: median(syncs) };
}

/** Opens streams a few at a time, so that only what runs later is measured. */
async function openStreams(variant: Variant, streams: number, asked: Asked, late?: (ms: number) => void) {
  const body = bodyOf(variant, asked);
  const opened = [];
  for (let begun = 0; begun < streams; begun += 50) opened.push(...await Promise.all(Array.from({ length: Math.min(50, streams - begun) }, () => openStream(variant, body, late))));
  return opened;
}

/** Leaves streams and gives the other side time to notice, so that their connections do not count any more. */
async function leaveAll(opened: readonly OpenStream[]): Promise<void> {
  await Promise.all(opened.map((one) => one.leave()));
  await sleep(1500);
}

/** Microseconds of the processor for each event, in the middle of running streams: the median of the rounds in which the variants take turns. */
export async function processorPerEvent(variants: readonly Variant[], streams: number, { rounds, measureMs }: { rounds: number; measureMs: number }): Promise<ByVariant> {
  const perEvent = new Map<string, number[]>();
  // About 4,000 events a second, which two processors carry through three processes.
  const asked: Asked = { events: 1_000_000, paceMs: Math.max(2, Math.round(streams / 4)), bodyBytes: 2_000 };
  const turns = Array.from({ length: rounds }, () => variants).flat();
  for (const variant of turns) {
    if (variant.pid === undefined) continue;
    let events = 0;
    const opened = await sparing(variant, () => openStreams(variant, streams, asked, () => { events += 1; }));
    if (!opened) continue;
    await sleep(300);
    const before = processorMs(variant.pid) ?? NaN;
    events = 0;
    await sleep(measureMs);
    perEvent.set(variant.name, [...perEvent.get(variant.name) ?? [], ((processorMs(variant.pid) ?? NaN) - before) * 1000 / events]);
    await leaveAll(opened);
  }
  return new Map([...perEvent].map(([name, values]) => [name, median(values)]));
}

/** Requests per second of clients that ask again at once, and microseconds of the processor for each. */
export async function requestsPerSecond(variants: readonly Variant[], clients: number, measureMs: number): Promise<{ readonly perSecond: ByVariant; readonly processorUs: ByVariant }> {
  const perSecond = new Map<string, number>();
  const processorUs = new Map<string, number>();
  for (const variant of variants) {
    const body = bodyOf(variant, { events: 10, paceMs: 0, bodyBytes: 2_000 });
    let done = 0;
    const startedMs = performance.now();
    const before = variant.pid === undefined ? undefined : processorMs(variant.pid);
    const ended = await sparing(variant, () => Promise.all(Array.from({ length: clients }, async () => {
      while (performance.now() - startedMs < measureMs) {
        await stream(variant, body);
        done += 1;
      }
    })));
    if (!ended) continue;
    perSecond.set(variant.name, done * 1000 / (performance.now() - startedMs));
    await sleep(200);
    if (variant.pid !== undefined && before !== undefined) processorUs.set(variant.name, ((processorMs(variant.pid) ?? NaN) - before) * 1000 / done);
  }
  return { perSecond, processorUs };
}

/** Resident megabytes before and while so many streams are open and say nothing. */
export async function idleMemory(variants: readonly Variant[], streams: number): Promise<{ readonly before: ByVariant; readonly idle: ByVariant }> {
  const before = new Map<string, number>();
  const idle = new Map<string, number>();
  for (const variant of variants) {
    if (variant.pid === undefined) continue;
    before.set(variant.name, residentMb(variant.pid) ?? NaN);
    const opened = await sparing(variant, () => openStreams(variant, streams, { events: 1, paceMs: 60_000, bodyBytes: 2_000 }));
    if (!opened) continue;
    await sleep(2000);
    idle.set(variant.name, residentMb(variant.pid) ?? NaN);
    await leaveAll(opened);
  }
  return { before, idle };
}

/** How late events of twenty running streams come. */
export interface Lateness { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number; readonly events: number }

/** Measures lateness while `disturb` runs, each of them in turn for several rounds. It is given a signal that ends it. */
export async function lateness(variant: Variant, rounds: number, measureMs: number, disturbances: Readonly<Record<string, (ended: () => boolean) => Promise<void>>>): Promise<ReadonlyMap<string, Lateness>> {
  const late = new Map<string, number[]>();
  let current: number[] | undefined;
  dropIdle();
  const opened = await openStreams(variant, 20, { events: 1_000_000, paceMs: 5, bodyBytes: 2_000 }, (ms) => { current?.push(ms); });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, disturb] of Object.entries(disturbances)) {
      let isOver = false;
      const disturbed = disturb(() => isOver);
      await sleep(200);
      current = [];
      await sleep(measureMs);
      late.set(name, [...late.get(name) ?? [], ...current]);
      current = undefined;
      isOver = true;
      await disturbed;
      await sleep(200);
    }
  }
  await leaveAll(opened);
  return new Map([...late].map(([name, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
    return [name, { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), events: sorted.length }];
  }));
}

/** Does something so many times a second until it is told to end. */
export async function steadily(perSecond: number, ended: () => boolean, once: () => Promise<unknown>): Promise<void> {
  const running = new Set<Promise<unknown>>();
  const startedMs = performance.now();
  for (let count = 0; !ended(); count += 1) {
    const one: Promise<unknown> = once().finally(() => running.delete(one));
    running.add(one);
    await sleep(Math.max(0, startedMs + (count + 1) * 1000 / perSecond - performance.now()));
  }
  await Promise.all(running);
}
