// The task command from prompt to summary, with a script in Codex's place: progress, transcript,
// cost of its thread, cancel and failure, and no token in anything that is shown or logged.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { continueTask, offerInterrupted, runTask, showWaitingTasks } from '../../src/extension/runTask.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { continuedTimesMax, type TaskParts } from '../../src/extension/taskRun.ts';
import type { WaitingTask } from '../../src/extension/waitingTasks.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { eventually, realSchedule } from './manualSchedule.ts';

const secret = 'workspace-token-secret';
const events = (...list: unknown[]) => `for (const event of ${JSON.stringify(list)}) console.log(JSON.stringify(event));`;

describe('run a Codex task', function slowMachine() {
  this.timeout(30_000);
  let root = '';
  let fake: FakeEditor;
  let rows: unknown[] = [];
  let waiting: WaitingTask[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'task-'));
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: root });
    fake.answers.push('Add a greeting');
    waiting = [];
    rows = [{ key: 't1', requests: 2, inputTokens: 12_000, outputTokens: 300, costMicroCredits: 420_000 }, { key: 'other', requests: 9, inputTokens: 1, outputTokens: 1, costMicroCredits: 9_000_000 }];
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const parts = (script: string, change: Partial<Parameters<typeof runTask>[0]> = {}): Parameters<typeof runTask>[0] => {
    const path = join(root, 'codex');
    writeFileSync(path, `#!${process.execPath}\n${script}`);
    chmodSync(path, 0o755);
    return {
      editor: fake.editor, log: fake.log, schedule: realSchedule, env: { PATH: process.env['PATH'] }, platform: process.platform, stopping: new AbortController().signal,
      call: (async () => ({ rows, total: {} })) as unknown as TaskParts['call'], settings: () => readSettings(fake.editor.workspace), practice: () => false, pay: () => 'key',
      workspace: { folder: fake.folder, forget: () => undefined, token: async () => ({ token: secret, workspaceId: 'w', baseUrl: '', codexBaseUrl: `http://127.0.0.1:9/w/${secret}/v1` }) },
      findProgram: async () => ({ command: path, first: [], asNode: false }), passGate: async () => ({}),
      waiting: { add: async (task) => { waiting.push(task); }, remove: async (id) => { waiting = waiting.filter(({ threadId }) => threadId !== id); } },
      transcript: () => fake.editor.window.createOutputChannel('Codex Task'), ...change,
    };
  };

  it('shows the steps, keeps a transcript and sums up its own thread', async () => {
    await runTask(parts(events(
      { type: 'thread.started', thread_id: 't1' }, { type: 'item.started', item: { type: 'command_execution', command: 'ls' } },
      { type: 'item.completed', item: { type: 'agent_message', text: 'Added it.' } }, { type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } },
    )));
    assert.deepEqual(fake.progress, ['starting', 'runs ls', 'writing', 'finishing']);
    assert.ok(fake.output.includes('Added it.'));
    assert.match(fake.output[0] ?? '', /^── \d\d:\d\d:\d\d  Codex task in /);
    assert.equal(fake.output[1], '> Add a greeting');
    const end = fake.shown.at(-1);
    assert.equal(end?.kind, 'info');
    assert.equal(end?.message, 'Codex task finished · 12.3 k tokens in 2 requests, 0.42 credits ($0.02)');
    assert.ok(!fake.logLines.join('').includes('greeting') && !fake.logLines.join('').includes(secret));
  });

  it('tells beforehand what tasks here usually come to, where that is known', async () => {
    await runTask(parts('', { passGate: async () => ({ estimate: 'Tasks here usually take 1 to 2 tokens.' }) }));
    assert.match(fake.shown[0]?.message ?? '', /paid through the broker\. Tasks here usually take 1 to 2 tokens\.$/);
    const shown = fake.shown.length;
    await runTask(parts('', { passGate: async () => undefined }));
    assert.equal(fake.shown.length, shown, 'the gate holds it back');
  });

  it('goes on the plan of Codex\'s own sign-in where that pays, and says so', async () => {
    rows = [{ key: 't1', requests: 2, inputTokens: 12_000, outputTokens: 300, costMicroCredits: 0 }];
    const told = `console.log(JSON.stringify({ type: 'thread.started', thread_id: 't1' })); console.log(JSON.stringify({ type: 'item.completed', item: { type: 'agent_message', text: [process.env.CODEX_API_KEY, ...process.argv].join(' ').replaceAll(${JSON.stringify(secret)}, 'TOKEN') } }));`;
    const token = { token: secret, workspaceId: 'w', baseUrl: '', codexBaseUrl: `http://127.0.0.1:9/w/${secret}/v1`, chatgptBaseUrl: `http://127.0.0.1:9/w/${secret}/backend-api/codex` };
    await runTask(parts(told, { pay: () => 'plan', workspace: { folder: fake.folder, forget: () => undefined, token: async () => token } }));
    assert.ok(fake.output.some((line) => /^ .*openai_base_url="http:\/\/127\.0\.0\.1:9\/w\/TOKEN\/backend-api\/codex"/.test(line)), fake.output.join('\n'));
    assert.equal(fake.shown.at(-1)?.message, 'Codex task finished · 12.3 k tokens in 2 requests, paid by your ChatGPT plan');
    assert.match(fake.shown[0]?.message ?? '', /your ChatGPT plan pays\.$/);
    // Practice mode has no such address, and the key's stays.
    fake.answers.push('Again');
    await runTask(parts(told, { pay: () => 'plan' }));
    assert.ok(fake.output.some((line) => line.includes('w/TOKEN/v1')));
  });

  it('tells why it failed, without the token that the address carries', async () => {
    rows = [];
    await runTask(parts(`${events({ type: 'thread.started', thread_id: 't1' }, { type: 'turn.failed', error: { message: `unexpected status 402: no credits, url: http://127.0.0.1:9/w/${secret}/v1/responses` } })} process.exitCode = 1;`));
    const end = fake.shown.at(-1);
    assert.equal(end?.kind, 'error');
    assert.match(end?.message ?? '', /^Codex task failed: unexpected status 402: no credits, url: .*\/w\/…\/v1\/responses · nothing was charged so far$/);
    assert.ok(!JSON.stringify([fake.shown, fake.output, fake.logLines, fake.progress]).includes(secret));
  });

  it('says a refusal once, in plain words, with the command that cures it', async () => {
    rows = [{ key: 't1', requests: 1, inputTokens: 0, outputTokens: 0, costMicroCredits: 0 }];
    fake.answers.push('Top Up');
    const said = 'No credits are left. Add some with `codex-broker credits add AMOUNT`. (credits_exhausted, req_abc-1)';
    await runTask(parts(`${events({ type: 'thread.started', thread_id: 't1' }, { type: 'error', message: said }, { type: 'turn.failed', error: { message: said } })} process.exitCode = 1;`));
    assert.deepEqual(fake.output.slice(2), [`Failed: ${said}`, 'Codex task failed · nothing was charged\n']);
    assert.equal(fake.shown.at(-1)?.message, 'Codex task failed: No credits are left. Add some with codex-broker credits add AMOUNT · nothing was charged');
    assert.deepEqual(fake.shown.at(-1)?.buttons, ['Top Up', 'Show Transcript', 'Open Dashboard']);
    assert.deepEqual(fake.executed.map(({ command }) => command), ['codexBroker.topUp']);
  });

  const stopped = (said = 'The ChatGPT plan is used up. (plan_used_up, req_abc-1)') => `${events({ type: 'thread.started', thread_id: 't1' }, { type: 'turn.failed', error: { message: said } })} process.exitCode = 1;`;
  const inAnHour = realSchedule.nowMs() + 3_600_000;
  const refused = (retryAtMs: number | undefined) => ({
    call: (async (method: string, args: { id?: string }) => {
      if (method !== 'explain') return { rows, total: {} };
      assert.equal(args.id, 'req_abc-1');
      return { decision: { retryAtMs, layers: [] } };
    }) as unknown as TaskParts['call'],
  });
  const blocked = refused(inAnHour);

  it('offers to go on once the limit that stopped it begins anew, and waits with that answer alone', async () => {
    await runTask(parts(stopped(), blocked));
    const offer = fake.shown.at(-1)?.buttons[0] ?? '';
    assert.match(offer, /^Go On at \d\d:\d\d$/);
    assert.deepEqual(waiting, []);
    fake.answers.push('Add a greeting', offer);
    await runTask(parts(stopped(), blocked));
    assert.deepEqual(waiting, [{ threadId: 't1', title: 'Add a greeting', atMs: inAnHour, continuedTimes: 0 }]);
  });

  it('says in its own words why it was stopped, not in those that Codex repeats', async () => {
    const said = 'The budget is used up. It changes by itself at 2026-12-01 00:00 UTC. Raise it with `codex-broker budget set`. (budget_exceeded, req_abc-1)';
    const decision = { retryAtMs: inAnHour, layers: [], message: 'The budget is used up. Nothing was sent.', said: { sentence: 'The budget of {0} is used up. Nothing was sent.', values: [{ tokens: 45_000 }] } };
    fake.answers.push('Add a greeting');
    await runTask(parts(stopped(said), { call: (async (method: string) => (method === 'explain' ? { decision } : { rows, total: {} })) as unknown as TaskParts['call'] }));
    assert.match(fake.shown.at(-1)?.message ?? '', /^Codex task failed: The budget of 45\.0 k is used up · 12\.3 k tokens/);
    assert.ok(fake.output.includes(`Failed: ${said}`), 'the transcript keeps what Codex said');
  });

  it('remembers which hard budgets stopped it, and how high they were', async () => {
    const verdict = { budgetId: 'day', limit: 5, mode: 'hard', verdict: 'over' };
    const decision = { retryAtMs: inAnHour, layers: [], budgets: [verdict, { ...verdict, budgetId: 'soft', mode: 'soft' }, { ...verdict, budgetId: 'wide', verdict: 'fits' }] };
    fake.answers.push('Add a greeting');
    fake.configuration.workspace['codexBroker.continueTasks'] = 'always';
    await runTask(parts(stopped(), { call: (async (method: string) => (method === 'explain' ? { decision } : { rows, total: {} })) as unknown as TaskParts['call'] }));
    assert.deepEqual(waiting.map(({ stoppedBy }) => stoppedBy), [[{ id: 'day', limit: 5 }]]);
  });

  it('offers nothing for what does not change by itself or cannot be looked up, and where it is not wanted', async () => {
    const offered = async (script: string, change: Partial<TaskParts>) => {
      fake.answers.push('Add a greeting');
      await runTask(parts(script, change));
      return fake.shown.at(-1)?.buttons.some((label) => label.startsWith('Go On'));
    };
    const gone = { call: (async (method: string) => { if (method === 'explain') throw new Error('gone'); return { rows, total: {} }; }) as unknown as TaskParts['call'] };
    assert.deepEqual([await offered(stopped(), refused(undefined)), await offered(stopped('the upstream broke'), blocked), await offered(stopped(), gone)], [false, false, false]);
    assert.match(fake.logLines.join(), /could not be looked up: gone/);
    fake.configuration.workspace['codexBroker.continueTasks'] = 'never';
    assert.equal(await offered(stopped(), blocked), false);
    fake.configuration.workspace['codexBroker.continueTasks'] = 'always';
    assert.equal(await offered(stopped(), blocked), false);
    assert.equal(waiting.length, 1, 'always: it waits without a question');
    assert.match(fake.shown.at(-1)?.message ?? '', /[^.] · it goes on by itself at \d\d:\d\d$/);
    fake.answers.push('Add a greeting', 'Don\'t Go On');
    await runTask(parts(stopped(), blocked));
    assert.deepEqual(waiting, [], 'taken back');
  });

  it('goes on in its thread, says so, and waits again by itself where a limit stops it again, a bounded number of times', async () => {
    const task: WaitingTask = { threadId: 't1', title: 'Add a greeting', atMs: 0, continuedTimes: 0 };
    await continueTask(parts(`console.error(process.argv.slice(2).join(' ')); ${stopped()}`, blocked), task);
    assert.ok(fake.output.includes('> goes on: Add a greeting'));
    assert.deepEqual(waiting, [{ ...task, atMs: inAnHour, continuedTimes: 1 }]);
    waiting = [];
    await continueTask(parts(stopped(), blocked), { ...task, continuedTimes: continuedTimesMax - 1 });
    assert.deepEqual(waiting, []);
  });

  it('shows what waits, and lets one go on now or not at all', async () => {
    const done: string[] = [];
    const list: WaitingTask[] = [{ threadId: 't1', title: 'Add a greeting', atMs: inAnHour, continuedTimes: 0 }];
    const holder = { list: () => list, interrupted: () => [], remove: async (id: string) => { done.push(`removed ${id}`); }, goOnNow: async (id: string) => { done.push(`went on ${id}`); } };
    fake.answers.length = 0;
    fake.answers.push('Add a greeting', 'Go on now', 'Add a greeting', 'Don\'t go on', undefined);
    for (let time = 0; time < 3; time += 1) await showWaitingTasks(parts(''), holder);
    assert.deepEqual(done, ['went on t1', 'removed t1']);
    list.length = 0;
    await showWaitingTasks(parts(''), holder);
    assert.match(fake.shown.at(-1)?.message ?? '', /^No Codex task waits/);
  });

  it('tells whether a task that was to go on was started at all', async () => {
    const task: WaitingTask = { threadId: 't1', title: 'Add a greeting', atMs: 0, continuedTimes: 0 };
    assert.equal(await continueTask(parts('process.exit(2);'), task), true, 'that it failed is its end');
    assert.equal(await continueTask(parts('', { findProgram: () => Promise.reject(new Error('none')) }), task), false);
    assert.equal(await continueTask(parts('', { findProgram: async () => ({ command: join(root, 'gone'), first: [], asNode: false }) }), task), false);
    assert.equal(await continueTask(parts('', { workspace: { ...parts('').workspace, folder: undefined } }), task), false);
  });

  it('offers an interrupted task, and shows it first among those that wait', async () => {
    const done: string[] = [];
    const task: WaitingTask = { threadId: 't1', title: 'Add a greeting', atMs: inAnHour, continuedTimes: 0, begunAtMs: 1 };
    const holder = { list: () => [{ ...task, threadId: 't2', title: 'Later' }], interrupted: () => [task], remove: async (id: string) => { done.push(`removed ${id}`); }, goOnNow: async (id: string) => { done.push(`went on ${id}`); } };
    fake.answers.length = 0;
    fake.answers.push('Go on now', 'Don\'t go on', undefined, 'Add a greeting', 'Go on now');
    for (let time = 0; time < 3; time += 1) await offerInterrupted(parts(''), holder, task);
    assert.equal(fake.shown.at(-1)?.message, 'The Codex task "Add a greeting" was interrupted before it ended. It goes on only if you say so.');
    await showWaitingTasks(parts(''), holder);
    assert.deepEqual(done, ['went on t1', 'removed t1', 'went on t1']);
  });

  it('speaks of practice credits, and of no money, in practice mode', async () => {
    await runTask(parts(events({ type: 'thread.started', thread_id: 't1' }, { type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } }), { practice: () => true }));
    assert.equal(fake.shown.at(-1)?.message, 'Codex task finished · 12.3 k tokens in 2 requests, 0.42 practice credits');
  });

  it('tells the exit code when Codex says nothing', async () => {
    await runTask(parts('console.error("config.toml is broken"); process.exit(2);'));
    assert.match(fake.shown.at(-1)?.message ?? '', /failed: config\.toml is broken \(exit code 2\)/);
  });

  it('stops when cancelled and still tells the cost so far', async () => {
    const running = runTask(parts(`${events({ type: 'thread.started', thread_id: 't1' }, { type: 'turn.started' })} setInterval(() => {}, 1000);`));
    await eventually('it thinks', () => fake.progress.includes('thinking'));
    fake.cancel();
    await running;
    assert.equal(fake.shown.at(-1)?.message, 'Codex task cancelled · 12.3 k tokens in 2 requests, 0.42 credits ($0.02)');
  });

  it('ends when the window closes', async () => {
    const stopping = new AbortController();
    const running = runTask(parts(`${events({ type: 'turn.started' })} setInterval(() => {}, 1000);`, { stopping: stopping.signal }));
    await eventually('it thinks', () => fake.progress.includes('thinking'));
    stopping.abort();
    await running;
  });

  it('says that the program is missing, and starts nothing without a folder, a prompt or the gate\'s word', async () => {
    await runTask(parts('', { findProgram: async () => ({ command: join(root, 'none'), first: [], asNode: false }) }));
    assert.match(fake.shown.at(-1)?.message ?? '', /could not be started/);
    let found = 0;
    const counting = { findProgram: async () => { found += 1; throw new Error('not reached'); } };
    fake.answers.length = 0;
    await runTask(parts('', counting));
    await runTask(parts('', { ...counting, passGate: async () => undefined }));
    fake.folder = undefined;
    await runTask(parts('', counting));
    assert.equal(found, 0);
  });

  it('says all of it in the language of the editor', async () => {
    await spokenIn(pseudo, async () => {
      await runTask(parts(events({ type: 'thread.started', thread_id: 't1' }, { type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } })));
      rows = [];
      for (const script of ['console.error("⟦broken⟧"); process.exit(2);', 'process.exit(2);', 'process.kill(process.pid, "SIGKILL");', stopped('⟦Used up.⟧ (plan_used_up, req_abc-1)'), events({ type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } })]) {
        fake.answers.push('Add a greeting');
        await runTask(parts(script, blocked));
      }
      await continueTask(parts(stopped('⟦Used up.⟧ (plan_used_up, req_abc-1)'), blocked), { threadId: 't1', title: 'Add a greeting', atMs: 0, continuedTimes: 0 });
    });
    const said = [...fake.shown.flatMap(({ message, buttons }) => [message, ...buttons]), ...fake.titles, ...fake.progress, ...fake.output].filter((text) => text !== 'Codex Task');
    assert.ok(said.some((text) => text.includes('⟦it goes on by itself at ⟧')) && said.some((text) => text.includes('⟦it left without an exit code⟧')));
    assert.equal(untranslated(said.join('\n'), [root, 'Add a greeting', 'plan_used_up', 'req_abc-1']), '');
  });

  it('reads what decides about execution from the person\'s own settings only', () => {
    Object.assign(fake.configuration.workspace, { 'codexBroker.codexPath': '/evil', 'codexBroker.dataDir': '/evil', 'codexBroker.practice': true, 'codexBroker.taskSandbox': 'danger-full-access', 'codexBroker.askModel': 'gpt-5.5' });
    const settings = readSettings(fake.editor.workspace);
    assert.deepEqual([settings.codexPath, settings.dataDir, settings.practice, settings.taskSandbox, settings.askModel], ['', '', false, 'workspace-write', 'gpt-5.5']);
    Object.assign(fake.configuration.user, { 'codexBroker.codexPath': '/mine', 'codexBroker.taskSandbox': 'read-only' });
    assert.deepEqual([readSettings(fake.editor.workspace).codexPath, readSettings(fake.editor.workspace).taskSandbox], ['/mine', 'read-only']);
  });
});
