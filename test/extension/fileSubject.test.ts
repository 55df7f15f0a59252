// Files that a question is about: the active editor's or those of a menu, whole or not at all.
import assert from 'node:assert/strict';
import { fileSubject } from '../../src/extension/fileSubject.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';

describe('ask about files', () => {
  let fake: FakeEditor;
  const ask = (...values: unknown[]) => fileSubject(fake.editor, values);
  const sorry = async (...values: unknown[]) => { const told = await ask(...values); return 'sorry' in told ? told.sorry : `text: ${told.text.slice(0, 100)}`; };
  beforeEach(() => {
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    fake.files.set('/w/src/a.ts', 'const a = "```";').set('/w/b.md', 'B\n').set('/w/c.png', 40).set('/w/empty.ts', '').set('/w/large.bin', 1_200_001).set('/w/half.ts', 'x'.repeat(200_001));
  });

  it('takes the file of the active editor, with its name in the workspace and a fence that holds', async () => {
    fake.selection = { text: '', fileName: '/w/src/a.ts', languageId: 'typescript' };
    assert.deepEqual(await ask(), { command: 'ask-files', file: '/w/src/a.ts', title: 'Ask Codex About a.ts', example: 'What does this do?', text: 'The file src/a.ts:\n\n````ts\nconst a = "```";\n````' });
  });

  it('takes the file under the pointer before the active one, and all that are selected with it', async () => {
    fake.selection = { text: '', fileName: '/w/src/a.ts', languageId: 'typescript' };
    assert.match(JSON.stringify(await ask(fake.uri('/w/b.md'), [])), /The file b\.md:\\n\\n```md\\nB\\n```".*Ask Codex About b\.md/);
    const both = await ask(fake.uri('/w/b.md'), [fake.uri('/w/b.md'), fake.uri('/w/src/a.ts')]);
    assert.match(JSON.stringify(both), /The file b\.md.*The file src\/a\.ts.*"Ask Codex About 2 Files"/);
  });

  it('sends nothing of what is no text, is too large, or is empty', async () => {
    assert.equal(await sorry(), 'Open the file that the question is about, then run the command again.');
    assert.equal(await sorry(fake.uri('/w/c.png')), 'c.png cannot be read as text, so nothing was sent. Choose files with text.');
    assert.equal(await sorry(fake.uri('/w/gone.ts')), 'gone.ts cannot be read as text, so nothing was sent. Choose files with text.');
    assert.equal(await sorry(fake.uri('/w/empty.ts')), 'There is no text in it, so there is nothing to ask about.');
    assert.match(await sorry(fake.uri('/w/large.bin')), /^The file has more than 400,000 characters\. Select the part that you mean and ask about the selection; nothing was sent\.$/);
    assert.match(await sorry(undefined, [fake.uri('/w/half.ts'), fake.uri('/w/half.ts')]), /^The files have more than 400,000 characters together\. Choose fewer/);
  });

  it('says all of it in the language of the editor', async () => {
    const said = await spokenIn(pseudo, async () => {
      const subjects = [await ask(fake.uri('/w/b.md')), await ask(undefined, [fake.uri('/w/b.md'), fake.uri('/w/b.md')])].flatMap((one) => ('text' in one ? [one.title, one.example] : []));
      return [...subjects, await sorry(), await sorry(fake.uri('/w/c.png')), await sorry(fake.uri('/w/empty.ts')), await sorry(fake.uri('/w/large.bin')), await sorry(undefined, [fake.uri('/w/half.ts'), fake.uri('/w/half.ts')])].join('\n');
    });
    assert.equal(untranslated(said, ['b.md', 'c.png']), '');
  });
});
