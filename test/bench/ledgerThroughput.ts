// Durable holds and settlements per second, beside a bare group commit on the same disk in the same run: the
// variants take turns, for one client, for eight and for sixty-four at once.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThreadedLedger } from '../../src/broker/store/threadedLedger.ts';
import { seededRandom } from '../support/seededRandom.ts';
import { median } from './benchNumbers.ts';
import { benchBeginning, benchReserve, benchSettle, historyEndMs, workspaceIds } from './ledgerHistory.ts';

/** What is measured: how often, how long a turn is, and how many clients there are. */
export interface ThroughputOptions { readonly folder: string; readonly rounds: number; readonly turnMs: number; readonly clients: readonly number[]; readonly log: (line: string) => void }

/** Pairs per second of one number of clients, by variant; a ratio is the median of those of all rounds. */
export interface ThroughputRow {
  readonly clients: number; readonly ledger: number; readonly bare: number; readonly bareSameBytes: number; readonly bareSameRows: number;
  readonly ratio: number; readonly ratioSameBytes: number; readonly ratioSameRows: number;
}

/** What came out; `bytesPerPair` is by how much the ledger's file grew. */
export interface ThroughputResult { readonly rows: readonly ThroughputRow[]; readonly bytesPerPair: number }

const ledgerEntry = new URL('../../src/broker/ledgerMain.ts', import.meta.url);
const bareEntry = new URL('./bareGroupCommit.ts', import.meta.url);
/** More than all of them draw. */
const plenty = 1_000_000_000_000_000;

const names = ['ledger', 'bare', 'bareSameBytes', 'bareSameRows'] as const;

/** A store with the time of what it is given: a millisecond goes by with each request, since ids begin with it and time never comes again. */
interface Store { readonly store: Pick<ThreadedLedger, 'command' | 'close'>; nowMs: number }

/** Lets clients give one pair after the other for a while. */
async function turn(at: Store, clients: number, ms: number, seed: number): Promise<{ readonly pairs: number; readonly perSecond: number }> {
  const startedMs = performance.now();
  const { store } = at;
  let pairs = 0;
  await Promise.all(Array.from({ length: clients }, async (_, index) => {
    const random = seededRandom(seed * 1000 + index);
    while (performance.now() - startedMs < ms) {
      at.nowMs += 1;
      const reserve = benchReserve(random, { atMs: at.nowMs, workspaceId: workspaceIds[index % workspaceIds.length] ?? '', threadId: `thread ${seed} ${index}`, client: 'codex_exec' });
      await store.command(reserve);
      await store.command(benchSettle(random, reserve, reserve.atMs + 900));
      pairs += 1;
    }
  }));
  return { pairs, perSecond: pairs * 1000 / (performance.now() - startedMs) };
}

/** Measures all variants. @throws Error when the ledger does not add up afterwards */
export async function measureThroughput({ folder, rounds, turnMs, clients, log }: ThroughputOptions): Promise<ThroughputResult> {
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(join(folder, 'throughput-'));
  const open: Store['store'][] = [];
  const opened = async (entry: URL, name: string): Promise<Store & { readonly store: ThreadedLedger }> => {
    const store = await ThreadedLedger.open(entry, join(place, name));
    open.push(store);
    return { store, nowMs: historyEndMs };
  };
  try {
    const first = await opened(ledgerEntry, 'ledger.db');
    const ledger = first.store;
    for (const command of benchBeginning(historyEndMs, plenty)) await ledger.command(command);
    // Once for the compiler's sake, and to learn how many bytes a pair is.
    const sizeBefore = (await ledger.query('health', {})).bytes;
    const { pairs } = await turn(first, 64, turnMs * 5, 1);
    const bytesPerPair = Math.round(((await ledger.query('health', {})).bytes - sizeBefore) / pairs);
    const stores: Readonly<Record<(typeof names)[number], Store>> = {
      ledger: first, bare: await opened(bareEntry, 'bare-0.db'), bareSameBytes: await opened(bareEntry, `bare-${Math.round(bytesPerPair / 2)}.db`),
      bareSameRows: await opened(bareEntry, 'bare-rows.db'),
    };
    for (const name of names) await turn(stores[name], 64, turnMs, 2);
    const rows: ThroughputRow[] = [];
    for (const count of clients) {
      log(`measuring: ${count} at once`);
      const found: Record<(typeof names)[number], number[]> = { ledger: [], bare: [], bareSameBytes: [], bareSameRows: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const name of names) found[name].push((await turn(stores[name], count, turnMs, 10 + round * 100 + count)).perSecond);
      }
      const ratio = (name: (typeof names)[number]) => median(found[name].map((perSecond, round) => perSecond / (found.ledger[round] ?? NaN)));
      rows.push({
        clients: count, ledger: median(found.ledger), bare: median(found.bare), bareSameBytes: median(found.bareSameBytes), bareSameRows: median(found.bareSameRows),
        ratio: ratio('bare'), ratioSameBytes: ratio('bareSameBytes'), ratioSameRows: ratio('bareSameRows'),
      });
    }
    const [wrong] = (await ledger.query('audit', { full: true })).violations;
    if (wrong) throw new Error(`the ledger does not add up afterwards: ${wrong.what}`);
    return { rows, bytesPerPair };
  } finally {
    for (const store of open) await store.close();
    rmSync(place, { recursive: true, force: true });
  }
}
