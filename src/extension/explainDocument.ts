// Shows the explanation of one request as a read-only document: the story, the layers of the
// decision, the charge with its formula, and the ledger's entries. It computes nothing anew.
import type * as vscode from 'vscode';
import { formatCredits } from '../domain/units.ts';
import { budgetAmountWords } from '../protocol/budgetWords.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { accountName, entryKindName } from '../protocol/entryWords.ts';
import { t } from '../protocol/language.ts';
import { explainWords } from '../protocol/brokerWords.ts';
import { layerSentence, shownLayer } from '../protocol/shownLayer.ts';
import type { ShownLayer } from '../protocol/shownLayer.ts';
import type { Editor } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { plain } from './markdownText.ts';

/** Scheme of the documents' addresses; the path is the request's id. */
export const explainScheme = 'codex-broker-explain';

const lineCharactersMax = 400;

/** The explanation as markdown. */
export function explanationText(told: ExplainResult, locale: string): string {
  const line = (words: string) => plain(words, lineCharactersMax);
  const credits = (microCredits: number) => formatCredits(microCredits, 6, locale);
  const charge = told.charge
    ? [t('{0} credits for {1}, price of {2}', credits(told.charge.costMicroCredits), line(told.charge.model), line(told.charge.priceVersion)), '', `${line(told.charge.formula)}`]
    : [t('No charge.')];
  // The story tells the layers too; below they stand as the decision, once.
  const { decision } = told;
  const { layers, budgets = [], toChange = [] } = decision;
  // An older broker tells each layer by the name that is stored.
  const layersTold = new Set(layers.flatMap((layer) => [layer.layer, shownLayer(decision, layer)].map((name) => layerSentence(name, layer.because))));
  const story = told.story.filter((sentence) => !toChange.includes(sentence) && !layersTold.has(sentence));
  return [
    `# ${t('Request {0}', line(told.id))}`, '', ...story.map((sentence) => `${line(sentence)}\n`),
    `## ${t('Decision')}`, '', ...layers.map((layer) => `- ${line(layerName(shownLayer(decision, layer)))}: ${line(layer.because)}`), '',
    ...(budgets.length === 0 ? [] : [`## ${t('Budgets')}`, '', ...budgets.map((budget) => `- ${line(budget.budgetId)} (${budget.mode === 'hard' ? t('hard') : t('soft')}): ${budgetLine(budget, locale)}`), '']),
    ...(toChange.length === 0 ? [] : [`## ${t('What Would Change It')}`, '', ...toChange.map((sentence) => `- ${line(sentence)}`), '']),
    `## ${t('Charge')}`, '', ...charge, '',
    `## ${t('Entries')}`, '', ...told.entries.map((entry) => `- ${t('{0} {1} from {2}, balance after {3}', line(entryKindName(entry.kind)), credits(entry.amountMicroCredits), line(entry.account === 'grant' ? entry.grantId ?? '' : accountName(entry.account)), credits(entry.balanceAfterMicroCredits))}`),
    ...(told.entries.length === 0 ? [t('None: the balance did not move.')] : []), '',
  ].join('\n');
}

function budgetLine({ unit, used, reserved, wanted, limit, allowed, verdict }: NonNullable<ExplainResult['decision']['budgets']>[number], locale: string): string {
  const amount = (value: number) => plain(budgetAmountWords(unit, value, locale));
  // Of a budget that is spread evenly no more than its days so far could be used.
  const room = allowed === undefined ? amount(limit) : t('{0} for the days so far', amount(allowed));
  const values = [amount(used), amount(reserved), amount(wanted), room];
  switch (verdict) {
    case 'fits': return t('{0} used, {1} reserved, {2} wanted of {3}; it fits', ...values);
    case 'reserved': return t('{0} used, {1} reserved, {2} wanted of {3}; it fits once running requests give back what they do not use', ...values);
    case 'over': return t('{0} used, {1} reserved, {2} wanted of {3}; it does not fit', ...values);
  }
}

function layerName(layer: ShownLayer): string {
  switch (layer) {
    case 'safety': return t('safety');
    case 'budgets': return t('budgets');
    case 'limits': return t('limits');
    case 'included': return t('included');
    case 'promotional': return t('promotional');
    case 'purchased': return t('purchased');
    case 'consent': return t('consent');
    case 'fallback': return t('fallback');
    case 'wait': return t('wait');
    case 'price': return t('price');
    // A newer broker may have more.
    default: return layer;
  }
}

/** Gives the documents their text. */
export class ExplainDocuments implements vscode.TextDocumentContentProvider {
  readonly #call: BrokerCall;
  readonly #locale: string;

  constructor(call: BrokerCall, locale: string) {
    this.#call = call;
    this.#locale = locale;
  }

  /** The text of one document. @throws ProblemError when the request is not known */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    return explanationText(explainWords(await this.#call('explain', { id: decodeURIComponent(uri.path.replace(/^\//, '').replace(/\.md$/, '')) })), this.#locale);
  }
}

/** Opens the explanation, as rendered markdown where the editor can. */
export async function showExplanation(editor: Pick<Editor, 'Uri' | 'commands'>, requestId: string): Promise<void> {
  await editor.commands.executeCommand('markdown.showPreview', editor.Uri.from({ scheme: explainScheme, path: `/${encodeURIComponent(requestId)}.md` }));
}
