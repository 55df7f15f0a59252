// The file that Codex reads: where it is, whether it may be touched, and how it is written. It is exchanged
// as a whole, with its rights kept, and a copy of what it was lies beside it. Links are followed only
// inside of the person's own folders.
import { createHash, randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, copyFileSync, existsSync, fchmodSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import { problem, ProblemError, problemThat } from '../../domain/problem.ts';
import { say } from '../../domain/say.ts';
import type { Because } from '../../domain/say.ts';
import { TomlBroken } from './tomlStatements.ts';

/** A configuration file as it was found. */
export interface ConfigFile {
  /** Where a person sees it. */
  readonly path: string;
  /** The file itself, behind links. */
  readonly realPath: string;
  /** Its text; empty where there is no file yet. */
  readonly text: string;
  readonly exists: boolean;
  /** Rights of the file; those of a new one are its owner's alone. */
  readonly mode: number;
}

/** Where to look. */
export interface ConfigPlace {
  readonly codexHome: string;
  /** Absent means `config.toml`. */
  readonly profile: string | undefined;
  readonly home: string;
  /** The CODEX_HOME of the environment; a folder that it names is no project's. */
  readonly namedHome: string | undefined;
}

const bytesMax = 1_000_000;
const ownerOnly = 0o600;
/** Rights to read for the group and for everybody. */
const openToOthers = 0o044;

/** Finds and reads the file. @throws ProblemError `codex_config_unusable`, `argument_invalid` */
export function readConfigFile(place: ConfigPlace): ConfigFile {
  const { codexHome, profile } = place;
  if (profile !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(profile)) {
    throw new ProblemError(problem('argument_invalid', '"{0}" is no name of a profile: letters, digits, - and _ only.', { values: [profile] }));
  }
  if (isProject(place)) {
    throw unusable(say('The folder {0} belongs to a project, and Codex ignores openai_base_url in a project\'s configuration.', codexHome), say('Leave out --codex-home to route your own configuration, or use `codex-broker run` in the project.'));
  }
  const path = join(codexHome, profile === undefined ? 'config.toml' : `${profile}.config.toml`);
  return readAt(path, [codexHome, place.home]);
}

/** Reads a file that was routed before. @throws ProblemError `codex_config_unusable` */
export function readAgain(path: string, home: string): ConfigFile {
  return readAt(path, [dirname(path), home]);
}

function isProject({ codexHome, home, namedHome }: ConfigPlace): boolean {
  return basename(codexHome) === '.codex' && codexHome !== namedHome && dirname(codexHome) !== home && existsSync(join(dirname(codexHome), '.git'));
}

function readAt(path: string, ownFolders: readonly string[]): ConfigFile {
  try {
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (!link) return { path, realPath: join(realOf(dirname(path)), basename(path)), text: '', exists: false, mode: ownerOnly };
    if (link.isSymbolicLink() && !existsSync(path)) throw unusable(say('{0} is a link to nothing.', path), say('Make the file that it names, or remove the link.'));
    const realPath = realpathSync(path);
    if (!ownFolders.some((folder) => isInside(realPath, realOf(folder)))) {
      throw unusable(say('{0} is a link to {1}, which lies outside of your own folders, so it was left alone.', path, realPath), say('Add the line to that file yourself, or put a file in the place of the link.'));
    }
    const found = statSync(realPath);
    if (!found.isFile()) throw unusable(say('{0} is no file.', path), say('Move away what lies in its place.'));
    if (process.getuid !== undefined && found.uid !== process.getuid()) throw unusable(say('{0} belongs to another user.', realPath), say('Run the command as the user that the file belongs to.'));
    if (found.nlink > 1) throw unusable(say('{0} has further names (hard links), which would part from it when it is exchanged.', realPath), say('Add the line to the file yourself, or copy it so that it has one name.'));
    if (found.size > bytesMax) throw unusable(say('{0} is larger than {1} bytes.', realPath, bytesMax), say('Check whether it is a configuration at all.'));
    accessSync(realPath, constants.R_OK | constants.W_OK);
    return { path, realPath, text: decoded(realPath), exists: true, mode: found.mode & 0o7777 };
  } catch (error) {
    throw error instanceof ProblemError ? error : unusable(say('{0} cannot be used ({1}).', path, reason(error)), say('Check its rights.'), error);
  }
}

function decoded(path: string): string {
  try {
    // The mark of UTF-8 at the beginning is a part of the text, so that it is written again.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw unusable(say('{0} is not written in UTF-8, as TOML must be.', path), say('Save it as UTF-8.'), error);
    throw error;
  }
}

/** The folder behind links; one that is not there yet is where it says. */
function realOf(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way);
}

/** Whether others on this computer may read the file. */
export function isReadableByOthers(file: ConfigFile): boolean {
  return process.platform !== 'win32' && (file.mode & openToOthers) !== 0;
}

/** What tells one content from another. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Lays a copy of the file beside it, named by the time.
 * @returns its path; undefined where there is no file yet @throws ProblemError `codex_config_unusable`
 */
export function backUp(file: ConfigFile, atMs: number): string | undefined {
  if (!file.exists) return undefined;
  const stamp = new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(':', '-');
  for (let count = 1; ; count += 1) {
    const path = `${file.realPath}.backup-${stamp}${count === 1 ? '' : `-${count}`}`;
    try {
      copyFileSync(file.realPath, path, constants.COPYFILE_EXCL);
      return path;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw unusable(say('No copy of {0} could be made ({1}), so it was left alone.', file.realPath, reason(error)), say('Free some space, or check the rights of its folder.'), error);
    }
  }
}

/** The texts of the copies that lie beside the file; those that cannot be read are passed over. */
export function backedUpTexts(file: ConfigFile): string[] {
  const folder = dirname(file.realPath);
  return readdirSync(folder).filter((name) => name.startsWith(`${basename(file.realPath)}.backup-`)).toSorted().flatMap((name) => {
    try {
      return statSync(join(folder, name)).size > bytesMax ? [] : [decoded(join(folder, name))];
    } catch {
      // A copy only helps to go back; without it the own line is taken out all the same.
      return [];
    }
  });
}

/** Puts a text in the place of the file, whole or not at all. @throws ProblemError `codex_config_unusable`, also when the file was changed since it was read */
export function writeConfigFile(file: ConfigFile, text: string): void {
  const fresh = join(dirname(file.realPath), `.${basename(file.realPath)}.${randomBytes(6).toString('hex')}.new`);
  try {
    mkdirSync(dirname(file.realPath), { recursive: true, mode: 0o700 });
    const handle = openSync(fresh, 'wx', file.mode);
    try {
      // What the mask of the process took away is given back: the rights stay what they were.
      if (file.exists) fchmodSync(handle, file.mode);
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    refuseChanged(file);
    renameSync(fresh, file.realPath);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error instanceof ProblemError ? error : unusable(say('{0} could not be written ({1}); it is as it was.', file.realPath, reason(error)), say('Free some space, or check the rights of its folder.'), error);
  }
}

/** Removes a file that was made here. @throws ProblemError `codex_config_unusable` */
export function removeConfigFile(file: ConfigFile): void {
  refuseChanged(file);
  rmSync(file.realPath);
}

function refuseChanged(file: ConfigFile): void {
  const isThere = existsSync(file.realPath);
  if (isThere === file.exists && (!isThere || decoded(file.realPath) === file.text)) return;
  throw unusable(say('{0} was changed by somebody else in this moment, so it was left alone.', file.realPath), say('Run the command again.'));
}

function reason(error: unknown): string {
  return error instanceof Error ? (error as { code?: string }).code ?? error.message : String(error);
}

/** A file that is left alone. */
export function unusable(because: Because, remedy: Because, cause?: unknown): ProblemError {
  return new ProblemError(problemThat('codex_config_unusable', because, { remedy }), { cause });
}

/** Works on the text of a file. @throws ProblemError `codex_config_unusable` for one that is no TOML */
export function readable<T>(file: ConfigFile, work: (text: string) => T): T {
  try {
    return work(file.text);
  } catch (error) {
    if (!(error instanceof TomlBroken)) throw error;
    throw unusable(say('{0} is not sound TOML ({1}), so it was left alone.', file.path, error.message), say('Correct that line first; Codex does not take it either.'), error);
  }
}
