// Writes the card that opens over the meter: balance, limits, what runs and waits, the last
// request, today, and links. Pure; everything that comes from outside is escaped.
import { formatCredits, formatTokens, formatUsd } from '../domain/units.ts';
import { blockedWords } from '../protocol/blockedWords.ts';
import { clockWords } from '../protocol/clockWords.ts';
import { plural, t } from '../protocol/language.ts';
import { keyStoppingLimit, stoppingLimit } from '../protocol/limitStands.ts';
import { modelText } from '../protocol/modelText.ts';
import { grantedMicroCredits, type MeterTaste } from '../protocol/meterInput.ts';
import { payerOf, type Payer } from '../protocol/payer.ts';
import { planWords } from '../protocol/planWords.ts';
import type { RequestView, RunView, Snapshot } from '../protocol/snapshot.ts';
import { limitRunOutWords, runOutWords, snapshotLimitRunOuts } from '../protocol/snapshotForecast.ts';
import { stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw, type WindowDraw } from '../protocol/windowDraw.ts';
import { inLine } from '../protocol/waitingOrder.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { budgetLines } from './budgetLine.ts';
import { actionsLine } from './cardActions.ts';
import { commandNames } from './commandNames.ts';
import { gaugeImage } from './gaugeImage.ts';
import { leadLines, type Lead } from './leadLines.ts';
import { durationWords, limitLines } from './limitLine.ts';
import { commandLink, plain } from './markdownText.ts';
import type { TooltipFacts } from './meterFacts.ts';
import { problemText } from './problemNotice.ts';
import { creditsWords } from './requestCost.ts';

/** The commands that the card's links may run. */
export const tooltipCommands: readonly string[] = [
  commandNames.openDashboard, commandNames.topUp, commandNames.showLog, commandNames.setApiKey, commandNames.startBroker, commandNames.explainRequest, commandNames.openSettings,
  commandNames.answerQuestion, commandNames.showBudgets, commandNames.openMeteredTerminal, commandNames.switchLeftUsed,
  commandNames.showWaitingTasks, commandNames.allowPurchased,
];

const limitsMax = 6;
/** Names are whole: cut off, two that begin alike would be one. */
const nameMax = 120;
const plansMax = 2;
const runOutsMax = 3;
const problemsMax = 3;

/** The card as markdown. */
export function meterTooltip(facts: TooltipFacts): string {
  const { snapshot } = facts;
  const blocks = [...linkBlock(facts)];
  if (snapshot) {
    const lead = leadLines(snapshot, facts.taste, facts.workspaceId, facts.nowMs, facts.link.state === 'connected');
    blocks.push(questionBlock(facts, snapshot), blockedBlock(facts, snapshot), balanceBlock(facts, snapshot, lead), ...limitsBlock(facts, snapshot, lead.limitId), activityBlock(facts, snapshot));
  }
  const host = facts.host === undefined ? '' : `$(remote) ${t('Broker and ledger are on {0}.', plain(facts.host, 80))}`;
  blocks.push(waitingTaskBlock(facts), [host, actionsLine(facts)].filter((line) => line !== '').join('  \n'));
  return blocks.filter((block) => block !== '').join('\n\n---\n\n');
}

function linkBlock(facts: TooltipFacts): string[] {
  const { link, snapshot } = facts;
  if (link.state === 'connected') return [];
  // Only the clock time: nothing repaints the card while no news comes, and an age would stand still.
  const age = snapshot ? `  \n${t('Numbers are from {0}.', clockWords(snapshot.atMs, facts.nowMs, facts.taste.locale))}` : '';
  if (link.state === 'down') {
    return [`$(debug-disconnect) ${t('**The broker is not running**')}  \n${link.problem ? plain(problemText(link.problem), 500) : ''}${age}`];
  }
  return [`$(sync) ${link.attempt ? t('Connecting to the broker, attempt {0}.', link.attempt) : t('Connecting to the broker.')}${age}`];
}

/** What this window is asked, first of all: a request waits for it. */
function questionBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  if (facts.link.state !== 'connected') return '';
  const [question, ...more] = windowQuestions(snapshot.questions, facts.workspaceId);
  if (!question) return '';
  const waits = more.length === 0 ? t('**A request waits for your answer**') : t('**A request waits for your answer**, {0} more', more.length);
  return `$(question) ${waits} · ${commandLink(t('Answer'), commandNames.answerQuestion)}  \n${plain(question.text, 400)}  \n${t('It is refused at {0} if nobody answers.', clockWords(question.endsAtMs, facts.nowMs, facts.taste.locale))}`;
}

/** The long limit that keeps everything from going on, until when, and what does not help. */
function blockedBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { nowMs, taste: { locale }, workspaceId } = facts;
  const limit = facts.link.state === 'connected' ? stoppingLimit(snapshot, workspaceId, nowMs) : undefined;
  if (!limit) return '';
  const { title, because } = blockedWords(limit, snapshot, nowMs, locale);
  const goesOn = limit.endsAtMs === undefined ? '' : ` · ${t('in {0}', durationWords(limit.endsAtMs - nowMs))}`;
  return `$(circle-slash) **${plain(title)}**${goesOn}  \n${plain(because, 400)}`;
}

function balanceBlock(facts: TooltipFacts, snapshot: Snapshot, lead: Lead): string {
  const { link, taste } = facts;
  const practice = snapshot.broker.mode === 'practice';
  const rejected = snapshot.key.state === 'rejected' && !practice;
  const payer = payerOf(snapshot);
  const lines: string[] = [];
  if (practice) lines.push(`$(beaker) ${t('**Practice mode**: simulated requests, no real money')}`);
  if (snapshot.key.state === 'missing' && !practice && payer === 'key') lines.push(`$(key) ${t('**No API key stored**: requests are refused, except those of a ChatGPT sign-in, which go on its plan')}`);
  if (rejected) lines.push(`$(key) ${t('**OpenAI rejected the API key**')}`);
  const { owedMicroCredits } = snapshot.balance;
  const budgets = budgetLines(snapshot, facts.workspaceId, taste.show, facts.nowMs, taste.locale);
  const debt = owedMicroCredits > 0 && payer !== 'plan' ? [`$(${payer === 'key' ? 'circle-slash' : 'warning'}) ${t('**{0} credits are owed**: they were spent before they were taken back.', formatCredits(owedMicroCredits, 2, taste.locale))} ${payer === 'both' ? t('Requests that go on no plan are refused until purchased credits are added.') : t('Requests are refused until purchased credits are added.')}`] : [];
  const balance = balanceLine(snapshot, taste);
  // What the status bar speaks of comes first; then the balance is not what to look at.
  lines.push(...lead.lines, ...(lead.of === 'budget' ? budgets : lead.of === 'debt' ? debt : []), lead.of === 'balance' ? balance : balance.replaceAll('**', ''), ...lead.notes, ...(lead.of === 'debt' ? [] : debt));
  const ahead = snapshot.forecast?.runOut;
  if (ahead && link.state === 'connected') lines.push(`$(clock) ${plain(runOutWords(ahead, facts.nowMs, taste.locale), 160)}`);
  if (lead.of !== 'budget') lines.push(...budgets);
  // What comes next is only known while the broker is there.
  const isKeyStopped = owedMicroCredits > 0 || !practice && snapshot.key.state !== 'present' || stoppingBudget(snapshot.budgets, facts.workspaceId, 'key') !== undefined
    || keyStoppingLimit(snapshot, facts.nowMs) !== undefined;
  const isStopped = payer === 'key' ? isKeyStopped : stoppingBudget(snapshot.budgets, facts.workspaceId, payer) !== undefined;
  if (link.state === 'connected' && !isStopped) lines.push(...drawLine(snapshot, facts.workspaceId, isKeyStopped ? 'plan' : payer));
  const problems = rejected ? snapshot.problems.filter(({ code }) => code !== 'api_key_rejected') : snapshot.problems;
  for (const problem of problems.slice(0, problemsMax)) lines.push(`$(warning) ${plain(problemText(problem), 400)}`);
  return lines.join('  \n');
}

function balanceLine(snapshot: Snapshot, taste: MeterTaste): string {
  const { balance } = snapshot;
  if (!balance.tracked) return t('**Balance not tracked**: usage is counted. Adding credits turns the cap on.');
  const credits = (amount: number) => formatCredits(amount, 2, taste.locale);
  const dollars = (amount: number) => (snapshot.broker.mode === 'practice' ? '' : ` · ${formatUsd(amount, 2, taste.locale)}`);
  const held = balance.heldMicroCredits > 0 ? ` · ${t('{0} held', credits(balance.heldMicroCredits))}` : '';
  const left = balance.balanceMicroCredits;
  if (taste.show === 'left') return `**${t('{0} credits left', credits(left))}**${dollars(left)}${held}`;
  const used = Math.max(0, grantedMicroCredits(balance, snapshot.atMs) - left);
  return `**${t('{0} credits used', credits(used))}**${dollars(used)} · ${t('{0} left', credits(left))}${held}`;
}

/** What the next request draws from; on a plan with a key, what one with the key does. */
function drawLine(snapshot: Snapshot, workspaceId: string | undefined, payer: Payer): string[] {
  const plan = t('Codex that is signed in with ChatGPT goes on its plan.');
  if (payer === 'plan') return [plan];
  const draw = windowDraw(snapshot, workspaceId);
  if (payer === 'both') return [`${plan} ${keyDrawWords(draw)}`];
  switch (draw) {
    case 'untracked': return [];
    case 'none': return [snapshot.balance.heldMicroCredits > 0 ? t('The next request waits for credits that running requests hold, or is refused.') : t('The next request would be refused.')];
    case 'asks': return [t('Only purchased credits are left: the next request asks you whether it may use them.')];
    case 'not-allowed': return [`$(circle-slash) ${t('This workspace may not use purchased credits, so its next request would be refused.')}`];
    case 'included': return [t('The next request draws from included credits.')];
    case 'promotional': return [t('The next request draws from promotional credits.')];
    case 'purchased': return [t('The next request draws from purchased credits.')];
  }
}

/** What a request with a key draws from, where a plan pays for others. */
function keyDrawWords(draw: WindowDraw): string {
  switch (draw) {
    case 'untracked': return t('Requests with a key are counted and priced.');
    case 'none': return t('Requests with a key find no free credits.');
    case 'asks': return t('Requests with a key ask first whether they may use purchased credits.');
    case 'not-allowed': return t('Requests with a key are refused: this workspace may not use purchased credits.');
    case 'included': return t('Requests with a key draw from included credits.');
    case 'promotional': return t('Requests with a key draw from promotional credits.');
    case 'purchased': return t('Requests with a key draw from purchased credits.');
  }
}

/** Keeps a number and its unit on one line of a narrow cell. */
function unparted(text: string): string {
  return text.replaceAll(/(\d) (?=\S)/g, '$1\u00a0');
}

/** @param headId the limit that the card begins with */
function limitsBlock(facts: TooltipFacts, snapshot: Snapshot, headId: string | undefined): string[] {
  const { taste, nowMs, workspaceId } = facts;
  const lines = limitLines(snapshot, workspaceId, taste.show, nowMs, taste.locale);
  const unknown = snapshot.windows.length === 0 ? [t('Limits are unknown until the first answer.')] : [];
  if (lines.length === 0) return unknown;
  const rows = lines.slice(0, limitsMax).map((line) => {
    const name = plain(line.name, nameMax);
    // The picture carries its own size: a size behind a bar would end the table's cell.
    const gauge = `![${taste.show === 'left' ? t('{0}, {1} left', name, plain(line.share)) : t('{0}, {1} used', name, plain(line.share))}](${gaugeImage(line.gauge, facts.theme)})`;
    return `| ${name} | ${gauge} | ${unparted(plain(line.share))} | &nbsp;&nbsp;${unparted(plain(line.resets))} | &nbsp;&nbsp;${line.mark ? `$(${line.mark}) ` : ''}${unparted(plain(line.pace))} |`;
  });
  const rest = lines.length - limitsMax;
  const table = [`| ${t('Limit')} | | ${taste.show === 'left' ? t('Left') : t('Used')} | &nbsp;&nbsp;${t('Resets')} | &nbsp;&nbsp;${t('Pace')} |`, '|:--|:--|--:|:--|:--|', ...rows].join('\n');
  const ahead = facts.link.state === 'connected' ? snapshotLimitRunOuts(snapshot, workspaceId, nowMs) : [];
  // That of the limit which the card begins with comes first, whenever the others end.
  const ordered = ahead.toSorted((a, b) => Number(b.limit.id === headId) - Number(a.limit.id === headId));
  const later = ordered.length - runOutsMax;
  const lasts = [
    ...ordered.slice(0, runOutsMax).map((one) => `$(clock) ${plain(limitRunOutWords(one, nowMs, taste.locale), 240)}`),
    ...(later > 0 ? [plural(later, '{0} more is used up before its time', '{0} more are used up before their time')] : []),
  ];
  return [[table, ...lasts, ...(rest > 0 ? [plural(rest, '{0} more in the dashboard', '{0} more in the dashboard')] : []), ...(snapshot.plans ?? []).flatMap((one) => planWords(one) ?? []).slice(0, plansMax).map((words) => plain(words, 120)), ...unknown].join('\n\n')];
}

function activityBlock(facts: TooltipFacts, snapshot: Snapshot): string {
  const { locale } = facts.taste;
  const lines: string[] = [];
  const { running, waiting } = snapshot;
  const practice = snapshot.broker.mode === 'practice';
  if (facts.link.state !== 'connected') lines.push(t('What runs and waits is not known now.'));
  else if (running.length + waiting.length === 0) lines.push(t('Nothing runs or waits.'));
  else {
    // Why a request waits that asks something stands at the top of the card, or in another window's.
    const asking = new Set(snapshot.questions.map((question) => question.requestId));
    const counts = [...(running.length > 0 ? [plural(running.length, '{0} runs', '{0} run')] : []), ...(waiting.length > 0 ? [plural(waiting.length, '{0} waits', '{0} wait')] : [])];
    lines.push(`$(${running.length > 0 ? 'sync' : 'history'}) ${counts.join(', ')}${waitingWords(inLine(waiting).find((run) => !asking.has(run.requestId)), snapshot.atMs)}`);
  }
  const elsewhere = running.filter((run) => run.fallback !== undefined);
  if (elsewhere[0]) lines.push(`$(warning) ${t('{0} answered by the {1}', elsewhere.length, plain(modelText(elsewhere[0]), 60))}`);
  const last = snapshot.recent[0];
  if (last) {
    const what = [plain(last.workspaceLabel, 40), ...(last.fallback === undefined ? [] : [plain(modelText(last), 60)]), costWords(last, practice, locale), clockWords(last.atMs, facts.nowMs, locale)];
    lines.push(`${t('Last: {0}', what.join(', '))} · ${commandLink(t('Explain'), commandNames.explainRequest, last.requestId)}`);
  }
  const today = snapshot.today.total;
  const tokens = today.inputTokens + today.outputTokens;
  lines.push(t('Today: {0}', [
    plain(creditsWords(today.costMicroCredits, practice, locale, today.estimated > 0)), t('{0} tokens', formatTokens(tokens, locale)), plural(today.requests, '{0} request', '{0} requests'),
    ...(today.unpriced > 0 ? [t('{0} of them without a price', today.unpriced)] : []),
  ].join(', ')));
  return lines.join('  \n');
}

/** The Codex task that goes on next. The window itself keeps it, so it is known without the broker. */
function waitingTaskBlock({ waitingTasks, nowMs, taste }: TooltipFacts): string {
  const [task, ...others] = waitingTasks ?? [];
  if (!task) return '';
  const [title, at] = [plain(task.title, 60), plain(clockWords(task.atMs, nowMs, taste.locale))];
  const goesOn = others.length === 0 ? t('Codex task "{0}" goes on by itself at {1}', title, at) : t('Codex task "{0}" goes on by itself at {1}, {2} more', title, at, others.length);
  return `$(history) ${goesOn} · ${commandLink(t('Show'), commandNames.showWaitingTasks)}`;
}

function waitingWords(first: RunView | undefined, atMs: number): string {
  if (!first) return '';
  // More comes behind the sentence.
  const reason = first.reason ? ` · ${plain(first.startsAtMs === undefined ? first.reason : first.reason.replace(/\.$/, ''), 160)}` : '';
  return `${reason}${first.startsAtMs === undefined ? '' : ` · ${t('next in {0}', durationWords(first.startsAtMs - atMs))}`}`;
}

/** "3.37 credits ($0.13)", "no charge", or "no price" for a model that has none. */
function costWords(request: RequestView, practice: boolean, locale: string): string {
  if (request.costMicroCredits === undefined) return request.freeReason ? t('no charge') : t('no price');
  return request.costMicroCredits === 0 ? t('no charge') : plain(creditsWords(request.costMicroCredits, practice, locale, !request.measured));
}
