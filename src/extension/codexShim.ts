// The small scripts that a metered terminal finds before the real programs: `codex`, which runs
// the real Codex through the broker, and `codex-broker`. They hold paths, never a token or a key.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the scripts are made from; all paths are absolute. */
export interface ShimPlaces {
  /** Folder that the scripts are written to; the broker takes it off the path, to find the real program. */
  readonly binDir: string;
  /** The editor's executable. */
  readonly execPath: string;
  /** The copied `broker.mjs`. */
  readonly brokerScript: string;
  /** Used where `CODEX_BROKER_DATA` is not set. */
  readonly dataDir: string;
  /** The setting that names the real Codex; empty text: the first on the path. */
  readonly codexPath: string;
}

/** The `codex` and `codex-broker` scripts for a POSIX shell. */
export function posixShims(places: ShimPlaces): Record<string, string> {
  const head = [
    '#!/bin/sh',
    '# Written by Codex Usage Broker; changes are overwritten.',
    `data=\${CODEX_BROKER_DATA:-}`,
    `[ -n "$data" ] || data=${posixQuote(places.dataDir)}`,
  ];
  const program = `ELECTRON_RUN_AS_NODE=1 exec ${posixQuote(places.execPath)} ${posixQuote(places.brokerScript)}`;
  return {
    codex: [...head, 'workspace=${CODEX_BROKER_WORKSPACE:-$PWD}', `${program} run --data "$data" --workspace "$workspace" --hide-path ${posixQuote(places.binDir)} -- ${places.codexPath === '' ? 'codex' : posixQuote(places.codexPath)} "$@"`, ''].join('\n'),
    'codex-broker': [...head, 'CODEX_BROKER_DATA=$data', 'export CODEX_BROKER_DATA', `${program} "$@"`, ''].join('\n'),
  };
}

/** The same for the Windows command interpreter. */
export function windowsShims(places: ShimPlaces): Record<string, string> {
  const head = [
    '@echo off', 'rem Written by Codex Usage Broker; changes are overwritten.', 'setlocal',
    `if not defined CODEX_BROKER_DATA set "CODEX_BROKER_DATA=${batchText(places.dataDir)}"`,
    'set "ELECTRON_RUN_AS_NODE=1"',
  ];
  const program = `"${batchText(places.execPath)}" "${batchText(places.brokerScript)}"`;
  const tail = 'exit /b %ERRORLEVEL%';
  return {
    'codex.cmd': [
      ...head,
      'if not defined CODEX_BROKER_WORKSPACE set "CODEX_BROKER_WORKSPACE=%CD%"',
      `${program} run --data "%CODEX_BROKER_DATA%" --workspace "%CODEX_BROKER_WORKSPACE%" --hide-path "${batchText(places.binDir)}" -- ${places.codexPath === '' ? 'codex' : `"${batchText(places.codexPath)}"`} %*`, tail, '',
    ].join('\r\n'),
    'codex-broker.cmd': [...head, `${program} %*`, tail, ''].join('\r\n'),
  };
}

/** Writes the scripts where they are missing or differ. @throws Error when the folder cannot be written */
export async function writeShims(places: ShimPlaces, platform: string, newName: () => string): Promise<void> {
  await mkdir(places.binDir, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(platform === 'win32' ? windowsShims(places) : posixShims(places))) {
    const path = join(places.binDir, name);
    if (await readFile(path, 'utf8').catch(() => undefined) === content) continue;
    const unfinished = `${path}.${newName()}`;
    await writeFile(unfinished, content, { mode: 0o700 });
    await chmod(unfinished, 0o700);
    await rename(unfinished, path);
  }
}

function posixQuote(text: string): string {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}

/** A path cannot hold a quote on Windows; a percent sign would begin a variable. */
function batchText(path: string): string {
  return path.replaceAll('%', '%%');
}
