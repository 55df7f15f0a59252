// The relay: the broker beside a minimal pipe and the direct way, in turn and in one run, on the same machine.
// It prints ratios: absolute times say more about the machine than about us.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { median, printTable } from './benchNumbers.ts';
import { processorMs, residentMb, startProcess } from './benchProcess.ts';
import type { BenchProcess } from './benchProcess.ts';
import { stream } from './streamClient.ts';
import type { Asked, Variant } from './streamClient.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const brokerProgram = fileURLToPath(new URL('../../dist/broker.mjs', import.meta.url));

/** Measures the relay and prints what came out. @returns whether the ledger adds up afterwards */
export async function benchRelay(): Promise<boolean> {
  const dataDir = mkdtempSync(join(tmpdir(), 'codex-broker-bench-'));
  const started: BenchProcess[] = [];
  const start = async (...args: Parameters<typeof startProcess>) => {
    const one = await startProcess(...args);
    started.push(one);
    return one;
  };
  try {
    const upstream = await start([here('./benchUpstream.ts')]);
    const pipe = await start([here('./minimalPipe.ts'), upstream.url]);
    const broker = await start([brokerProgram, 'serve', '--data', dataDir, '--upstream', upstream.url, '--api-key-env', 'BENCH_KEY', '--no-keychain'], { ...process.env, BENCH_KEY: 'sk-bench-0000000000' });
    const ask = (...args: string[]) => execFileSync(process.execPath, [brokerProgram, ...args, '--data', dataDir, '--json'], { encoding: 'utf8' });
    const { token } = JSON.parse(ask('token', '--workspace', dataDir)) as { token: string };
    ask('credits', 'add', '1000000');
    const variants: Variant[] = [
      { name: 'direct', url: upstream.url, headers: {} },
      { name: 'minimal pipe', url: pipe.url, headers: {}, pid: pipe.pid },
      { name: 'broker', url: broker.url, headers: { authorization: `Bearer ${token}` }, pid: broker.pid },
    ];
    const rows = await firstByteRows(variants, dataDir);
    const eventRows = await processorRows(variants);
    console.log('\nAdded time to the first byte, divided by the minimal pipe\'s own (median)');
    printTable(['', 'pipe', 'broker', 'broker less one commit', 'pipe', 'broker', 'bare commit'], rows);
    console.log('\nProcessor time per streamed event, divided by the minimal pipe\'s');
    printTable(['', 'pipe', 'broker', 'pipe', 'broker'], eventRows);
    console.log(`\nResident memory: pipe ${residentMb(pipe.pid)?.toFixed(0)} MB, broker ${residentMb(broker.pid)?.toFixed(0)} MB`);
    const audit = JSON.parse(ask('audit', '--full')) as { ok: boolean; charges: number };
    console.log(`The ledger afterwards: ${audit.charges} charges, ${audit.ok ? 'adds up' : 'DOES NOT ADD UP'}.`);
    return audit.ok;
  } finally {
    await Promise.all(started.map((one) => one.stop()));
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function firstByteRows(variants: readonly Variant[], dataDir: string): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [label, asked, rounds, atOnce] of [
    ['SSE, 2 KB body, 1 at a time', { events: 10, paceMs: 0, bodyBytes: 2_000 }, 200, 1],
    ['SSE, 64 KB body, 1 at a time', { events: 10, paceMs: 0, bodyBytes: 64_000 }, 150, 1],
    ['SSE, 512 KB body, 1 at a time', { events: 10, paceMs: 0, bodyBytes: 512_000 }, 60, 1],
    ['SSE, 2 KB body, 10 at a time', { events: 10, paceMs: 0, bodyBytes: 2_000 }, 60, 10],
  ] as const) {
    console.log(`measuring: ${label}`);
    const disk = commitMs(dataDir);
    const times = await firstByte(variants, asked, rounds, atOnce);
    const [pipeMs, brokerMs] = [added(times, 'minimal pipe'), added(times, 'broker')];
    rows.push([label, '1.00', (brokerMs / pipeMs).toFixed(2), ((brokerMs - disk) / pipeMs).toFixed(2), `${pipeMs.toFixed(2)} ms`, `${brokerMs.toFixed(2)} ms`, `${disk.toFixed(2)} ms`]);
  }
  return rows;
}

async function processorRows(variants: readonly Variant[]): Promise<string[][]> {
  console.log('measuring: processor time of paced streams');
  const rows: string[][] = [];
  for (const streams of [10, 100]) {
    const asked: Asked = { events: 400, paceMs: 10, bodyBytes: 2_000 };
    const spent = new Map<string, number>();
    for (const variant of variants) {
      if (variant.pid === undefined) continue;
      const before = processorMs(variant.pid) ?? NaN;
      await Promise.all(Array.from({ length: streams }, () => stream(variant, asked)));
      spent.set(variant.name, ((processorMs(variant.pid) ?? NaN) - before) * 1000 / (streams * asked.events));
    }
    const unit = spent.get('minimal pipe') ?? NaN;
    rows.push([`${streams} streams`, '1.00', ((spent.get('broker') ?? NaN) / unit).toFixed(2), `${unit.toFixed(1)} µs`, `${(spent.get('broker') ?? NaN).toFixed(1)} µs`]);
  }
  return rows;
}

/** Median time to the first byte of each variant, the variants taking turns. */
async function firstByte(variants: readonly Variant[], asked: Asked, rounds: number, atOnce: number): Promise<Map<string, number>> {
  const times = new Map(variants.map((variant) => [variant.name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of variants) {
      const results = await Promise.all(Array.from({ length: atOnce }, () => stream(variant, asked)));
      // The settlement of one request must not be measured as the delay of the next.
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (round >= rounds / 10) times.get(variant.name)?.push(...results.map((one) => one.firstByteMs));
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** What one durable commit costs here: a single row in SQLite with full synchronisation, the floor of any hold. */
function commitMs(dataDir: string): number {
  const db = new DatabaseSync(join(dataDir, 'floor.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS rows (value TEXT)');
  const insert = db.prepare('INSERT INTO rows VALUES (?)');
  const times = Array.from({ length: 60 }, () => {
    const startedMs = performance.now();
    insert.run('x'.repeat(1000));
    return performance.now() - startedMs;
  });
  db.close();
  return median(times);
}

function added(times: Map<string, number>, name: string): number {
  return (times.get(name) ?? NaN) - (times.get('direct') ?? NaN);
}
