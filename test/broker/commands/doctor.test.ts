// The doctor's single looks and its report: each state of each thing has its word, a report holds no secret
// and no home folder, and only what failed makes the exit code 1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { failed, fine, redacted, warning } from '../../../src/broker/commands/doctorFinding.ts';
import type { Finding } from '../../../src/broker/commands/doctorFinding.ts';
import { checkNetwork, checkProxy } from '../../../src/broker/commands/doctorNetwork.ts';
import { checkFolder, checkPlace } from '../../../src/broker/commands/doctorFolder.ts';
import { checkCodex, checkKeychain, checkPrices, checkRuntime } from '../../../src/broker/commands/doctorSurroundings.ts';
import type { Keychain } from '../../../src/broker/keyStore.ts';
import { posixShims } from '../../../src/extension/codexShim.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { manualClock, settled } from '../../support/manualClock.ts';
import { testAuthority } from '../../support/testCertificates.ts';
import { ran, ranIn } from './ranCommand.ts';

const states = (findings: readonly Finding[]) => findings.map((one) => `${one.check} ${one.state}`);
const keychain = (getPassword: Keychain['getPassword']): Keychain => ({ getPassword, setPassword: () => Promise.reject(new Error('written')), deletePassword: () => Promise.reject(new Error('deleted')) });

describe('the doctor', function () {
  this.timeout(30_000);

  it('knows places that are copied elsewhere', () => {
    for (const path of ['/home/a/OneDrive/x', 'C:\\Users\\a\\OneDrive - Firm\\x', '/home/a/Dropbox/x', '/Users/a/Library/Mobile Documents/com~apple~CloudDocs/x', 'C:\\Users\\a\\iCloudDrive\\x', '/Users/a/Library/CloudStorage/GoogleDrive-a/x', '/home/a/Nextcloud']) {
      assert.deepEqual(states(checkPlace(path)), ['place warning'], path);
    }
    for (const path of ['/home/a/.local/share/codex-usage-broker', '/home/a/dropboxes/x', '/srv/my-onedrive-notes/x', '/data']) assert.deepEqual(checkPlace(path), [], path);
  });

  it('tells a folder that is missing, open to others, not writable or none', () => withFolder((folder) => {
    const path = join(folder, 'data');
    assert.deepEqual(states(checkFolder(path, 'linux')), ['data folder warning']);
    mkdirSync(path, { mode: 0o700 });
    assert.deepEqual(states(checkFolder(path, 'linux')).slice(0, 1), ['data folder ok']);
    for (const [mode, state] of [[0o755, 'warning'], [0o770, 'failed'], [0o777, 'failed']] as const) {
      chmodSync(path, mode);
      assert.equal(checkFolder(path, 'linux')[0]?.state, state, mode.toString(8));
      assert.equal(checkFolder(path, 'win32')[0]?.state, 'ok');
    }
    writeFileSync(join(folder, 'file'), '');
    assert.deepEqual(states(checkFolder(join(folder, 'file'), 'linux')), ['data folder failed']);
  }));

  it('knows from which version on SQLite is wanted', () => {
    const state = (sqlite?: string) => checkRuntime('24.1.0', sqlite).state;
    assert.deepEqual(['3.51.3', '3.51.10', '3.52.0', '4.0.0', '3.51.2', '3.50.4', '3.9.9'].map(state), ['ok', 'ok', 'ok', 'ok', 'warning', 'warning', 'warning']);
    assert.equal(checkRuntime('18.0.0', undefined).state, 'failed');
  });

  it('asks the keychain and waits for it only so long', async () => {
    const clock = manualClock();
    assert.equal((await checkKeychain(undefined, clock)).state, 'warning');
    const answered = await checkKeychain(keychain(() => Promise.resolve('sk-secret')), clock);
    assert.deepEqual([answered.state, JSON.stringify(answered).includes('sk-secret'), clock.pendingMs], ['ok', false, []]);
    assert.match((await checkKeychain(keychain(() => Promise.reject(new Error('is locked'))), clock)).says, /refuses \(is locked\)/);
    const late = checkKeychain(keychain(() => new Promise(() => undefined)), clock);
    await settled();
    clock.advance(5000);
    assert.match((await late).says, /gave no answer within 5 s/);
  });

  it('names proxy variables and never their values', () => {
    const origin = new URL('https://up.test');
    const found = checkProxy({ HTTPS_PROXY: 'http://user:secret@proxy:8080', all_proxy: 'socks5://x' }, origin);
    assert.deepEqual([found.state, found.says.includes('HTTPS_PROXY, all_proxy'), found.says.startsWith('up.test is reached through the proxy proxy:8080 (HTTPS_PROXY).'), JSON.stringify(found).includes('secret')], ['warning', true, true, false]);
    assert.equal(checkProxy({ HTTP_PROXY: 'x', no_proxy: 'intern, 127.0.0.1' }, origin).state, 'ok');
    assert.equal(checkProxy({ HTTP_PROXY: '' }, origin).says, 'up.test is reached directly. No proxy is set for it.');
    assert.equal(checkProxy({ ALL_PROXY: 'socks5://x' }, origin).state, 'failed');
  });

  it('says which certificates are trusted, and whether the upstream answers', () => withFolder(async (folder) => {
    const file = join(folder, 'ca.pem');
    writeFileSync(file, testAuthority().cert);
    const server = http.createServer((_message, response) => { response.writeHead(401).end('{}'); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const good = await checkNetwork({ SSL_CERT_FILE: join(folder, 'none.pem') }, url, file);
    assert.deepEqual(states(good), ['proxy ok', 'trust warning', 'upstream ok']);
    assert.ok(good[1]?.says.includes(`1 certificate of ${file} (--ca)`) && good[1].says.includes('none.pem (SSL_CERT_FILE: ENOENT)'), good[1]?.says);
    assert.match(good[2]?.says ?? '', /answers \(status 401, asked without a key\)/);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    const gone = await checkNetwork({}, url, undefined);
    assert.deepEqual([states(gone), gone[2]?.says.includes('nothing listens there')], [['proxy ok', 'trust ok', 'upstream warning'], true]);
    assert.deepEqual(states(await checkNetwork({}, 'https://key@up.test', undefined)), ['upstream failed']);
  }));

  it('takes no proxy to this computer', () => {
    assert.equal(checkProxy({}, new URL('http://127.0.0.1:1')).says, '127.0.0.1:1 is reached directly. It is on this computer.');
  });

  it('reads prices of one\'s own', () => withFolder((folder) => {
    assert.equal(checkPrices(folder).state, 'ok');
    writeFileSync(join(folder, 'prices.json'), '{"prices":[{"model":"m","from":"2026-01-01","usdPerMillion":{"input":1,"output":2}}]}');
    assert.equal(checkPrices(folder).says, '1 price of your own in prices.json.');
    writeFileSync(join(folder, 'prices.json'), '{"price":[]}');
    assert.equal(checkPrices(folder).state, 'failed');
  }));

  it('asks the first Codex of the PATH for its version, and for no longer than it takes', () => withFolder(async (folder) => {
    const clock = manualClock();
    assert.equal((await checkCodex({ PATH: folder }, 'linux', clock)).state, 'warning');
    writeFileSync(join(folder, 'codex'), '#!/bin/sh\necho codex-cli 0.169.0\n');
    assert.equal((await checkCodex({ PATH: folder }, 'linux', clock)).state, 'warning', 'it may not be run');
    chmodSync(join(folder, 'codex'), 0o700);
    assert.deepEqual(await checkCodex({ PATH: `relative:${folder}:/bin` }, 'linux', clock), fine('codex', `Codex 0.169.0 at ${join(folder, 'codex')}.`));
    mkdirSync(join(folder, 'shims'));
    writeFileSync(join(folder, 'shims', 'codex'), posixShims({ binDir: join(folder, 'shims'), execPath: '/no/node', brokerScript: '/no/broker.mjs', dataDir: folder, codexPath: '' })['codex'] ?? '', { mode: 0o700 });
    assert.equal((await checkCodex({ PATH: `${join(folder, 'shims')}:${folder}` }, 'linux', clock)).says, `Codex 0.169.0 at ${join(folder, 'codex')}.`, 'the shim is passed over');
    writeFileSync(join(folder, 'codex'), '#!/bin/sh\necho broken >&2\nexit 3\n');
    assert.match((await checkCodex({ PATH: folder }, 'linux', clock)).says, /does not tell its version/);
    writeFileSync(join(folder, 'my-codex'), '#!/bin/sh\necho codex-cli 0.170.1\n', { mode: 0o700 });
    assert.equal((await checkCodex({ PATH: folder }, 'linux', clock, join(folder, 'my-codex'))).says, `Codex 0.170.1 at ${join(folder, 'my-codex')}.`, 'a setting counts before the PATH');
    writeFileSync(join(folder, 'codex.mjs'), 'console.log("codex-cli 0.171.0");');
    assert.equal((await checkCodex({ PATH: folder }, 'linux', clock, join(folder, 'codex.mjs'))).says, `Codex 0.171.0 at ${join(folder, 'codex.mjs')}.`);
    assert.match((await checkCodex({ PATH: folder }, 'linux', clock, join(folder, 'gone'))).says, /names .*gone, which cannot be run/);
    // It waits for its input, which never ends.
    writeFileSync(join(folder, 'codex'), '#!/bin/sh\nread line\n');
    const silent = checkCodex({ PATH: folder }, 'linux', clock);
    await settled();
    clock.advance(5000);
    assert.match((await silent).says, /\(no answer within 5 s\)/);
    assert.deepEqual(clock.pendingMs, []);
  }));

  it('shows a home folder as ~, by each of its names', () => {
    assert.deepEqual(redacted(failed('a', 'In /home/ada/x and /mnt/home/ada/x.', 'See /home/ada.'), ['/home/ada', '/mnt/home/ada']), failed('a', 'In ~/x and ~/x.', 'See ~.'));
    assert.deepEqual(redacted(warning('a', 'At /x.', 'Do /y.'), ['/']), warning('a', 'At /x.', 'Do /y.'));
  });

  it('reports on a good ledger, and on a broken one with 1', () => withFolder(async (home) => {
    const folder = join(home, 'data');
    await ran(folder, 'credits', 'add', '5');
    const report = async (...args: string[]) => {
      const { code, out } = await ranIn(folder, { home, env: { CODEX_BROKER_DATA: folder, PATH: home, HTTP_PROXY: 'http://user:canary@proxy' } }, ['doctor', '--no-keychain', '--upstream', 'http://127.0.0.1:9', ...args]);
      for (const secret of ['canary', home, readFileSync(join(folder, 'control.token'), 'utf8'), readFileSync(join(folder, 'workspace.key'), 'utf8')]) assert.ok(!out.includes(secret), `${secret} is in ${out}`);
      return { code, out };
    };
    const good = await report('--json');
    const { ok, checks } = JSON.parse(good.out) as { ok: boolean; checks: Finding[] };
    assert.deepEqual([good.code, ok, states(checks)], [0, true, ['runtime ok', 'data folder ok', 'disk ok', 'broker ok', 'ledger ok', 'audit ok', 'backups warning', 'clock ok', 'proxy warning', 'trust ok', 'upstream warning', 'prices ok', 'codex warning']]);
    await ran(folder, 'backup');
    assert.match((await report()).out, /^ok {7}backups {6}The newest backup is \d+ seconds? old/m);
    writeFileSync(join(folder, 'ledger.db'), 'no ledger any more');
    writeFileSync(join(folder, 'broker.json'), JSON.stringify({ url: 'http://127.0.0.1:9', pid: 1, version: '1', protocol: 1, mode: 'live' }));
    const bad = await report();
    assert.equal(bad.code, 1);
    assert.match(bad.out, /^warning {2}broker {7}The data folder says that a broker listens at http:\/\/127\.0\.0\.1:9, but none answers there\.\n/m);
    assert.match(bad.out, /^failed {3}ledger {7}The file ~\/data\/ledger\.db is not a ledger of the broker\. It was not changed\.\n +The newest backup is ledger-\d+-\d+-kept\.db, of /m);
    assert.match(bad.out, /\n1 failure, 4 warnings\.$/);
  }));
});
