// Holds the OpenAI key in memory and, where the system has one, in its keychain; never in a file,
// an argument, a log or an answer. A keychain that hangs or is missing is said, not worked around.
import { createRequire } from 'node:module';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Clock } from './clock.ts';

/** What is used of the keytar API. */
export interface Keychain {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

const service = 'codex-usage-broker';
const account = 'openai-api-key';
/** How long a keychain may take; a locked one may be waiting for a person who is not there. */
export const keychainMsMax = 5000;

/** Loads the system's keychain; undefined where its library cannot be loaded. */
export function loadKeychain(from: string): Keychain | undefined {
  try {
    return createRequire(from)('keytar') as Keychain;
  } catch {
    // The library or what it needs of the system (libsecret on Linux) is missing: there is no keychain.
    return undefined;
  }
}

/**
 * Takes a key as people paste it.
 * @throws ProblemError `api_key_invalid`
 */
export function checkApiKey(text: string): string {
  const key = text.trim();
  if (!/^[\x21-\x7e]{8,500}$/.test(key)) throw new ProblemError(problem('api_key_invalid', 'That is not an API key: it must be 8 to 500 printable characters without spaces.'));
  return key;
}

/** The key and where it came from. */
export class KeyStore {
  readonly #keychain: Keychain | undefined;
  readonly #clock: Clock;
  readonly #replaced: () => void;
  /** The key used last, also when it was forgotten since. */
  #last: string | undefined;
  #key: string | undefined;
  #source: string | undefined;
  #rejected = false;

  /** @param replaced told when another key takes the place of one that was used */
  constructor(keychain: Keychain | undefined, clock: Clock, replaced: () => void = () => undefined) {
    this.#keychain = keychain;
    this.#clock = clock;
    this.#replaced = replaced;
  }

  /** The key for upstream. */
  get apiKey(): string | undefined { return this.#key; }

  /** For people: whether there is a key, and whether the upstream takes it. */
  get view(): { state: 'present' | 'missing' | 'rejected'; source?: string } {
    if (this.#key === undefined) return { state: 'missing' };
    return { state: this.#rejected ? 'rejected' : 'present', ...(this.#source === undefined ? {} : { source: this.#source }) };
  }

  /** The upstream took the key or refused it. @returns whether that is news. */
  answered(accepted: boolean): boolean {
    const changed = this.#rejected === accepted;
    this.#rejected = !accepted;
    return changed;
  }

  /** Uses a key for as long as the process lives. */
  use(key: string, source: string): void {
    this.#key = checkApiKey(key);
    this.#source = source;
    this.#rejected = false;
    const before = this.#last;
    this.#last = this.#key;
    if (before !== undefined && before !== this.#key) this.#replaced();
  }

  /** Looks into the keychain, if no key was given. */
  async load(): Promise<void> {
    if (this.#key !== undefined || !this.#keychain) return;
    try {
      const key = await this.#bounded(this.#keychain.getPassword(service, account));
      if (key) this.use(key, 'keychain');
    } catch {
      // Without a keychain the broker says that no key is stored; that is all there is to tell.
    }
  }

  /** Uses a key and stores it in the keychain. @returns whether it was stored, and why not. */
  async store(key: string): Promise<{ stored: boolean; notice?: string }> {
    this.use(key, 'window');
    if (!this.#keychain) return { stored: false, notice: 'This system has no keychain that the broker can use; the key is kept until the broker ends.' };
    try {
      await this.#bounded(this.#keychain.setPassword(service, account, checkApiKey(key)));
      this.#source = 'keychain';
      return { stored: true };
    } catch (error) {
      return { stored: false, notice: `The system keychain did not take the key (${error instanceof Error ? error.message : String(error)}); it is kept until the broker ends.` };
    }
  }

  /** Forgets the key, in the keychain too. */
  async forget(): Promise<boolean> {
    const had = this.#key !== undefined;
    this.#key = undefined;
    this.#source = undefined;
    if (!this.#keychain) return had;
    try {
      return await this.#bounded(this.#keychain.deletePassword(service, account)) || had;
    } catch (error) {
      throw new ProblemError(problem('keychain_unavailable', 'The key is no longer used, but the system keychain could not be asked to forget it ({0}).', { values: [error instanceof Error ? error.message : String(error)] }), { cause: error });
    }
  }

  async #bounded<T>(work: Promise<T>): Promise<T> {
    let stop: () => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      stop = this.#clock.after(keychainMsMax, () => reject(new Error(`it gave no answer within ${keychainMsMax / 1000} seconds`)));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      stop();
    }
  }
}
