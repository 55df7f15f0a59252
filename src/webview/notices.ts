// What is wrong or unusual now, on top of every page: what happened, what it means, what to do. One
// notice per cause; being fine shows none.
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { DirectiveResult } from 'lit/directive.js';
import type { Problem } from '../domain/problem.ts';
import { blockedWords } from '../protocol/blockedWords.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import { t } from '../protocol/language.ts';
import { stoppingLimit } from '../protocol/limitStands.ts';
import { problemMessage, problemWords, saidWords } from '../protocol/problemWords.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { payerOf } from '../protocol/payer.ts';
import { budgetName, stoppingBudget } from '../protocol/windowBudgets.ts';
import { windowDraw } from '../protocol/windowDraw.ts';
import { creditsText } from './amountText.ts';
import { allowButton, consentProblem } from './consentLine.ts';
import { balanceLevel, whyNothing } from './balanceText.ts';
import { moving } from './moving.ts';
import { countdown, dayAndTime } from './timeText.ts';
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
  const said = link.problem ? problemWords(link.problem) : t('Requests cannot be metered until it runs.');
  const numbers = snapshot ? [t('The numbers below are from {0} and no longer change.', dayAndTime(snapshot.atMs, view.nowMs, view.place))] : [];
  const attempt = link.attempt === undefined ? [] : [t('Attempt {0} to reach it.', link.attempt)];
  return notice('error', t('The broker is not running.'), [said, ...numbers, ...attempt].join(' '),
    html`${button(view, 'startBroker', t('Start the broker'))}${button(view, 'showLog', t('Show log'))}`);
}

function problemNotice(what: Problem, view: View): DirectiveResult {
  const { retryAtMs = 0 } = what;
  const retry = (nowMs: number) => (retryAtMs > nowMs ? ` ${t('It is tried again in {0}.', countdown(retryAtMs - nowMs))}` : '');
  const action = what.code === 'api_key_rejected' || what.code === 'no_api_key' ? button(view, 'setApiKey', t('Store a key…')) : button(view, 'showLog', t('Show log'));
  return moving(view, retry, (words) => notice('error', problemMessage(what), `${saidWords(what.remedy, what.remedySaid)}${words}`, action));
}

/** No key: the way in, and practice mode, which needs none. */
function noKey(view: View): TemplateResult {
  return html`<section class="welcome" aria-labelledby="head-key"><h2 id="head-key">${t('Connect Codex')}</h2>
    <p class="dim">${t('The broker has no OpenAI API key yet. Codex that is signed in with ChatGPT goes on its plan; all other requests are refused. Store a key, use your ChatGPT login, or try everything in practice mode first.')}</p>
    <dl class="ways">
      <div><dt>${icon('key', 's')} ${t('Store a key here')}</dt><dd class="dim">${t('It goes to the system keychain, never into settings or files.')}</dd><dd><vscode-button @click=${() => view.act.run('setApiKey')}>${t('Store an API key…')}</vscode-button></dd></div>
      <div><dt>${icon('account', 's')} ${t('Use your ChatGPT login')}</dt><dd class="dim">${t('Leads a Codex that is signed in with ChatGPT through the broker. Its plan pays, and no key is needed.')}</dd><dd>${button(view, 'routeCodex', t('Use my ChatGPT login…'))}</dd></div>
      <div><dt>${icon('beaker', 's')} ${t('Try practice mode')}</dt><dd class="dim">${t('A simulated upstream with limits and prices. No key, no cost.')}</dd><dd>${button(view, 'startPracticeMode', t('Start practice mode'))}</dd></div>
    </dl></section>`;
}

/** What stops every request of this window whatever credits there are: one cause, one notice. */
function stopNotice(snapshot: Snapshot, view: View): TemplateResult | DirectiveResult | undefined {
  const { owedMicroCredits } = snapshot.balance;
  const payer = payerOf(snapshot);
  if (owedMicroCredits > 0 && payer !== 'plan') {
    return notice('warning', t('{0} credits are owed.', creditsText(owedMicroCredits, view.place.locale)), payer === 'both'
      ? t('They were spent before they were taken back, so new requests that go on no plan are refused; nothing is charged for them. Purchased credits that you add pay what is owed first.')
      : t('They were spent before they were taken back, so new requests are refused; nothing is charged for them. Purchased credits that you add pay what is owed first.'),
      html`<vscode-button secondary @click=${view.act.addCredits}>${t('Add credits…')}</vscode-button>`);
  }
  const budget = stoppingBudget(snapshot.budgets, view.workspaceId, payer);
  if (!budget) return undefined;
  const { isForToday, untilMs } = budget;
  const ends = (nowMs: number) => {
    if (untilMs === undefined) return t('It goes on when the budget is raised or removed.');
    const [at, left] = [dayAndTime(untilMs, nowMs, view.place), countdown(untilMs - nowMs)];
    return isForToday ? t('It goes on {0}, in {1}.', at, left) : t('It begins anew {0}, in {1}.', at, left);
  };
  const refuses = t('The budget of {0} refuses new requests of this window; nothing is charged for them.', budgetName(budget.view));
  return moving(view, ends, (words) => notice('warning', isForToday ? t('A budget is used up for today.') : t('A budget is used up.'), `${refuses} ${words}`,
    html`<vscode-button secondary @click=${() => view.act.openBudget(budget.view.id)}>${t('Change the budget…')}</vscode-button>`));
}

/** The long limit that stops every request until it begins anew: the words of the meter's card. What is wrong with the balance is another cause, and stands below. */
function limitNotice(snapshot: Snapshot, view: View): DirectiveResult {
  const said = (nowMs: number) => {
    const limit = stoppingLimit(snapshot, view.workspaceId, nowMs);
    if (!limit) return undefined;
    const { title, because } = blockedWords(limit, snapshot, nowMs, view.place.locale);
    return { title: `${title}.`, text: limit.endsAtMs === undefined ? because : `${because} ${t('It goes on in {0}.', countdown(limit.endsAtMs - nowMs))}` };
  };
  return moving(view, said, (words) => (words === undefined ? nothing : notice('warning', words.title, words.text)));
}

function balanceNotice(snapshot: Snapshot, view: View): TemplateResult | typeof nothing {
  const payer = payerOf(snapshot);
  // No credits are drawn.
  if (payer === 'plan') return nothing;
  const isOnPlan = payer === 'both';
  const level = balanceLevel(snapshot);
  const add = html`<vscode-button secondary @click=${view.act.addCredits}>${t('Add credits…')}</vscode-button>`;
  if (level === 'blocked') {
    const refused = isOnPlan ? t('New requests that go on no plan are refused, and nothing is charged for them.') : t('New requests are refused, and nothing is charged for them.');
    const renews = snapshot.allowances.length > 0 ? t('An allowance gives some again when its next period begins; adding credits does at once.') : t('Waiting does not bring credits back. Add credits to go on.');
    return notice('warning', t('No credits left.'), `${refused} ${renews}`, add);
  }
  const draw = windowDraw(snapshot, view.workspaceId);
  if (draw === 'not-allowed') {
    return notice('warning', t('This workspace may not use purchased credits.'), isOnPlan ? t('No others are left and they were refused to it, so its requests with a key are refused; nothing is charged for them. The plan goes on.') : t('No others are left and they were refused to it, so its requests are refused; nothing is charged for them.'), html`${allowButton(snapshot, view, 'notice-allow-workspace')}${consentProblem(view)}`);
  }
  if (draw === 'none') {
    const title = snapshot.balance.heldMicroCredits > 0 ? t('The next request waits or is refused.') : t('The next request would be refused.');
    return notice('warning', isOnPlan ? t('Requests with a key find no free credits; the plan goes on.') : title, whyNothing(snapshot), add);
  }
  if (level === 'critical') return notice('warning', t('Credits are almost used up.'), isOnPlan ? t('When they end, new requests that go on no plan are refused until credits are added.') : t('When they end, new requests are refused until credits are added.'), add);
  return nothing;
}

/** Says that no money is meant; shown where a person lands, while the header's tag stays on every page. */
export function practiceNotice(view: View): TemplateResult | typeof nothing {
  if (!view.practice) return nothing;
  return html`<div class="notices">${notice('info', t('Practice mode.'), t('Requests go to a simulated upstream. Credits here are for practice and have their own ledger; no money is involved.'),
    html`${button(view, 'leavePracticeMode', t('Leave practice mode'))}${button(view, 'openMeteredTerminal', t('Open a metered terminal'))}`)}</div>`;
}

/** Every notice that the snapshot calls for on every page. */
export function snapshotNotices(snapshot: Snapshot, view: View): TemplateResult {
  const keyRejected = snapshot.key.state === 'rejected' && !snapshot.problems.some((each) => each.code === 'api_key_rejected');
  return html`
    ${snapshot.problems.filter((each) => each.code !== 'no_api_key').map((each) => problemNotice(each, view))}
    ${keyRejected ? notice('error', t('OpenAI does not accept the API key.'), t('Requests that need it fail until another key is stored; nothing is charged for them.'), button(view, 'setApiKey', t('Store another key…'))) : nothing}
    ${snapshot.key.state === 'missing' && !view.practice && payerOf(snapshot) === 'key' ? noKey(view) : nothing}
    ${view.stale ? nothing : html`${limitNotice(snapshot, view)}${stopNotice(snapshot, view) ?? balanceNotice(snapshot, view)}`}`;
}
