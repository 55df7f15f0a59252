// Tests that a program which is run ends with everything it started: at its end, when its time is over,
// and when the run itself is told to stop.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from '../../src/setup/runCommand.mjs';

describe('running a program', function () {
  this.timeout(60_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-run-'));
  const pidFile = path.join(folder, 'grandchild.pid');
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  /** Starts a grandchild that would run for ever, then does as `ending` says. */
  const program = (ending: string) => `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); ${ending}`;
  const gone = async () => {
    const pid = Number(fs.readFileSync(pidFile, 'utf8'));
    for (let round = 0; round < 200; round += 1) {
      try {
        process.kill(pid, 0);
      } catch {
        return true; // no such process
      }
      // A process whose parent has ended may stay as an entry that nobody collects; it runs no more.
      const state = fs.existsSync(`/proc/${pid}/stat`) ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] : undefined;
      if (state === 'Z') return true;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return false;
  };

  it('gives its code and what it said', async () => {
    const result = await runCommand({ command: process.execPath, args: ['-e', 'console.log("said"); process.exit(3)'], cwd: folder, timeMsMax: 30_000, capture: true });
    assert.deepEqual(result, { code: 3, output: 'said\n', timedOut: false });
  });

  it('ends what it left behind', async () => {
    await runCommand({ command: process.execPath, args: ['-e', program('child.unref(); process.exit(0);')], cwd: folder, timeMsMax: 30_000, capture: true });
    assert.equal(await gone(), true);
  });

  it('ends it, and what it started, when its time is over', async () => {
    const run = (timeMsMax: number) => {
      fs.rmSync(pidFile, { force: true });
      return runCommand({ command: process.execPath, args: ['-e', program('')], cwd: folder, timeMsMax, capture: true });
    };
    let result = await run(1_000);
    // On a slow machine it may not have come to what it is to start by then.
    for (let timeMsMax = 2_000; Number(fs.existsSync(pidFile) && fs.readFileSync(pidFile, 'utf8')) === 0 && timeMsMax < 20_000; timeMsMax *= 2) result = await run(timeMsMax);
    assert.equal(result.timedOut, true);
    assert.notEqual(result.code, 0);
    assert.equal(await gone(), true);
  });

  it('says that a program cannot be started', async () => {
    await assert.rejects(runCommand({ command: path.join(folder, 'absent'), args: [], cwd: folder, timeMsMax: 1_000 }), /could not be started/);
  });

  it('passes Ctrl-C on and does not go on afterwards', async () => {
    const runner = path.join(folder, 'runner.mjs');
    fs.writeFileSync(runner, `import { runCommand } from ${JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, '../../src/setup/runCommand.mjs')).href)};
      try { await runCommand({ command: process.execPath, args: ['-e', ${JSON.stringify(program('console.log("running")'))}], cwd: ${JSON.stringify(folder)}, timeMsMax: 50_000 }); console.log('went on'); }
      catch (error) { console.log(error.message); }`);
    const child = spawn(process.execPath, [runner], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (!output.includes('running') && (output + chunk).includes('running')) child.kill('SIGINT');
      output += chunk;
    });
    await new Promise((resolve) => { child.once('close', resolve); });
    assert.equal(output, 'running\nThe run was interrupted.\n');
    assert.equal(await gone(), true);
  });
});
