// How files differ from their last commit, as what a question is about. VS Code's own Git extension is asked, so that
// what it is told about repositories and trust holds here too.
import type * as vscode from 'vscode';
import { plural, t } from '../protocol/language.ts';
import { ownCommands } from '../protocol/originWords.ts';
import { baseName, fenced, subjectCharactersMax, type AskSubject, type NoSubject } from './askSubject.ts';
import type { Editor } from './editorApi.ts';
import { gitApi, untrackedStatus, type GitApi, type GitChange, type GitRepository } from './gitApi.ts';

type ChangesEditor = Pick<Editor, 'window' | 'workspace' | 'extensions' | 'env' | 'ProgressLocation'>;

/** More files than these are not looked at: each is a run of Git. */
export const changedFilesMax = 100;

/** So few are read in a moment: a notice of it would only flash. */
export const quickFilesMax = 5;

/**
 * Takes the changes.
 * @param values what a menu passes on: the repository, or the files of its list
 * @returns undefined when the person left a question open
 */
export async function changesSubject(editor: ChangesEditor, values: readonly unknown[]): Promise<AskSubject | NoSubject | undefined> {
  const git = await gitApi(editor.extensions);
  if (!git) return { isWarning: true, sorry: t('Changes are read with VS Code\'s built-in Git extension, which is turned off or not there. Turn it on, then run the command again; nothing was sent.') };
  // A menu passes the file that was clicked on, and then all chosen ones with it.
  const chosen = values.flatMap((value) => resourcesOf(value)).filter((uri, index, all) => all.findIndex(({ path }) => path === uri.path) === index);
  const repository = await repositoryOf(editor, git, chosen[0], values[0]);
  if (repository === 'dismissed') return undefined;
  if (!repository) {
    return { sorry: git.state === 'uninitialized' ? t('Git still looks for repositories. Run the command again in a moment.') : t('No Git repository is open in this window, so there are no changes to ask about.') };
  }
  const changed = await changedIn(repository);
  if (!changed) return { isWarning: true, sorry: t('Git could not tell what changed, as in a repository without a commit. Nothing was sent.') };
  const meant = chosen.length > 0 ? changed.filter(({ uri }) => chosen.some((one) => one.path === uri.path)) : await meantOf(editor, changed);
  if (!meant) return undefined;
  if (chosen.length > 0 && chosen.every((uri) => git.repositories.some((one) => untrackedIn(one).includes(uri.path)))) {
    return { sorry: plural(chosen.length, 'The chosen file is new to Git, so it has no changes to ask about yet. Use Ask Codex About File, or stage it first.', 'The {0} chosen files are new to Git, so they have no changes to ask about yet. Use Ask Codex About File, or stage them first.') };
  }
  const unknown = chosen.length - (chosen.length > 0 ? meant.length : 0);
  const untracked = chosen.length > 0 || meant.length < changed.length ? 0 : untrackedIn(repository).length;
  const leftOut = [
    ...(unknown === 0 ? [] : [plural(unknown, '{0} chosen file is left out: no change of it is known, as it is new or of another repository.', '{0} chosen files are left out: no changes of them are known, as they are new or of another repository.')]),
    ...(untracked === 0 ? [] : [plural(untracked, '{0} new file is left out; staged, it counts.', '{0} new files are left out; staged, they count.')]),
  ];
  if (meant.length === 0) return { sorry: [t('Nothing differs from the last commit, so there is nothing to ask about.'), ...leftOut].join(' ') };
  return subjectOf(editor, repository, meant, leftOut);
}

/** The files that differ, staged or not; undefined where Git refuses to tell. */
async function changedIn(repository: GitRepository): Promise<readonly GitChange[] | undefined> {
  return repository.diffWith('HEAD').catch(() => undefined);
}

/** The files of Git's list that a menu was opened on. */
function resourcesOf(value: unknown): vscode.Uri[] {
  if (Array.isArray(value)) return value.flatMap((one) => resourcesOf(one));
  return typeof value === 'object' && value !== null && 'resourceUri' in value ? [value.resourceUri as vscode.Uri] : [];
}

/** That of the chosen file or of the list's title, else that of the active editor, else the only one, or the one that is picked. */
async function repositoryOf({ window }: ChangesEditor, git: GitApi, resource: vscode.Uri | undefined, from: unknown): Promise<GitRepository | 'dismissed' | undefined> {
  const root = typeof from === 'object' && from !== null && 'rootUri' in from ? from.rootUri as vscode.Uri | undefined : undefined;
  const at = resource ?? root ?? window.activeTextEditor?.document.uri;
  const own = at && git.getRepository(at);
  if (own || git.repositories.length < 2) return own ?? git.repositories[0];
  const rows = git.repositories.map((repository) => ({ label: baseName(repository.rootUri.path), description: repository.rootUri.fsPath, repository }));
  return (await window.showQuickPick(rows, { title: t('Ask Codex About Changes'), placeHolder: t('The changes of which repository?') }))?.repository ?? 'dismissed';
}

/** All, or those of the active editor's file alone where it is one of several. */
async function meantOf({ window }: ChangesEditor, changed: readonly GitChange[]): Promise<readonly GitChange[] | undefined> {
  const active = window.activeTextEditor?.document.uri.path;
  const own = changed.filter(({ uri }) => uri.path === active);
  if (own.length === 0 || changed.length === 1) return changed;
  const rows = [
    { label: plural(changed.length, 'The changes of {0} file', 'The changes of all {0} files'), meant: changed },
    { label: t('The changes of {0} alone', baseName(active ?? '')), meant: own },
  ];
  return (await window.showQuickPick(rows, { title: t('Ask Codex About Changes'), placeHolder: t('What is the question about?') }))?.meant;
}

/** Paths of the files that Git does not know yet. */
function untrackedIn({ state }: GitRepository): string[] {
  return [...state.workingTreeChanges, ...state.untrackedChanges ?? []].filter(({ status }) => status === untrackedStatus).map(({ uri }) => uri.path);
}

/** What of the changes is sent: each as Git writes it, and the files whose changes do not fit any more. */
interface GatheredChanges { readonly diffs: readonly string[]; readonly left: readonly GitChange[] }

/** Reads the changes, which the person may watch and stop where they are many. @returns undefined where they did */
async function gathered({ window, ProgressLocation }: ChangesEditor, repository: GitRepository, meant: readonly GitChange[]): Promise<GatheredChanges | undefined> {
  if (meant.length <= quickFilesMax) return read(repository, meant, () => true);
  return window.withProgress({ location: ProgressLocation.Notification, title: t('Reading the changes'), cancellable: true }, (progress, cancellation) => read(repository, meant, (done, of) => {
    progress.report({ message: t('{0} of {1} files', done, of), increment: done === 0 ? 0 : 100 / of });
    return !cancellation.isCancellationRequested;
  }));
}

/** Reads them one file after the other. @param goOn is told how many are read, and says whether the next ones are wanted */
async function read(repository: GitRepository, meant: readonly GitChange[], goOn: (done: number, of: number) => boolean): Promise<GatheredChanges | undefined> {
  const looked = meant.slice(0, changedFilesMax);
  const [diffs, left] = [[] as string[], meant.slice(changedFilesMax)];
  let characters = 0;
  for (const [index, change] of looked.entries()) {
    if (!goOn(index, looked.length)) return undefined;
    const diff = await repository.diffWith('HEAD', change.uri.fsPath);
    if (characters + diff.length > subjectCharactersMax) left.push(change);
    else {
      characters += diff.length;
      diffs.push(diff);
    }
  }
  return goOn(looked.length, looked.length) ? { diffs, left } : undefined;
}

/** Files whose changes do not fit any more are left out as a whole, and named to the model. */
async function subjectOf(editor: ChangesEditor, repository: GitRepository, meant: readonly GitChange[], notes: readonly string[]): Promise<AskSubject | NoSubject | undefined> {
  const found = await gathered(editor, repository, meant);
  if (!found) return undefined;
  const { diffs, left } = found;
  const only = meant.length === 1 ? meant[0]?.uri : undefined;
  const most = new Intl.NumberFormat(editor.env.language).format(subjectCharactersMax);
  if (diffs.length === 0) {
    return { isWarning: true, sorry: only ? t('The changes of {0} have more than {1} characters. Select the part that you mean and ask about the selection; nothing was sent.', baseName(only.path), most) : t('The changes of each file have more than {0} characters. Select the part that you mean and ask about the selection; nothing was sent.', most) };
  }
  const nameOf = (uri: vscode.Uri) => editor.workspace.asRelativePath(uri);
  // Asked about one path, Git writes a renamed file as a new one.
  const renamed = meant.filter(({ uri, originalUri }) => originalUri.path !== uri.path).slice(0, changedFilesMax);
  const note = [...(left.length === 0 ? [] : [plural(left.length, '{0} file is left out: at most {1} characters of at most {2} files are sent.', '{0} files are left out: at most {1} characters of at most {2} files are sent.', most, changedFilesMax)]), ...notes].join(' ');
  return {
    command: ownCommands.askChanges, ...(only ? { file: only.fsPath } : {}), example: t('Is anything wrong with this?'), ...(note === '' ? {} : { note }),
    title: only ? t('Ask Codex About the Changes of {0}', baseName(only.path)) : plural(meant.length, 'Ask Codex About the Changes of {0} File', 'Ask Codex About the Changes of {0} Files'),
    text: [
      'The changes since the last commit, staged or not:',
      ...(renamed.length === 0 ? [] : [`Renamed, and written as new files: ${renamed.map(({ uri, originalUri }) => `${nameOf(originalUri)} to ${nameOf(uri)}`).join(', ')}`]),
      fenced(diffs.join('\n'), 'diff'),
      ...(left.length === 0 ? [] : [`Left out for their size or number: ${left.slice(0, changedFilesMax).map(({ uri }) => nameOf(uri)).join(', ')}`]),
    ].join('\n\n'),
  };
}
