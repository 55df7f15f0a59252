// The port of a data folder's broker: chosen once, remembered beside the ledger, and taken again at every
// start, so that addresses which were written into a configuration go on to hold. It listens by what it is given.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ProblemError } from '../domain/problem.ts';

/** Name of the file; its text is the port. */
const portFile = 'port';
/** Systems hand out ports from 32768 on to whoever connects somewhere; below them a port is free again at the next start. */
const portMin = 20_000;
const portMax = 32_767;
const triesMax = 20;

/** The port that a folder's broker listens on at every start; absent before the first. */
export function rememberedPort(dataDir: string): number | undefined {
  try {
    const text = readFileSync(join(dataDir, portFile), 'utf8').trim();
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port >= 1 && port <= 65_535 ? port : undefined;
  } catch {
    // No broker ran here yet, or the file is of no use: another port is chosen.
    return undefined;
  }
}

/** Remembers a port for the next starts. */
export function rememberPort(dataDir: string, port: number): void {
  if (rememberedPort(dataDir) === port) return;
  const path = join(dataDir, portFile);
  writeFileSync(`${path}.new`, `${port}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What opening the door needs. */
export interface PortParts<T> {
  readonly dataDir: string;
  readonly random: () => number;
  /** Listens on a port, 0 for any. @throws ProblemError `port_in_use` */
  readonly listen: (port: number) => Promise<T>;
  /** The remembered port belongs to another program now, so this run has another. */
  readonly taken: (port: number) => void;
}

/**
 * Opens the door on the port that is asked for, else on the folder's own one, else on a new one that becomes it.
 * While another program has the folder's port, this run takes another and the folder keeps its own.
 * @param asked 0 asks for none
 * @throws ProblemError `port_in_use` for one that was asked for
 */
export async function listenOnOwnPort<T extends { readonly url: string }>(asked: number, parts: PortParts<T>): Promise<T> {
  if (asked !== 0) return remembering(parts, await parts.listen(asked));
  const own = rememberedPort(parts.dataDir);
  if (own !== undefined) {
    const door = await tried(parts, own);
    if (door) return door;
    parts.taken(own);
  }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const door = await tried(parts, somePort(parts.random));
    if (door) return own === undefined ? remembering(parts, door) : door;
  }
  const door = await parts.listen(0);
  return own === undefined ? remembering(parts, door) : door;
}

/** The folder's port, chosen now where no broker ran yet; call it with the folder's lease held. */
export async function ownPort(dataDir: string, random: () => number): Promise<number> {
  const own = rememberedPort(dataDir);
  if (own !== undefined) return own;
  for (let tries = 0; ; tries += 1) {
    const port = somePort(random);
    if (tries < triesMax && !await isFree(port)) continue;
    rememberPort(dataDir, port);
    return port;
  }
}

function somePort(random: () => number): number {
  return portMin + Math.floor(random() * (portMax - portMin + 1));
}

function remembering<T extends { readonly url: string }>({ dataDir }: PortParts<T>, door: T): T {
  try {
    rememberPort(dataDir, Number(new URL(door.url).port));
  } catch {
    // A port that cannot be noted, as on a full disk, is chosen anew at the next start: no reason not to run.
  }
  return door;
}

async function tried<T>(parts: PortParts<T>, port: number): Promise<T | undefined> {
  try {
    return await parts.listen(port);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'port_in_use') return undefined;
    throw error;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => { server.close(() => resolve(true)); });
  });
}
