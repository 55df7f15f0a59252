// What must hold as soon as the extension is installed: it is found, it activates by itself, and every
// command and setting of its manifest is really there.
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';

/** The extension's id, publisher and name. */
export const extensionId = 'codex-usage-broker.codex-usage-broker';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default?: unknown }>> } | readonly { readonly properties: Readonly<Record<string, { readonly default?: unknown }>> }[];
  };
}

/** The commands that a person is promised. */
export const promisedTitles = [
  'Open Dashboard', 'Top Up Credits', 'Set API Key', 'Ask Codex About Selection', 'Ask Codex About File', 'Ask Codex About Changes', 'Ask Codex About Last Failed Command', 'Run Codex Task',
  'Open Metered Terminal', 'Route Codex Through the Broker…', 'Undo Routing Codex', 'Start Practice Mode', 'Show Broker Log',
];

/** Declares the suite. */
export function activationSuite(editor: typeof vscode): void {
  describe('activation', () => {
    const extension = () => {
      const found = editor.extensions.getExtension(extensionId);
      assert.ok(found, 'the extension is not installed; its engine may be too new for this editor');
      return found;
    };

    it('activates by itself once the window has started', async () => {
      const deadline = Date.now() + 30_000;
      while (!extension().isActive && Date.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 50); });
      assert.equal(extension().isActive, true);
    });

    it('registers every command of its manifest', async () => {
      const manifest = extension().packageJSON as Manifest;
      const registered = new Set(await editor.commands.getCommands(true));
      assert.ok(manifest.contributes.commands.length >= promisedTitles.length);
      assert.deepEqual(manifest.contributes.commands.map((each) => each.command).filter((command) => !registered.has(command)), []);
    });

    it('offers every command that a person is promised', () => {
      const titles = (extension().packageJSON as Manifest).contributes.commands.map((each) => each.title);
      assert.deepEqual(promisedTitles.filter((title) => !titles.includes(title)), []);
    });

    it('knows every setting of its manifest, with its default', () => {
      const { configuration } = (extension().packageJSON as Manifest).contributes;
      const groups = 'properties' in configuration ? [configuration] : configuration;
      for (const [name, { default: value }] of groups.flatMap((group) => Object.entries(group.properties))) {
        assert.deepEqual(editor.workspace.getConfiguration().inspect(name)?.defaultValue, value, name);
      }
    });
  });
}
