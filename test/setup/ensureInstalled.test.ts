// Tests when a clone counts as installed: a wrong answer would either break every first run or
// reinstall packages on every run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installReason } from '../../src/setup/ensureInstalled.mjs';

describe('whether packages are installed', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-install-'));
  after(() => fs.rmSync(root, { recursive: true, force: true }));
  const lock = { '': {}, 'node_modules/ws': { version: '8.0.0' }, 'node_modules/@x/other-platform': { version: '1.0.0', optional: true } };

  function arrange(installed: object | undefined, node = true) {
    fs.rmSync(path.join(root, 'node_modules'), { recursive: true, force: true });
    fs.writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify({ packages: lock }));
    if (installed) {
      fs.mkdirSync(path.join(root, 'node_modules'), { recursive: true });
      fs.writeFileSync(path.join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    }
    if (node) {
      fs.mkdirSync(path.join(root, 'node_modules/node/bin'), { recursive: true });
      fs.writeFileSync(path.join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node'), '');
    }
    return installReason(root);
  }

  it('asks for nothing when all is there and other platforms are left out', () => {
    assert.equal(arrange({ 'node_modules/ws': { version: '8.0.0' } }), undefined);
  });
  it('asks for an installation in a fresh clone', () => {
    assert.match(arrange(undefined, false) ?? '', /not installed yet/);
  });
  it('names a package of another version', () => {
    assert.match(arrange({ 'node_modules/ws': { version: '7.0.0' } }) ?? '', /ws 8\.0\.0/);
  });
  it('asks again when the installation was cut short before its own Node', () => {
    assert.match(arrange({ 'node_modules/ws': { version: '8.0.0' } }, false) ?? '', /own Node/);
  });
  it('says so when the lock file is broken', () => {
    fs.writeFileSync(path.join(root, 'package-lock.json'), '{');
    assert.throws(() => installReason(root), /package-lock\.json cannot be read/);
  });
});
