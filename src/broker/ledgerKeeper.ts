// Looks after the ledger while a broker runs: proves it at the start from the last checkpoint on, tells an
// older copy by its anchors, backs it up once a day, and keeps checkpoints and anchors up to date. What it
// finds wrong keeps everything from being sent, while reading goes on.
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { listBackups, newBackupPath, ownBackupAgeMs, ownBackupBytesMax, pruneBackups } from './backups.ts';
import type { Clock } from './clock.ts';
import { rewoundProblem } from './ledgerAnchor.ts';
import type { LedgerAnchor } from './ledgerAnchor.ts';
import type { LedgerStore } from './store/ledgerPort.ts';

/** What the keeper works with. */
export interface KeeperParts {
  readonly ledger: LedgerStore;
  readonly anchor: LedgerAnchor;
  readonly dataDir: string;
  readonly clock: Clock;
  /** Whether nothing waits or runs, so that a proof delays nobody. */
  readonly isIdle: () => boolean;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** How often the anchor beside the ledger is written, and how many rounds later the keychain's and a checkpoint. */
const roundMs = 60_000;
const roundsPerCheckpoint = 10;
/** Times that a checkpoint may be passed over because something waits or runs; then it delays that once, and not the next start for long. */
const passedMax = 5;

/**
 * A ledger that takes nothing while it is in doubt, so that what is found wrong stays as it was found. Reading
 * goes on; a workspace may still be registered, since that moves no money and windows cannot begin without it.
 */
export function guarded(ledger: LedgerStore, doubt: () => Problem | undefined): LedgerStore {
  return {
    command: async (command) => {
      const why = command.type === 'workspace' ? undefined : doubt();
      if (why) throw new ProblemError(why);
      return ledger.command(command);
    },
    query: (type, args) => ledger.query(type, args),
    close: () => ledger.close(),
  };
}

/** Looks after one ledger. */
export class LedgerKeeper {
  readonly #parts: KeeperParts;
  #doubt: Problem | undefined;
  #rounds = 0;
  #passed = 0;
  #stop = () => undefined as void;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Why nothing may be sent on the strength of this ledger; undefined when it is sound. */
  get doubt(): Problem | undefined { return this.#doubt; }

  /** Proves the ledger as it was found. Call it before anything is admitted. */
  async prove(): Promise<void> {
    const { ledger, anchor, clock, log } = this.#parts;
    this.#doubt = await rewoundProblem(ledger, anchor);
    if (this.#doubt) { log('ledger-rewound', {}); return; }
    const findings = await ledger.query('audit', { full: false, keepAtMs: clock.nowMs() });
    const [first] = findings.violations;
    log('audited', { full: findings.full, violations: findings.violations.length, entries: findings.entries });
    if (!first) return;
    const { length } = findings.violations;
    this.#doubt = length === 1
      ? problem('ledger_discrepancy', 'The ledger does not add up: one promise is broken ({0}: {1}). Nothing is sent on its strength.', { values: [first.invariant, first.what] })
      : problem('ledger_discrepancy', 'The ledger does not add up: {0} promises are broken ({1}: {2}). Nothing is sent on its strength.', { values: [length, first.invariant, first.what] });
  }

  /** Goes on looking after it, until `close`. */
  async start(): Promise<void> {
    await this.#backUp();
    if (!this.#doubt) await this.#keep(true);
    this.#again();
  }

  /** Leaves a checkpoint and an anchor for the next start. */
  async close(): Promise<void> {
    this.#stop();
    if (this.#doubt) return;
    await this.#quietly('checkpoint', async () => { await this.#parts.ledger.query('audit', { full: false, keepAtMs: this.#parts.clock.nowMs() }); });
    await this.#keep(true);
  }

  #again(): void {
    this.#stop = this.#parts.clock.after(roundMs, () => { void this.#round().then(() => this.#again()); });
  }

  async #round(): Promise<void> {
    if (this.#doubt) return;
    this.#rounds += 1;
    const isDue = this.#rounds % roundsPerCheckpoint === 0;
    if (isDue && !this.#parts.isIdle() && this.#passed < passedMax) this.#passed += 1;
    else if (isDue) {
      this.#passed = 0;
      await this.#quietly('checkpoint', () => this.prove());
    }
    await this.#keep(isDue);
  }

  async #keep(alsoKeychain: boolean): Promise<void> {
    const { ledger, anchor } = this.#parts;
    await this.#quietly('anchor', async () => { await anchor.write(await ledger.query('head', {}), alsoKeychain); });
  }

  async #backUp(): Promise<void> {
    const { ledger, dataDir, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const newest = listBackups(dataDir)[0];
    if (this.#doubt || newest && Math.abs(nowMs - newest.atMs) < ownBackupAgeMs) return;
    await this.#quietly('backup', async () => {
      const { bytes, entries } = await ledger.query('health', {});
      if (bytes > ownBackupBytesMax) this.#parts.log('backup-passed-over', { bytes, bytesMax: ownBackupBytesMax });
      if (bytes > ownBackupBytesMax || entries === 0) return;
      await ledger.query('backup', { path: newBackupPath(dataDir, nowMs) });
      pruneBackups(dataDir);
    });
  }

  /** Care that fails is logged and tried again at its next time: it must not stop the broker. */
  async #quietly(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#parts.log(`${what}-failed`, { error: error instanceof ProblemError ? error.problem.message : String(error) });
    }
  }
}
