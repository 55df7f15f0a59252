// Tests that the runner's counting tells the truth: real mocha runs over small test files that pass,
// fail, are parked, hang, crash or leave something running.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { countOf, mochaCommand } from '../../src/setup/mochaCommand.mjs';
import { runCommand } from '../../src/setup/runCommand.mjs';

const root = path.resolve(import.meta.dirname, '../..');

describe('counting the tests of a stage', function () {
  this.timeout(60_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-count-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function count(text: string, timeMsMax = 30_000) {
    const file = path.join(folder, 'sample.test.ts');
    fs.writeFileSync(file, text);
    const command = mochaCommand({ root, files: [file] });
    const result = await runCommand({ ...command, cwd: folder, timeMsMax, capture: true });
    const counts = countOf(command, result);
    assert.equal(fs.existsSync(command.report), false, 'the report is removed');
    return counts;
  }

  it('counts what passed and what failed, and keeps what a failed test said', async () => {
    const text = "it('a', () => {}); it('b', () => {}); describe('deep', () => { it('c', (): void => { throw new Error('no'); }); });";
    assert.deepEqual(await count(text), { passed: 2, failed: 1, skipped: 0, failures: ['deep c: no'] });
  });

  it('counts a parked test as skipped', async () => {
    assert.deepEqual(await count("it('a', () => {}); it('b');"), { passed: 1, failed: 0, skipped: 1 });
  });

  it('calls a run without tests a failure', async () => {
    const counts = await count("describe('nothing', () => {});");
    assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0, problem: 'no test ran' });
  });

  it('calls a file that cannot be loaded a failure', async () => {
    const counts = await count("import './absent.ts';");
    assert.equal(counts.failed, 1);
    assert.match(counts.problem ?? '', /ended before its first test/);
  });

  it('calls a run that stops in its middle a failure', async () => {
    const counts = await count("it('a', () => {}); it('b', () => { process.exit(0); });");
    assert.equal(counts.passed, 1);
    assert.equal(counts.failed, 1);
    assert.match(counts.problem ?? '', /stopped before its last test/);
  });

  it('ends a run that hangs, and says so', async () => {
    const text = "it('a', () => {}); it('b', function () { this.timeout(0); return new Promise(() => setInterval(() => {}, 1000)); });";
    let counts = await count(text, 2_000);
    // On a slow machine mocha itself may not have begun by then.
    for (let timeMsMax = 4_000; counts.passed === 0 && timeMsMax < 20_000; timeMsMax *= 2) counts = await count(text, timeMsMax);
    assert.equal(counts.passed, 1);
    assert.equal(counts.failed, 1);
    assert.match(counts.problem ?? '', /longer than its limit/);
  });

  it('calls a run that leaves something running a failure', async () => {
    const counts = await count("it('a', () => { setInterval(() => {}, 1000); });");
    assert.equal(counts.passed, 1);
    assert.equal(counts.failed, 1);
    assert.match(counts.problem ?? '', /kept the run alive/);
  });
});
