// A VS Code in German: what stands in the manifest, what the extension and its page say, and what the broker refuses.
import assert from 'node:assert/strict';
import path from 'node:path';
import { meterItem, picturesFolder, startEditorSession, type EditorSession, type SessionWindow } from '../support/vscode/editorSession.ts';

describe('a real VS Code in German', function () {
  this.timeout(120_000);
  this.bail(true);
  let session: EditorSession;
  let window: SessionWindow;

  before(async () => { session = await startEditorSession(); });
  after(async () => { await session?.stop(); });

  it('finds its commands by their German titles, and the meter speaks German', async () => {
    window = await session.open('werkstatt', 'de');
    assert.equal(await window.host.run(({ vscode }) => vscode.env.language), 'de');
    await window.bench.statusItem(meterItem).waitFor({ timeout: 60_000 });
    await window.bench.runCommand('Codex Broker: Übungsmodus starten');
    await window.bench.waitForStatus(meterItem, /1\.000(,00)? übrig$/);
    await window.bench.waitForLabel(meterItem, /Credits übrig/);
    assert.match(await window.bench.statusCard(meterItem), /1\.000,00 Credits übrig/);
  });

  it('shows the dashboard in German, and a refusal with its reason', async () => {
    const { baseUrl, token } = JSON.parse(await session.broker(['token', '--workspace', window.folder, '--json'], path.join(session.dataDir, 'practice'))) as { baseUrl: string; token: string };
    const response = await fetch(`${baseUrl}/responses`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'niemand-5', input: 'Hallo' }) });
    assert.match(await response.text(), /No price is known for the model/, 'to a program the broker speaks English');
    await window.bench.runCommand('Codex Broker: Dashboard öffnen');
    const page = await window.bench.webview('[data-test="balance"]');
    assert.match(await page.locator('[data-test="facts"]').innerText(), /Übungs-Credits übrig[\s\S]*Heute verbraucht/);
    await page.locator('[data-test="explain-link"]').first().click();
    const told = await window.bench.waitFor('the explanation', () => page.locator('[data-test="explain-panel"]').innerText(), (text) => text.includes('niemand-5'));
    assert.match(told, /^Warum wurde /m);
    assert.match(told, /Für das Modell „niemand-5“ ist kein Preis bekannt; seine Kosten können nicht von Ihren Credits vorgemerkt werden\. Es wurde nichts gesendet\./);
    await window.bench.picture(path.join(picturesFolder, 'german-dark.png'));
  });

  it('threw nothing', () => {
    assert.deepEqual(session.browser.refused, []);
    assert.deepEqual(session.server.hostErrors().filter((line) => /codex-usage-broker/i.test(line)), []);
  });
});
