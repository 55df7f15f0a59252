// What a question can be about: the words that the model reads before the question, and what a person is told of them. Pure.
import type { AskCommand } from '../protocol/originWords.ts';

/** Most characters that are sent with a question. */
export const subjectCharactersMax = 400_000;

/** What a question is about. */
export interface AskSubject {
  /** As the log and the ledger name it; what was asked about never stands in the log. */
  readonly command: AskCommand;
  /** The one file that it is about, by its path. */
  readonly file?: string;
  /** Title of the box that asks for the question. */
  readonly title: string;
  /** A question that one may have. */
  readonly example: string;
  /** What is sent of it, where that does not go without saying. */
  readonly note?: string;
  /** What the model reads before the question. */
  readonly text: string;
}

/** Why there is nothing to ask about, or too much of it: nothing is sent then. */
export interface NoSubject {
  readonly sorry: string;
  /** The person has to change something, beyond choosing what is meant. */
  readonly isWarning?: true;
}

/** A text as a block of Markdown; its fence is longer than any run of backticks inside. */
export function fenced(text: string, languageId: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${languageId}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/** The last part of a path, as people name a file. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
