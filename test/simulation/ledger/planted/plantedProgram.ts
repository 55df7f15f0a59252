// A copy of what the ledger is made of, with one bug in it, or with none; and the hunts that look for it.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256 } from '../../../../src/broker/store/ledgerThread.ts';
import { openDatabase } from '../../../../src/broker/store/openDatabase.ts';
import type { SqliteLedger } from '../../../../src/broker/store/sqliteLedger.ts';
import { withFastFolder } from '../../../support/ledger/tempLedger.ts';
import { raceForLastCredit } from '../lastCredit.ts';
import { isOnFiles, liveThrough, moodOf, wholeDaysMax } from '../world/ledgerWorld.ts';
import type { OpenLedger } from '../world/worldDisk.ts';
import { worldGround } from '../world/worldGround.ts';
import type { Edit, HuntName, PlantedBug } from './plantedBug.ts';

const root = resolve(import.meta.dirname, '../../../..');
/** Worlds and rounds that a bug may hide in before it counts as missed. */
const worldsMax = 400;
const filesMax = 40;
const roundsMax = 20;

/** What came of a hunt: what caught the bug, and in which world or round; nothing where it was missed. */
export interface HuntReport { readonly caught?: string; readonly tries: number }

/** Hunts a bug, or anything in a program without one. */
export async function huntIn(bug: PlantedBug | undefined, hunt: HuntName, triesMax?: number): Promise<HuntReport> {
  const folder = mkdtempSync(join(tmpdir(), 'codex-broker-planted-'));
  try {
    const open = await programWith(folder, bug);
    if (hunt === 'the race for the last credit') return await race(open);
    return live(open, hunt, bug?.mood, triesMax);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function programWith(folder: string, bug: PlantedBug | undefined): Promise<OpenLedger> {
  for (const part of ['src/domain', 'src/protocol', 'src/broker/store']) cpSync(join(root, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const edit of bug ? [bug, ...bug.also ?? []] : []) plant(folder, edit);
  const { SqliteLedger: Ledger } = await import(pathToFileURL(join(folder, 'src/broker/store/sqliteLedger.ts')).href) as { SqliteLedger: typeof SqliteLedger };
  return (path, as, openWith) => Ledger.open(path, sha256, as, openWith);
}

function plant(folder: string, { file, from, to }: Edit): void {
  const path = join(folder, 'src', file);
  const text = readFileSync(path, 'utf8');
  assert.equal(text.split(from).length, 2, `the text to change in ${file} must be there exactly once: ${from}`);
  writeFileSync(path, text.replace(from, () => to));
}

function live(open: OpenLedger, hunt: HuntName, mood: string | undefined, triesMax = hunt === 'random worlds' ? worldsMax : filesMax): HuntReport {
  let tries = 0;
  try {
    const ground = worldGround(open);
    try {
      for (let seed = 1; seed <= wholeDaysMax && tries < triesMax; seed += 1) {
        if (mood !== undefined && moodOf(seed) !== mood || hunt === 'random worlds on files' && !isOnFiles(seed)) continue;
        tries += 1;
        liveThrough(seed, ground);
      }
      return { tries };
    } finally {
      ground.close();
    }
  } catch (error) {
    // Any failure counts: a wrong answer, a broken promise, or a store that gives up.
    return { caught: firstLine(error), tries };
  }
}

async function race(open: OpenLedger): Promise<HuntReport> {
  try {
    await withFastFolder(async (folder) => {
      const ledger = open(join(folder, 'ledger.db'), 'owner', openDatabase);
      try {
        await raceForLastCredit({
          run: (commands) => Promise.resolve(ledger.runGroup(commands).map((outcome) => (outcome.ok ? outcome.value : undefined))),
          balance: () => Promise.resolve(ledger.query('balance', { nowMs: 0 })),
        }, roundsMax);
      } finally {
        ledger.close();
      }
    });
    return { tries: roundsMax };
  } catch (error) {
    return { caught: firstLine(error), tries: roundsMax };
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 110) ?? '';
}
