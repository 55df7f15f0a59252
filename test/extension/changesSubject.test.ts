// Changes that a question is about, read with VS Code's Git extension: whose they are, which ones, how many of them are sent.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { changedFilesMax, changesSubject, quickFilesMax } from '../../src/extension/changesSubject.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';

describe('ask about changes', () => {
  let fake: FakeEditor;
  /** Git's `diffWithHEAD` tells what is not staged alone, and so is not what a question is about. */
  const repository = (root: string, diffs: Readonly<Record<string, string>>, untracked = 0, staged: Readonly<Record<string, string>> = {}) => ({
    rootUri: fake.uri(root),
    state: { workingTreeChanges: Array.from({ length: untracked }, (_, index) => (changeOf(`${root}/new${index}`, 7))) },
    diffWithHEAD: async (path?: string) => listOf(diffs, path),
    diffWith: async (_ref: string, path?: string) => listOf({ ...diffs, ...staged }, path),
  });
  /** A renamed file goes by its new name. */
  const former = new Map<string, string>();
  const changeOf = (name: string, status: number) => ({ uri: fake.uri(name), originalUri: fake.uri(former.get(name) ?? name), status });
  const listOf = (diffs: Readonly<Record<string, string>>, path: string | undefined) => (path === undefined ? Object.keys(diffs).map((name) => changeOf(name, 5)) : diffs[path] ?? '');
  const withGit = (...repositories: ReturnType<typeof repository>[]) => {
    const getRepository = ({ path }: vscode.Uri) => repositories.find(({ rootUri }) => path.startsWith(`${rootUri.path}/`) || path === rootUri.path) ?? null;
    fake.extensions.set('vscode.git', { enabled: true, getAPI: () => ({ state: 'initialized', repositories, getRepository }) });
  };
  const open = (fileName: string) => { fake.selection = { text: '', fileName, languageId: 'x' }; };
  const ask = (...values: unknown[]) => changesSubject(fake.editor, values);
  const sorry = async (...values: unknown[]) => { const told = await ask(...values); return told && 'sorry' in told ? told.sorry : JSON.stringify(told); };
  beforeEach(() => { former.clear(); fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' }); });

  it('takes every file that differs from the last commit, and says what new files need', async () => {
    withGit(repository('/w', { '/w/a.ts': '-a ```\n+b\n', '/w/b.ts': '+c\n' }, 2));
    assert.deepEqual(await ask(), {
      command: 'ask-changes', title: 'Ask Codex About the Changes of 2 Files', example: 'Is anything wrong with this?', note: '2 new files are left out; staged, they count.',
      text: 'The changes since the last commit, staged or not:\n\n````diff\n-a ```\n+b\n\n+c\n````',
    });
    assert.deepEqual(fake.shown, []);
  });

  it('counts what is staged, new files too', async () => {
    withGit(repository('/w', { '/w/a.ts': '+a\n' }, 0, { '/w/b.ts': '+staged\n', '/w/new.ts': '+new\n' }));
    assert.match(JSON.stringify(await ask()), /3 Files.*\+a.*\+staged.*\+new/);
  });

  it('asks whether the active file alone is meant, where it is one of several', async () => {
    withGit(repository('/w', { '/w/a.ts': '+a\n', '/w/b.ts': '+b\n' }, 1));
    open('/w/a.ts');
    fake.answers.push('The changes of a.ts alone', 'The changes of all 2 files', undefined);
    assert.deepEqual(await ask(), { command: 'ask-changes', file: '/w/a.ts', title: 'Ask Codex About the Changes of a.ts', example: 'Is anything wrong with this?', text: 'The changes since the last commit, staged or not:\n\n```diff\n+a\n```' });
    assert.match(JSON.stringify(await ask()), /2 Files.*\+a.*\+b/);
    assert.equal(await ask(), undefined);
    assert.deepEqual(fake.shown[0]?.buttons, ['The changes of all 2 files', 'The changes of a.ts alone']);
    open('/w/unchanged.ts');
    assert.match(JSON.stringify(await ask()), /2 Files/);
  });

  it('takes the files of Git\'s list that its menu was opened on', async () => {
    withGit(repository('/w', { '/w/a.ts': '+a\n', '/w/b.ts': '+b\n', '/w/c.ts': '+c\n' }));
    const told = JSON.stringify(await ask({ resourceUri: fake.uri('/w/a.ts') }, [{ resourceUri: fake.uri('/w/a.ts') }, { resourceUri: fake.uri('/w/c.ts') }]));
    assert.match(told, /2 Files.*\+a.*\+c/);
    assert.doesNotMatch(told, /\+b/);
    assert.match(await sorry({ resourceUri: fake.uri('/w/new') }), /^Nothing differs from the last commit.*1 chosen file is left out/);
  });

  it('says which chosen files it leaves out, and what new ones need', async () => {
    withGit(repository('/w', { '/w/a.ts': '+a\n' }, 2), repository('/v', { '/v/b.ts': '+b\n' }, 1));
    const chosen = (...names: string[]) => names.map((name) => ({ resourceUri: fake.uri(name) }));
    assert.match(JSON.stringify(await ask(...chosen('/w/a.ts'), chosen('/w/a.ts', '/w/new0', '/v/b.ts'))), /"note":"2 chosen files are left out: no changes of them are known, as they are new or of another repository\."/);
    assert.match(JSON.stringify(await ask(...chosen('/w/a.ts'), chosen('/w/a.ts', '/w/new0'))), /"note":"1 chosen file is left out: no change of it/);
    assert.doesNotMatch(JSON.stringify(await ask(...chosen('/w/a.ts'), chosen('/w/a.ts'))), /note/);
    assert.match(await sorry(...chosen('/w/new0'), chosen('/w/new0')), /^The chosen file is new to Git, .* Use Ask Codex About File, or stage it first\.$/);
    assert.match(await sorry(...chosen('/w/new0'), chosen('/w/new0', '/w/new1', '/v/new0')), /^The 3 chosen files are new to Git/);
  });

  it('takes the repository of the list, of the active editor, the only one, or the one that is picked', async () => {
    withGit(repository('/one', { '/one/a': '+one\n' }), repository('/two', { '/two/a': '+two\n' }));
    assert.match(JSON.stringify(await ask({ rootUri: fake.uri('/two') })), /\+two/);
    open('/two/x');
    assert.match(JSON.stringify(await ask()), /\+two/);
    fake.selection = undefined;
    fake.answers.push('one', undefined);
    assert.match(JSON.stringify(await ask()), /\+one/);
    assert.equal(await ask(), undefined);
  });

  it('leaves out whole files where they are too many or too large, and says so to person and model', async () => {
    withGit(repository('/w', { '/w/a': '+a\n', '/w/lock': 'x'.repeat(400_000), '/w/b': '+b\n' }));
    const told = JSON.stringify(await ask());
    assert.match(told, /"note":"1 file is left out: at most 400,000 characters of at most 100 files are sent\.".*\+a.*\+b.*Left out for their size or number: lock"/);
    withGit(repository('/w', Object.fromEntries(Array.from({ length: changedFilesMax + 2 }, (_, index) => [`/w/${index}`, `+${index}\n`]))));
    assert.match(JSON.stringify(await ask()), /"note":"2 files are left out.*: 100, 101"/);
    withGit(repository('/w', { '/w/lock': 'x'.repeat(400_001) }));
    assert.match(await sorry(), /^The changes of lock have more than 400,000 characters\. Select the part/);
    withGit(repository('/w', { '/w/lock': 'x'.repeat(400_001), '/w/lock2': 'x'.repeat(400_001) }));
    assert.match(await sorry(), /^The changes of each file have more than 400,000 characters/);
  });

  it('shows how far it is with many files, and sends nothing once that is stopped', async () => {
    const names = Array.from({ length: quickFilesMax + 1 }, (_, index) => `/w/${index}`);
    const many = repository('/w', Object.fromEntries(names.map((name) => [name, `+${name}\n`])));
    withGit(many);
    assert.match(JSON.stringify(await ask()), /6 Files.*\+\/w\/0.*\+\/w\/5/);
    assert.deepEqual([fake.titles, fake.progress], [['Reading the changes'], names.map((_, index) => `${index} of 6 files`).concat('6 of 6 files')]);
    const readNames: (string | undefined)[] = [];
    withGit({ ...many, diffWith: async (ref: string, name?: string) => {
      readNames.push(name);
      if (name === '/w/2') fake.cancel();
      return many.diffWith(ref, name);
    } });
    assert.equal(await ask(), undefined);
    assert.deepEqual(readNames, [undefined, '/w/0', '/w/1', '/w/2']);
    fake.titles.length = 0;
    withGit(repository('/w', Object.fromEntries(names.slice(1).map((name) => [name, '+x\n']))));
    await ask();
    assert.deepEqual(fake.titles, [], 'what is read in a moment gets no notice');
  });

  it('says where a renamed file was, which Git writes as a new one', async () => {
    former.set('/w/new name.ts', '/w/old.ts');
    withGit(repository('/w', { '/w/a.ts': '+a\n', '/w/new name.ts': '+b\n' }));
    assert.match(JSON.stringify(await ask()), /staged or not:\\n\\nRenamed, and written as new files: old\.ts to new name\.ts\\n\\n```diff\\n\+a/);
  });

  it('says what is missing', async () => {
    assert.match(await sorry(), /^Changes are read with VS Code's built-in Git extension, which is turned off or not there\. Turn it on/);
    fake.extensions.set('vscode.git', { enabled: false, getAPI: () => { throw new Error('Git model not found'); } });
    assert.match(await sorry(), /turned off or not there/);
    withGit();
    assert.equal(await sorry(), 'No Git repository is open in this window, so there are no changes to ask about.');
    fake.extensions.set('vscode.git', { enabled: true, getAPI: () => ({ state: 'uninitialized', repositories: [], getRepository: () => null }) });
    assert.match(await sorry(), /^Git still looks for repositories/);
    withGit({ ...repository('/w', {}), diffWith: async () => { throw new Error('bad revision HEAD'); } });
    assert.equal(await sorry(), 'Git could not tell what changed, as in a repository without a commit. Nothing was sent.');
    withGit(repository('/w', {}, 1));
    assert.equal(await sorry(), 'Nothing differs from the last commit, so there is nothing to ask about. 1 new file is left out; staged, it counts.');
  });

  it('says all of it in the language of the editor', async () => {
    const said = await spokenIn(pseudo, async () => {
      const words: string[] = [];
      const hear = async () => { const told = await ask(); words.push(...(!told ? [] : 'sorry' in told ? [told.sorry] : [told.title, told.note ?? '', told.example])); };
      await hear();
      withGit();
      await hear();
      withGit(repository('/w', {}, 2));
      await hear();
      withGit(repository('/w', { '/w/changed.ts': '+a\n', '/w/lock': 'x'.repeat(400_001) }, 1));
      await hear();
      for (const name of ['/w/new0', '/w/gone']) words.push(await sorry({ resourceUri: fake.uri(name) }));
      open('/w/changed.ts');
      await hear();
      withGit(repository('/w', { '/w/lock': 'x'.repeat(400_001) }));
      await hear();
      return [...words, ...fake.shown.flatMap(({ message, detail = '', buttons }) => [message, detail, ...buttons])].join('\n');
    });
    assert.ok(said.includes('⟦'));
    assert.equal(untranslated(said, ['VS Code', 'Git', 'lock', 'changed.ts']), '');
  });
});
