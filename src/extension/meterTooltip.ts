// Writes the card that opens over the meter: balance, limits, what runs and waits, the last
// request, today, and links. Pure; everything that comes from outside is escaped.
import { levelOf, tightest } from '../domain/tightest.ts';
import { formatCredits, formatTokens, formatUsd } from '../domain/units.ts';
import { clockWords } from '../protocol/clockWords.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import { limitStands } from '../protocol/limitStands.ts';
import { modelText } from '../protocol/modelText.ts';
import { grantedMicroCredits, type MeterTaste } from '../protocol/meterInput.ts';
import { isOnPlan, planWords } from '../protocol/planWords.ts';
import type { RequestView, RunView, Snapshot } from '../protocol/snapshot.ts';
import { limitRunOutWords, runOutWords, snapshotLimitRunOut, snapshotRunOut } from '../protocol/snapshotForecast.ts';
import { stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { budgetLines } from './budgetLine.ts';
import { commandNames } from './commandNames.ts';
import { gaugeImage, type ThemeKind } from './gaugeImage.ts';
import { durationWords, limitLines } from './limitLine.ts';
import { commandLink, plain } from './markdownText.ts';
import { problemText } from './problemNotice.ts';
import { creditsWords } from './requestCost.ts';
import type { WaitingTask } from './waitingTasks.ts';

/** What the card is written from. */
export interface TooltipFacts {
  readonly link: LinkState;
  readonly snapshot?: Snapshot;
  readonly taste: MeterTaste;
  /** This window's workspace, whose permission counts. */
  readonly workspaceId?: string;
  /** Codex tasks of this window that wait for a limit, the next one first. */
  readonly waitingTasks?: readonly WaitingTask[];
  readonly theme: ThemeKind;
  readonly nowMs: number;
}

/** The commands that the card's links may run. */
export const tooltipCommands: readonly string[] = [
  commandNames.openDashboard, commandNames.topUp, commandNames.showLog, commandNames.setApiKey, commandNames.startBroker, commandNames.explainRequest, commandNames.openSettings,
  commandNames.answerQuestion, commandNames.showBudgets, commandNames.openMeteredTerminal, commandNames.switchLeftUsed,
  commandNames.showWaitingTasks,
];

const limitsMax = 6;
const plansMax = 2;
const problemsMax = 3;

/** The card as markdown. */
export function meterTooltip(facts: TooltipFacts): string {
  const { snapshot } = facts;
  const blocks = [...linkBlock(facts)];
  if (snapshot) {
    blocks.push(questionBlock(facts, snapshot), blockedBlock(facts, snapshot), balanceBlock(facts, snapshot), ...limitsBlock(facts, snapshot), activityBlock(facts, snapshot));
  }
  blocks.push(linksLine(facts));
  return blocks.filter((block) => block !== '').join('\n\n---\n\n');
}

function linkBlock(facts: TooltipFacts): string[] {
  const { link, snapshot } = facts;
  if (link.state === 'connected') return [];
  // Only the clock time: nothing repaints the card while no news comes, and an age would stand still.
  const age = snapshot ? `  \nNumbers are from ${clockWords(snapshot.atMs, facts.nowMs, facts.taste.locale)}.` : '';
  if (link.state === 'down') {
    return [`$(debug-disconnect) **The broker is not running**  \n${link.problem ? plain(problemText(link.problem), 500) : ''}${age}`];
  }
  return [`$(sync) Connecting to the broker${link.attempt ? `, attempt ${link.attempt}` : ''}.${age}`];
}

/** What this window is asked, first of all: a request waits for it. */
function questionBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  if (facts.link.state !== 'connected') return '';
  const [question, ...more] = windowQuestions(snapshot.questions, facts.workspaceId);
  if (!question) return '';
  const rest = more.length === 0 ? '' : `, ${more.length} more`;
  return `$(question) **A request waits for your answer**${rest} · ${commandLink('Answer', commandNames.answerQuestion)}  \n${plain(question.text, 400)}  \nIt is refused at ${clockWords(question.endsAtMs, facts.nowMs, facts.taste.locale)} if nobody answers.`;
}

/** The long limit that keeps everything from going on, until when, and what does not help. */
function blockedBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { nowMs, taste: { locale }, workspaceId } = facts;
  const limit = tightest(limitStands(snapshot, workspaceId, nowMs).filter(({ kind }) => kind === 'window'), nowMs);
  if (facts.link.state !== 'connected' || !limit || levelOf(limit) !== 'used-up' || (limit.endsAtMs ?? Infinity) <= nowMs) return '';
  const until = limit.endsAtMs === undefined ? '' : ` until ${plain(clockWords(limit.endsAtMs, nowMs, locale))}** · in ${durationWords(limit.endsAtMs - nowMs)}`;
  const credits = snapshot.balance.tracked && snapshot.balance.balanceMicroCredits > 0 ? ` Credits are not the reason: ${plain(formatCredits(snapshot.balance.balanceMicroCredits, 2, locale))} are left, but they do not lift it.` : '';
  return `$(circle-slash) **Blocked${until === '' ? '**' : until}  \nThe ${plain(limit.name, 120)} is used up.${credits}`;
}

function balanceBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { link, taste } = facts;
  const practice = snapshot.broker.mode === 'practice';
  const rejected = snapshot.key.state === 'rejected' && !practice;
  const lines: string[] = [];
  if (practice) lines.push('$(beaker) **Practice mode**: simulated requests, no real money');
  if (snapshot.key.state === 'missing' && !practice) lines.push(`$(key) **No API key stored**: requests are refused, except those of a ChatGPT sign-in, which go on its plan · ${commandLink('Set API key', commandNames.setApiKey)}`);
  if (rejected) lines.push(`$(key) **OpenAI rejected the API key** · ${commandLink('Set API key', commandNames.setApiKey)}`);
  lines.push(balanceLine(snapshot, taste));
  const { owedMicroCredits } = snapshot.balance;
  if (owedMicroCredits > 0) lines.push(`$(circle-slash) **${formatCredits(owedMicroCredits, 2, taste.locale)} credits are owed**: they were spent before they were taken back. ${isOnPlan(snapshot) ? 'Requests that go on no plan' : 'Requests'} are refused until purchased credits are added.`);
  const ahead = snapshotRunOut(snapshot);
  if (ahead && link.state === 'connected') lines.push(`$(clock) ${plain(runOutWords(ahead, facts.nowMs, taste.locale), 160)}`);
  lines.push(...budgetLines(snapshot, facts.workspaceId, facts.nowMs, taste.locale));
  // What comes next is only known while the broker is there.
  const isStopped = owedMicroCredits > 0 || !practice && snapshot.key.state !== 'present' || stoppingBudget(snapshot.budgets, facts.workspaceId) !== undefined;
  if (link.state === 'connected' && !isStopped) lines.push(...drawLine(snapshot, facts.workspaceId));
  const problems = rejected ? snapshot.problems.filter(({ code }) => code !== 'api_key_rejected') : snapshot.problems;
  for (const problem of problems.slice(0, problemsMax)) lines.push(`$(warning) ${plain(problemText(problem), 400)}`);
  return lines.join('  \n');
}

function balanceLine(snapshot: Snapshot, taste: MeterTaste): string {
  const { balance } = snapshot;
  if (!balance.tracked) return '**Balance not tracked**: usage is counted. Adding credits turns the cap on.';
  const credits = (amount: number) => formatCredits(amount, 2, taste.locale);
  const dollars = (amount: number) => (snapshot.broker.mode === 'practice' ? '' : ` · ${formatUsd(amount, 2, taste.locale)}`);
  const held = balance.heldMicroCredits > 0 ? ` · ${credits(balance.heldMicroCredits)} held` : '';
  const left = balance.balanceMicroCredits;
  if (taste.show === 'left') return `**${credits(left)} credits left**${dollars(left)}${held}`;
  const used = Math.max(0, grantedMicroCredits(balance, snapshot.atMs) - left);
  return `**${credits(used)} credits used**${dollars(used)} · ${credits(left)} left${held}`;
}

function drawLine(snapshot: Snapshot, workspaceId: string | undefined): string[] {
  const draw = windowDraw(snapshot, workspaceId);
  switch (draw) {
    case 'untracked': return [];
    case 'none': return [snapshot.balance.heldMicroCredits > 0 ? 'The next request waits for credits that running requests hold, or is refused.' : 'The next request would be refused.'];
    case 'asks': return ['Only purchased credits are left: the next request asks you whether it may use them.'];
    case 'not-allowed': return ['$(circle-slash) This workspace may not use purchased credits, so its next request would be refused.'];
    default: return [`The next request draws from ${draw} credits.`];
  }
}

function limitsBlock(facts: TooltipFacts, snapshot: Snapshot): string[] {
  const { taste, nowMs, workspaceId } = facts;
  const lines = limitLines(snapshot, workspaceId, taste.show, nowMs, taste.locale);
  const unknown = snapshot.windows.length === 0 ? ['Limits are unknown until the first answer.'] : [];
  if (lines.length === 0) return unknown;
  const rows = lines.slice(0, limitsMax).map((line) => {
    const name = plain(line.name, 48);
    // The picture carries its own size: a size behind a bar would end the table's cell.
    const gauge = `![${name}, ${plain(line.share)} ${taste.show}](${gaugeImage(line.gauge, facts.theme)})`;
    return `| ${name} | ${gauge} | ${plain(line.share)} | &nbsp;&nbsp;${plain(line.resets)} | &nbsp;&nbsp;${line.mark ? `$(${line.mark}) ` : ''}${plain(line.pace)} |`;
  });
  const rest = lines.length - limitsMax;
  const table = [`| Limit | | ${taste.show === 'left' ? 'Left' : 'Used'} | &nbsp;&nbsp;Resets | &nbsp;&nbsp;Pace |`, '|:--|:--|--:|:--|:--|', ...rows].join('\n');
  const ahead = facts.link.state === 'connected' ? snapshotLimitRunOut(snapshot, workspaceId, nowMs) : undefined;
  const lasts = ahead ? [`$(clock) ${plain(limitRunOutWords(ahead, nowMs, taste.locale), 240)}`] : [];
  return [[table, ...lasts, ...(rest > 0 ? [`${rest} more in the dashboard`] : []), ...(snapshot.plans ?? []).slice(0, plansMax).map((one) => plain(planWords(one), 120)), ...unknown].join('\n\n')];
}

function activityBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { locale } = facts.taste;
  const lines: string[] = [];
  const { running, waiting } = snapshot;
  const practice = snapshot.broker.mode === 'practice';
  if (facts.link.state !== 'connected') lines.push('What runs and waits is not known now.');
  else if (running.length + waiting.length === 0) lines.push('Nothing runs or waits.');
  else {
    // Why a request waits that asks something stands at the top of the card, or in another window's.
    const asking = new Set(snapshot.questions.map((question) => question.requestId));
    lines.push(`$(sync) ${running.length} run, ${waiting.length} wait${waitingWords(waiting.find((run) => !asking.has(run.requestId)), snapshot.atMs)}`);
  }
  const [task, ...others] = facts.waitingTasks ?? [];
  if (task) lines.push(`$(history) Codex task "${plain(task.title, 60)}" goes on by itself at ${plain(clockWords(task.atMs, facts.nowMs, locale))}${others.length === 0 ? '' : `, ${others.length} more`} · ${commandLink('Show', commandNames.showWaitingTasks)}`);
  const elsewhere = running.filter((run) => run.fallback !== undefined);
  if (elsewhere[0]) lines.push(`$(warning) ${elsewhere.length} answered by the ${plain(modelText(elsewhere[0]), 60)}`);
  const last = snapshot.recent[0];
  if (last) lines.push(`Last: ${plain(last.workspaceLabel, 40)}, ${last.fallback === undefined ? '' : `${plain(modelText(last), 60)}, `}${costWords(last, practice, locale)}, ${clockWords(last.atMs, facts.nowMs, locale)} · ${commandLink('Explain', commandNames.explainRequest, last.requestId)}`);
  const today = snapshot.today.total;
  const tokens = today.inputTokens + today.outputTokens;
  lines.push(`Today: ${plain(creditsWords(today.costMicroCredits, practice, locale))}, ${formatTokens(tokens, locale)} tokens, ${today.requests} ${today.requests === 1 ? 'request' : 'requests'}${today.unpriced > 0 ? `, ${today.unpriced} of them without a price` : ''}`);
  return lines.join('  \n');
}

function waitingWords(first: RunView | undefined, atMs: number): string {
  if (!first) return '';
  const reason = first.reason ? ` · ${plain(first.reason, 160)}` : '';
  return `${reason}${first.startsAtMs === undefined ? '' : ` · next in ${durationWords(first.startsAtMs - atMs)}`}`;
}

/** "3.37 credits ($0.13)", "no charge", or "no price" for a model that has none. */
function costWords(request: RequestView, practice: boolean, locale: string): string {
  if (request.costMicroCredits === undefined) return request.freeReason ? 'no charge' : 'no price';
  return request.costMicroCredits === 0 ? 'no charge' : plain(creditsWords(request.costMicroCredits, practice, locale));
}

function linksLine(facts: TooltipFacts): string {
  const links = [
    ...(facts.link.state === 'down' ? [commandLink('Start broker', commandNames.startBroker)] : []),
    commandLink('Dashboard', commandNames.openDashboard),
    commandLink('Add credits', commandNames.topUp),
    commandLink('Metered terminal', commandNames.openMeteredTerminal),
    commandLink(facts.taste.show === 'left' ? 'Show used' : 'Show left', commandNames.switchLeftUsed),
    commandLink('Log', commandNames.showLog),
    commandLink('Settings', commandNames.openSettings),
  ];
  return links.join(' &nbsp; ');
}
