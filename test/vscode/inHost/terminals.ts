// The setting that leads `codex` in terminals through the broker, in terminals of a real editor: what such a
// terminal finds on its path, and that nothing of it is left once the setting is off.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type * as vscode from 'vscode';

const waitMsMax = 30_000;

/** Declares the suite. */
export function terminalsSuite(editor: typeof vscode): void {
  describe('terminals', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-terminals-'));
    const setting = (value: boolean | undefined) => editor.workspace.getConfiguration('codexBroker').update('routeTerminals', value, editor.ConfigurationTarget.Global);
    let count = 0;

    /** What a new terminal says: the codex that it finds, and the workspace that it stands for. */
    async function newTerminal(): Promise<string> {
      const file = path.join(folder, `said${count += 1}`);
      const terminal = editor.window.createTerminal({ name: 'test', shellPath: '/bin/sh', shellArgs: ['-c', `{ command -v codex; echo "$CODEX_BROKER_WORKSPACE"; } > '${file}.new'; mv '${file}.new' '${file}'`] });
      const deadline = Date.now() + waitMsMax;
      while (!fs.existsSync(file) && Date.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 50); });
      terminal.dispose();
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    }
    /** Asks new terminals until one says it: what an extension changes takes its way to them. */
    async function untilTerminals(says: (text: string) => boolean): Promise<void> {
      const deadline = Date.now() + waitMsMax;
      let text = await newTerminal();
      while (!says(text)) {
        if (Date.now() > deadline) throw new Error(`A new terminal still says: ${text}`);
        text = await newTerminal();
      }
    }
    after(async () => {
      await setting(undefined);
      fs.rmSync(folder, { recursive: true, force: true });
    });

    it('find the shim first when the setting asks for it, and not afterwards', async () => {
      const workspace = editor.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
      await setting(true);
      await untilTerminals((text) => /\/globalStorage\/codex-usage-broker\.codex-usage-broker\/bin\/codex\n/.test(text) && text.endsWith(`\n${workspace}\n`));
      await setting(undefined);
      await untilTerminals((text) => text !== '' && !text.includes('globalStorage') && text.endsWith('\n') && !text.includes(workspace));
    });
  });
}
