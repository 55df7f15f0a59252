// What is wrong or unusual now, on top of every page: what happened, what it means, what to do. One
// notice per cause; being fine shows none.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Problem } from '../domain/problem.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { isOnPlan, refusedRequests } from '../protocol/planWords.ts';
import { budgetName, stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { creditsText } from './amountText.ts';
import { allowButton, consentProblem } from './consentLine.ts';
import { balanceLevel, sentence, whyNothing } from './balanceText.ts';
import { dayAndTime, duration } from './timeText.ts';
import { icon, prose } from './view.ts';
import type { RunCommand, View } from './view.ts';

type Tone = 'warning' | 'error' | 'info';
const toneIcon: Record<Tone, string> = { warning: 'warning', error: 'error', info: 'info' };
const toneColour: Record<Tone, string> = { warning: 'warn', error: 'bad', info: 'note' };

/** One notice. Its first words are its name, in semibold. */
export function notice(tone: Tone, title: string, text: string, actions: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="notice ${tone}" role="group" aria-label=${title}>${icon(toneIcon[tone], toneColour[tone])}<div class="grow"><strong>${title}</strong> ${prose(text)}${actions === nothing ? nothing : html`<div class="row actions">${actions}</div>`}</div></div>`;
}

function button(view: View, command: RunCommand, label: string): TemplateResult {
  return html`<vscode-button secondary @click=${() => view.act.run(command)}>${label}</vscode-button>`;
}

/** The link is down: what that means for requests and numbers, and how to go on. */
export function brokerDown(link: LinkState, snapshot: Snapshot | undefined, view: View): TemplateResult {
  const said = link.problem ? `${link.problem.message} ${link.problem.remedy}` : 'Requests cannot be metered until it runs.';
  const numbers = snapshot ? ` The numbers below are from ${dayAndTime(snapshot.atMs, view.nowMs, view.place)} and no longer change.` : '';
  const attempt = link.attempt === undefined ? '' : ` Attempt ${link.attempt} to reach it.`;
  return notice('error', 'The broker is not running.', `${said}${numbers}${attempt}`,
    html`${button(view, 'startBroker', 'Start the broker')}${button(view, 'showLog', 'Show log')}`);
}

function problemNotice(what: Problem, view: View): TemplateResult {
  const retry = what.retryAtMs !== undefined && what.retryAtMs > view.nowMs ? ` It is tried again in ${duration(what.retryAtMs - view.nowMs)}.` : '';
  const action = what.code === 'api_key_rejected' || what.code === 'no_api_key' ? button(view, 'setApiKey', 'Store a key…') : button(view, 'showLog', 'Show log');
  return notice('error', what.message, `${what.remedy}${retry}`, action);
}

/** No key: the way in, and practice mode, which needs none. */
function noKey(view: View): TemplateResult {
  return html`<section class="welcome" aria-labelledby="head-key"><h2 id="head-key">Connect Codex</h2>
    <p class="dim">The broker has no OpenAI API key yet. Codex that is signed in with ChatGPT goes on its plan; all other requests are refused. Store a key, or try everything in practice mode first.</p>
    <dl class="ways">
      <div><dt>${icon('key', 's')} Store a key here</dt><dd class="dim">It goes to the system keychain, never into settings or files.</dd><dd><vscode-button @click=${() => view.act.run('setApiKey')}>Store an API key…</vscode-button></dd></div>
      <div><dt>${icon('beaker', 's')} Try practice mode</dt><dd class="dim">A simulated upstream with limits and prices. No key, no cost.</dd><dd>${button(view, 'startPracticeMode', 'Start practice mode')}</dd></div>
    </dl></section>`;
}

/** What stops every request of this window whatever credits there are: one cause, one notice. */
function stopNotice(snapshot: Snapshot, view: View): TemplateResult | undefined {
  const { owedMicroCredits } = snapshot.balance;
  if (owedMicroCredits > 0) {
    return notice('warning', `${creditsText(owedMicroCredits, view.place.locale)} credits are owed.`, `They were spent before they were taken back, so ${refusedRequests(snapshot)} are refused; nothing is charged for them. Purchased credits that you add pay what is owed first.`,
      html`<vscode-button secondary @click=${view.act.addCredits}>Add credits…</vscode-button>`);
  }
  const budget = stoppingBudget(snapshot.budgets, view.workspaceId);
  if (!budget) return undefined;
  const { endsAtMs } = budget.use;
  const ends = endsAtMs === undefined ? 'It goes on when the budget is raised or removed.' : `It begins anew ${dayAndTime(endsAtMs, view.nowMs, view.place)}, in ${duration(endsAtMs - view.nowMs)}.`;
  return notice('warning', 'A budget is used up.', `The budget of ${budgetName(budget.view)} refuses new requests of this window; nothing is charged for them. ${ends}`,
    html`<vscode-button secondary @click=${() => view.act.openBudget(budget.view.id)}>Change the budget…</vscode-button>`);
}

function balanceNotice(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const level = balanceLevel(snapshot);
  const add = html`<vscode-button secondary @click=${view.act.addCredits}>Add credits…</vscode-button>`;
  if (level === 'blocked') {
    const renews = snapshot.allowances.length > 0 ? ' An allowance gives some again when its next period begins; adding credits does at once.' : ' Waiting does not bring credits back. Add credits to go on.';
    return notice('warning', 'No credits left.', `${sentence(refusedRequests(snapshot))} are refused, and nothing is charged for them.${renews}`, add);
  }
  const draw = windowDraw(snapshot, view.workspaceId);
  if (draw === 'not-allowed') {
    return notice('warning', 'This workspace may not use purchased credits.', 'No others are left and they were refused to it, so its requests are refused; nothing is charged for them.', html`${allowButton(snapshot, view, 'notice-allow-workspace')}${consentProblem(view)}`);
  }
  if (draw === 'none') {
    return notice('warning', snapshot.balance.heldMicroCredits > 0 ? 'The next request waits or is refused.' : 'The next request would be refused.', whyNothing(snapshot), add);
  }
  if (level === 'critical') return notice('warning', 'Credits are almost used up.', `When they end, ${refusedRequests(snapshot)} are refused until credits are added.`, add);
  return nothing;
}

/** Says that no money is meant; shown where a person lands, while the header's tag stays on every page. */
export function practiceNotice(view: View): TemplateResult | typeof nothing {
  if (!view.practice) return nothing;
  return html`<div class="notices">${notice('info', 'Practice mode.', 'Requests go to a simulated upstream. Credits here are for practice and have their own ledger; no money is involved.',
    html`${button(view, 'leavePracticeMode', 'Leave practice mode')}${button(view, 'openMeteredTerminal', 'Open a metered terminal')}`)}</div>`;
}

/** Every notice that the snapshot calls for on every page. */
export function snapshotNotices(snapshot: Snapshot, view: View): TemplateResult {
  const keyRejected = snapshot.key.state === 'rejected' && !snapshot.problems.some((each) => each.code === 'api_key_rejected');
  return html`
    ${snapshot.problems.filter((each) => each.code !== 'no_api_key').map((each) => problemNotice(each, view))}
    ${keyRejected ? notice('error', 'OpenAI does not accept the API key.', 'Requests that need it fail until another key is stored; nothing is charged for them.', button(view, 'setApiKey', 'Store another key…')) : nothing}
    ${snapshot.key.state === 'missing' && !view.practice && !isOnPlan(snapshot) ? noKey(view) : nothing}
    ${view.stale ? nothing : stopNotice(snapshot, view) ?? balanceNotice(snapshot, view)}`;
}
