// The Now page: what is left, the limits and budgets, what runs and waits, the day's use, the last days and requests.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetsNow } from './budgetsTable.ts';
import { dailyCostChart } from './chartSeries.ts';
import { estimateLine } from './estimateLine.ts';
import { facts } from './facts.ts';
import { limitsTable } from './limitsTable.ts';
import { practiceNotice } from './notices.ts';
import { priceNews } from './priceNews.ts';
import { recentTable } from './recentTable.ts';
import { runsTable } from './runsTable.ts';
import { usageTables } from './usageTables.ts';
import type { View } from './view.ts';

/** The page. @param isBeginning what stands below the day's use comes with the next paint */
export function nowPage(snapshot: Snapshot, view: View, isBeginning: boolean): TemplateResult {
  const { locale } = view.place;
  return html`${practiceNotice(view)}${priceNews(snapshot, view)}${facts(snapshot, view)}${limitsTable(snapshot, view)}${budgetsNow(snapshot, view)}${runsTable(snapshot, view)}${usageTables(snapshot, view)}
    ${isBeginning ? nothing : html`<section class="area" aria-labelledby="head-days"><usage-chart .chart=${dailyCostChart(snapshot.days, locale)} .locale=${locale} .headId=${'head-days'}></usage-chart>${estimateLine(snapshot)}</section>${recentTable(snapshot, view)}`}`;
}
