// Runs the suites of inHost inside a real extension host and repeats each of their tests here by name,
// so that a failure in there is a failure of this run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { brokerPid, isAlive, repositoryRoot } from '../support/vscode/editorSession.ts';
import { runInHost, type InHostRun } from '../support/vscode/inHostRun.ts';

describe('inside the extension host', function () {
  this.timeout(180_000);
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-host-')));
  const dataDir = path.join(folder, 'data');
  let run: InHostRun | undefined;

  before(async () => { run = await runInHost(repositoryRoot, folder, { CODEX_BROKER_DATA: dataDir }); });
  after(() => {
    const pid = brokerPid(path.join(dataDir, 'practice'));
    if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  it('every suite passes, and the editor agrees', () => {
    assert.ok(run);
    assert.deepEqual(run.results.filter((result) => result.state !== 'passed'), []);
    assert.equal(run.exitCode, 0);
  });

  for (const title of [
    'activation activates by itself once the window has started',
    'activation registers every command of its manifest',
    'activation offers every command that a person is promised',
    'activation knows every setting of its manifest, with its default',
    'terminals find the shim first when the setting asks for it, and not afterwards',
    'practice mode starts a broker of its own, whose address file appears',
    'practice mode opens the dashboard once, however often it is asked for',
  ]) {
    it(title, () => { assert.ok(run?.results.some((result) => result.title === title && result.state === 'passed')); });
  }

  it('nothing threw in the extension host', () => {
    assert.deepEqual(run?.hostErrors.filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});
