// What a broker is started with comes from the person's own settings, and a change of it is told.
import assert from 'node:assert/strict';
import { BrokerNews } from '../../src/extension/brokerNews.ts';
import { brokerSurroundings } from '../../src/extension/brokerSurroundings.ts';
import { readSettings } from '../../src/extension/settings.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import type { FakeEditor } from '../support/fakeEditor.ts';
import { snapshotFixture } from './snapshotFixture.ts';

const env = { PATH: '/bin', https_proxy: 'http://old:1', NO_PROXY: 'intern' };
const opened = () => fakeEditor({ extensionDir: '/e', storageDir: '/s' });
const of = (fake: FakeEditor, practice = false) => brokerSurroundings(fake.editor.workspace, readSettings(fake.editor.workspace), env, practice);

describe('what a broker is started with', () => {
  it('is nothing beside the environment where nothing is set', () => {
    assert.deepEqual(of(opened()), { args: [], env });
  });

  it('names upstream, certificates and fallback, but not in practice mode', () => {
    const fake = opened();
    Object.assign(fake.configuration.user, { 'codexBroker.upstream': ' https://up.test/v1 ', 'codexBroker.certificates': '/ca.pem', 'codexBroker.fallback.url': 'http://127.0.0.1:11434/v1', 'codexBroker.fallback.model': 'llama3', 'codexBroker.fallback.when': ['window', 'odd', 'balance'] });
    assert.deepEqual(of(fake).args, ['--upstream', 'https://up.test/v1', '--ca', '/ca.pem', '--fallback-url', 'http://127.0.0.1:11434/v1', '--fallback-model', 'llama3', '--fallback-when', 'balance,window']);
    fake.configuration.user['codexBroker.passThrough'] = ['/v1/files', ' /v1/audio/speech ', '', 5];
    assert.deepEqual(of(fake).args.slice(-4), ['--pass-through', '/v1/files', '--pass-through', '/v1/audio/speech']);
    fake.configuration.user['codexBroker.spreadPlan'] = true;
    assert.equal(of(fake).args.at(-1), '--spread-plan');
    assert.deepEqual(of(fake, true).args, []);
    fake.configuration.user['codexBroker.fallback.model'] = '';
    assert.ok(!of(fake).args.includes('--fallback-url'), 'an address without a model is no fallback');
  });

  it('takes nothing from a workspace', () => {
    const fake = opened();
    Object.assign(fake.configuration.workspace, { 'codexBroker.upstream': 'https://evil.test', 'codexBroker.certificates': '/evil.pem', 'codexBroker.fallback.url': 'https://evil.test', 'codexBroker.fallback.model': 'm', 'codexBroker.passThrough': ['/v1/evil'], 'codexBroker.spreadPlan': true, 'http.proxy': 'http://evil.test:1', 'http.noProxy': ['evil.test'] });
    assert.deepEqual(of(fake), { args: [], env });
  });

  it('has the editor\'s own proxy in place of the environment\'s, in the environment alone', () => {
    const fake = opened();
    Object.assign(fake.configuration.user, { 'http.proxy': 'http://me:hunter2@proxy:8080', 'http.noProxy': ['10.0.0.0/8', ''] });
    const { args, env: made } = of(fake);
    assert.deepEqual([made['HTTPS_PROXY'], made['HTTP_PROXY'], made['https_proxy'], made['NO_PROXY'], made['no_proxy'], made['PATH']], ['http://me:hunter2@proxy:8080', 'http://me:hunter2@proxy:8080', undefined, 'intern,10.0.0.0/8', 'intern,10.0.0.0/8', '/bin']);
    assert.ok(!args.join().includes('hunter2'), 'arguments can be read by other users');
    fake.configuration.user['http.proxySupport'] = 'off';
    assert.deepEqual(of(fake).env, env);
  });
});

describe('news for a running broker', () => {
  const inWorld = (running: number) => {
    const fake = opened();
    /** Each restart, with how many running requests the person was told of. */
    const calls: number[] = [];
    const base = snapshotFixture();
    const snapshot = { ...base, running: Array.from({ length: running }, () => base.running[0] ?? { requestId: 'r' }) } as typeof base;
    const news = new BrokerNews({ editor: fake.editor, surroundings: () => of(fake), snapshot: () => snapshot, restart: async (toldOf) => { calls.push(toldOf); } });
    return { fake, calls, news };
  };

  it('are told once for each change, and end the broker only where that is wanted', async () => {
    const { fake, calls, news } = inWorld(0);
    await news.look();
    fake.configuration.user['codexBroker.upstream'] = 'https://up.test';
    fake.focused = true;
    await news.look();
    await news.look();
    assert.deepEqual([fake.shown.map((one) => one.message), calls], [['The broker uses the changed setting from its next start on.'], []]);
    fake.configuration.user['codexBroker.upstream'] = '';
    fake.answers.push('Restart Broker');
    await news.look();
    assert.deepEqual(calls, [0]);
  });

  it('say what would be cut off, and come from the window in front', async () => {
    const { fake, calls, news } = inWorld(2);
    fake.focused = false;
    fake.configuration.user['http.proxy'] = 'http://p:1';
    await news.look();
    assert.equal(fake.shown.length, 0);
    fake.focused = true;
    fake.configuration.user['http.proxy'] = 'http://p:2';
    await news.look();
    assert.match(fake.shown.map((one) => one.message).join(), /2 requests run; a restart cuts off/);
    fake.configuration.user['http.proxy'] = 'http://p:3';
    fake.answers.push('Restart Broker');
    await news.look();
    assert.deepEqual(calls, [2]);
  });

  it('are none where only the editor\'s own environment changed, or practice mode began or ended', async () => {
    const fake = opened();
    fake.focused = true;
    let [path, isPractice] = ['/bin', false];
    const news = new BrokerNews({ editor: fake.editor, surroundings: () => (isPractice ? undefined : brokerSurroundings(fake.editor.workspace, readSettings(fake.editor.workspace), { ...env, PATH: path }, false)), snapshot: () => snapshotFixture(), restart: async () => undefined });
    path = '/usr/bin:/bin';
    await news.look();
    fake.configuration.user['codexBroker.upstream'] = 'https://up.test';
    isPractice = true;
    await news.look();
    isPractice = false;
    await news.look();
    assert.deepEqual(fake.shown, []);
    fake.configuration.user['http.noProxy'] = ['10.0.0.0/8'];
    await news.look();
    assert.equal(fake.shown.length, 1);
  });
});
