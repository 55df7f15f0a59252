// Serves VS Code in the browser with the extension installed, on one of the tour's workspaces and in
// practice mode, until the person ends it. It opens nothing by itself and listens on loopback alone.
import fs from 'node:fs';
import path from 'node:path';
import { ensureVsCode } from '../setup/ensureVsCode.mjs';
import { vsixPath } from '../setup/packageExtension.mjs';
import { startVsCodeServer, type VsCodeServer } from '../setup/vscodeServer.ts';

/** What to show. */
export interface ServedEditorOptions {
  readonly root: string;
  /** Empty folder for what the server writes. */
  readonly folder: string;
  /** The folder that holds the ledgers; the practice one is inside it. */
  readonly dataDir: string;
  readonly codex: string;
  readonly codexHome: string;
  readonly say: (line: string) => void;
}

/** A served editor. */
export interface ServedEditor {
  readonly server: VsCodeServer;
  /** The address that opens `workspace`. */
  address(workspace: string): string;
}

/** Installs the VS Code server if needed, and starts it. Rejects with a sentence where it cannot run. */
export async function serveEditor(options: ServedEditorOptions): Promise<ServedEditor> {
  await ensureVsCode({ say: options.say });
  fs.mkdirSync(options.folder, { recursive: true });
  const server = await startVsCodeServer({
    root: options.root,
    folder: options.folder,
    vsix: [vsixPath(options.root)],
    settings: { 'codexBroker.codexPath': options.codex, 'codexBroker.practice': true, 'workbench.colorTheme': 'Default Dark Modern' },
    env: { CODEX_BROKER_DATA: options.dataDir, CODEX_HOME: options.codexHome, PATH: `${path.dirname(options.codex)}${path.delimiter}${process.env['PATH'] ?? ''}` },
  });
  return {
    server,
    address(workspace) {
      const url = new URL(server.origin);
      url.searchParams.set('folder', workspace);
      return url.href;
    },
  };
}
