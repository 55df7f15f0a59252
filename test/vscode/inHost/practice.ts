// What a newcomer does first, through the editor's own API: starts practice mode and opens the
// dashboard. The pages and the status bar are looked at from outside, in the other suites.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type * as vscode from 'vscode';

async function until(what: string, good: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!good()) {
    if (Date.now() > deadline) throw new Error(`Waited 30 s for ${what}.`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** Declares the suite. */
export function practiceSuite(editor: typeof vscode): void {
  describe('practice mode', () => {
    it('starts a broker of its own, whose address file appears', async () => {
      const data = process.env['CODEX_BROKER_DATA'];
      assert.ok(data, 'the run names the data folder');
      await editor.commands.executeCommand('codexBroker.startPracticeMode');
      const file = path.join(data, 'practice/broker.json');
      await until(file, () => fs.existsSync(file));
      const address = JSON.parse(fs.readFileSync(file, 'utf8')) as { mode: string; pid: number };
      assert.equal(address.mode, 'practice');
      process.kill(address.pid, 0); // throws when there is no such process
    });

    it('opens the dashboard once, however often it is asked for', async () => {
      const panels = () => editor.window.tabGroups.all.flatMap((group) => group.tabs)
        .filter((tab) => tab.input instanceof editor.TabInputWebview && tab.input.viewType.endsWith('codexBroker.dashboard'));
      await editor.commands.executeCommand('codexBroker.openDashboard');
      await until('the dashboard', () => panels().length > 0);
      await editor.commands.executeCommand('codexBroker.openDashboard');
      assert.equal(panels().length, 1);
    });
  });
}
