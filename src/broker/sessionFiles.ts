// Codex's session files on disk, also those that it has compressed since (openai/codex, codex-rs/rollout/src/compression.rs):
// finds those of a Codex home, oldest first, and streams what each tells of used tokens. Reading only; a file that cannot be read is told to the caller and passed over.
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { BoundedLines } from '../protocol/boundedLines.ts';
import { RolloutReader } from '../protocol/rolloutReader.ts';
import type { RolloutUse } from '../protocol/rolloutReader.ts';

/** A session file: its name, without what says that it is compressed, and where it is. */
export interface SessionFile { readonly name: string; readonly path: string }

/** What of a file could not be taken. */
export interface FileGaps { unreadableFiles: number; unreadableLines: number; longLines: number }

/** Where a Codex home keeps sessions: by day, and those that were archived. */
const folders = ['sessions', 'archived_sessions'] as const;
/** Files of one import, and folders within folders, at the most. */
const filesMax = 500_000;
const depthMax = 6;
/** The longest line that is looked at. Lines that tell of usage are short; one with a session's instructions is a few hundred KB at the most. */
const lineCharsMax = 8 * 1024 * 1024;
const pieceBytes = 256 * 1024;
const compressedEnd = '.zst';

/** All session files of a Codex home by the time in their names, so that a session comes before those forked from it. */
export async function findSessionFiles(codexHome: string): Promise<SessionFile[]> {
  const found: SessionFile[] = [];
  for (const folder of folders) await collect(join(codexHome, folder), depthMax, found);
  // While Codex changes one into the other both are there; it believes the plain one.
  const plain = new Set(found.map((one) => one.path).filter((path) => !path.endsWith(compressedEnd)));
  return found.filter(({ path }) => !path.endsWith(compressedEnd) || !plain.has(path.slice(0, -compressedEnd.length))).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.path < b.path ? -1 : 1));
}

async function collect(folder: string, depth: number, found: SessionFile[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    // A home without archived sessions, or one that is being tidied up meanwhile, has nothing there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    if (entry.isDirectory() && depth > 0) await collect(join(folder, entry.name), depth - 1, found);
    else if (entry.isFile() && /^rollout-.*\.jsonl(?:\.zst)?$/.test(entry.name) && found.length < filesMax) {
      found.push({ name: entry.name.endsWith(compressedEnd) ? entry.name.slice(0, -compressedEnd.length) : entry.name, path: join(folder, entry.name) });
    }
  }
}

/** Streams the responses that a file tells of, and counts what could not be taken. */
export async function* readSessionFile({ path }: SessionFile, gaps: FileGaps): AsyncGenerator<RolloutUse> {
  const reader = new RolloutReader();
  const lines = new BoundedLines(lineCharsMax);
  try {
    for await (const piece of textOf(path)) {
      for (const line of lines.take(String(piece))) {
        const use = reader.read(line);
        if (use) yield use;
      }
    }
    for (const line of lines.end()) {
      const use = reader.read(line);
      if (use) yield use;
    }
  } catch {
    // Gone, or not ours to read; the caller says how many there were.
    gaps.unreadableFiles += 1;
  } finally {
    gaps.unreadableLines += reader.unreadable;
    gaps.longLines += lines.skipped;
  }
}

/** A file's text in pieces, decompressed where it has to be. */
function textOf(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: pieceBytes });
  // What breaks the file breaks the text, and whoever reads that hears of it.
  const text = path.endsWith(compressedEnd) ? pipeline(file, createZstdDecompress(), () => undefined) : file;
  return text.setEncoding('utf8');
}
