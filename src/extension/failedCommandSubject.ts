// The last command in a terminal that failed, as what a question is about.
import { t } from '../protocol/language.ts';
import { ownCommands } from '../protocol/originWords.ts';
import { fenced, type AskSubject, type NoSubject } from './askSubject.ts';
import type { FailedCommand } from './failedCommands.ts';
import { hideSecretLooks } from './secretText.ts';

const shownCharactersMax = 60;

/** Takes the command. */
export function failedCommandSubject(failed: FailedCommand | undefined): AskSubject | NoSubject {
  if (!failed) return { sorry: t('No command has failed in a terminal of this window, as far as its shell tells: VS Code\'s shell integration has to be on in it.') };
  const { exitCode, folder, isCut } = failed;
  const [commandLine, output] = [hideSecretLooks(failed.commandLine), hideSecretLooks(failed.output)];
  const isHidden = commandLine !== failed.commandLine || output !== failed.output;
  const line = commandLine.replace(/\s+/g, ' ');
  const shown = line.length > shownCharactersMax ? `${line.slice(0, shownCharactersMax - 1)}…` : line;
  const wrote = output === '' ? 'What it wrote is not known.' : `${isCut ? 'The end of what it wrote:' : 'What it wrote:'}\n\n${fenced(output, '')}`;
  const note = output === '' ? t('"{0}" ended with code {1}. VS Code did not tell what it wrote, so put the error into your question.', shown, exitCode)
    : isCut ? t('"{0}" ended with code {1}; the end of what it wrote is sent.', shown, exitCode) : t('"{0}" ended with code {1}; what it wrote is sent.', shown, exitCode);
  return {
    command: ownCommands.askFailedCommand, example: t('Why did it fail?'), title: t('Ask Codex About the Failed Command'),
    note: isHidden ? `${note} ${t('What looks like a password or a key in it is replaced by "…".')}` : note,
    text: `This command${folder === undefined ? '' : `, run in ${folder},`} ended with exit code ${exitCode}:\n\n${fenced(commandLine, 'sh')}\n\n${wrote}`,
  };
}
