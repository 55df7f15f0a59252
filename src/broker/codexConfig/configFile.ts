// The file that Codex reads: where it is, whether it may be touched, and how it is written. It is exchanged
// as a whole, with its rights kept, and a copy of what it was lies beside it. Links are followed only
// inside of the person's own folders.
import { createHash, randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, copyFileSync, existsSync, fchmodSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import { problem, ProblemError } from '../../domain/problem.ts';

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
    throw new ProblemError(problem('argument_invalid', `"${profile}" is no name of a profile: letters, digits, - and _ only.`));
  }
  if (isProject(place)) {
    throw unusable(`The folder ${codexHome} belongs to a project, and Codex ignores openai_base_url in a project's configuration.`, 'Leave out --codex-home to route your own configuration, or use `codex-broker run` in the project.');
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
    if (link.isSymbolicLink() && !existsSync(path)) throw unusable(`${path} is a link to nothing.`, 'Make the file that it names, or remove the link.');
    const realPath = realpathSync(path);
    if (!ownFolders.some((folder) => isInside(realPath, realOf(folder)))) {
      throw unusable(`${path} is a link to ${realPath}, which lies outside of your own folders, so it was left alone.`, 'Add the line to that file yourself, or put a file in the place of the link.');
    }
    const found = statSync(realPath);
    if (!found.isFile()) throw unusable(`${path} is no file.`, 'Move away what lies in its place.');
    if (process.getuid !== undefined && found.uid !== process.getuid()) throw unusable(`${realPath} belongs to another user.`, 'Run the command as the user that the file belongs to.');
    if (found.nlink > 1) throw unusable(`${realPath} has further names (hard links), which would part from it when it is exchanged.`, 'Add the line to the file yourself, or copy it so that it has one name.');
    if (found.size > bytesMax) throw unusable(`${realPath} is larger than ${bytesMax} bytes.`, 'Check whether it is a configuration at all.');
    accessSync(realPath, constants.R_OK | constants.W_OK);
    return { path, realPath, text: decoded(realPath), exists: true, mode: found.mode & 0o7777 };
  } catch (error) {
    throw error instanceof ProblemError ? error : unusable(`${path} cannot be used (${reason(error)}).`, 'Check its rights.', error);
  }
}

function decoded(path: string): string {
  try {
    // The mark of UTF-8 at the beginning is a part of the text, so that it is written again.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw unusable(`${path} is not written in UTF-8, as TOML must be.`, 'Save it as UTF-8.', error);
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
      if ((error as { code?: string }).code !== 'EEXIST') throw unusable(`No copy of ${file.realPath} could be made (${reason(error)}), so it was left alone.`, 'Free some space, or check the rights of its folder.', error);
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
    throw error instanceof ProblemError ? error : unusable(`${file.realPath} could not be written (${reason(error)}); it is as it was.`, 'Free some space, or check the rights of its folder.', error);
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
  throw unusable(`${file.realPath} was changed by somebody else in this moment, so it was left alone.`, 'Run the command again.');
}

function reason(error: unknown): string {
  return error instanceof Error ? (error as { code?: string }).code ?? error.message : String(error);
}

/** A file that is left alone. */
export function unusable(message: string, remedy: string, cause?: unknown): ProblemError {
  return new ProblemError({ ...problem('codex_config_unusable', message), remedy }, { cause });
}
