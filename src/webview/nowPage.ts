// The Now page: what is left, the limits and budgets, what runs and waits, the day's use, the last days and requests.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot } from '../protocol/snapshot.ts';
import { budgetsNow } from './budgetsTable.ts';
import { dailyCostChart } from './chartSeries.ts';
import { estimateLine } from './estimateLine.ts';
import { exportButtons, pictureButton } from './exportButtons.ts';
import { facts } from './facts.ts';
import { limitsTable } from './limitsTable.ts';
import type { Asking } from './pageQuestions.ts';
import { practiceNotice } from './notices.ts';
import { priceNews } from './priceNews.ts';
import { recentTable } from './recentTable.ts';
import { runsTable } from './runsTable.ts';
import { usageTables } from './usageTables.ts';
import type { UsageChart } from './usageChart.ts';
import type { View } from './view.ts';

/** The page. @param isBeginning what stands below the day's use comes with the next paint */
export function nowPage(snapshot: Snapshot, view: View, isBeginning: boolean, asking: Pick<Asking, 'save'>): TemplateResult {
  return html`${practiceNotice(view)}${priceNews(snapshot, view)}${facts(snapshot, view)}${limitsTable(snapshot, view)}${budgetsNow(snapshot, view)}${runsTable(snapshot, view)}${usageTables(snapshot, view)}
    ${isBeginning ? nothing : html`${days(snapshot, view, asking)}${recentTable(snapshot, view)}`}`;
}

function days(snapshot: Snapshot, view: View, asking: Pick<Asking, 'save'>): TemplateResult {
  const { locale } = view.place;
  const chart = dailyCostChart(snapshot.days, locale);
  const file = ['Codex cost per day', snapshot.days.at(-1)?.key ?? ''];
  const canvas = () => document.querySelector<UsageChart>('#page-now usage-chart')?.canvas;
  const tools = (asTable: boolean) => (asTable ? exportButtons(asking, file, chart.table) : pictureButton(asking, file, canvas, () => ({ title: chart.title, subtitle: chart.subtitle, isPractice: view.practice, legend: [] }), 'now-png'));
  return html`<section class="area" aria-labelledby="head-days"><usage-chart .chart=${chart} .locale=${locale} .headId=${'head-days'} .tools=${tools}></usage-chart>${estimateLine(snapshot)}</section>`;
}
