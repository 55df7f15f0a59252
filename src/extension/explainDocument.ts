// Shows the explanation of one request as a read-only document: the story, the layers of the
// decision, the charge with its formula, and the ledger's entries. It computes nothing anew.
import type * as vscode from 'vscode';
import { budgetAmountText } from '../domain/budgets.ts';
import { formatCredits } from '../domain/units.ts';
import type { ExplainResult } from '../protocol/control.ts';
import type { Editor } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { plain } from './markdownText.ts';

/** Scheme of the documents' addresses; the path is the request's id. */
export const explainScheme = 'codex-broker-explain';

const lineCharactersMax = 400;

/** The explanation as markdown. */
export function explanationText(told: ExplainResult): string {
  const line = (words: string) => plain(words, lineCharactersMax);
  const charge = told.charge
    ? [`${formatCredits(told.charge.costMicroCredits, 6)} credits for ${line(told.charge.model)}, price of ${line(told.charge.priceVersion)}`, '', `${line(told.charge.formula)}`]
    : ['No charge.'];
  // The story tells the layers too; below they stand as the decision, once.
  const { layers } = told.decision;
  const { budgets = [], toChange = [] } = told.decision;
  const story = told.story.filter((sentence) => !toChange.includes(sentence) && !layers.some((layer) => sentence.toLowerCase() === `${layer.layer}: ${layer.because}`.toLowerCase()));
  return [
    `# Request ${line(told.id)}`, '', ...story.map((sentence) => `${line(sentence)}\n`),
    '## Decision', '', ...layers.map((layer) => `- ${line(layer.layer)}: ${line(layer.because)}`), '',
    ...(budgets.length === 0 ? [] : ['## Budgets', '', ...budgets.map((budget) => `- ${line(budget.budgetId)} (${budget.mode}): ${line(`${budgetAmountText(budget.unit, budget.used)} used, ${budgetAmountText(budget.unit, budget.reserved)} reserved, ${budgetAmountText(budget.unit, budget.wanted)} wanted of ${budgetAmountText(budget.unit, budget.limit)}`)}; ${verdictWords[budget.verdict]}`), '']),
    ...(toChange.length === 0 ? [] : ['## What Would Change It', '', ...toChange.map((sentence) => `- ${line(sentence)}`), '']),
    '## Charge', '', ...charge, '',
    '## Entries', '', ...told.entries.map((entry) => `- ${line(entry.kind)} ${formatCredits(entry.amountMicroCredits, 6)} from ${line(entry.account === 'grant' ? entry.grantId ?? '' : entry.account)}, balance after ${formatCredits(entry.balanceAfterMicroCredits, 6)}`),
    ...(told.entries.length === 0 ? ['None: the balance did not move.'] : []), '',
  ].join('\n');
}

const verdictWords = { fits: 'it fits', reserved: 'it fits once running requests give back what they do not use', over: 'it does not fit' } as const;

/** Gives the documents their text. */
export class ExplainDocuments implements vscode.TextDocumentContentProvider {
  readonly #call: BrokerCall;

  constructor(call: BrokerCall) {
    this.#call = call;
  }

  /** The text of one document. @throws ProblemError when the request is not known */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    return explanationText(await this.#call('explain', { id: decodeURIComponent(uri.path.replace(/^\//, '').replace(/\.md$/, '')) }));
  }
}

/** Opens the explanation, as rendered markdown where the editor can. */
export async function showExplanation(editor: Pick<Editor, 'Uri' | 'commands'>, requestId: string): Promise<void> {
  await editor.commands.executeCommand('markdown.showPreview', editor.Uri.from({ scheme: explainScheme, path: `/${encodeURIComponent(requestId)}.md` }));
}
