// The key: taken as people paste it, kept in memory and, where there is one, in the keychain, which
// may be missing, locked, slow or broken without anything being hidden.
import assert from 'node:assert/strict';
import type { Keychain } from '../../src/broker/keyStore.ts';
import { checkApiKey, keychainMsMax, KeyStore, loadKeychain } from '../../src/broker/keyStore.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { manualClock } from '../support/manualClock.ts';

/** A keychain in memory. */
function keychain(stored: string | null = null): Keychain & { stored: string | null } {
  const made = {
    stored,
    getPassword: () => Promise.resolve(made.stored),
    setPassword: (_service: string, _account: string, password: string) => { made.stored = password; return Promise.resolve(); },
    deletePassword: () => { const had = made.stored !== null; made.stored = null; return Promise.resolve(had); },
  };
  return made;
}

const broken: Keychain = { getPassword: () => Promise.reject(new Error('no bus')), setPassword: () => Promise.reject(new Error('no bus')), deletePassword: () => Promise.reject(new Error('no bus')) };
const silent: Keychain = { getPassword: () => new Promise(() => undefined), setPassword: () => new Promise(() => undefined), deletePassword: () => new Promise(() => undefined) };

describe('an API key', () => {
  it('is taken without the spaces around it, and refused when it is none', () => {
    assert.equal(checkApiKey('  sk-abcdefgh\n'), 'sk-abcdefgh');
    for (const bad of ['', 'short', 'sk-with space', 'sk-line\nbreak1', 'sk-ümlaut-key', 'x'.repeat(501)]) assert.throws(() => checkApiKey(bad), (error: ProblemError) => error.problem.code === 'api_key_invalid' && !error.message.includes(bad || '\0'));
  });
});

describe('the key store', () => {
  it('finds the key in the keychain, but not over one that was given', async () => {
    const store = new KeyStore(keychain('sk-from-keychain'), manualClock());
    assert.deepEqual(store.view, { state: 'missing' });
    await store.load();
    assert.deepEqual([store.apiKey, store.view], ['sk-from-keychain', { state: 'present', source: 'keychain' }]);
    const given = new KeyStore(keychain('sk-from-keychain'), manualClock());
    given.use('sk-from-option', 'environment');
    await given.load();
    assert.deepEqual([given.apiKey, given.view], ['sk-from-option', { state: 'present', source: 'environment' }]);
  });

  it('stores and forgets, in the keychain too', async () => {
    const chain = keychain();
    const store = new KeyStore(chain, manualClock());
    assert.deepEqual(await store.store(' sk-12345678 '), { stored: true });
    assert.deepEqual([chain.stored, store.apiKey, store.view.source], ['sk-12345678', 'sk-12345678', 'keychain']);
    assert.equal(await store.forget(), true);
    assert.deepEqual([chain.stored, store.apiKey, store.view], [null, undefined, { state: 'missing' }]);
    assert.equal(await store.forget(), false);
  });

  it('keeps the key for this run where there is no keychain, or it fails, and says so', async () => {
    for (const chain of [undefined, broken]) {
      const store = new KeyStore(chain, manualClock());
      await store.load();
      const result = await store.store('sk-12345678');
      assert.equal(result.stored, false);
      assert.ok(result.notice?.includes('until the broker ends') && !result.notice.includes('sk-12345678'));
      assert.equal(store.apiKey, 'sk-12345678');
    }
  });

  it('does not wait for ever for a keychain that asks a person who is not there', async () => {
    const clock = manualClock();
    const store = new KeyStore(silent, clock);
    const loading = store.load();
    clock.advance(keychainMsMax);
    await loading;
    assert.equal(store.view.state, 'missing');
    const storing = store.store('sk-12345678');
    clock.advance(keychainMsMax);
    assert.equal((await storing).stored, false);
    assert.deepEqual(clock.pendingMs, []);
  });

  it('uses a forgotten key no more even when the keychain cannot be asked', async () => {
    const store = new KeyStore(broken, manualClock());
    store.use('sk-12345678', 'window');
    await assert.rejects(store.forget(), (error: ProblemError) => error.problem.code === 'keychain_unavailable');
    assert.equal(store.apiKey, undefined);
  });

  it('remembers that the upstream refused the key, until it takes it or another comes', () => {
    const store = new KeyStore(undefined, manualClock());
    store.use('sk-12345678', 'window');
    assert.deepEqual([store.answered(true), store.answered(false), store.answered(false)], [false, true, false]);
    assert.equal(store.view.state, 'rejected');
    assert.equal(store.answered(true), true);
    store.answered(false);
    store.use('sk-abcdefgh', 'window');
    assert.equal(store.view.state, 'present');
  });

  it('ignores what is no key in the keychain', async () => {
    const store = new KeyStore(keychain('bad key'), manualClock());
    await store.load();
    assert.equal(store.view.state, 'missing');
  });
});

describe('the system\'s keychain', () => {
  it('is simply missing where its library cannot be loaded', () => {
    assert.equal(loadKeychain('/nowhere/at/all.js'), undefined);
  });
});
