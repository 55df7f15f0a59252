// The broker's log: JSON lines in the data folder, bounded, with every living secret blotted out
// at the sink, whatever wrote it. Bodies and tokens are not logged in the first place.
import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { Clock } from './clock.ts';

/** Name of the log file in the data folder; the one before it ends in `.1`. */
export const brokerLogFile = 'broker.log';
/** A log beyond this size is put aside at the next start. */
const logBytesMax = 5 * 1024 * 1024;
/** Lines of one run; beyond it only problems of the broker itself are written. */
const linesMax = 100_000;
/** Lines wait this long, so that those of many requests are written at once. */
const flushMs = 250;
/** Or until there are this many bytes of them. */
const batchBytes = 8 * 1024;

/** Writes an event with fields. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** Opens the log. `secrets` gives what must never appear, read at each line. */
export function openLog(dataDir: string, secrets: () => readonly string[], clock: Pick<Clock, 'after'>): { log: Log; flush: () => void } {
  const path = join(dataDir, brokerLogFile);
  if (existsSync(path) && statSync(path).size > logBytesMax) renameSync(path, `${path}.1`);
  const file = pino.destination({ dest: path, sync: false, mode: 0o600, minLength: batchBytes });
  // A log that cannot be written (a full disk) must not stop a request.
  file.on('error', () => undefined);
  let isWaiting = false;
  const flush = (how: 'flush' | 'flushSync') => {
    try {
      file[how]();
    } catch {
      // Nothing was written yet, or the disk is full; there is nobody left to tell.
    }
  };
  const flushLater = () => clock.after(flushMs, () => {
    isWaiting = false;
    flush('flush');
  });
  // What was flushed while the file was being opened is still here.
  file.once('ready', () => flush('flush'));
  const redacting = {
    write: (line: string) => {
      file.write(redact(line, secrets()));
      if (!isWaiting) flushLater();
      isWaiting = true;
    },
  };
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, redacting);
  let lines = 0;
  return {
    log: (event, fields) => {
      lines += 1;
      if (lines <= linesMax || /failed|fault/.test(event)) logger.info(fields, event);
    },
    flush: () => flush('flushSync'),
  };
}

/** Replaces every secret in a line, also in the form in which a URL or base64 would carry it. */
export function redact(line: string, secrets: readonly string[]): string {
  let clean = line.replace(/\bsk-[\w-]{8,}/g, 'sk-[redacted]').replace(/\/w\/[\w-]{20,}/g, '/w/[redacted]');
  for (const secret of secrets) {
    if (secret.length < 8) continue;
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) clean = clean.replaceAll(form, '[redacted]');
  }
  return clean;
}
