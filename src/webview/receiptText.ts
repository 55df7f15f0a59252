// The receipt of one request as Markdown, to keep or to hand on: what it was, the formula with its dated price, late
// corrections, and where the credits came from. Pure; every number is the broker's.
import { formatCredits, formatUsd } from '../domain/units.ts';
import { clientName } from '../protocol/clientName.ts';
import type { ExplainResult } from '../protocol/control.ts';
import { signedCredits } from './amountText.ts';
import { correctedCost, correctionRow, noChargeText, termRow } from './explainText.ts';
import { fileName, markdown } from './shownTable.ts';

/** The receipt. Amounts have six decimals; times are those of UTC, so that it reads the same everywhere. */
export function receiptText(result: ExplainResult, isPractice: boolean, locale: string): string {
  const { charge } = result;
  const at = (ms: number) => new Date(ms).toISOString();
  const head = [
    `# Receipt: request ${markdown(result.id)}`, '', ...(isPractice ? ['Practice mode: nothing of this was billed.', ''] : []),
    `- Received: ${at(result.receivedAtMs)}`, `- Sent by: ${markdown(result.workspaceLabel)}, ${markdown(clientName(result.client))}`, `- Model: ${markdown(charge?.model ?? result.model)}`, '',
  ];
  if (!charge) return [...head, noChargeText(result), ''].join('\n');
  return [
    ...head, '| Tokens | Count | Credits per million | Credits |', '| --- | ---: | ---: | ---: |',
    ...charge.terms.map((term) => termRow(term, locale)).map((row) => `| ${row.what} | ${row.tokens} | ${row.price} | ${row.credits} |`),
    `| **Charge** | | ${formatUsd(charge.costMicroCredits, 4, locale)} | **${formatCredits(charge.costMicroCredits, 6, locale)}** |`,
    ...result.corrections.map((one) => `| ${correctionRow(one, locale).what}, ${at(one.atMs)}: ${markdown(one.reason)} | | | ${correctionRow(one, locale).credits} |`),
    ...(result.corrections.length === 0 ? [] : [`| **Corrected charge** | | | **${formatCredits(correctedCost(result), 6, locale)}** |`]), '',
    `Price ${markdown(charge.priceVersion)}, ${charge.tier} tier. Computed exactly and rounded once, at the end.`, '',
    '| Entry | Time | Account | Credits | Balance after |', '| --- | --- | --- | ---: | ---: |',
    ...result.entries.map((entry) => `| ${entry.kind} | ${at(entry.atMs)} | ${markdown(entry.grantId ?? entry.account)} | ${signedCredits(entry.amountMicroCredits, locale, 6)} | ${formatCredits(entry.balanceAfterMicroCredits, 6, locale)} |`), '',
  ].join('\n');
}

/** What the receipt's file is called. */
export function receiptName(result: ExplainResult): string {
  return fileName(['Codex receipt', result.id], 'md');
}
