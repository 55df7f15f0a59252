// The repository's test of itself: folder direction, cycles, sizes, names, what may be called where.
// Each rule is also shown a sample that breaks it, so that no rule can quietly stop working.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { problemKinds } from '../src/domain/problem.ts';
import { fileRules } from './support/tidy/houseRules.ts';
import { sentencesOf, translationFindings } from './support/tidy/sentences.ts';
import { arguedDependencies, cycles, direction, tidyTop } from './support/tidy/repositoryRules.ts';
import type { SourceFile } from './support/tidy/sourceFiles.ts';
import { readRepository, sourceFile, unversioned } from './support/tidy/sourceFiles.ts';

const root = path.resolve(import.meta.dirname, '..');
const opening = '// Owns one sample of the rules and never does anything else at all.\n';

/** Puts a sample together from its parts, so that the rules do not find it in this file. */
const joined = (...parts: string[]) => parts.join('');

/** For each rule: samples that break it (path and text), and one that does not. */
const samples: Readonly<Record<string, { bad: readonly [string, string][]; good: [string, string] }>> = {
  smallFile: { bad: [['src/broker/long.ts', `${opening}${'// x\n'.repeat(300)}`]], good: ['src/broker/long.ts', `${opening}${'// x\n'.repeat(299)}`] },
  goodName: { bad: [['src/broker/utils.ts', opening], ['src/broker/Types.ts', opening], ['test/broker/index.test.ts', opening], ['src/broker/snake_case.ts', opening]], good: ['src/broker/lease.ts', opening] },
  opensWithComment: { bad: [['src/broker/lease.ts', 'export const a = 1;\n'], ['src/broker/lease.ts', '// short\nconst a = 1;\n']], good: ['src/broker/main.ts', `#!/usr/bin/env node\n${opening}`] },
  documentedExports: { bad: [['src/broker/lease.ts', `${opening}\nexport function a(): void {}\n`], ['src/broker/lease.ts', `${opening}\nexport interface A {}\n`]], good: ['src/broker/lease.ts', `${opening}\n/** A. */\nexport async function a(): Promise<void> {}\n`] },
  passedIn: {
    bad: [['src/broker/a.ts', 'const t = Date.now();'], ['src/broker/a.ts', 'const t = new Date();'], ['src/webview/a.ts', 'setTimeout(f, 1);'], ['src/domain/a.ts', 'const x = Math.random();'], ['src/sandbox/a.ts', 'console.log(1);'], ['src/sandbox/a.ts', 'f(setInterval);']],
    good: ['src/broker/a.ts', '// Date.now() is passed in\nconst t = new Date(5); timers.setTimeout(f, 1); type T = typeof setTimeout; const o = { setTimeout: 1 };'],
  },
  pure: { bad: [['src/domain/a.ts', "import fs from 'node:fs';\nf(fs);"], ['src/protocol/a.ts', 'f(process.env.X);'], ['src/domain/a.ts', "import { z } from 'zod';\nf(z);"], ['src/protocol/a.ts', 'Buffer.from(x);']], good: ['src/protocol/a.ts', "import { z } from 'zod/mini';\nf(z, x.process.env);"] },
  editorInOnePlace: { bad: [['src/extension/a.ts', "import * as vscode from 'vscode';\nf(vscode);"]], good: ['src/extension/a.ts', "import type * as vscode from 'vscode';\nf();"] },
  checkedCertificates: { bad: [['src/broker/a.ts', joined('f({ reject', 'Unauthorized: false });')], ['src/broker/a.ts', joined("process.env['NODE_TLS_REJECT_", "UNAUTHORIZED'] = '0';")], ['src/broker/a.ts', joined('f({ NODE_TLS_REJECT_', 'UNAUTHORIZED: 0 });')]], good: ['src/broker/a.ts', 'f({ ca });'] },
  everyTestRuns: { bad: [['test/broker/a.test.ts', joined('it', ".only('x', f);")], ['test/broker/a.test.ts', joined('describe', ".skip('x', f);")], ['test/broker/a.test.ts', joined('this', '.skip();')], ['test/broker/a.test.ts', joined('x', "it('x', f);")]], good: ['test/broker/a.test.ts', "it('skips nothing', f);"] },
  noMarks: { bad: [['src/broker/a.ts', joined('// TO', 'DO later')]], good: ['src/broker/a.ts', '// to do this, call f'] },
  noMachinePaths: { bad: [['README.md', joined('see /wo', 'rk/main/x')], ['src/broker/a.ts', "f('/home/ada/x');"]], good: ['test/broker/a.test.ts', "f('/home/ada/x');"] },
  namedExports: { bad: [['src/broker/a.ts', 'export default 1;'], ['src/broker/a.ts', 'const a = 1;\nexport { a as default };']], good: ['src/broker/a.ts', 'export const a = { default: 1 };'] },
  noBarrels: { bad: [['src/broker/a.ts', "export { b } from './b.ts';"], ['src/broker/a.ts', "export * from './b.ts';"]], good: ['src/broker/a.ts', "import { b } from './b.ts';\nexport const a = b;"] },
};

describe('house rules', () => {
  let files: readonly SourceFile[] = [];
  before(async () => { files = await readRepository(root); });

  it('finds the sources that it is to look at', () => {
    assert.ok(files.filter((file) => file.path.startsWith('src/')).length > 20);
    assert.ok(files.filter((file) => file.path.startsWith('test/')).length > 5);
  });

  for (const [name, rule] of Object.entries(fileRules)) {
    it(`${name} holds everywhere`, () => {
      assert.deepEqual(files.flatMap((file) => rule(file)), []);
    });
    it(`${name} finds what breaks it`, async () => {
      const sample = samples[name];
      assert.ok(sample, `no sample proves ${name}`);
      for (const [filePath, text] of sample.bad) assert.notDeepEqual(rule(await sourceFile(filePath, text)), [], `${filePath}: ${text}`);
      assert.deepEqual(rule(await sourceFile(...sample.good)), []);
    });
  }

  it('folders import only in the agreed direction', () => {
    assert.deepEqual(direction(files), []);
  });
  it('finds an import against the direction, type imports and plain imports included', async () => {
    const found = direction(await Promise.all([
      sourceFile('src/domain/a.ts', "import type { B } from '../protocol/b.ts';"),
      sourceFile('src/broker/a.ts', "import { b } from '../sandbox/b.ts';"),
      sourceFile('src/webview/a.ts', "import '../extension/b.ts';"),
      sourceFile('src/sandbox/a.ts', "const b = await import('../broker/b.ts');"),
      sourceFile('src/tour/a.ts', "import {\n  b,\n} from '../broker/b.ts';"),
      sourceFile('src/broker/b.ts', "import { c } from '../../test/c.ts';"),
      sourceFile('src/webview/b.ts', "import fs from 'node:fs';"),
      sourceFile('src/elsewhere/a.ts', ''),
      sourceFile('src/broker/fine.ts', "import { b } from '../domain/b.ts';\nimport fs from 'node:fs';"),
    ]));
    assert.equal(found.length, 8, found.join('\n'));
  });

  it('no imports run in a circle', () => {
    assert.deepEqual(cycles(files), []);
  });
  it('finds a circle, also where it is one of types alone', async () => {
    const circle = (text: string) => Promise.all([
      sourceFile('src/broker/a.ts', "import { b } from './b.ts';\nf(b);"),
      sourceFile('src/broker/b.ts', "import { c } from './c.ts';\nf(c);"),
      sourceFile('src/broker/c.ts', text),
    ]);
    for (const back of ["import { a } from './a.ts';\nf(a);", "import type { A } from './a.ts';"]) {
      assert.deepEqual(cycles(await circle(back)), ['import cycle: src/broker/a.ts -> src/broker/b.ts -> src/broker/c.ts -> src/broker/a.ts']);
    }
    assert.deepEqual(cycles(await circle("import { d } from './d.ts';")), []);
  });

  it('the top of the repository holds only what belongs there', () => {
    const made = /\.(vsix|log)$/;
    assert.deepEqual(tidyTop(fs.readdirSync(root).filter((name) => !unversioned.includes(name) && !made.test(name))), []);
    assert.deepEqual(tidyTop(['src', 'notes.txt']), ['notes.txt lies at the top of the repository']);
  });

  it('every dependency is argued for in ARCHITECTURE.md', () => {
    const read = (name: string) => fs.readFileSync(path.join(root, name), 'utf8');
    assert.deepEqual(arguedDependencies(read('package.json'), fs.existsSync(path.join(root, 'ARCHITECTURE.md')) ? read('ARCHITECTURE.md') : undefined), []);
    assert.deepEqual(arguedDependencies('{"devDependencies":{"ws":"1","zod":"2"}}', 'Uses `ws`.'), ['ARCHITECTURE.md does not say why `zod` is there']);
    assert.equal(arguedDependencies('{}', undefined).length, 1);
  });

  it('every sentence that people read has its German, and nothing more', () => {
    const found = files.filter((file) => file.path.startsWith('src/') && file.code !== '').map(sentencesOf);
    const sentences = new Set([...found.flatMap((each) => each.sentences), ...Object.values(problemKinds).map(({ remedy }) => remedy)]);
    const german = JSON.parse(fs.readFileSync(path.join(root, 'l10n/bundle.l10n.de.json'), 'utf8')) as Record<string, string>;
    assert.deepEqual([...found.flatMap((each) => each.findings), ...translationFindings('bundle.l10n.de.json', sentences, german)], []);
  });
  it('finds a sentence that cannot be translated, and a translation that does not fit', async () => {
    const of = async (text: string) => sentencesOf(await sourceFile('src/webview/a.ts', text));
    assert.deepEqual(await of("function f(n: number) { return html`<p>${t('Hello {0}', n)}</p>${plural(n, 'one', 'many')}`; }"), { sentences: ['Hello {0}', 'one', 'many'], findings: [] });
    assert.equal((await of('const f = () => t(`Hello ${name}`);')).findings.length, 1);
    assert.equal((await of("const a = { b: t('Hello') };")).findings.length, 1);
    assert.equal((await of("class A { static b = t('Hello'); c = t('Hello'); }")).findings.length, 1);
    assert.deepEqual((await of("const a = say('Hi'); problem('x', 'Full.', { remedy: 'Wait.', values: [b] }); problemThat('x', a, { remedy: 'Go.' });")).sentences, ['Hi', 'Full.', 'Wait.', 'Go.']);
    assert.deepEqual([(await of('problem(code, message);')).findings.length, sentencesOf(await sourceFile('src/broker/commands/a.ts', 'problem(code, message);')).findings.length], [1, 0]);
    assert.deepEqual(translationFindings('de', new Set(['A {0}', 'B']), { 'A {0}': 'Ä {1}', C: 'C' }), ['de lacks: B', 'de has what nobody says: C', 'de has other places for values than: A {0}']);
  });
});
