// The two commands about privacy in a real VS Code: the report of what left the computer, and the wipe of all data, which another
// window notices and after which both begin as they did after the installation.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { wipeMarkFile } from '../../src/protocol/dataFiles.ts';
import { codexHeaders } from '../support/process/workbench.ts';
import { brokerPid, meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

const wipeCommand = 'Codex Broker: Wipe All Data…';

describe('what left the computer, and the wipe, in a real VS Code', function () {
  this.timeout(180_000);
  this.bail(true);
  let session: EditorSession;
  let first: SessionWindow;
  let second: SessionWindow;
  const practiceData = () => path.join(session.dataDir, 'practice');
  const codexHome = () => path.join(session.folder, 'codex-home');
  const config = () => fs.readFileSync(path.join(codexHome(), 'config.toml'), 'utf8');
  const exported = () => path.join(first.folder, 'codex-broker-requests.csv');
  const note = () => path.join(session.dataDir, 'my notes.txt');

  before(async () => { session = await startEditorSession({ 'codexBroker.routeTerminals': true }); });
  after(async () => { await session?.stop(); });

  it('tells by day where requests went, and what is kept here', async () => {
    first = await session.open('website');
    await first.bench.runCommand('Codex Broker: Start Practice Mode');
    await first.bench.waitForLabel(meterItem, /1,000(\.00)? credits left/);
    const { baseUrl, token } = JSON.parse(await session.broker(['token', '--workspace', first.folder, '--json'], practiceData())) as { baseUrl: string; token: string };
    for (const input of ['say hi', 'say hi again']) {
      const answer = await fetch(`${baseUrl}/responses`, { method: 'POST', headers: { ...codexHeaders, 'authorization': `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-5.5', input, stream: true }) });
      assert.match(await answer.text(), /response\.completed/);
    }
    await first.bench.runCommand('Codex Broker: Show What Left This Computer');
    const page = await first.bench.webview('h1');
    const text = await first.bench.waitFor('the report', () => page.locator('body').innerText(), (told) => told.includes('What Left This Computer') && told.includes(practiceData()));
    assert.match(text, /In practice mode nothing left this computer\./);
    assert.match(text, /this computer \(simulated\)\s+a made-up key\s+website\s+2\s+2/);
    assert.match(text, /There is no telemetry/);
    assert.match(text, /codexBroker\.routeTerminals/);
    await first.bench.picture(path.join(picturesFolder, 'privacy-dark.png'));
  });

  it('lists before a wipe what goes and what stays, and saves the requests where that is wanted', async () => {
    second = await session.open('firmware');
    await second.bench.runCommand('Codex Broker: Start Practice Mode');
    await second.bench.waitForLabel(meterItem, /1,000(\.00)? credits|99\d(\.\d+)? credits left/);
    const before = config();
    await session.broker(['route', '--workspace', first.folder, '--codex-home', codexHome(), '--yes'], practiceData());
    assert.notEqual(config(), before);
    fs.writeFileSync(note(), 'mine');
    await first.bench.page.bringToFront();
    await first.bench.runCommand(wipeCommand);
    await first.bench.dialog().waitFor({ timeout: 30_000 });
    const text = await first.bench.dialog().innerText();
    for (const words of [practiceData(), 'The ledger with balance', 'with 99', 'Your OpenAI API key', `The broker's line in ${path.join(codexHome(), 'config.toml')}`, 'routeTerminals is turned off', 'also for other windows', 'my notes.txt']) assert.ok(text.includes(words), `${words} in ${text}`);
    await first.bench.picture(path.join(picturesFolder, 'wipe-dark.png'));
    await first.bench.pressInDialog('Export First…');
    const input = first.bench.page.locator('.quick-input-widget .quick-input-box input').first();
    await first.bench.waitFor('the name that is offered', () => input.inputValue(), (value) => value.endsWith('codex-broker-requests.csv'));
    await first.bench.page.keyboard.press('Enter');
    await first.bench.dialog().waitFor({ timeout: 30_000 });
    assert.equal(fs.readFileSync(exported(), 'utf8').trim().split('\n').length, 3, 'a head and two requests');
    await first.bench.pressInDialog('Cancel');
    assert.ok(fs.existsSync(path.join(practiceData(), 'ledger.db')), 'nothing was removed');
  });

  it('removes everything, and both windows are as after the installation', async () => {
    const olderToken = fs.readFileSync(path.join(practiceData(), 'control.token'), 'utf8');
    await first.bench.runCommand(wipeCommand);
    await first.bench.dialog().waitFor({ timeout: 30_000 });
    await first.bench.pressInDialog('Wipe All Data');
    const done = first.bench.notification(/All data of the Codex Broker is removed/);
    await done.waitFor({ timeout: 60_000 });
    assert.match(await done.innerText(), /my notes\.txt/);
    await first.bench.waitForStatus(meterItem, /^Add key$/);
    const page = await first.bench.webview('body');
    await first.bench.waitFor('the report that stood open', () => page.locator('body').innerText(), (told) => /This report is old/.test(told) && !told.includes('website'));
    await first.bench.picture(path.join(picturesFolder, 'wiped-dark.png'));
    await second.bench.page.bringToFront();
    await second.bench.waitForStatus(meterItem, /^Add key$/);
    assert.match(await second.bench.statusLabel(meterItem), /no API key/i);
    await second.bench.picture(path.join(picturesFolder, 'wiped-other-window-dark.png'));
    assert.equal(fs.readFileSync(note(), 'utf8'), 'mine');
    assert.ok(!config().includes('openai_base_url'));
    assert.ok(!fs.existsSync(practiceData()) || fs.readFileSync(path.join(practiceData(), 'control.token'), 'utf8') !== olderToken);
    assert.deepEqual(JSON.parse(await session.broker(['credits', 'list', '--json'])), { ...JSON.parse(await session.broker(['credits', 'list', '--json'])) as object, tracked: false, balanceMicroCredits: 0, grants: [] });
    assert.equal(await first.host.run(({ vscode }) => vscode.workspace.getConfiguration('codexBroker').get('routeTerminals')), false);
  });

  it('come back by themselves after a wipe by another program that takes its time', async () => {
    const pid = brokerPid(session.dataDir);
    assert.ok(pid !== undefined);
    const mark = path.join(session.dataDir, wipeMarkFile);
    fs.writeFileSync(mark, 'live');
    process.kill(pid, 'SIGKILL');
    for (const window of [second, first]) {
      await window.bench.page.bringToFront();
      await window.bench.waitForStatus(meterItem, /^Broker down$/);
      assert.match(await window.bench.statusCard(meterItem), /All data in the folder .* is being removed/);
    }
    fs.rmSync(mark);
    for (const window of [first, second]) {
      await window.bench.page.bringToFront();
      await window.bench.waitForStatus(meterItem, /^Add key$/);
    }
  });

  it('asked nothing of the network and threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});
