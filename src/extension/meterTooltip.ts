// Writes the card that opens over the meter: balance, limits, what runs and waits, the last
// request, today, and links. Pure; everything that comes from outside is escaped.
import { formatCredits, formatTokens, formatUsd } from '../domain/units.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';
import type { RequestView, RunView, Snapshot } from '../protocol/snapshot.ts';
import { commandNames } from './commandNames.ts';
import { gaugeImage, type ThemeKind } from './gaugeImage.ts';
import { clockWords, durationWords, limitLine } from './limitLine.ts';
import { commandLink, plain } from './markdownText.ts';

/** What the card is written from. */
export interface TooltipFacts {
  readonly link: LinkState;
  readonly snapshot?: Snapshot;
  readonly taste: MeterTaste;
  readonly theme: ThemeKind;
  readonly nowMs: number;
}

/** The commands that the card's links may run. */
export const tooltipCommands: readonly string[] = [
  commandNames.openDashboard, commandNames.topUp, commandNames.showLog, commandNames.setApiKey, commandNames.startBroker, commandNames.explainRequest,
];

const limitsMax = 6;
const problemsMax = 3;

/** The card as markdown. */
export function meterTooltip(facts: TooltipFacts): string {
  const { snapshot } = facts;
  const blocks = [...linkBlock(facts)];
  if (snapshot) {
    blocks.push(balanceBlock(snapshot, facts.taste), ...limitsBlock(facts, snapshot), activityBlock(facts, snapshot));
  }
  blocks.push(linksLine(facts));
  return blocks.filter((block) => block !== '').join('\n\n---\n\n');
}

function linkBlock(facts: TooltipFacts): string[] {
  const { link, snapshot } = facts;
  if (link.state === 'connected') return [];
  const age = snapshot ? `  \nNumbers are from ${clockWords(snapshot.atMs, facts.nowMs, facts.taste.locale)}, ${durationWords(facts.nowMs - snapshot.atMs)} ago.` : '';
  if (link.state === 'down') {
    return [`$(debug-disconnect) **The broker is not running**  \n${plain(`${link.problem?.message ?? ''} ${link.problem?.remedy ?? ''}`, 500)}${age}`];
  }
  return [`$(sync) Connecting to the broker${link.attempt ? `, attempt ${link.attempt}` : ''}.${age}`];
}

function balanceBlock(snapshot: Snapshot, taste: MeterTaste): string {
  const { balance } = snapshot;
  const lines: string[] = [];
  if (snapshot.broker.mode === 'practice') lines.push('$(beaker) **Practice mode**: simulated requests, no real money');
  if (balance.tracked) {
    const held = balance.heldMicroCredits > 0 ? ` · ${formatCredits(balance.heldMicroCredits, 2, taste.locale)} held` : '';
    lines.push(`**${formatCredits(balance.balanceMicroCredits, 2, taste.locale)} credits left** · ${formatUsd(balance.balanceMicroCredits, 2, taste.locale)}${held}`);
    if (snapshot.nextDraw === 'none') lines.push('The next request would be refused.');
    else if (snapshot.nextDraw !== 'untracked') lines.push(`The next request draws from ${snapshot.nextDraw} credits.`);
  } else {
    lines.push('**Balance not tracked**: usage is counted, nothing is blocked. Adding credits turns the cap on.');
  }
  if (snapshot.key.state === 'missing' && snapshot.broker.mode === 'live') lines.push(`$(key) No API key stored · ${commandLink('Set API key', commandNames.setApiKey)}`);
  if (snapshot.key.state === 'rejected') lines.push(`$(key) OpenAI rejected the API key · ${commandLink('Set API key', commandNames.setApiKey)}`);
  for (const problem of snapshot.problems.slice(0, problemsMax)) lines.push(`$(warning) ${plain(`${problem.message} ${problem.remedy}`, 400)}`);
  return lines.join('  \n');
}

function limitsBlock(facts: TooltipFacts, snapshot: Snapshot): string[] {
  if (snapshot.windows.length === 0) return ['Limits are unknown until the first answer.'];
  const rows = snapshot.windows.slice(0, limitsMax).map((window) => {
    const line = limitLine(window, facts.taste.show, facts.nowMs, facts.taste.locale);
    const name = plain(line.name, 48);
    // The picture carries its own size: a size behind a bar would end the table's cell.
    const gauge = `![${name}, ${plain(line.share)} ${facts.taste.show}](${gaugeImage(line.gauge, facts.theme)})`;
    return `| ${name} | ${gauge} | ${plain(line.share)} | ${plain(line.resets)} |`;
  });
  const rest = snapshot.windows.length - limitsMax;
  const table = [`| Limit | | ${facts.taste.show === 'left' ? 'Left' : 'Used'} | Resets |`, '|:--|:--|--:|:--|', ...rows].join('\n');
  return [rest > 0 ? `${table}\n\n${rest} more in the dashboard` : table];
}

function activityBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { locale } = facts.taste;
  const lines: string[] = [];
  const { running, waiting } = snapshot;
  if (running.length + waiting.length === 0) lines.push('Nothing runs or waits.');
  else lines.push(`$(sync) ${running.length} run, ${waiting.length} wait${waitingWords(waiting[0], snapshot.atMs)}`);
  const last = snapshot.recent[0];
  if (last) lines.push(`Last: ${plain(last.workspaceLabel, 40)}, ${costWords(last, locale)}, ${clockWords(last.atMs, facts.nowMs, locale)} · ${commandLink('Explain', commandNames.explainRequest, last.requestId)}`);
  const today = snapshot.today.total;
  const tokens = today.inputTokens + today.outputTokens;
  lines.push(`Today: ${formatCredits(today.costMicroCredits, 2, locale)} credits (${plain(formatUsd(today.costMicroCredits, 2, locale))}), ${formatTokens(tokens, locale)} tokens, ${today.requests} ${today.requests === 1 ? 'request' : 'requests'}`);
  return lines.join('  \n');
}

function waitingWords(first: RunView | undefined, atMs: number): string {
  if (!first) return '';
  const reason = first.reason ? ` · ${plain(first.reason, 160)}` : '';
  return `${reason}${first.startsAtMs === undefined ? '' : ` · next in ${durationWords(first.startsAtMs - atMs)}`}`;
}

/** "3.37 credits ($0.13)", "no charge", or "no price" for a model that has none. */
function costWords(request: RequestView, locale: string): string {
  if (request.costMicroCredits === undefined) return request.freeReason ? 'no charge' : 'no price';
  if (request.costMicroCredits === 0) return 'no charge';
  return `${formatCredits(request.costMicroCredits, 2, locale)} credits (${plain(formatUsd(request.costMicroCredits, 2, locale))})`;
}

function linksLine(facts: TooltipFacts): string {
  const links = [
    ...(facts.link.state === 'down' ? [commandLink('Start broker', commandNames.startBroker)] : []),
    commandLink('Dashboard', commandNames.openDashboard),
    commandLink('Add credits', commandNames.topUp),
    commandLink('Show log', commandNames.showLog),
  ];
  return links.join(' &nbsp; ');
}
