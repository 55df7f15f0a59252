// Keeps where the ledger's chains stood, outside of the ledger: in a file beside it and, where the system has
// one, in its keychain. A ledger that no longer holds that row is an older copy, or was rewritten. What is
// kept may lag behind the ledger, never run ahead of it.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { problem } from '../domain/problem.ts';
import { chainStart } from '../domain/rowTexts.ts';
import type { Problem } from '../domain/problem.ts';
import type { AnchorsRead } from '../protocol/control.ts';
import type { Clock } from './clock.ts';
import { keychainMsMax } from './keyStore.ts';
import type { Keychain } from './keyStore.ts';
import { chainNames } from './store/ledgerPort.ts';
import type { LedgerHead, LedgerStore } from './store/ledgerPort.ts';

const anchorFile = 'ledger.anchor';
const service = 'codex-usage-broker';

/** Reads and writes the anchors of one data folder. */
export class LedgerAnchor {
  readonly #path: string;
  /** Names in the keychain: by the folder's real name, under which it is written, and by the one it was called by, as older versions did. */
  readonly #accounts: readonly [string, ...string[]];
  readonly #keychain: Keychain | undefined;
  readonly #clock: Clock;
  #written = '';

  constructor(dataDir: string, keychain: Keychain | undefined, clock: Clock) {
    this.#path = join(dataDir, anchorFile);
    const real = realName(dataDir);
    this.#accounts = [accountOf(real), ...(real === dataDir ? [] : [accountOf(dataDir)])];
    this.#keychain = keychain;
    this.#clock = clock;
  }

  /** Every anchor there is, and which were found. One that cannot be read counts as none: it only ever adds a proof. */
  async read(): Promise<{ readonly heads: readonly LedgerHead[]; readonly found: AnchorsRead }> {
    const kept = await this.#inKeychain((keychain, account) => keychain.getPassword(service, account));
    const file = headOf(readText(this.#path));
    const noted = kept.map((text) => headOf(text ?? undefined)).filter((head) => head !== undefined);
    return {
      heads: [...(file ? [file] : []), ...noted],
      found: { file: file ? 'noted' : 'nothing', keychain: noted.length > 0 ? 'noted' : !this.#keychain ? 'not-asked' : kept.includes(undefined) ? 'silent' : 'nothing' },
    };
  }

  /** Keeps where the chains stand now. Only the file's failure matters to nobody: the next one is written in a minute. */
  async write(head: LedgerHead, alsoKeychain: boolean): Promise<void> {
    const text = JSON.stringify(head);
    if (text !== this.#written) {
      try {
        writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
        renameSync(`${this.#path}.new`, this.#path);
        this.#written = text;
      } catch {
        // A full or read-only disk: the older anchor stays true, since chains only grow.
      }
    }
    if (alsoKeychain && this.#keychain) await this.#bounded(this.#keychain.setPassword(service, this.#accounts[0], text));
  }

  /** Takes the anchor out of the keychain. @returns whether the keychain gave an answer */
  async forget(): Promise<boolean> {
    return !(await this.#inKeychain((keychain, account) => keychain.deletePassword(service, account))).includes(undefined);
  }

  /** What the keychain says of each name; undefined where it gives no answer. */
  async #inKeychain<T>(ask: (keychain: Keychain, account: string) => Promise<T>): Promise<(T | undefined)[]> {
    const keychain = this.#keychain;
    return keychain ? Promise.all(this.#accounts.map((account) => this.#bounded(ask(keychain, account)))) : [];
  }

  /** A keychain that hangs or refuses is passed over. */
  async #bounded<T>(call: Promise<T>): Promise<T | undefined> {
    let stop = () => undefined as void;
    const late = new Promise<undefined>((resolve) => { stop = this.#clock.after(keychainMsMax, () => resolve(undefined)); });
    try {
      return await Promise.race([call, late]);
    } catch {
      // The file beside the ledger still is an anchor; the keychain is a second one where it works.
      return undefined;
    } finally {
      stop();
    }
  }
}

/** Whether a ledger holds all that its anchors noted, and which anchors there were. */
export async function compared(ledger: Pick<LedgerStore, 'query'>, anchor: LedgerAnchor): Promise<{ readonly isRewound: boolean; readonly found: AnchorsRead }> {
  const { heads, found } = await anchor.read();
  const stood = await Promise.all(heads.map((head) => ledger.query('stoodAt', { head })));
  return { isRewound: stood.includes(false), found };
}

/** Why a ledger is not the one that its anchors knew; undefined where it holds all that they noted. */
export async function rewoundProblem(ledger: Pick<LedgerStore, 'query'>, anchor: LedgerAnchor): Promise<Problem | undefined> {
  const { isRewound } = await compared(ledger, anchor);
  return isRewound ? problem('ledger_rewound', 'The ledger does not hold what it held before: it is an older copy, or was changed from outside. Nothing is sent on its strength.') : undefined;
}

function accountOf(dataDir: string): string {
  return `ledger-anchor ${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
}

/** A folder's name behind all links, also of one that is not there (any more). */
function realName(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is there of it has a real name.
    const parent = dirname(path);
    return parent === path ? path : join(realName(parent), basename(path));
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No anchor was written yet, or it cannot be read; either way there is none to compare with.
    return undefined;
  }
}

function headOf(text: string | undefined): LedgerHead | undefined {
  if (text === undefined) return undefined;
  try {
    // Anchors of before there were imports know of none.
    const kept = JSON.parse(text) as Omit<LedgerHead, 'imports'> & Partial<Pick<LedgerHead, 'imports'>>;
    const head: LedgerHead = { ...kept, imports: kept.imports ?? { rows: 0, hash: chainStart } };
    return chainNames.every((chain) => Number.isInteger(head[chain].rows) && typeof head[chain].hash === 'string') ? head : undefined;
  } catch {
    // Half written or foreign: it proves nothing.
    return undefined;
  }
}
