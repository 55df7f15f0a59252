// What axe-core finds on a page of ours: the one place that knows how it is run and which of its findings count.
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { OpenPage } from './pageHost.ts';

/**
 * What is serious or critical, as sentences.
 * @param coloursOnly the structure is the same in every theme, so that it is looked at in one
 */
export async function seriousFindings({ page }: OpenPage, coloursOnly = false): Promise<string[]> {
  // Half a megabyte of script, so a page gets it once.
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe.source);
  const results = await page.evaluate((options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options), {
    resultTypes: ['violations'], ...(coloursOnly ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } } : {}),
  });
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}
