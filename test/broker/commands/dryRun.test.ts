// `explain --dry-run` as a person types it: what would become of a request body, told by its sizes, on a real
// ledger that no broker holds.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { jsonOf, ran } from './ranCommand.ts';

describe('a dry run in a terminal', function () {
  this.timeout(30_000);
  const secret = 'the words of a prompt';

  it('tells what would become of a request body, by its sizes alone', () => withFolder(async (folder) => {
    await ran(folder, 'credits', 'add', '0.5', '--for', 'none');
    writeFileSync(join(folder, 'body.json'), JSON.stringify({ model: 'gpt-5.5', input: secret, stream: true, max_output_tokens: 100 }));
    const told = await ran(folder, 'explain', '--dry-run', 'body.json');
    assert.equal(told.code, 0);
    assert.match(told.out, /^A request for gpt-5\.5, not sent\n {2}About \d+ tokens in;/);
    assert.match(told.out, /^ {2}It would wait while a person is asked\.$/m);
    assert.ok(!told.out.includes(secret));
    const json = await jsonOf(folder, 'explain', '--dry-run', 'body.json', '--workspace', '.');
    assert.deepEqual([json.model, json.estimate.outputTokens <= 100, json.decision.layers.length > 3], ['gpt-5.5', true, true]);
    for (const text of ['{', '[]', '{"input":"x"}']) {
      writeFileSync(join(folder, 'body.json'), text);
      assert.match((await ran(folder, 'explain', '--dry-run', 'body.json')).err, /\(body_broken\)$/);
    }
    assert.match((await ran(folder, 'explain', '--dry-run', join(folder, 'none.json'))).err, /cannot be read .*\(argument_invalid\)$/);
  }));
});
