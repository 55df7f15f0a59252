// Which branch a folder is on is read from git's own files as git and worktrees write them, and nothing is made of
// files that only look like them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { branchReader, readBranch } from '../../src/broker/gitBranch.ts';
import { withFastFolder } from '../support/ledger/tempLedger.ts';

const commit = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

/** Writes files below a folder. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

describe('the git branch of a folder', () => {
  const within = (files: Readonly<Record<string, string>>, expected: string | undefined, at = 'repo', home = '/home') => withFastFolder(async (folder) => {
    mkdirSync(join(folder, at), { recursive: true });
    write(folder, files);
    assert.equal(await readBranch(join(folder, at), home.replace('FOLDER', folder)), expected);
  });
  const onMain = { 'repo/.git/HEAD': 'ref: refs/heads/main\n' };

  it('is the one that HEAD names, also from folders below', async () => {
    await within(onMain, 'main');
    await within(onMain, 'main', 'repo/src/deep');
    await within({ 'repo/.git/HEAD': 'ref: refs/heads/feature/größe-1\r\n' }, 'feature/größe-1');
    await within({ ...onMain, 'repo/sub/.git/HEAD': 'ref: refs/heads/inner\n' }, 'inner', 'repo/sub/src');
    // A folder of that name without a HEAD is no repository, and git looks on.
    await within({ ...onMain, 'repo/sub/.git/config': '' }, 'main', 'repo/sub');
  });

  it('is not looked for above the person\'s home', async () => {
    await within({ '.git/HEAD': 'ref: refs/heads/main\n' }, undefined, 'home/project', 'FOLDER/home');
    await within({ 'home/.git/HEAD': 'ref: refs/heads/dotfiles\n' }, 'dotfiles', 'home/project', 'FOLDER/home');
  });

  it('is not looked for above a home that is named by a link either, and a home that is not there stops nothing', () => withFastFolder(async (made) => {
    const folder = realpathSync(made);
    write(folder, { '.git/HEAD': 'ref: refs/heads/main\n', 'home/own/.git/HEAD': 'ref: refs/heads/own\n', 'home/project/a': '' });
    symlinkSync(join(folder, 'home'), join(folder, 'link'));
    const read = branchReader(join(folder, 'link'));
    assert.deepEqual([await read(join(folder, 'home/project')), await read(join(folder, 'home/own'))], [undefined, 'own']);
    assert.equal(await branchReader(join(folder, 'nowhere'))(join(folder, 'home/own')), 'own');
  }));

  it('is that of a worktree or a submodule, where a file says so', async () => {
    await within({ 'main/.git/worktrees/w/HEAD': 'ref: refs/heads/other\n', 'repo/.git': 'gitdir: ../main/.git/worktrees/w\n' }, 'other');
    await within({ 'repo/.git': 'gitdir: ../nowhere\n' }, undefined);
    await within({ 'repo/.git': 'what is this' }, undefined);
    await within({ 'repo/.git': `gitdir: ${'../'.repeat(3000)}x\n` }, undefined);
    for (const far of ['//server/share/repo', '\\\\server\\share']) await within({ 'repo/.git': `gitdir: ${far}\n` }, undefined);
  });

  it('is not that of the repository around one whose file leads nowhere', async () => {
    for (const file of ['gitdir: ../nowhere\n', 'what is this', '', 'gitdir: //server/share/repo\n']) {
      await within({ ...onMain, 'repo/sub/.git': file }, undefined, 'repo/sub');
      await within({ ...onMain, 'repo/sub/.git': file }, undefined, 'repo/sub/src');
    }
  });

  it('is a commit where HEAD stands on no branch, and the branch that is being rebased', async () => {
    await within({ 'repo/.git/HEAD': `${commit}\n` }, 'commit 1a2b3c4');
    await within({ 'repo/.git/HEAD': `${'ab'.repeat(32)}\n` }, 'commit abababa');
    for (const how of ['rebase-merge', 'rebase-apply']) await within({ 'repo/.git/HEAD': `${commit}\n`, [`repo/.git/${how}/head-name`]: 'refs/heads/topic\n' }, 'topic');
    await within({ 'repo/.git/HEAD': `${commit}\n`, 'repo/.git/rebase-merge/head-name': 'detached HEAD\n' }, 'commit 1a2b3c4');
  });

  it('is not known where the files are not as git writes them', async () => {
    await within({}, undefined);
    for (const head of ['', 'main', 'ref: refs/tags/v1', 'ref: ../../etc/passwd', '1234', 'ref: refs/heads/.invalid\n', `ref: refs/heads/${'x'.repeat(9000)}`]) await within({ 'repo/.git/HEAD': head }, undefined);
    await within({ 'repo/.git/HEAD': 'ref: refs/heads/a\u202Eb\u0007c\n' }, 'abc');
    assert.equal((await withFastFolder(async (folder) => { write(folder, { '.git/HEAD': `ref: refs/heads/${'é'.repeat(1000)}` }); return readBranch(folder, '/home'); }))?.length, 200);
    assert.equal(await readBranch('/nowhere/at/all', '/home'), undefined);
  });

  it('is not waited for where a pipe or a circle of links stands in a file\'s place', () => {
    const names = ['pipe', 'circle', 'folder', 'gitCircle'];
    return withFastFolder(async (folder) => {
      for (const name of names) mkdirSync(join(folder, name, name === 'gitCircle' ? '' : '.git'), { recursive: true });
      execFileSync('mkfifo', [join(folder, 'pipe/.git/HEAD')]);
      symlinkSync('HEAD', join(folder, 'circle/.git/HEAD'));
      mkdirSync(join(folder, 'folder/.git/HEAD'));
      symlinkSync('.git', join(folder, 'gitCircle/.git'));
      for (const name of names) assert.equal(await readBranch(join(folder, name), folder), undefined, name);
    });
  });

  it('is what git itself says, in a repository, a worktree and a rebase', function realGit() {
    this.timeout(60_000);
    return withFastFolder(async (made) => {
      const folder = realpathSync(made);
      const repo = join(folder, 'repo');
      mkdirSync(repo);
      const git = (at: string, ...args: string[]) => execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.test', '-c', 'commit.gpgsign=false', ...args], { cwd: at, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_EDITOR: 'true' }, stdio: 'pipe' }).toString().trim();
      git(repo, 'init', '-q', '-b', 'main');
      assert.equal(await readBranch(repo, folder), 'main', 'before the first commit');
      const save = (text: string) => { writeFileSync(join(repo, 'a'), text); git(repo, 'add', 'a'); git(repo, 'commit', '-q', '-m', text); };
      save('one');
      git(repo, 'switch', '-q', '-c', 'feature/x');
      save('two');
      assert.equal(await readBranch(repo, folder), 'feature/x');
      git(repo, 'worktree', 'add', '-q', '-b', 'beside', join(folder, 'tree'));
      assert.equal(await readBranch(join(folder, 'tree'), folder), 'beside');
      git(repo, 'switch', '-q', 'main');
      save('three');
      assert.throws(() => git(repo, 'rebase', 'main', 'feature/x'));
      assert.equal(await readBranch(repo, folder), 'feature/x', 'in the middle of a rebase');
      git(repo, 'rebase', '--abort');
      git(repo, 'switch', '-q', '--detach', 'main');
      assert.equal(await readBranch(repo, folder), `commit ${git(repo, 'rev-parse', 'HEAD').slice(0, 7)}`);
      mkdirSync(join(repo, 'sub'));
      writeFileSync(join(repo, 'sub/.git'), 'gitdir: ../nowhere\n');
      assert.throws(() => git(join(repo, 'sub'), 'rev-parse', 'HEAD'));
      assert.equal(await readBranch(join(repo, 'sub'), folder), undefined, 'nor does git know a repository there');
      rmSync(join(repo, '.git'), { recursive: true });
      assert.equal(await readBranch(repo, folder), undefined);
    });
  });
});
