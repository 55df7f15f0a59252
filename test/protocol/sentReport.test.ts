// What left this computer, as it is put together and told: only days with use are asked for, the newest first; places are told
// apart; and the report says of each case what is true of it.
import assert from 'node:assert/strict';
import { dataKindOf } from '../../src/protocol/dataFiles.ts';
import { sizeWords } from '../../src/protocol/keptWords.ts';
import type { PrivacyFacts } from '../../src/protocol/privacyReport.ts';
import { privacySections } from '../../src/protocol/privacyWords.ts';
import { checkedSent, checkedStored, isThisComputer, sentDays, sentDaysMax } from '../../src/protocol/sentReport.ts';
import type { SentRow } from '../../src/protocol/sentReport.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 30, 12);
const row: SentRow = { way: 'key', at: 'api.openai.com', workspaceId: 'ws_a', workspaceLabel: 'website', requests: 3, attempts: 4, inputTokens: 12_000, outputTokens: 900, uncountedInputTokens: 70 };
const login: SentRow = { ...row, way: 'login', at: 'chatgpt.com', requests: 1, attempts: 1 };
const fallback: SentRow = { ...row, way: 'fallback', at: '127.0.0.1:11434' };

const factsOf = (rows: readonly SentRow[], more: Partial<PrivacyFacts['snapshot']> = {}, mode: 'live' | 'practice' = 'live'): PrivacyFacts => ({
  snapshot: { broker: { version: '1', pid: 1, startedAtMs: 0, mode, upstream: 'api.openai.com', dataDir: '/data' }, key: { state: 'missing' }, running: [], ...more }, isBrokerRunning: true,
  days: rows.length === 0 ? [] : [{ day: '2026-11-30', rows }], stored: { folders: [{ path: '/data', kinds: [{ kind: 'ledger', files: 2, bytes: 1_500_000 }], others: ['notes.txt'] }], routes: [] },
});
const told = (facts: PrivacyFacts) => JSON.stringify(privacySections(facts, 'en'));

describe('what left this computer', () => {
  it('is asked for by local day, the newest first, and not for days without use', async () => {
    const utcOffsetMs = () => 2 * 3_600_000;
    const asked: number[] = [];
    let since = 0;
    const steps: string[] = [];
    const days = await sentDays({
      daysWithUse: (sinceMs) => { since = sinceMs; return Promise.resolve(['2026-09-02', '2026-11-29', '2026-11-30']); },
      sent: ({ fromMs, untilMs }) => { asked.push(fromMs); assert.equal(untilMs - fromMs, dayMs); return Promise.resolve(fromMs === Date.UTC(2026, 10, 28, 22) ? [] : [row]); },
    }, { nowMs, utcOffsetMs, told: (done, of) => steps.push(`${done}/${of}`) });
    assert.deepEqual(days.map((one) => one.day), ['2026-11-30', '2026-09-02'], 'a day on which everything was refused is left out');
    assert.deepEqual(asked, [Date.UTC(2026, 10, 29, 22), Date.UTC(2026, 10, 28, 22), Date.UTC(2026, 8, 1, 22)]);
    assert.equal(since, Date.UTC(2026, 10, 29, 22) - (sentDaysMax - 1) * dayMs);
    assert.deepEqual(steps, ['1/3', '2/3', '3/3']);
  });

  it('is told by place, way and workspace', () => {
    const [head, day] = privacySections(factsOf([row, login, fallback]), 'en');
    assert.deepEqual(head?.table?.rows.map((cells) => cells.slice(0, 4)), [['api.openai.com', 'your API key', '3', '4'], ['127.0.0.1:11434 (this computer)', 'the fallback\'s own key, if it has one', '3', '4'], ['chatgpt.com', 'your ChatGPT sign-in', '1', '1']]);
    assert.deepEqual(day?.table?.rows[0], ['api.openai.com', 'your API key', 'website', '3', '4', '12.0 k', '70', '900']);
    assert.equal(day?.title, 'Monday, November 30, 2026');
    assert.doesNotMatch(JSON.stringify([head, day]), /othing left this computer|nothing beyond this computer/);
  });

  it('says that nothing left where that is so, and only there', () => {
    const nothing = /othing left this computer|nothing beyond this computer/;
    assert.match(told(factsOf([row], {}, 'practice')), /Requests outside of practice mode are not told here.*"In practice mode nothing left this computer\."/);
    assert.match(told(factsOf([fallback])), /"The broker sent nothing beyond this computer\. Whether a server here passed it on is not known to it\."/);
    assert.doesNotMatch(told(factsOf([{ ...fallback, at: 'models.example:443' }], {}, 'practice')), nothing);
    assert.match(told(factsOf([])), /No request was sent in this time/);
    const { at: _at, ...unknown } = row;
    assert.match(told(factsOf([unknown])), /not noted/);
    assert.doesNotMatch(told(factsOf([unknown])), nothing);
  });

  it('tells of what is not in the ledger, and of the key by what is known', () => {
    assert.match(told(factsOf([row], { unmetered: { requests: 2, lastAtMs: 1 } })), /2 requests went through an address that you opened/);
    assert.match(told(factsOf([row])), /no request went through an address/);
    assert.match(told({ ...factsOf([row]), isBrokerRunning: false }), /was not looked at, since no broker runs/);
    assert.match(told(factsOf([row], { key: { state: 'present', source: 'keychain' } })), /The system keychain holds your API key/);
    assert.match(told(factsOf([row], { key: { state: 'present', source: 'window' } })), /in its memory.*did not store that one\. The system keychain may hold another/);
    assert.doesNotMatch(told(factsOf([row], {}, 'practice')), /keychain/);
    const besideLive = factsOf([row], { broker: { version: '1', pid: 1, startedAtMs: 0, mode: 'practice', upstream: 'simulated', dataDir: '/data/practice' } }, 'practice');
    assert.match(told(besideLive), /keychain may hold your API key and a mark of where the ledger of real requests stood/);
    assert.match(told(factsOf([row])), /If the system keychain gave no answer, one may lie there.*/);
    assert.match(told(factsOf([row])), /Where a proxy is set.*cookies by which Cloudflare.*up to 200 letters/);
    assert.match(told({ ...factsOf([row]), editor: { hasSecretKey: true, routesTerminals: true, waitingTasks: 2 } }), /secret storage holds your API key.*routeTerminals.*first lines of what you asked, up to 200 letters and so perhaps all of it, of 2 Codex tasks/);
    assert.match(told(factsOf([row])), /Not made by the broker: notes\.txt/);
  });

  it('is checked where it is asked for', () => {
    assert.deepEqual(checkedSent({ rows: [row] }), [row]);
    for (const wrong of [undefined, {}, { rows: [{ ...row, way: 'mail' }] }, { rows: [{ ...row, requests: -1 }] }]) assert.throws(() => checkedSent(wrong));
    for (const wrong of [undefined, { folders: [{ path: 1 }], routes: [] }, { folders: [] }]) assert.throws(() => checkedStored(wrong));
  });

  it('knows this computer by its names', () => {
    for (const here of ['localhost', 'localhost:11434', '127.0.0.1:80', '127.8.9.1', '[::1]:8080', 'ollama.localhost']) assert.ok(isThisComputer(here), here);
    for (const away of ['api.openai.com', '127.0.0.1.example.com', 'localhost.example', '10.0.0.1', '128.0.0.1']) assert.ok(!isThisComputer(away), away);
  });
});

describe('the files of a data folder', () => {
  it('are known by their names, and others are not', () => {
    const own = ['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'ledger.db.new', 'ledger.db.restoring-journal', 'ledger.db-wal.new', 'ledger.db.version3', 'ledger.anchor', 'plans.json', 'routes.json.new', 'broker.log', 'broker.log.1', 'broker-start.log', 'control.token', 'workspace.key.4711', 'broker.json', 'port', 'mode', 'lease.db', 'lease.db-journal', 'wiping'];
    for (const name of own) assert.ok(dataKindOf('', name), name);
    for (const name of ['prices.json', 'notes.txt', 'ledger.db.bak', 'my ledger.db', 'ledger.sqlite', 'LEDGER.DB', 'broker.log.2', 'port.txt', 'modes', 'practice', 'backups', 'ledger.db.version', 'control.token.old']) assert.equal(dataKindOf('', name), undefined, name);
    assert.equal(dataKindOf('backups', 'ledger-20261130-120000000-kept.db'), 'backups');
    assert.equal(dataKindOf('quarantine', 'ledger-20261130-120000000.db-wal'), 'aside');
    for (const name of ['mine.db', 'ledger.db', 'ledger-20261130.db', 'ledger-20261130-120000000-kept.db.zip']) assert.equal(dataKindOf('backups', name), undefined, name);
  });

  it('are told in sizes that are never nothing', () => {
    assert.deepEqual([0, 20, 1500, 999_000, 12_345_678, 5_267_845_120].map((bytes) => sizeWords(bytes, 'en')), ['0 kB', '0.1 kB', '1.5 kB', '999 kB', '12 MB', '5.3 GB']);
  });
});
