// Which exit code says that a command did not start: 127 when there is no such program, also where
// an unreadable folder of PATH makes the system answer otherwise, and 126 when it may not be run.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CommandNotStarted } from '../../../src/broker/commands/commandNotStarted.ts';
import { meteredEnvironment } from '../../../src/broker/commands/run.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { ranIn } from './ranCommand.ts';

describe('a command that did not start', () => {
  const refused = (code: string) => Object.assign(new Error(code), { code });

  it('gives 127 when it is not there and 126 when it may not be run', () => {
    for (const [code, isThere, exitCode] of [['ENOENT', false, 127], ['ENOENT', true, 127], ['EACCES', false, 127], ['EACCES', true, 126], ['ENOEXEC', true, 126]] as const) {
      assert.equal(new CommandNotStarted('tool', refused(code), isThere).exitCode, exitCode, `${code} ${isThere}`);
    }
  });

  it('names a missing Codex by its own code', () => {
    assert.equal(new CommandNotStarted('codex', refused('ENOENT'), false).problem.code, 'codex_not_found');
    assert.equal(new CommandNotStarted('tool', refused('ENOENT'), false).problem.code, 'command_failed');
  });

  it('gives 127 and one sentence for a shim that leads back to itself, before anything is asked of a broker', () => withFolder(async (folder) => {
    const shims = join(folder, 'shims');
    mkdirSync(shims);
    writeFileSync(join(shims, 'codex'), '');
    symlinkSync(join(shims, 'codex'), join(folder, 'codex'));
    for (const [program, env] of [[join(shims, 'codex'), {}], [join(folder, 'codex'), {}], ['codex', { CODEX_BROKER_CALLS: '8' }]] as const) {
      const { code, err } = await ranIn(folder, { env: { CODEX_BROKER_DATA: folder, ...env } }, ['run', '--hide-path', shims, '--', program, 'exec']);
      assert.equal(code, 127);
      assert.match(err, /^The command "[^"]+" cannot be run \(it leads back to the shim that called it\)\. [^\n]+ \(codex_not_found\)$/);
    }
    // Nested calls within reason, and calls that no shim made, come as far as the broker, which is not there.
    for (const args of [['--hide-path', shims, '--', 'codex'], ['--', join(shims, 'codex')]]) {
      const { code, err } = await ranIn(folder, { env: { CODEX_BROKER_DATA: folder, CODEX_BROKER_CALLS: '7' } }, ['run', ...args]);
      assert.deepEqual([code, err.endsWith('(broker_unreachable)')], [1, true], err);
    }
  }));

  it('leaves out of the path what is the shim, by whatever name', () => withFolder((folder) => {
    const [shims, links, real] = ['shims', 'links', 'real'].map((name) => join(folder, name)) as [string, string, string];
    for (const each of [shims, links, real]) mkdirSync(each);
    for (const each of [shims, real]) writeFileSync(join(each, 'codex'), '');
    symlinkSync(join(shims, 'codex'), join(links, 'codex'));
    const made = { token: 'T', workspaceId: 'ws', baseUrl: 'b', codexBaseUrl: 'c' };
    const env = meteredEnvironment({ PATH: [shims, `${shims}/`, links, real, '/none'].join(delimiter) }, made, shims);
    assert.equal(env['PATH'], [real, '/none'].join(delimiter));
  }));
});
