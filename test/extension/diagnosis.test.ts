// The report on everything that the broker depends on, from the real program: shown also where something failed, without secrets.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ProblemError } from '../../src/domain/problem.ts';
import { Diagnosis, type DiagnosisParts } from '../../src/extension/diagnosis.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';

describe('the diagnosis', function slowMachine() {
  this.timeout(60_000);
  let root = '';
  let fake: FakeEditor;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'diagnosis-'));
    fake = fakeEditor({ extensionDir: join(root, 'ext'), storageDir: join(root, 'storage'), folder: root });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const diagnosis = (more: Partial<DiagnosisParts> = {}) => new Diagnosis({
    editor: fake.editor, execPath: process.execPath, settings: () => ({ upstream: '', certificates: '', codexPath: '' }), environment: () => ({ PATH: process.env['PATH'], HOME: root, SECRET_KEY: 'sk-of-the-environment' }),
    brokerScript: () => Promise.resolve(resolve(import.meta.dirname, '../../src/broker/main.ts')), seat: () => ({ dataDir: join(root, 'data'), practice: true }), ...more,
  });

  it('is shown as the program tells it, and again', async () => {
    const one = diagnosis();
    await one.show();
    assert.match(fake.output[0] ?? '', /^codex-broker \S+ on [\s\S]*\n(?:ok|warning|failed) /);
    assert.doesNotMatch(fake.output.join('\n'), /sk-of-the-environment/);
    await one.show();
    assert.deepEqual([fake.output.length, fake.titles.filter((title) => title === 'Codex Broker Diagnosis').length], [2, 1]);
    one.dispose();
  });

  it('is a report also where something failed, and asks about the upstream and the Codex that are set', async () => {
    const script = join(root, 'doctor.mjs');
    writeFileSync(script, 'console.log("failed   args  " + process.argv.slice(2).join(" ") + " " + (process.env.SECRET_KEY ?? "none")); process.exitCode = 1;');
    await diagnosis({ brokerScript: () => Promise.resolve(script), seat: () => ({ dataDir: '/d', practice: false }), settings: () => ({ upstream: 'https://u.example/v1', certificates: '/ca.pem', codexPath: '/bin/my-codex' }) }).show();
    assert.deepEqual(fake.output, ['failed   args  doctor --data /d --upstream https://u.example/v1 --ca /ca.pem --codex /bin/my-codex none']);
  });

  it('says so where there is no report', async () => {
    await assert.rejects(diagnosis({ brokerScript: () => Promise.resolve(join(root, 'gone.mjs')) }).show(), (error) => error instanceof ProblemError && error.problem.code === 'command_failed');
    assert.deepEqual(fake.output, []);
  });
});
