// The edit of config.toml before a real TOML parser, Codex's own: of whatever stands in a file, Codex reads
// the same as before and the broker's address beside it; and it is refused where Codex refuses it too.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { setBaseUrl, unsetBaseUrl } from '../../src/broker/codexConfig/baseUrlEdit.ts';
import { TomlBroken } from '../../src/broker/codexConfig/tomlStatements.ts';
import { knownToml } from '../broker/codexConfig/tomlText.ts';
import { openCodexConfigReader } from '../support/process/codexConfigReader.ts';
import type { CodexConfigReader } from '../support/process/codexConfigReader.ts';
import { makeFolder, removeFolder } from '../support/process/workbench.ts';

const url = `http://127.0.0.1:23456/w/${'t'.repeat(43)}/v1`;
/** Parts that may come into a file by a slip. */
const slips = ['"', '\'', '"""', '\'\'\'', '[', ']', '[[', '{', '}', '=', '#', ',', '\n', '\\', '\n\n[t]\n', 'openai_base_url', '.', 'x'];

describe('config.toml as Codex reads it', function () {
  this.timeout(120_000);
  let folder: string;
  let reader: CodexConfigReader;
  before(async () => {
    folder = makeFolder('config');
    reader = await openCodexConfigReader(folder);
  });
  after(async () => {
    await reader.close();
    removeFolder(folder);
  });
  const edited = (text: string) => {
    try {
      return setBaseUrl(text, url);
    } catch (error) {
      assert.ok(error instanceof TomlBroken);
      return undefined;
    }
  };

  it('says the same as before and the address, and is the same file after the undo', async () => {
    await fc.assert(fc.asyncProperty(knownToml, async ({ text }) => {
      const before = await reader.read(text);
      assert.ok(before, 'Codex reads what the test made');
      const set = setBaseUrl(text, url);
      const after = await reader.read(set.text);
      assert.deepEqual(after, { file: { ...before.file, openai_base_url: url }, baseUrl: url });
      assert.equal(unsetBaseUrl(set.text, url, set.previous), text);
    }), { numRuns: 300 });
  });

  it('is refused after a slip exactly where Codex refuses it', async () => {
    let refused = 0;
    let taken = 0;
    await fc.assert(fc.asyncProperty(knownToml, fc.nat(), fc.constantFrom(...slips), fc.nat({ max: 3 }), async ({ text }, place, slip, gone) => {
      const at = text === '' ? 0 : place % text.length;
      const slipped = text.slice(0, at) + slip + text.slice(at + gone);
      const before = await reader.read(slipped);
      const set = edited(slipped);
      assert.equal(set !== undefined, before !== undefined, before ? 'it is refused, and Codex takes it' : 'it is taken, and Codex refuses it');
      if (set && before) assert.deepEqual(await reader.read(set.text), { file: { ...before.file, openai_base_url: url }, baseUrl: url });
      if (set) taken += 1;
      else refused += 1;
    }), { numRuns: 600 });
    assert.ok(refused > 50 && taken > 50, `${refused} refused, ${taken} taken`);
  });
});
