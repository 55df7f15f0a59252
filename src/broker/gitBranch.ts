// Reads which git branch a folder is on, from git's own files: no program is started, what is read is bounded, and
// whatever is not as git writes it is simply not known. https://git-scm.com/docs/gitrepository-layout
import { constants, realpathSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { clean } from '../protocol/clientText.ts';
import { detachedMark } from '../protocol/originWords.ts';

/** The longest file that is read; git's own are shorter than a path and a name. */
const fileBytesMax = 8192;
/** Folders that are looked into on the way up. */
const foldersMax = 64;
/** Letters of a commit's id, as git shows it. */
const commitLetters = 7;

/** Reads branches, with the real path of a home that is looked up once, as that of a workspace is. */
export function branchReader(home: string): (folder: string) => Promise<string | undefined> {
  let real = home;
  try {
    real = realpathSync(home);
  } catch {
    // A home that is not there has only the name that it was given.
  }
  return (folder) => readBranch(folder, real);
}

/**
 * The branch that a folder's repository is on, or the mark of a commit where it is on none; undefined where none is known.
 * The repository may begin above the folder, though not above the person's home.
 * @param folder its real path
 * @param home its real path
 */
export async function readBranch(folder: string, home: string): Promise<string | undefined> {
  let at: string | undefined = folder;
  for (let looked = 0; at !== undefined && looked < foldersMax; looked += 1) {
    const git = await gitOf(at);
    const head = git?.folder === undefined ? undefined : await readShort(join(git.folder, 'HEAD'));
    if (git?.folder !== undefined && head !== undefined) return branchOf(head) ?? await movedBranch(git.folder, head);
    // Git itself goes no further, so what is around it is another repository.
    if (git?.isFile) return undefined;
    const above = dirname(at);
    at = at === home || above === at ? undefined : above;
  }
  return undefined;
}

/** Where git keeps what belongs to a folder: `.git`, or what a file of that name tells, as in worktrees and submodules; no folder where that makes no sense. */
async function gitOf(folder: string): Promise<{ readonly folder: string | undefined; readonly isFile: boolean } | undefined> {
  const git = join(folder, '.git');
  const found = await quiet(stat(git));
  if (found?.isDirectory()) return { folder: git, isFile: false };
  if (!found?.isFile()) return undefined;
  const [, told] = /^gitdir: (.+)$/m.exec(await readShort(git) ?? '') ?? [];
  // Another computer is asked for nothing because a file says so.
  return { folder: told === undefined || /^[\\/]{2}/.test(told) ? undefined : resolve(folder, told.trim()), isFile: true };
}

/** The branch that a HEAD names. A table of references keeps its names elsewhere, and leaves `.invalid` here. */
function branchOf(head: string): string | undefined {
  const [, name] = /^ref: refs\/heads\/(.+)$/m.exec(head) ?? [];
  return name === '.invalid' ? undefined : clean(name);
}

/** Where HEAD is a commit: the branch that is being rebased, or the commit itself. */
async function movedBranch(gitFolder: string, head: string): Promise<string | undefined> {
  const [commit] = /^[\da-f]{40,64}$/m.exec(head) ?? [];
  if (commit === undefined) return undefined;
  for (const rebase of ['rebase-merge', 'rebase-apply']) {
    const [, name] = /^refs\/heads\/(.+)$/m.exec(await readShort(join(gitFolder, rebase, 'head-name')) ?? '') ?? [];
    if (name !== undefined) return clean(name);
  }
  return detachedMark(commit.slice(0, commitLetters));
}

/** A short file's text; undefined for anything else, so that no pipe or device is waited for. */
async function readShort(path: string): Promise<string | undefined> {
  const file = await quiet(open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if (!file) return undefined;
  try {
    const { size } = await file.stat().then((found) => (found.isFile() ? found : { size: fileBytesMax + 1 }));
    if (size > fileBytesMax) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(fileBytesMax), 0, fileBytesMax, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    // It went away or cannot be read: nothing is known.
    return undefined;
  } finally {
    await quiet(file.close());
  }
}

/** What a look at a file gives; undefined where it fails, for whatever reason. */
async function quiet<T>(looked: Promise<T>): Promise<T | undefined> {
  try {
    return await looked;
  } catch {
    return undefined;
  }
}
