// What looks like a key, a token or a password, taken out of text that other programs wrote.
import assert from 'node:assert/strict';
import { hideSecretLooks } from '../../src/extension/secretText.ts';

describe('text with secrets', () => {
  it('loses what looks like one, and nothing else', () => {
    const cases: readonly (readonly [text: string, shown: string])[] = [
      ['curl -H "Authorization: Bearer abc.def-123=" x', 'curl -H "Authorization: Bearer …" x'],
      ['authorization: bearer abcdefgh12', 'authorization: bearer …'],
      ['OPENAI_API_KEY=sk-proj-abcdefgh1234 codex', 'OPENAI_API_KEY=… codex'],
      [`ghp_${'a1'.repeat(18)} and github_pat_${'b2_'.repeat(10)}.`, '… and ….'],
      ['mysql --password=hunter2 --user=me', 'mysql --password=… --user=me'],
      ['x --token="two words" --auth-token=\'a b\' --api-key=k', 'x --token=… --auth-token=… --api-key=…'],
      ['--token="open', '--token=…'],
      ['git clone https://me:p@ss@example.com/a.git', 'git clone https://me:…@example.com/a.git'],
      ['x --token abc -v --password -q', 'x --token … -v --password -q'],
      ['export GITHUB_TOKEN=abc DB_PASSWORD="a b" my_api_key=z TOKENS=', 'export GITHUB_TOKEN=… DB_PASSWORD=… my_api_key=… TOKENS='],
      [`glpat-${'x'.repeat(20)} AKIA${'A1'.repeat(8)} npm_${'c3'.repeat(18)} Basic dXNlcjpwYXNz`, '… … … Basic …'],
      ['redis://:secret@localhost:6379', 'redis://:…@localhost:6379'],
    ];
    for (const [text, shown] of cases) assert.equal(hideSecretLooks(text), shown);
    for (const plain of ['npm install @scope/name', 'http://127.0.0.1:8080/a@b', 'git@github.com:a/b.git', 'risk-assessment-tool', 'ls --token-file', 'https://me@example.com', 'ghp_short']) assert.equal(hideSecretLooks(plain), plain);
  });

  it('takes no time to speak of in a long output', () => {
    const long = ['://a:', 'Bearer ', '--token="', 'ghp_', '--a-a-', 'TOKEN', '--token  ', 'xoxb-'].map((piece) => piece.repeat(20_000));
    for (const text of long) assert.equal(typeof hideSecretLooks(text), 'string');
  });
});
