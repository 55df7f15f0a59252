// The part of VS Code's built-in Git extension that tells how a repository differs from its last commit. Its own typings are
// https://github.com/microsoft/vscode/blob/main/extensions/git/src/api/git.d.ts, version 1.
import type * as vscode from 'vscode';
import type { Editor } from './editorApi.ts';

/** A file that differs. */
export interface GitChange {
  readonly uri: vscode.Uri;
  /** Where it was before it was renamed, else the same. */
  readonly originalUri: vscode.Uri;
  /** Kind of the difference; see `untrackedStatus`. */
  readonly status: number;
}

/** The number of a file that Git does not know yet. */
export const untrackedStatus = 7;

/** One repository. */
export interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly state: { readonly workingTreeChanges: readonly GitChange[]; readonly untrackedChanges?: readonly GitChange[] };
  /** The tracked files that differ from a commit, staged or not. Its `diffWithHEAD` leaves out what is staged: it is a plain `git diff`. */
  diffWith(ref: 'HEAD'): Promise<readonly GitChange[]>;
  /** How one of them differs, as `git diff` writes it. */
  diffWith(ref: 'HEAD', path: string): Promise<string>;
}

/** What the Git extension offers to others. */
export interface GitApi {
  readonly state: 'uninitialized' | 'initialized';
  readonly repositories: readonly GitRepository[];
  getRepository(uri: vscode.Uri): GitRepository | null;
}

interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** Git's API; undefined where the extension is missing, disabled, or turned off by a setting. */
export async function gitApi(extensions: Editor['extensions']): Promise<GitApi | undefined> {
  const extension = extensions.getExtension<GitExports>('vscode.git');
  if (!extension) return undefined;
  const exports = extension.isActive ? extension.exports : await extension.activate();
  // Asked while Git is turned off, it throws.
  return exports.enabled ? exports.getAPI(1) : undefined;
}
