// Tests what the tour writes: plain text on a pipe and under NO_COLOR, one repainted line on a terminal.
import assert from 'node:assert/strict';
import { openTerminal } from '../../src/tour/terminal.ts';

function written(isTTY: boolean, env: Record<string, string>, act: (terminal: ReturnType<typeof openTerminal>) => void): string {
  let text = '';
  act(openTerminal({ isTTY, columns: 40, write: (chunk) => { text += chunk; } }, env));
  return text;
}
const everything = (terminal: ReturnType<typeof openTerminal>) => {
  terminal.heading('A heading');
  terminal.live('one');
  terminal.live('one');
  terminal.live('two');
  terminal.good('all is well');
  terminal.bad('something is not');
};
const escape = '\u001b';

describe('the tour\'s terminal', () => {
  it('writes no control characters to a pipe, and a live line only when it changed', () => {
    assert.equal(written(false, {}, everything), '\nA heading\n  one\n  two\n  ok all is well\n  FAILED something is not\n');
  });

  it('uses colour on a terminal, and none under NO_COLOR', () => {
    assert.ok(written(true, {}, everything).includes(`${escape}[32mok${escape}[0m`));
    assert.ok(!written(true, { NO_COLOR: '1' }, everything).includes(`${escape}[32m`));
  });

  it('repaints the live line within the width and clears it before the next line', () => {
    const text = written(true, { NO_COLOR: '1' }, (terminal) => {
      terminal.live('x'.repeat(100));
      terminal.line('after');
    });
    assert.equal(text, `\r${escape}[K  ${'x'.repeat(37)}\r${escape}[K  after\n`);
  });

  it('sets numbers to the right and words to the left', () => {
    const text = written(false, {}, (terminal) => terminal.table(['Name', 'Credits'], [['a', '1.5'], ['longer', '12.25']]));
    assert.equal(text, '  Name    Credits\n  a           1.5\n  longer    12.25\n');
  });
});
