// Which exit code says that a command did not start: 127 when there is no such program, also where
// an unreadable folder of PATH makes the system answer otherwise, and 126 when it may not be run.
import assert from 'node:assert/strict';
import { CommandNotStarted } from '../../../src/broker/commands/run.ts';

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
});
