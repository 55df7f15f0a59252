// `credits allow`, `deny` and `ask` as a person types them: whom they are about, what they say, and what they
// refuse. The ledger is a real one that no broker holds.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceIdOf } from '../../../src/broker/dataFolder.ts';
import { sha256 } from '../../../src/broker/store/ledgerThread.ts';
import { SqliteLedger } from '../../../src/broker/store/sqliteLedger.ts';
import { startMs } from '../../support/ledger/ledgerCommands.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { ranIn } from './ranCommand.ts';
import type { Ran } from './ranCommand.ts';

/** A data folder beside two project folders; commands run in the first of them. */
function withProjects(run: (credits: (...args: string[]) => Promise<Ran>, projects: readonly [string, string], data: string) => Promise<void>) {
  return withFolder(async (folder) => {
    const projects = [join(folder, 'shop'), join(folder, 'blog')] as const;
    for (const path of projects) mkdirSync(path);
    const data = join(folder, 'data');
    await run((...args) => ranIn(data, { cwd: projects[0] }, ['credits', ...args]), projects, data);
  });
}

/** What was answered, by the ledger's own word. */
function answers(data: string): string[] {
  const ledger = SqliteLedger.open(join(data, 'ledger.db'), sha256);
  try {
    return ledger.query('balance', { nowMs: startMs }).directives.consents.map(({ scope, of, answer }) => [scope, ...(of === '' ? [] : [of]), answer].join(' '));
  } finally {
    ledger.close();
  }
}

const workspace = (path: string, answer: string) => `workspace ${workspaceIdOf(path).workspaceId} ${answer}`;

describe('credits allow, deny and ask', function () {
  this.timeout(30_000);

  it('allows the folder that is named, or the one it is typed in, once each', () => withProjects(async (credits, [shop, blog], data) => {
    assert.equal((await credits('add', '10', '--for', 'none', '--key', 'k')).code, 0);
    assert.deepEqual(answers(data), []);
    assert.deepEqual(await credits('allow', '--for', '../blog'), { code: 0, out: `The workspace ${blog} may use purchased credits, those of now and later ones.`, err: '' });
    assert.deepEqual(answers(data), [workspace(blog, 'allow')]);
    for (const args of [[], ['--for', shop]]) assert.equal((await credits('allow', ...args)).code, 0);
    assert.deepEqual(answers(data), [workspace(blog, 'allow'), workspace(shop, 'allow')]);
  }));

  it('allows every workspace when told so, and answers programs', () => withProjects(async (credits, _projects, data) => {
    assert.deepEqual(JSON.parse((await credits('allow', '--for', 'all', '--json')).out), { answer: 'allow' });
    assert.deepEqual(answers(data), ['everywhere allow']);
  }));

  it('denies one workspace or all, and takes each answer back', () => withProjects(async (credits, [shop, blog], data) => {
    assert.match((await credits('allow', '--for', 'all')).out, /A workspace that was denied them still is\.$/);
    assert.deepEqual(await credits('deny'), { code: 0, out: `The workspace ${shop} may not use purchased credits.`, err: '' });
    assert.deepEqual(answers(data), ['everywhere allow', workspace(shop, 'deny')]);
    assert.match((await credits('deny', '--for', 'all')).out, /^No workspace may use purchased credits\./);
    assert.match((await credits('ask', '--for', shop)).out, /is taken back; what was said for every workspace holds for it/);
    assert.match((await credits('ask', '--for', 'all')).out, /^What was said for every workspace is taken back/);
    assert.deepEqual(answers(data), ['everywhere ask', workspace(shop, 'ask')]);
    assert.deepEqual(JSON.parse((await credits('deny', '--for', `${blog}-that-is-gone`, '--json')).out), { answer: 'deny' });
    assert.equal(answers(data).at(-1), workspace(`${blog}-that-is-gone`, 'deny'));
  }));

  it('refuses what would allow nobody, and leaves no trace of it', () => withProjects(async (credits, _projects, data) => {
    for (const [args, why] of [[['--for', 'none'], /credits ask` takes an answer back/], [['--for', '../blgo'], /There is no folder .*blgo/], [['--for', ''], /names no folder/], [['everywhere'], /everywhere/]] as const) {
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
