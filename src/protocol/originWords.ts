// Where a request came from, in words: the branch that its folder was on, the command, the file. The broker keeps short
// English marks of its own for commands and for heads without a branch, so that windows of every language mean the same. Pure.
import { t } from './language.ts';

/** Commands of the extension, as it tells them to the broker. */
export const ownCommands = { askSelection: 'ask-selection', askFiles: 'ask-files', askChanges: 'ask-changes', askFailedCommand: 'ask-failed-command', task: 'task' } as const;
/** One of those that ask about something. */
export type AskCommand = Exclude<(typeof ownCommands)[keyof typeof ownCommands], typeof ownCommands.task>;

/** How a head without a branch is kept: no branch's name has a space. */
export function detachedMark(commit: string): string {
  return `commit ${commit}`;
}

/** A branch for people. */
export function branchWords(branch: string): string {
  const commit = commitOf(branch);
  return commit === undefined ? branch : t('commit {0}', commit);
}

/** Where a request's folder was, as a sentence. */
export function branchSentence(branch: string): string {
  const commit = commitOf(branch);
  return commit === undefined ? t('The folder was on the branch {0}.', branch) : t('The folder was on the commit {0} and on no branch.', commit);
}

function commitOf(branch: string): string | undefined {
  return /^commit ([\da-f]+)$/.exec(branch)?.[1];
}

/** A command for people; one of another program as it calls itself. */
export function commandWords(command: string): string {
  switch (command) {
    case ownCommands.askSelection: return t('Ask About the Selection');
    case ownCommands.askFiles: return t('Ask About Files');
    case ownCommands.askChanges: return t('Ask About Changes');
    case ownCommands.askFailedCommand: return t('Ask About a Failed Command');
    case ownCommands.task: return t('Codex task');
    default: return command;
  }
}
