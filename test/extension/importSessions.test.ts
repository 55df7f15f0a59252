// Importing session files from the editor, with the real program behind it: progress, a notice of what came of
// it, a cancel that leaves what was counted, and problems in the program's own words.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProblemError } from '../../src/domain/problem.ts';
import { importSessions } from '../../src/extension/importSessions.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { runBroker } from '../support/process/brokerProgram.ts';

const files = 40;
const program = resolve(import.meta.dirname, '../../src/broker/main.ts');
const thirdFileHolder = resolve(import.meta.dirname, '../support/process/holdThirdFile.mjs');

describe('importing session files from the editor', function slowMachine() {
  this.timeout(60_000);
  let root = '';
  let fake: FakeEditor;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'import-'));
    mkdirSync(join(root, '.codex', 'sessions'), { recursive: true });
    fake = fakeEditor({ extensionDir: join(root, 'ext'), storageDir: join(root, 'storage'), folder: root });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const parts = (more: { readonly practice?: boolean; readonly script?: string } = {}) => ({
    editor: fake.editor, execPath: process.execPath, env: { PATH: process.env['PATH'], HOME: root, CODEX_HOME: join(root, '.codex') },
    brokerScript: () => Promise.resolve(more.script ?? program), seat: () => ({ dataDir: join(root, 'data'), practice: more.practice ?? false }),
  });
  const writeSessions = (responses: number) => {
    for (let file = 0; file < files; file += 1) {
      const lines = Array.from({ length: responses }, (_, index) => JSON.stringify({ timestamp: '2026-11-20T10:00:00.000Z', type: 'token_usage_record', payload: { response_id: `resp_${file}_${index}`, usage: { input_tokens: 1000, output_tokens: 10 } } }));
      writeFileSync(join(root, '.codex', 'sessions', `rollout-${file}.jsonl`), `${JSON.stringify({ type: 'turn_context', payload: { model: 'gpt-5.5' } })}\n${lines.join('\n')}\n`);
    }
  };
  const last = () => fake.shown.at(-1)?.message ?? '';

  it('shows how far it is, and tells what was counted, once', async () => {
    writeSessions(3);
    await importSessions(parts());
    assert.match(last(), /^120 responses that Codex got around the broker are counted now\. Through it they would have cost \d+\.\d\d credits; nothing was drawn for them\.$/);
    assert.deepEqual([fake.progress[0], fake.progress.at(-1)], ['2 of 40 files', '40 of 40 files']);
    await importSessions(parts());
    assert.match(last(), /^Nothing new was found in 40 session files/);
  });

  it('stops when it is cancelled; what was counted stays, and the next run does the rest', async () => {
    writeSessions(400);
    const { withProgress } = fake.editor.window;
    type Work = Parameters<typeof withProgress>[1];
    const cancelling = (options: Parameters<typeof withProgress>[0], work: Work) => withProgress(options, (progress, token) => work({ report: (step) => { progress.report(step); fake.cancel(); } }, token));
    Object.assign(fake.editor.window, { withProgress: cancelling });
    const script = join(root, 'held.mjs');
    writeFileSync(script, [thirdFileHolder, program].map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)});`).join('\n'));
    await importSessions(parts({ script }));
    const [counted, read] = (/^([\d,]+) responses .* Stopped after (\d+) of 40 files; run the command again to go on\.$/.exec(last()) ?? []).slice(1).map((number) => Number(number.replaceAll(',', '')));
    assert.deepEqual([counted, read], [1200, 3], last());
    Object.assign(fake.editor.window, { withProgress });
    await importSessions(parts());
    assert.ok(last().replaceAll(',', '').startsWith(`${files * 400 - (counted ?? 0)} responses`), last());
    assert.equal((await runBroker(['audit', '--full', '--data', join(root, 'data')])).code, 0);
  });

  it('says that it was stopped where the program had not begun yet, and imports all of it the next time', async () => {
    writeSessions(1);
    const { withProgress } = fake.editor.window;
    type Work = Parameters<typeof withProgress>[1];
    const cancelledAtOnce = (options: Parameters<typeof withProgress>[0], work: Work) => withProgress(options, (progress, token) => {
      const done = work(progress, token);
      fake.cancel();
      return done;
    });
    Object.assign(fake.editor.window, { withProgress: cancelledAtOnce });
    await importSessions(parts());
    assert.equal(last(), 'The import was stopped. What was counted by then stays counted; run the command again to go on.');
    Object.assign(fake.editor.window, { withProgress });
    await importSessions(parts());
    assert.match(last(), /^40 responses /);
  });

  it('says all of it in the language of the editor', async () => {
    const script = join(root, 'tells.mjs');
    await spokenIn(pseudo, async () => {
      for (const answer of [{ files: 0, added: 0, interrupted: false }, { files: 9, added: 0, interrupted: true }, { files: 9, added: 1, interrupted: true }, { files: 9, added: 2, interrupted: false }]) {
        writeFileSync(script, `console.error('{"event":"progress","files":2,"of":9}'); console.log('${JSON.stringify({ known: 0, seen: 0, costMicroCredits: 1, filesRead: 3, ...answer })}');`);
        await importSessions(parts({ script }));
      }
    });
    assert.equal(fake.shown.length, 4);
    assert.equal(untranslated([...fake.shown.map(({ message }) => message), ...fake.titles, ...fake.progress].join('\n'), []), '');
  });

  it('says that there is nothing to import, that practice is not for it, and when the program gives no answer', async () => {
    await importSessions(parts());
    assert.equal(last(), 'Codex has no session files on this computer yet, so nothing was imported.');
    writeSessions(1);
    await assert.rejects(importSessions({ ...parts({ practice: true }), seat: () => ({ dataDir: join(root, 'practice'), practice: true }) }), (error: ProblemError) => error.problem.code === 'argument_invalid' && error.problem.message.includes('practice mode'));
    const script = join(root, 'broken.mjs');
    writeFileSync(script, 'console.error("{broken"); process.exit(3);');
    await assert.rejects(importSessions(parts({ script })), (error: ProblemError) => error.problem.code === 'command_failed');
  });
});
