// Tells what a run of the relay's benchmark found: which goals were met, tables for the terminal and the picture.
import { npmPeers } from './benchPeers.ts';
import { barChart } from './barChart.ts';
import type { Bar } from './barChart.ts';
import { printTable } from './benchNumbers.ts';
import { holdingPipes, meanwhile } from './relayBench.ts';
import type { RelayResult } from './relayBench.ts';
import type { ByVariant } from './relayMeasures.ts';

/** The broker may add this many times what the pipe adds, and one synchronisation of the disk. */
const firstByteRatioMax = 1.5;
const processorRatioMax = 1.3;
const idleMbMax = 150;
/** An event may come so much later while the ledger writes: noise of the 99th percentile between two equal windows. */
const lateRatioMax = 1.2;
const lateNoiseMs = 0.5;

/** A goal, what it allows and what was found. */
export interface Goal { readonly what: string; readonly found: number; readonly allowed: number; readonly unit: string }

/** What the broker may add before the first byte. @returns NaN where the pipe could not be measured */
const firstByteAllowed = ({ addedMs, syncMs }: { readonly addedMs: ByVariant; readonly syncMs: number }) => firstByteRatioMax * (addedMs.get('pipe') ?? NaN) + syncMs;

/** All goals of the relay. A goal whose other side could not be measured is left out. */
export function goalsOf({ firstByte, processor, idle, late }: RelayResult): Goal[] {
  const goals: Goal[] = [];
  const add = (what: string, found: number | undefined, allowed: number | undefined, unit: string) => {
    if (found !== undefined && allowed !== undefined) goals.push({ what, found, allowed, unit });
  };
  for (const one of firstByte) {
    const { what, addedMs } = one;
    const allowed = firstByteAllowed(one);
    add(`first byte, ${what}: ${firstByteRatioMax} × pipe and one sync`, addedMs.get('broker'), Number.isNaN(allowed) ? undefined : allowed, 'ms');
    for (const peer of npmPeers) add(`first byte, ${what}: below ${peer}`, addedMs.get('broker'), addedMs.get(peer), 'ms');
  }
  for (const { streams, usPerEvent } of processor) {
    const pipe = usPerEvent.get('pipe');
    add(`processor per event, ${streams} streams: ${processorRatioMax} × pipe`, usPerEvent.get('broker'), pipe === undefined ? undefined : processorRatioMax * pipe, 'µs');
  }
  add(`memory of ${idle.streams} idle streams`, idle.mb.get('broker'), idleMbMax, 'MB');
  const without = late.broker.get(meanwhile.calls)?.p99Ms;
  add('99th percentile of lateness, calls that write beside calls that do not', late.broker.get(meanwhile.writes)?.p99Ms, without === undefined ? undefined : lateRatioMax * without + lateNoiseMs, 'ms');
  return goals;
}

const cell = (value: number | undefined, digits: number) => (value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits));
/** Every variant's number, and behind the line the broker's divided by the pipe's. */
const cells = (names: readonly string[], values: ByVariant, digits: number) => [
  ...names.map((name) => cell(values.get(name), digits)), cell((values.get('broker') ?? NaN) / (values.get('pipe') ?? NaN), 2),
];

/** Prints everything. */
export function printRelay(result: RelayResult): void {
  const names = result.names.filter((name) => name !== 'direct');
  console.log('\nMilliseconds that are added before the first byte (median), and what one append with fdatasync takes');
  printTable(['', ...names, 'broker ÷ pipe', 'sync'], result.firstByte.map(({ what, addedMs, syncMs }) => [what, ...cells(names, addedMs, 2), cell(syncMs, 2)]));
  const { floor } = result;
  const bounded = ['pipe', ...Object.keys(holdingPipes), 'broker'];
  console.log('\nThe same for 2 KB, beside pipes that do one thing of a broker: something is durable before they send');
  printTable(['', ...bounded, 'allowed', 'sync'], [['2 KB, 1 at once', ...bounded.map((name) => cell(floor.addedMs.get(name), 2)), cell(firstByteAllowed(floor), 2), cell(floor.syncMs, 2)]]);
  console.log('\nProcessor time per 1,000 events of running streams, in milliseconds');
  printTable(['', ...names, 'broker ÷ pipe'], result.processor.map(({ streams, usPerEvent }) => [`${streams} streams`, ...cells(names, usPerEvent, 1)]));
  console.log('\nRequests per second of clients that ask again at once');
  printTable(['', ...result.names, 'broker ÷ pipe'], result.rate.map(({ clients, perSecond }) => [`${clients} clients`, ...cells(result.names, perSecond, 0)]));
  console.log('\nProcessor time per request, in milliseconds');
  printTable(['', ...names, 'broker ÷ pipe'], result.rate.map(({ clients, processorUs }) => [`${clients} clients`, ...cells(names, new Map([...processorUs].map(([name, us]) => [name, us / 1000])), 2)]));
  console.log('\nResident memory in megabytes');
  printTable(['', ...names, 'broker ÷ pipe'], [['after the start', ...cells(names, result.idle.before, 0)], [`${result.idle.streams} idle streams`, ...cells(names, result.idle.mb, 0)]]);
  console.log('\nHow late events of twenty other streams come, in milliseconds, while there are');
  printTable(['', 'median', '99 %', 'most', 'events'], (['pipe', 'broker'] as const).flatMap((name) => [...result.late[name]].map(([what, one]) => [
    `${name}: ${what}`, cell(one.p50Ms, 2), cell(one.p99Ms, 2), cell(one.maxMs, 1), String(one.events)])));
  console.log('\nGoals');
  printTable(['', 'found', 'allowed', ''], goalsOf(result).map(({ what, found, allowed, unit }) => [what, `${found.toFixed(2)} ${unit}`, `${allowed.toFixed(2)} ${unit}`, found <= allowed ? 'met' : 'MISSED']));
  console.log(`\nThe ledger afterwards: ${result.charges} charges, ${result.isSound ? 'adds up' : 'DOES NOT ADD UP'}.`);
}

/** The picture: what the pipe takes is 1 in every panel but memory's. */
export function relayChart(result: RelayResult): string {
  const names = result.names.filter((name) => name !== 'direct');
  const beside = (values: ByVariant, what: string, unit: string): Bar[] => names.flatMap((name) => {
    const value = values.get(name);
    const pipe = values.get('pipe');
    return value === undefined || pipe === undefined ? [] : [{ label: `${name}, ${what}`, share: value / pipe, value: `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`, ...(name === 'broker' ? {} : { kind: 'plain' as const }) }];
  });
  const first = result.firstByte.find(({ what }) => what === '2 KB, 1 at once');
  const large = result.firstByte.find(({ what }) => what === '512 KB, 1 at once');
  const many = result.processor.find(({ streams }) => streams === 100);
  const allowed = ({ addedMs, syncMs }: { addedMs: ByVariant; syncMs: number }) => firstByteRatioMax + syncMs / (addedMs.get('pipe') ?? NaN);
  return barChart('Benchmark of the relay', [
    ...first ? [{ title: 'Time added before the first byte, body of 2 KB (the line: 1.5 × pipe and one fsync)', bars: beside(first.addedMs, 'one at a time', 'ms'), goal: allowed(first), shareMax: 8 }] : [],
    ...large ? [{ title: 'Time added before the first byte, body of 512 KB', bars: beside(large.addedMs, 'one at a time', 'ms'), goal: allowed(large), shareMax: 8 }] : [],
    ...many ? [{ title: 'Processor time per 1,000 events (the line: 1.3 × pipe)', bars: beside(many.usPerEvent, '100 streams', 'ms'), goal: processorRatioMax, shareMax: 4 }] : [],
    {
      title: `Resident memory with ${result.idle.streams} idle streams (the line: ${idleMbMax} MB)`, goal: 1, shareMax: 2.5,
      bars: names.flatMap((name) => {
        const mb = result.idle.mb.get(name);
        return mb === undefined ? [] : [{ label: name, share: mb / idleMbMax, value: `${mb.toFixed(0)} MB`, ...(name === 'broker' ? {} : { kind: 'plain' as const }) }];
      }),
    },
  ]);
}

/** The result as JSON: maps become objects. */
export function relayJson(result: RelayResult): string {
  return JSON.stringify({ relay: result, goals: goalsOf(result) }, (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) as unknown : value));
}
