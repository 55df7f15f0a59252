// The receipt of one request as Markdown, to keep or to hand on: what it was, the formula with its dated price, late
// corrections, and where the credits came from. Pure; every number is the broker's.
import { formatCredits, formatUsd } from '../domain/units.ts';
import { clientName } from '../protocol/clientName.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { accountName, entryKindName } from '../protocol/entryWords.ts';
import { t } from '../protocol/language.ts';
import { signedCredits } from './amountText.ts';
import { correctedCost, correctionRow, noChargeText, termRow, tierName } from './explainText.ts';
import { fileName, markdown } from './shownTable.ts';

/** The receipt. Amounts have six decimals; times are those of UTC, so that it reads the same everywhere. */
export function receiptText(result: ExplainResult, isPractice: boolean, locale: string): string {
  const { charge } = result;
  const at = (ms: number) => new Date(ms).toISOString();
  const head = [
    `# ${t('Receipt: request {0}', markdown(result.id))}`, '', ...(isPractice ? [t('Practice mode: nothing of this was billed.'), ''] : []),
    `- ${t('Received: {0}', at(result.receivedAtMs))}`, `- ${t('Sent by: {0}, {1}', markdown(result.workspaceLabel), markdown(clientName(result.client)))}`, `- ${t('Model: {0}', markdown(charge?.model ?? result.model))}`, '',
  ];
  if (!charge) return [...head, noChargeText(result), ''].join('\n');
  return [
    ...head, row(t('Tokens'), t('Count'), t('Credits per million'), t('Credits')), '| --- | ---: | ---: | ---: |',
    ...charge.terms.map((term) => termRow(term, locale)).map(({ what, tokens, price, credits }) => row(what, tokens, price, credits)),
    row(`**${t('Charge')}**`, '', formatUsd(charge.costMicroCredits, 4, locale), `**${formatCredits(charge.costMicroCredits, 6, locale)}**`),
    ...result.corrections.map((one) => row(`${correctionRow(one, locale).what}, ${at(one.atMs)}: ${markdown(one.reason)}`, '', '', correctionRow(one, locale).credits)),
    ...(result.corrections.length === 0 ? [] : [row(`**${t('Corrected charge')}**`, '', '', `**${formatCredits(correctedCost(result), 6, locale)}**`)]), '',
    t('Price {0}, {1} tier. Computed exactly and rounded once, at the end.', markdown(charge.priceVersion), tierName(charge.tier)), '',
    row(t('Entry'), t('Time'), t('Account'), t('Credits'), t('Balance after')), '| --- | --- | --- | ---: | ---: |',
    ...result.entries.map((entry) => row(entryKindName(entry.kind), at(entry.atMs), entry.grantId === undefined ? accountName(entry.account) : markdown(entry.grantId), signedCredits(entry.amountMicroCredits, locale, 6), formatCredits(entry.balanceAfterMicroCredits, 6, locale))), '',
  ].join('\n');
}

function row(...cells: readonly string[]): string {
  return `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}`;
}

/** What the receipt's file is called. */
export function receiptName(result: ExplainResult): string {
  return fileName(['Codex receipt', result.id], 'md');
}
