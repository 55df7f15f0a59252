// Tests of the check on what is inside a VSIX. The archive reader is tried on an archive that a
// real program made, so that both cannot share one mistake.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { vsixProblems } from '../../src/setup/packageExtension.mjs';
import { zipListing } from '../../src/setup/zipListing.mjs';

/** A ZIP archive written field by field from the format's own description (APPNOTE 4.3). */
function zip(files: Readonly<Record<string, string>>, comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const raw = Buffer.from(text);
    const packed = deflateRawSync(raw);
    const shared = Buffer.alloc(22);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(crc32(raw), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(raw.length, 18);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(Buffer.byteLength(name), 0);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, lengths, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), shared, lengths, rest, Buffer.from(name)]));
    bodies.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([...bodies, list, end, Buffer.from(comment)]);
}

describe('the list of files in an archive', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-zip-'));
  const file = path.join(folder, 'sample.zip');
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('gives names and sizes, also when the archive ends with a comment', () => {
    for (const comment of ['', 'made by hand']) {
      fs.writeFileSync(file, zip({ 'a.txt': 'hello', 'folder/ü.json': 'x'.repeat(10_000) }, comment));
      const entries = zipListing(file);
      assert.deepEqual(entries.map(({ name, bytes }) => [name, bytes]), [['a.txt', 5], ['folder/ü.json', 10_000]]);
      assert.ok((entries[1]?.packedBytes ?? Infinity) < 10_000);
    }
  });

  it('says that something else is not an archive', () => {
    fs.writeFileSync(file, 'just text, and long enough to hold a closing record');
    assert.throws(() => zipListing(file), /is not a ZIP archive/);
  });

  it('says when the list is damaged', () => {
    const whole = zip({ 'a.txt': 'hello' });
    whole.write('XX', whole.indexOf('PK\x01\x02'), 'latin1');
    fs.writeFileSync(file, whole);
    assert.throws(() => zipListing(file), /damaged/);
  });
});

describe('what may be in a VSIX', () => {
  it('names every file that is missing from an empty one', () => {
    const problems = vsixProblems([], 0);
    assert.ok(problems.includes('extension/dist/broker.mjs is missing.'));
    assert.ok(problems.includes('extension/l10n/bundle.l10n.de.json is missing.'));
    assert.ok(problems.includes('extension/dist/node_modules/keytar/prebuilds/win32-x64/keytar.node is missing.'));
  });

  it('takes the texts of every language', () => {
    for (const name of ['extension/package.nls.json', 'extension/package.nls.de.json', 'extension/l10n/bundle.l10n.de.json', 'extension/media/walkthrough/ask.nls.de.md']) {
      assert.ok(!vsixProblems([name], 0).some((problem) => problem.startsWith(name)), name);
    }
  });

  it('refuses sources, secrets, maps and other packages', () => {
    for (const name of ['extension/src/broker/main.ts', 'extension/.env', 'extension/dist/broker.mjs.map', 'extension/dist/node_modules/other/a.js', 'extension/node_modules/ws/index.js', 'extension/test/tidy.test.ts', 'extension/dist/old.vsix', 'extension/l10n/notes.json']) {
      assert.ok(vsixProblems([name], 0).includes(`${name} does not belong in the package.`), name);
    }
  });

  it('refuses one that is too large', () => {
    assert.ok(vsixProblems([], 5_000_000).some((problem) => /5000000 bytes/.test(problem)));
    assert.ok(!vsixProblems([], 4_000_000).some((problem) => /bytes/.test(problem)));
  });
});
