// Everything that the extension says in the editor, in the states that matter, as plain texts: for tests of its languages.
// What the broker or Codex says stands between ⟦ and ⟧ here: whoever brings it translates it.
import { problem } from '../../src/domain/problem.ts';
import { confirmation } from '../../src/extension/answerConfirm.ts';
import { removeApiKey, setApiKey, keyComplaint, type KeyParts } from '../../src/extension/apiKey.ts';
import { BrokerNews } from '../../src/extension/brokerNews.ts';
import { codexStep } from '../../src/extension/codexEvents.ts';
import { ConsentQuestions } from '../../src/extension/consentQuestions.ts';
import { dashboardAction, type ActionParts } from '../../src/extension/dashboardActions.ts';
import { DashboardPanel } from '../../src/extension/dashboardPanel.ts';
import { passGate } from '../../src/extension/gateDialog.ts';
import { LimitNotices } from '../../src/extension/limitNotices.ts';
import type { TooltipFacts } from '../../src/extension/meterFacts.ts';
import { openMeteredTerminal } from '../../src/extension/meteredTerminal.ts';
import { meterTooltip } from '../../src/extension/meterTooltip.ts';
import { PriceNotices } from '../../src/extension/priceNotices.ts';
import { buttonFor, showFailure, type Doing } from '../../src/extension/problemNotice.ts';
import { costSentence } from '../../src/extension/requestCost.ts';
import { restartBroker } from '../../src/extension/restartBroker.ts';
import { routeCodex, RouteTexts } from '../../src/extension/routeCodex.ts';
import { offerInterrupted, runTask, showWaitingTasks } from '../../src/extension/runTask.ts';
import { StatusMeter } from '../../src/extension/statusMeter.ts';
import { passFit } from '../../src/extension/taskFitCheck.ts';
import { WindowWorkspace } from '../../src/extension/windowWorkspace.ts';
import type { ExplainResult } from '../../src/protocol/control.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { fakeEditor, fakeMemory, type FakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule, settle } from './manualSchedule.ts';
import { budgetFixture, practiceSnapshot, questionFixture, snapshotFixture, untrackedSnapshot, withBalance } from './snapshotFixture.ts';

/** Names and the like in what is said: they are the same in every language. */
export const names: readonly string[] = [
  'billing-service', 'gpt-5.5', 'gpt-6', 'gpt-5.4-mini', 'llama3', 'ChatGPT 3fa9', 'plus', 'req_1', 'req_q1', 'req_9', 'config.toml', 'config.toml.bak', '/w', 'Codex CLI', 'codexBroker.meter',
  'Fix it', 'Add a greeting', 'old', 'ls', 'src/a.ts', 'server', 'tool', 'v1', 'g1', 'b1', 'codex-broker explain', 'sk-…', 'Codex Broker', 'Codex', 'CSV', 'JSON', 'Markdown',
];

/** A request that runs or waits. */
const run = { requestId: 'r', workspaceId: 'ws_1', workspaceLabel: 'billing-service', client: 'codex_exec', model: 'gpt-5.5', sinceMs: 1, estimatedTokens: 1, heldMicroCredits: 0 };
const question = questionFixture({ text: '⟦Question⟧' });
const week = { id: 'w/10080', model: 'ChatGPT 3fa9', measure: 'percent', windowMinutes: 10_080, limit: 100, remaining: 4, resetsAtMs: 300_000_000, observedAtMs: 1 } as const;
const plans = [{ account: 'ChatGPT 3fa9', planType: 'plus', credits: { hasCredits: true, isUnlimited: false, balance: '12.5' }, observedAtMs: 1 }];
const forModel = { ...budgetFixture(90, { id: 'b2', per: 'model', of: 'gpt-5.5' }), uses: [{ key: 'gpt-5.5', used: 90_000_000, reserved: 0, endsAtMs: 400_000_000 }] };
const soft = { ...budgetFixture(120, { id: 'b3', per: 'task', mode: 'soft', period: 'life' }), uses: [{ key: 'thread_1', label: 'billing-service', used: 120_000_000, reserved: 0 }] };
const withoutPrice = { ...snapshotFixture().today, total: { ...snapshotFixture().today.total, requests: 3, unpriced: 1 } };
const { balance } = snapshotFixture();

/** Snapshots that between them make every surface say all that it can. */
export const snapshots: Readonly<Record<string, Snapshot>> = {
  ok: snapshotFixture(), practice: practiceSnapshot(), untracked: untrackedSnapshot({ today: withoutPrice }), low: withBalance(120_000_000), none: withBalance(0),
  asks: snapshotFixture({ questions: [question, { ...question, requestId: 'r2' }], consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: [] } }),
  denied: snapshotFixture({ consent: { everywhere: false, workspaceIds: [], deniedWorkspaceIds: ['ws_1'] } }),
  busy: snapshotFixture({ running: [{ ...run, state: 'running', fallback: 'llama3' }], waiting: [{ ...run, state: 'waiting', reason: '⟦Reason⟧', startsAtMs: 1_018_000, place: 1 }], recent: [{ ...snapshotFixture().recent[0]!, fallback: 'llama3', costMicroCredits: 0 }] }),
  noKey: untrackedSnapshot({ key: { state: 'missing' }, windows: [] }), rejected: snapshotFixture({ key: { state: 'rejected' } }), owed: snapshotFixture({ balance: { ...balance, owedMicroCredits: 2_500_000 }, plans }),
  plan: snapshotFixture({ windows: [week, { ...week, id: 'w/300', windowMinutes: 300, remaining: 100, resetsAtMs: 5_000_000 }], plans }),
  blocked: snapshotFixture({ windows: [{ ...week, remaining: 0 }, ...(['tokens', 'requests'] as const).map((measure) => ({ id: measure, model: 'gpt-5.5', measure, windowMinutes: measure === 'tokens' ? 1440 : 90, observedAtMs: 1 }))] }),
  budgets: snapshotFixture({ budgets: [budgetFixture(99), forModel, soft] }), stopped: snapshotFixture({ budgets: [budgetFixture(100)] }),
};

/** What every surface says, by its name. Call it in the language that is to be heard. */
export async function everySurface(locale: string): Promise<Readonly<Record<string, string>>> {
  const said: Record<string, string> = {};
  for (const [name, snapshot] of Object.entries(snapshots)) {
    for (const show of ['left', 'used'] as const) {
      const facts: TooltipFacts = { link: { state: 'connected' }, snapshot, taste: { show, unit: 'credits', locale }, theme: 'dark', nowMs: 1_000_000, workspaceId: 'ws_1' };
      said[`card ${name} ${show}`] = meterTooltip(facts);
      said[`status bar ${name} ${show}`] = statusBar(facts);
    }
  }
  const tasks = [{ threadId: 't', title: 'Fix it', atMs: 300_000_000, continuedTimes: 0 }, { threadId: 't2', title: 'Fix it', atMs: 9_000_000, continuedTimes: 0 }];
  const lost: TooltipFacts = { link: { state: 'down', problem: { ...problem('broker_unreachable', '⟦It ended.⟧'), remedy: '⟦Start it.⟧' } }, snapshot: snapshots['ok']!, taste: { show: 'left', unit: 'credits', locale }, theme: 'dark', nowMs: 1_000_000 };
  for (const [name, facts] of Object.entries({ lost, connecting: { ...lost, link: { state: 'connecting', attempt: 2 } as const }, tasks: { ...lost, link: { state: 'connected' } as const, waitingTasks: tasks }, task: { ...lost, link: { state: 'connected' } as const, waitingTasks: tasks.slice(1) } })) {
    said[`card ${name}`] = meterTooltip(facts);
    said[`status bar ${name}`] = statusBar(facts);
  }
  for (const show of ['left', 'used'] as const) said[`notices ${show}`] = await heard(locale, (fake) => notices(fake, show));
  said['prices'] = await heard(locale, prices);
  said['questions'] = await heard(locale, questions);
  said['gate'] = await heard(locale, gate);
  said['key'] = [...['', 'x', 'sk-ü', 'sk-1'].map((text) => keyComplaint(text) ?? ''), await heard(locale, keys)].join('\n');
  said['dashboard'] = await heard(locale, dashboard);
  said['tasks'] = await heard(locale, (fake) => codexTasks(fake, tasks));
  said['steps'] = steps();
  said['terminal'] = await heard(locale, terminals);
  said['route'] = await heard(locale, route);
  said['failures'] = await heard(locale, failures);
  said['cost'] = [costSentence(explained, false, locale), costSentence({ ...explained, charge: null }, true, locale)].join('\n');
  return said;
}

function statusBar(facts: TooltipFacts): string {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const meter = new StatusMeter(fake.editor, manualSchedule(facts.nowMs), () => facts, () => ({ visible: true, alignment: 'right', priority: 1, compact: false, style: 'text' }));
  meter.dispose();
  const [item] = fake.items;
  return [item?.text, item?.name, item?.accessibilityInformation?.label].join('\n');
}

/** Lets something happen in an editor of that language, and gives all that was shown. */
async function heard(locale: string, happen: (fake: FakeEditor) => Promise<unknown>): Promise<string> {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
  (fake.editor.env as { language: string }).language = locale;
  await happen(fake);
  const shown = fake.shown.flatMap(({ message, detail, buttons }) => [message, detail ?? '', ...buttons]);
  const compared = fake.executed.filter(({ command }) => command === 'vscode.diff').map(({ values }) => String(values[2]));
  return [...shown, ...fake.titles, ...fake.progress, ...fake.output, ...compared, ...fake.terminals.flatMap(({ name, message }) => [name ?? '', message ?? ''])].join('\n');
}

async function notices(fake: FakeEditor, show: 'left' | 'used'): Promise<void> {
  const play = async (...steps: readonly Snapshot[]) => {
    const watch = new LimitNotices(fake.editor, fakeMemory(new Map()));
    for (const step of steps) await watch.see(step, fake.editor.env.language, true, show);
  };
  await play(withBalance(400_000_000), withBalance(120_000_000), withBalance(40_000_000), withBalance(0));
  await play(practiceSnapshot(), practiceSnapshot({ balance: withBalance(40_000_000).balance }));
  await play(snapshotFixture({ budgets: [budgetFixture(10)] }), snapshotFixture({ budgets: [budgetFixture(99)] }), snapshotFixture({ budgets: [budgetFixture(100)], windows: [{ ...week, remaining: 0 }] }));
  await play(snapshotFixture({ windows: [{ ...week, remaining: 90 }] }), snapshotFixture({ windows: [week] }), snapshotFixture({ windows: [{ ...week, remaining: 0 }] }));
}

async function prices(fake: FakeEditor): Promise<void> {
  const rates = { input: 50_000_000, cachedInput: 5_000_000, cacheWrite: 50_000_000, output: 250_000_000 };
  const change = (atMs: number) => ({ model: 'gpt-6', atMs, before: { model: 'gpt-6', version: '1', rates }, after: { model: 'gpt-6', version: '2', rates: { ...rates, output: 300_000_000 } } });
  const watch = new PriceNotices(fake.editor);
  for (const priceChanges of [[], [change(9), change(8)]]) await watch.see(snapshotFixture({ budgets: [budgetFixture(1)], priceChanges }), fake.editor.env.language, true);
}

async function questions(fake: FakeEditor): Promise<void> {
  const asked = (['consent', 'unpriced', 'runaway'] as const).flatMap((kind) => [{ ...question, kind }, { ...question, kind, requestId: 'r2' }]);
  for (const open of [[], ...asked.map((one, index) => [one, ...asked.slice(index + 1, index + 2)])]) {
    const watch = new ConsentQuestions({ editor: fake.editor, log: fake.log, snapshot: () => snapshotFixture({ questions: open }), workspaceId: () => 'ws_1', call: (async () => ({ answered: false })) as never });
    watch.see();
    await settle();
    await watch.askAgain();
  }
  await new ConsentQuestions({ editor: fake.editor, log: fake.log, snapshot: () => undefined, workspaceId: () => 'ws_1', call: (async () => ({ answered: false })) as never }).askAgain();
  for (const kind of ['consent', 'unpriced'] as const) for (const answer of ['always', 'never'] as const) fake.titles.push(...Object.values(confirmation({ ...question, kind }, answer) ?? {}));
}

async function gate(fake: FakeEditor): Promise<void> {
  for (const snapshot of Object.values(snapshots)) {
    for (const facts of [{ trusted: false, connected: true }, { trusted: true, connected: false }, { trusted: true, connected: true }]) {
      await passGate({ editor: fake.editor, memory: fakeMemory(new Map()), planMayPay: true, facts: () => ({ ...facts, snapshot, workspaceId: 'ws_1' }), allowWorkspace: async () => undefined });
    }
  }
}

async function keys(fake: FakeEditor): Promise<void> {
  const parts = (change: Partial<KeyParts>): KeyParts => ({
    editor: fake.editor, secrets: { get: async () => undefined, store: async () => undefined, delete: async () => undefined }, log: fake.log, call: (async () => ({ stored: false })) as never, snapshot: () => snapshots['ok'], connected: () => true, ...change,
  });
  const key = 'sk-00000000000000000000';
  await setApiKey(parts({ snapshot: () => snapshots['practice'] }));
  for (const change of [{ connected: () => false }, {}, { call: (async () => ({ stored: true })) as never }]) {
    fake.answers.push(key);
    await setApiKey(parts(change));
  }
  fake.answers.push(undefined);
  await removeApiKey(parts({}));
  for (const isConnected of [true, false]) {
    fake.answers.push(fake.shown.at(-1 - (isConnected ? 0 : 1))?.buttons[0]);
    await removeApiKey(parts({ connected: () => isConnected }));
  }
}

async function dashboard(fake: FakeEditor): Promise<void> {
  const parts: ActionParts = {
    editor: fake.editor, log: fake.log, call: (async () => ({})) as never, topUps: { add: () => undefined } as never, memory: { update: async () => undefined }, practice: () => false, snapshot: () => snapshots['budgets'],
    questions: {} as never, workspace: { label: 'billing-service', token: async () => ({ workspaceId: 'ws_1' }) } as never,
  };
  await dashboardAction(parts, { type: 'topUp', id: 1, amountMicroCredits: 5_000_000, key: 'k', scope: 'everywhere' });
  await dashboardAction(parts, { type: 'topUp', id: 1, amountMicroCredits: 5_000_000, key: 'k', scope: 'workspace' });
  await dashboardAction(parts, { type: 'allow', id: 2 });
  for (const change of [{ kind: 'unpricedPolicy', value: 'allow' }, { kind: 'unattendedPolicy', value: 'allow' }, { kind: 'budgetRemove', budgetId: 'b1' }, { kind: 'budgetRemove', budgetId: 'b3' }] as const) await dashboardAction(parts, { type: 'change', id: 3, change });
  new DashboardPanel({ editor: fake.editor, extensionUri: fake.context.extensionUri, log: fake.log, newNonce: () => 'n', state: () => ({}) as never, handle: async () => undefined }).show();
  let surroundings = 0;
  for (const running of [[], [{ ...run, state: 'running' as const }], [{ ...run, state: 'running' as const }, { ...run, state: 'running' as const }]]) {
    const news = new BrokerNews({ editor: fake.editor, surroundings: () => ({ args: [String(surroundings += 1)], env: {} }), snapshot: () => snapshotFixture({ running }), restart: async () => undefined });
    await news.look();
    for (const leaves of [true, false]) await restart(fake, snapshotFixture({ running }), leaves);
  }
  fake.titles.push(new WindowWorkspace({ workspaceFolders: undefined, name: undefined }, '/s', (async () => ({})) as never).label);
}

async function restart(fake: FakeEditor, snapshot: Snapshot, leaves: boolean): Promise<void> {
  const link = { state: { state: 'connected' as 'connected' | 'down' }, snapshot, call: (async () => { if (leaves) link.state = { state: 'down' }; }) as never };
  let nowMs = 0;
  // A schedule on which nothing has to be waited for.
  const schedule = { nowMs: () => (nowMs += 60_000), random: () => 0, after: (_delayMs: number, then: () => void) => { then(); return () => undefined; } };
  if (snapshot.running.length > 0) fake.answers.push('Restart Broker', '⟦Restart Broker⟧', 'Broker neu starten');
  for (let time = 0; time < 3; time += 1) {
    link.state = { state: 'connected' };
    await restartBroker({ editor: fake.editor, schedule, link, start: () => undefined }).catch((error: unknown) => showFailure(fake.editor, fake.log, 'The command', error));
  }
  fake.answers.length = 0;
}

async function codexTasks(fake: FakeEditor, waiting: readonly { readonly threadId: string; readonly title: string; readonly atMs: number; readonly continuedTimes: number }[]): Promise<void> {
  const schedule = manualSchedule(1_000_000);
  await showWaitingTasks({ editor: fake.editor, schedule }, { list: () => [], interrupted: () => [], remove: async () => undefined, goOnNow: async () => undefined });
  fake.answers.push('Fix it');
  const interrupted = waiting.map((task) => ({ ...task, threadId: `${task.threadId}-2`, begunAtMs: 1 }));
  for (const task of interrupted) await offerInterrupted({ editor: fake.editor }, { remove: async () => undefined, goOnNow: async () => undefined }, task);
  await showWaitingTasks({ editor: fake.editor, schedule }, { list: () => waiting, interrupted: () => interrupted, remove: async () => undefined, goOnNow: async () => undefined });
  const parts = { editor: fake.editor, passGate: async () => ({ estimate: '' }), pay: () => 'key' } as unknown as Parameters<typeof runTask>[0];
  for (const folder of [undefined, '/w']) await runTask({ ...parts, workspace: { folder } as never });
  await runTask({ ...parts, pay: () => 'plan', workspace: { folder: '/w' } as never });
  for (const snapshot of [withBalance(1_000_000), snapshotFixture({ budgets: [budgetFixture(99)] }), snapshotFixture({ budgets: [budgetFixture(0, { per: 'task', limit: 1_000_000 })] }), snapshotFixture({ budgets: [budgetFixture(0, { per: 'everything', unit: 'tokens', limit: 1_000 })] })]) {
    await passFit({
      editor: fake.editor, log: fake.log, schedule, snapshot: () => snapshot, workspace: { token: async () => ({ workspaceId: 'ws_1' }) as never },
      call: (async () => ({ rows: [1, 2, 3, 4, 5].map((key) => ({ key: String(key), costMicroCredits: 12_000_000, inputTokens: 90_000, outputTokens: 10_000 })) })) as never,
    });
  }
}

/** All that Codex's events become. */
function steps(): string {
  const item = (type: 'item.started' | 'item.completed', values: object) => ({ type, item: values });
  return [
    { type: 'turn.started' }, { type: 'turn.completed', usage: {} }, { type: 'turn.failed', error: {} },
    ...(['item.started', 'item.completed'] as const).flatMap((type) => [
      item(type, { type: 'agent_message', text: 'old' }), item(type, { type: 'reasoning' }), item(type, { type: 'command_execution', command: 'ls', exit_code: 1, aggregated_output: '.'.repeat(5_000) }),
      item(type, { type: 'file_change', changes: ['add', 'delete', 'update', 'x'].map((kind) => ({ kind, path: 'src/a.ts' })) }), item(type, { type: 'file_change', changes: [{ kind: 'add', path: 'src/a.ts' }] }),
      item(type, { type: 'mcp_tool_call', server: 'server', tool: 'tool' }), item(type, { type: 'web_search' }), item(type, { type: 'todo_list' }), item(type, { type: 'error', message: 'old' }),
    ]),
  ].flatMap((event) => { const { step = '', transcript = '' } = codexStep(JSON.stringify(event)); return [step, transcript]; }).join('\n');
}

async function terminals(fake: FakeEditor): Promise<void> {
  for (const isPractice of [true, false]) {
    await openMeteredTerminal({ editor: fake.editor, log: fake.log, workspace: { folder: '/w', path: '/w', token: async () => ({ token: 't', baseUrl: 'u' }) as never }, env: {}, platform: 'linux', practice: () => isPractice, dataDir: () => '/d', prepareShims: async () => '/b', passGate: async () => true, asksAside: () => false, isConnecting: () => false, schedule: manualSchedule(0) });
  }
}

async function route(fake: FakeEditor): Promise<void> {
  const shown = { path: '/w/config.toml', exists: true, changes: true, before: '', after: '', hash: 'h', notes: ['⟦Note.⟧'] };
  const parts = (change: object) => ({ editor: fake.editor, texts: new RouteTexts(), program: { plan: async () => ({ ...shown, ...change }), write: async () => ({ ...shown, ...change }), undo: async () => ({ undone: true, said: '⟦Done.⟧' }) } });
  await routeCodex(parts({ changes: false }));
  await routeCodex(parts({}));
  for (const change of [{}, { backup: '/w/config.toml.bak' }]) {
    fake.answers.push(fake.shown.at('backup' in change ? -2 : -1)?.buttons[0]);
    await routeCodex(parts(change));
  }
}

async function failures(fake: FakeEditor): Promise<void> {
  const doings: readonly Doing[] = ['Storing the API key', 'Removing the API key', 'Asking Codex', 'Opening the metered terminal', 'Running the Codex task', 'Asking about a request', 'Answering', 'The command'];
  for (const doing of doings) await showFailure(fake.editor, fake.log, doing, new Error('boom'));
  fake.titles.push(...(['credits_exhausted', 'budget_exceeded', 'no_api_key', 'broker_unreachable'] as const).map((code) => buttonFor({ code })?.label ?? ''));
}

const entry = (kind: ExplainResult['entries'][number]['kind'], account: ExplainResult['entries'][number]['account'] = 'grant') => ({ account, kind, grantId: 'g1', atMs: 1, sequence: 1, amountMicroCredits: -1, heldDeltaMicroCredits: 0, balanceAfterMicroCredits: 5, heldAfterMicroCredits: 0 }) as unknown as ExplainResult['entries'][number];
const explained = {
  id: 'req_1', receivedAtMs: 1, workspaceId: 'ws_1', workspaceLabel: 'billing-service', client: 'codex_exec', model: 'gpt-5.5', waitedMs: 0, corrections: [], story: ['⟦It ran.⟧'],
  attempts: [{ outcome: 'completed', usage: { inputTokens: 1_204, outputTokens: 310 } }], charge: { costMicroCredits: 120_000, model: 'gpt-5.5', priceVersion: 'v1', formula: '1 × 2' },
  entries: [...(['grant', 'reserve', 'post', 'overage', 'void', 'expire', 'refund'] as const).map((kind) => entry(kind)), ...(['overshoot', 'exposure', 'owed'] as const).map((account) => entry('post', account))],
  decision: {
    outcome: 'refuse', slices: [], holdMicroCredits: 0, toChange: ['⟦Raise it.⟧'],
    layers: (['safety', 'budgets', 'limits', 'included', 'promotional', 'purchased', 'consent', 'fallback', 'wait'] as const).map((layer) => ({ layer, verdict: 'passed', because: '⟦All is well.⟧' })),
    budgets: (['fits', 'reserved', 'over'] as const).map((verdict, index) => ({ budgetId: 'b1', key: '', unit: index === 0 ? 'tokens' : 'credits', mode: index === 0 ? 'soft' : 'hard', limit: 5_000_000, used: 4_000_000, reserved: 0, wanted: 2_000_000, verdict })),
  },
} as unknown as ExplainResult;
