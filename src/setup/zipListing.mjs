// Reads the names and sizes of the files in a ZIP archive from its central directory. It never
// unpacks anything; the build uses it to see what a VSIX really holds.
import fs from 'node:fs';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
/** A ZIP's closing record is 22 bytes and a comment of at most 65,535. */
const closingBytesMax = 22 + 65_535;

/**
 * Names and sizes, in the archive's own order.
 * @param {string} file path of the archive
 * @returns {{ name: string, bytes: number, packedBytes: number }[]}
 */
export function zipListing(file) {
  const data = fs.readFileSync(file);
  let end = data.length - 22;
  while (end >= 0 && end >= data.length - closingBytesMax && data.readUInt32LE(end) !== endOfDirectory) end -= 1;
  if (end < 0 || data.readUInt32LE(end) !== endOfDirectory) throw new Error(`${file} is not a ZIP archive.`);
  const count = data.readUInt16LE(end + 10);
  let at = data.readUInt32LE(end + 16);
  const entries = [];
  for (let index = 0; index < count; index += 1) {
    if (data.readUInt32LE(at) !== directoryEntry) throw new Error(`${file} has a damaged list of files.`);
    const nameLength = data.readUInt16LE(at + 28);
    entries.push({
      name: data.toString('utf8', at + 46, at + 46 + nameLength),
      bytes: data.readUInt32LE(at + 24),
      packedBytes: data.readUInt32LE(at + 20),
    });
    at += 46 + nameLength + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
  }
  return entries;
}
