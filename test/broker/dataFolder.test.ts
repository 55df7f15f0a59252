// The files of a data folder: private, whole or not at all, and the same secrets every time.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDataFolder, proofOf, readBrokerAddress, removeBrokerAddress, renewalsMax, renewalsOf, sameSecret, tokenHash, workspaceIdOf, workspaceToken, writeBrokerAddress } from '../../src/broker/dataFolder.ts';
import type { ProblemError } from '../../src/domain/problem.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

const address = { url: 'http://127.0.0.1:5000', pid: 7, version: '1.0.0', protocol: 1, mode: 'live' as const };
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the data folder', () => {
  it('is made with its secrets, for its owner alone, and gives the same ones again', () => withFolder((parent) => {
    const path = join(parent, 'deep', 'data');
    const first = prepareDataFolder(path);
    assert.match(first.controlToken, /^[\w-]{43}$/);
    assert.equal(first.workspaceKey.length, 32);
    assert.equal(first.ledgerPath, join(path, 'ledger.db'));
    assert.deepEqual(prepareDataFolder(path), first);
    assert.deepEqual(readdirSync(path).sort(), ['control.token', 'workspace.key']);
    if (process.platform === 'win32') return;
    assert.deepEqual([modeOf(path), modeOf(join(path, 'control.token')), modeOf(join(path, 'workspace.key'))], [0o700, 0o600, 0o600]);
    chmodSync(path, 0o755);
    prepareDataFolder(path);
    assert.equal(modeOf(path), 0o700);
  }));

  it('is refused with a clear problem when a secret is damaged or the place is taken', () => withFolder((parent) => {
    const unusable = (error: ProblemError) => error.problem.code === 'data_folder_unusable' && error.problem.message.includes(parent);
    const damaged = join(parent, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'control.token'), 'short');
    assert.throws(() => prepareDataFolder(damaged), unusable);
    assert.equal(readFileSync(join(damaged, 'control.token'), 'utf8'), 'short');
    writeFileSync(join(parent, 'file'), '');
    assert.throws(() => prepareDataFolder(join(parent, 'file')), unusable);
  }));
});

describe('a folder that was there before', () => {
  if (process.platform === 'win32') return;

  it('keeps the rights that its owner gave it', () => withFolder((parent) => {
    const path = join(parent, 'shared');
    mkdirSync(path);
    chmodSync(path, 0o755);
    prepareDataFolder(path);
    assert.deepEqual([modeOf(path), modeOf(join(path, 'control.token'))], [0o755, 0o600]);
  }));

  it('is refused, and left as it is, when others may write to it', () => withFolder((parent) => {
    for (const mode of [0o777, 0o775, 0o1777, 0o702]) {
      const path = join(parent, mode.toString(8));
      mkdirSync(path);
      chmodSync(path, mode);
      assert.throws(() => prepareDataFolder(path), (error: ProblemError) => error.problem.code === 'data_folder_unusable' && error.problem.remedy.includes('chmod'));
      assert.deepEqual([statSync(path).mode & 0o7777, readdirSync(path)], [mode, []]);
    }
  }));

  it('is ours only by a secret that is a file of ours, not by a link to one', () => withFolder((parent) => {
    const ours = prepareDataFolder(join(parent, 'ours')).path;
    const path = join(parent, 'planted');
    mkdirSync(path);
    symlinkSync(join(ours, 'workspace.key'), join(path, 'workspace.key'));
    chmodSync(path, 0o777);
    assert.throws(() => prepareDataFolder(path), (error: ProblemError) => error.problem.code === 'data_folder_unusable');
    chmodSync(ours, 0o777);
    prepareDataFolder(ours);
    assert.equal(modeOf(ours), 0o700);
  }));
});

describe('the address file', () => {
  it('is written whole, read back with the token, and taken away', () => withFolder((folder) => {
    const { controlToken } = prepareDataFolder(folder);
    writeBrokerAddress(folder, address);
    assert.deepEqual(readBrokerAddress(folder), { address, controlToken });
    assert.equal(readdirSync(folder).some((name) => name.endsWith('.new')), false);
    if (process.platform !== 'win32') assert.equal(modeOf(join(folder, 'broker.json')), 0o600);
    removeBrokerAddress(folder);
    removeBrokerAddress(folder);
    assert.equal(readBrokerAddress(folder), undefined);
  }));

  it('is nothing when it is half written, foreign, or without a token', () => withFolder((folder) => {
    writeBrokerAddress(folder, address);
    assert.equal(readBrokerAddress(folder), undefined);
    prepareDataFolder(folder);
    for (const text of ['', '{"url":"http://127', '[]', '{"url":"nowhere","pid":1,"version":"1","protocol":1,"mode":"live"}']) {
      writeFileSync(join(folder, 'broker.json'), text);
      assert.equal(readBrokerAddress(folder), undefined, text);
    }
  }));
});

describe('workspaces and secrets', () => {
  it('are one workspace by whatever name the folder is reached', () => withFolder((folder) => {
    mkdirSync(join(folder, 'project'));
    symlinkSync(join(folder, 'project'), join(folder, 'alias'), 'junction');
    const direct = workspaceIdOf(join(folder, 'project'));
    assert.deepEqual(workspaceIdOf(join(folder, 'alias')), direct);
    assert.deepEqual(workspaceIdOf(`${join(folder, 'project')}/`).workspaceId, direct.workspaceId);
    assert.match(direct.workspaceId, /^ws_[0-9a-f]{16}$/);
    assert.equal(direct.label, 'project');
    assert.notEqual(workspaceIdOf(join(folder, 'gone')).workspaceId, direct.workspaceId);
    assert.equal(workspaceIdOf('/').label, '/');
  }));

  it('make a token that is the same for the same key and workspace only', () => {
    const key = Buffer.alloc(32, 1);
    const token = workspaceToken(key, 'ws_a');
    assert.match(token, /^[\w-]{43}$/);
    assert.equal(workspaceToken(Buffer.alloc(32, 1), 'ws_a'), token);
    assert.notEqual(workspaceToken(key, 'ws_b'), token);
    assert.notEqual(workspaceToken(Buffer.alloc(32, 2), 'ws_a'), token);
    assert.match(tokenHash(token), /^[0-9a-f]{64}$/);
  });

  it('find out how often a token was replaced by what is stored of it', () => {
    const key = Buffer.alloc(32, 1);
    for (const renewals of [0, 1, 7, renewalsMax]) assert.equal(renewalsOf(key, 'ws_a', tokenHash(workspaceToken(key, 'ws_a', renewals))), renewals);
    assert.equal(renewalsOf(key, 'ws_b', tokenHash(workspaceToken(key, 'ws_a', 3))), 0, 'of another workspace');
    assert.equal(new Set([0, 1, 2].map((renewals) => workspaceToken(key, 'ws_a', renewals))).size, 3);
  });

  it('prove what they know without saying it', () => {
    assert.equal(proofOf('token', 'nonce'), proofOf('token', 'nonce'));
    assert.notEqual(proofOf('token', 'nonce'), proofOf('token', 'other'));
    assert.notEqual(proofOf('token', 'nonce'), proofOf('other', 'nonce'));
    assert.deepEqual([sameSecret('a', 'a'), sameSecret('a', 'b'), sameSecret('a', ''), sameSecret('a', 'aa')], [true, false, false, false]);
  });
});
