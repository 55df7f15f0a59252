// The way from an answer to its explanation: a line of its own above what the answer cost, in the document itself.
import type * as vscode from 'vscode';
import { t } from '../protocol/language.ts';
import type { AnswerDocuments } from './answerDocument.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';

/** The cost stands so many lines above the end: then comes how to ask again in a terminal, and an empty line. */
const costLinesUp = 3;

/** Gives the documents of answers that have ended their lens. */
export function answerLens(editor: Pick<Editor, 'CodeLens' | 'Range'>, answers: Pick<AnswerDocuments, 'requestOf'>): vscode.CodeLensProvider {
  return {
    provideCodeLenses: ({ uri, lineCount }) => {
      const requestId = answers.requestOf(uri);
      if (requestId === undefined) return [];
      const line = Math.max(0, lineCount - costLinesUp);
      return [new editor.CodeLens(new editor.Range(line, 0, line, 0), { title: t('Explain'), command: commandNames.explainRequest, arguments: [requestId] })];
    },
  };
}
