// `credits allow` as a person types it: whom it allows, what it says, and what it refuses. The ledger is
// a real one that no broker holds.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../../src/broker/commandLine.ts';
import { workspaceIdOf } from '../../../src/broker/dataFolder.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';

interface Ran { readonly code: number; readonly out: string; readonly err: string }

/** A data folder beside two project folders; commands run in the first of them. */
function withProjects(run: (credits: (...args: string[]) => Promise<Ran>, projects: readonly [string, string], data: string) => Promise<void>) {
  return withFolder(async (folder) => {
    const projects = [join(folder, 'shop'), join(folder, 'blog')] as const;
    for (const path of projects) mkdirSync(path);
    const data = join(folder, 'data');
    await run(async (...args) => {
      const out: string[] = [];
      const err: string[] = [];
      const code = await commandLine(['credits', ...args], {
        out: (line) => out.push(line), err: (line) => err.push(line), env: { CODEX_BROKER_DATA: data }, cwd: projects[0], home: folder, platform: process.platform, version: '9.9.9',
        entry: new URL('../../../src/broker/main.ts', import.meta.url),
      });
      return { code, out: out.join('\n'), err: err.join('\n') };
    }, projects, data);
  });
}

/** Who is allowed by the ledger's own word. */
function allowed(data: string): unknown {
  const ledger = SqliteLedger.open(join(data, 'ledger.db'), sha256);
  try {
    const { consentEverywhere, consentWorkspaces } = ledger.query('balance', { nowMs: startMs });
    return { consentEverywhere, consentWorkspaces };
  } finally {
    ledger.close();
  }
}

describe('credits allow', function () {
  this.timeout(30_000);

  it('allows the folder that is named, or the one it is typed in, once each', () => withProjects(async (credits, [shop, blog], data) => {
    assert.equal((await credits('add', '10', '--for', 'none', '--key', 'k')).code, 0);
    assert.deepEqual(allowed(data), { consentEverywhere: false, consentWorkspaces: [] });
    assert.deepEqual(await credits('allow', '--for', '../blog'), { code: 0, out: `The workspace ${blog} may use purchased credits, those of now and later ones.`, err: '' });
    assert.deepEqual(allowed(data), { consentEverywhere: false, consentWorkspaces: [workspaceIdOf(blog).workspaceId] });
    for (const args of [[], ['--for', shop]]) assert.equal((await credits('allow', ...args)).code, 0);
    assert.deepEqual(allowed(data), { consentEverywhere: false, consentWorkspaces: [workspaceIdOf(blog).workspaceId, workspaceIdOf(shop).workspaceId] });
  }));

  it('allows every workspace when told so, and answers programs', () => withProjects(async (credits, _projects, data) => {
    assert.deepEqual(JSON.parse((await credits('allow', '--for', 'all', '--json')).out), { allowed: true });
    assert.deepEqual(allowed(data), { consentEverywhere: true, consentWorkspaces: [] });
  }));

  it('refuses what would allow nobody, and leaves no trace of it', () => withProjects(async (credits, _projects, data) => {
    for (const [args, why] of [[['--for', 'none'], /cannot be taken back/], [['--for', '../blgo'], /There is no folder .*blgo/], [['--for', ''], /names no folder/], [['everywhere'], /everywhere/]] as const) {
      const { code, err } = await credits('allow', ...args);
      assert.equal(code, 2, err);
      assert.match(err, why);
    }
    assert.equal(existsSync(join(data, 'ledger.db')), false);
  }));

  it('is what adding credits says about those added before', () => withProjects(async (credits, [shop]) => {
    assert.match((await credits('add', '10', '--for', shop)).out, /shop may use purchased credits; whoever was allowed them before still is\.$/);
    assert.match((await credits('add', '10')).out, /Every workspace may use purchased credits from now on;/);
    assert.match((await credits('add', '10', '--for', 'none')).out, /No further workspace was allowed purchased credits/);
  }));
});
