// The two commands about privacy on the editor's side: the report as a document, the questions before a wipe, what is done in
// which order, and what VS Code keeps and forgets.
import assert from 'node:assert/strict';
import { planWords, wipeData } from '../../src/extension/wipeData.ts';
import { forgetAll, forgetIfWiped, wipedMemory } from '../../src/extension/wipeMemory.ts';
import type { Memories } from '../../src/extension/wipeMemory.ts';
import { PrivacyDocuments, privacyText } from '../../src/extension/privacyDocument.ts';
import type { BrokerCall } from '../../src/extension/liveSocket.ts';
import type { ShownPlan, ShownWipe } from '../../src/extension/wipeProgram.ts';
import { ProblemError } from '../../src/domain/problem.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { snapshotFixture } from './snapshotFixture.ts';

const nowMs = Date.UTC(2026, 10, 30, 12);
const row = { way: 'key', at: 'api.openai.com', workspaceId: 'ws_a', workspaceLabel: 'web|site](x)', requests: 3, attempts: 4, inputTokens: 12_000, outputTokens: 900, uncountedInputTokens: 70 };
const stored = { folders: [{ path: '/data', kinds: [{ kind: 'ledger', files: 2, bytes: 1500 }], others: [] }], routes: [] };

function documents(given: Readonly<Record<string, unknown>>) {
  const answers: Record<string, unknown> = { ...given };
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/store' });
  const asked: string[] = [];
  const ledger = { now: 'first' };
  const call = ((method: string) => { asked.push(method); return Promise.resolve(answers[method]); }) as unknown as BrokerCall;
  const made = new PrivacyDocuments({ editor: fake.editor, call, nowMs: () => nowMs, utcOffsetMs: () => 0, ledger: () => ledger.now, kept: () => Promise.resolve({ hasSecretKey: false, routesTerminals: false, waitingTasks: 0 }) });
  return { fake, asked, answers, ledger, made, text: (query: string) => made.provideTextDocumentContent({ query } as never) };
}

const answers = { status: snapshotFixture(), usage: { rows: [{ key: '2026-11-30' }] }, sent: { rows: [row] }, stored };

describe('the report of what left this computer', () => {
  it('is a rendered document of its own each time, with names that cannot become markup', async () => {
    const { fake, made, text, asked } = documents(answers);
    await made.show();
    await made.show();
    const shown = fake.executed.filter((one) => one.command === 'markdown.showPreview').map((one) => one.values[0] as { scheme: string; query: string });
    assert.deepEqual([shown.map((one) => one.scheme), new Set(shown.map((one) => one.query)).size], [['codex-broker-privacy', 'codex-broker-privacy'], 2]);
    assert.match(text('1'), /^# What Left This Computer\n/);
    assert.match(text('2'), /\| api&#46;openai&#46;com \| your API key \| web&#124;site&#93;&#40;x&#41; \| 3 \| 4 \| 12&#46;0 k \| 70 \| 900 \|/);
    assert.match(text('2'), /## What Never Leaves/);
    assert.match(text('9'), /old/);
    assert.deepEqual(asked.slice(0, 4), ['status', 'usage', 'sent', 'stored']);
  });

  it('asks for days that are over once for each ledger, and for today each time', async () => {
    const { made, asked, ledger } = documents({ ...answers, usage: { rows: [{ key: '2026-11-29' }, { key: '2026-11-30' }] } });
    const sent = async () => { const before = asked.length; await made.show(); return asked.slice(before).filter((one) => one === 'sent').length; };
    const counts = [await sent(), await sent()];
    ledger.now = 'second';
    assert.deepEqual([...counts, await sent()], [2, 1, 2]);
    const restarted = documents({ ...answers, usage: { rows: [{ key: '2026-11-29' }] } });
    await restarted.made.show();
    restarted.answers['status'] = { ...answers.status, broker: { ...answers.status.broker, startedAtMs: answers.status.broker.startedAtMs + 1 } };
    await restarted.made.show();
    assert.equal(restarted.asked.filter((one) => one === 'sent').length, 2, 'and anew where the broker was started anew, perhaps with a restored ledger');
  });

  it('is empty once everything was wiped, also where it stands open', async () => {
    const { made, text } = documents(answers);
    const changed: unknown[] = [];
    made.onDidChange((uri) => changed.push(uri.query));
    await made.show();
    made.forget();
    assert.deepEqual(changed, ['1']);
    assert.match(text('1'), /This report is old/);
  });

  it('is not made of answers that make no sense', async () => {
    for (const wrong of [{ ...answers, sent: { rows: [{ ...row, requests: 'many' }] } }, { ...answers, stored: {} }, { ...answers, status: {} }]) {
      const { made, fake } = documents(wrong);
      await assert.rejects(made.show(), (error) => error instanceof ProblemError && error.problem.code === 'internal');
      assert.deepEqual(fake.executed, []);
    }
  });

  it('leaves tables without rows out', () => {
    assert.equal(privacyText([{ title: 'A', table: { head: ['x'], rows: [], numbersFrom: 1 }, list: ['one'] }]), '# A\n\n- one\n');
  });
});

const plan: ShownPlan = { dataDir: '/data', folders: [{ path: '/data', kinds: [{ kind: 'ledger', files: 2, bytes: 2_000_000 }], others: ['notes.txt'], ledger: { attempts: 7, balanceMicroCredits: 250_000_000, isTracked: true } }], routes: ['/home/ada/.codex/config.toml'], brokers: 1, requests: 0, isKeyIncluded: true };
const done: ShownWipe = { wiped: true, routes: [], folders: [{ path: '/data', files: 9, others: ['notes.txt'] }], isKeychainSilent: false };

function wiping(given: { readonly requests?: number; readonly answers: readonly string[]; readonly fails?: boolean; readonly silent?: boolean; readonly saveTo?: string }) {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/store', folder: '/projects/website' });
  fake.answers.push(...given.answers);
  fake.saveTo = given.saveTo;
  const steps: string[] = [];
  const program = {
    plan: () => { steps.push('plan'); return Promise.resolve({ ...plan, requests: given.requests ?? 0 }); },
    wipe: ({ dataDir, requests }: Pick<ShownPlan, 'dataDir' | 'requests'>) => { steps.push(`wipe ${dataDir} ${requests > 0}`); return given.fails ? Promise.reject(new Error('no')) : Promise.resolve({ ...done, isKeychainSilent: given.silent === true }); },
    exportTo: (path: string) => { steps.push(`export ${path}`); return Promise.resolve(); },
  };
  const run = wipeData({ editor: fake.editor, program, routesTerminals: () => true, leave: () => steps.push('leave'), takeKey: () => { steps.push('take key'); return Promise.resolve(() => { steps.push('put key back'); return Promise.resolve(); }); }, forget: () => { steps.push('forget'); return Promise.resolve(); }, begin: () => steps.push('begin'), uninstall: () => { steps.push('uninstall'); return Promise.resolve(); } });
  return { fake, steps, run };
}

describe('the wipe in the editor', () => {
  it('tells what goes and what stays, and does nothing without a yes', async () => {
    const { fake, steps, run } = wiping({ answers: [] });
    await run;
    assert.deepEqual(steps, ['plan']);
    const [question] = fake.shown;
    assert.deepEqual([question?.kind, question?.modal, question?.buttons], ['warning', true, ['Export First…', 'Wipe All Data']]);
    for (const words of ['/data: 2 MB, with 250.00 credits left', 'in the system keychain', '/home/ada/.codex/config.toml', 'routeTerminals is turned off', 'is ended', 'Not made by the broker: notes.txt', 'backups that you saved elsewhere']) assert.ok(question?.detail?.includes(words), words);
    assert.doesNotMatch(planWords({ ...plan, folders: [], brokers: 0, routes: [], isKeyIncluded: false }, false, 'en'), /keychain|ended|routeTerminals/);
  });

  it('leaves the broker before, forgets after, and begins anew', async () => {
    const { fake, steps, run } = wiping({ answers: ['Wipe All Data'] });
    await run;
    assert.deepEqual(steps, ['plan', 'leave', 'take key', 'wipe /data false', 'forget', 'begin']);
    assert.match(fake.shown.at(-1)?.message ?? '', /^All data of the Codex Broker is removed; it begins anew\. Files that it did not make stay: \/data\/notes\.txt\.$/);
  });

  it('saves first where that is wanted, and asks again', async () => {
    const { fake, steps, run } = wiping({ answers: ['Export First…', 'Wipe All Data'], saveTo: '/elsewhere/use.csv' });
    await run;
    assert.deepEqual(steps, ['plan', 'export /elsewhere/use.csv', 'plan', 'leave', 'take key', 'wipe /data false', 'forget', 'begin']);
    assert.deepEqual(fake.saveDialogs.map((one) => one.endings), [['csv']]);
  });

  it('ends requests only after a second yes', async () => {
    const first = wiping({ requests: 2, answers: ['Wipe All Data'] });
    await first.run;
    assert.deepEqual(first.steps, ['plan']);
    assert.match(first.fake.shown.at(-1)?.message ?? '', /2 requests run or wait now/);
    const second = wiping({ requests: 2, answers: ['Wipe All Data', 'Stop Them and Wipe'] });
    await second.run;
    assert.deepEqual(second.steps.slice(1), ['leave', 'take key', 'wipe /data true', 'forget', 'begin']);
  });

  it('takes what began anew and the extension away where that is asked for, after the same questions', async () => {
    const { fake, steps, run } = wiping({ answers: ['Wipe All Data', 'Uninstall Extension', 'Wipe All Data'] });
    await run;
    assert.deepEqual(steps.slice(4), ['forget', 'begin', 'plan', 'leave', 'take key', 'wipe /data false', 'forget', 'uninstall']);
    assert.deepEqual(fake.shown.map((one) => one.modal ?? false), [true, false, true]);
    const declined = wiping({ answers: ['Wipe All Data', 'Uninstall Extension'] });
    await declined.run;
    assert.deepEqual(declined.steps.slice(4), ['forget', 'begin', 'plan'], 'without a yes nothing that came since is touched');
  });

  it('forgets nothing and goes on where the program failed; tells of a silent keychain', async () => {
    const failed = wiping({ answers: ['Wipe All Data'], fails: true });
    await assert.rejects(failed.run);
    assert.deepEqual(failed.steps, ['plan', 'leave', 'take key', 'wipe /data false', 'put key back', 'begin']);
    const silent = wiping({ answers: ['Wipe All Data'], silent: true });
    await silent.run;
    assert.deepEqual([silent.fake.shown.at(-1)?.kind, /keychain gave no answer/.test(silent.fake.shown.at(-1)?.message ?? '')], ['warning', true]);
  });
});

function memento(values: Map<string, unknown>): Memories['globalState'] {
  return { keys: () => [...values.keys()], get: (key: string) => values.get(key), update: (key: string, value: unknown) => { if (value === undefined) values.delete(key); else values.set(key, value); return Promise.resolve(); }, setKeysForSync: () => undefined } as Memories['globalState'];
}

describe('what VS Code keeps for the extension', () => {
  it('is forgotten by the window that wipes at once, and by others when they next look, once for each wipe', async () => {
    const shared = new Map<string, unknown>([['told', { a: 1 }]]);
    const [own, other, fresh] = [new Map<string, unknown>([['waitingTasks', ['x']]]), new Map<string, unknown>([['practiceMode', true]]), new Map<string, unknown>()];
    const window = (values: Map<string, unknown>) => ({ globalState: memento(shared), workspaceState: memento(values) });
    assert.equal(await forgetIfWiped(window(other)), false, 'nothing was wiped');
    await forgetAll(window(own), 5);
    assert.deepEqual([[...shared], [...own]], [[[wipedMemory, 5]], [[wipedMemory, 5]]]);
    assert.equal(await forgetIfWiped(window(own)), false);
    assert.equal(await forgetIfWiped(window(other)), true);
    other.set('practiceMode', true);
    assert.equal(await forgetIfWiped(window(other)), false, 'what came since stays');
    assert.deepEqual([other.get('practiceMode'), await forgetIfWiped(window(fresh))], [true, false]);
    await forgetAll(window(own), 6);
    assert.equal(await forgetIfWiped(window(other)), true);
  });
});
