// Brings the end of the broker's own log into the extension's log channel, as lines that a person can
// read. The broker has taken every secret out before it wrote them; this changes nothing in the file.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './editorApi.ts';

/** Name of the broker's log in its data folder, as the broker writes it. */
const logFile = 'broker.log';
/** How many lines are shown at once. */
export const logLinesMax = 200;
/** How much of the end of the file is read for them. */
const logBytesMax = 262_144;
const lineCharactersMax = 1_000;

/**
 * Writes the last lines under a heading.
 * @param dataDir the folder of the broker that this window uses
 */
export async function showBrokerLog(log: Log, dataDir: string): Promise<void> {
  const path = join(dataDir, logFile);
  let lines: readonly string[];
  try {
    lines = (await endOf(path)).split('\n').filter((line) => line.trim() !== '').slice(-logLinesMax).map(readableLine);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    lines = [missing ? 'There is none yet: the broker has not written anything.' : `It cannot be read (${error instanceof Error ? error.message : 'unknown failure'}).`];
  }
  log.info([`The broker's own log, ${path}:`, ...lines, 'End of the broker\'s own log. Lines of this window follow.'].join('\n'));
  log.show(true);
}

/** One JSON line of the log as "time event name=value …"; any other line as it is. */
export function readableLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return cut(line);
    entry = { ...parsed };
  } catch {
    // The first line may be cut where reading began, and a crash may leave half of the last one.
    return cut(line);
  }
  const { time, msg, level: _level, ...fields } = entry;
  const words = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value.split('\n')[0] : JSON.stringify(value)}`);
  return cut([String(time ?? ''), String(msg ?? ''), ...words].filter((word) => word !== '').join('  '));
}

async function endOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - logBytesMax);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    const text = buffer.toString('utf8', 0, bytesRead);
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

function cut(line: string): string {
  return line.length > lineCharactersMax ? `${line.slice(0, lineCharactersMax)}…` : line;
}
