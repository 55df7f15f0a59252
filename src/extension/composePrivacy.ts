// Puts the two commands about privacy together: what left this computer, and the wipe of all data. The rest of the extension hands
// in what it has.
import { rm } from 'node:fs/promises';
import type { BrokerCall } from './liveSocket.ts';
import type { Editor, EditorContext } from './editorApi.ts';
import { secretName } from './apiKey.ts';
import { PrivacyDocuments, privacyScheme } from './privacyDocument.ts';
import { settingsSection, type Settings } from './settings.ts';
import { wipeData } from './wipeData.ts';
import { forgetAll, wipedMemory } from './wipeMemory.ts';
import { wipeProgram, type WipeProgramParts } from './wipeProgram.ts';

/** What the commands need from the extension. */
export interface PrivacyComposition extends WipeProgramParts {
  readonly editor: Editor;
  readonly context: EditorContext;
  readonly call: BrokerCall;
  settings(): Pick<Settings, 'routeTerminals'>;
  nowMs(): number;
  utcOffsetMs(atMs: number): number;
  waitingTasks(): number;
  /** Folder of the programs that lead terminals through the broker. */
  readonly binDir: string;
  leave(): void;
  begin(): void;
}

/** Makes the commands. */
export function composePrivacy(parts: PrivacyComposition): { readonly showWhatLeft: () => Promise<void>; readonly wipeData: () => Promise<void> } {
  const { editor, context } = parts;
  const documents = new PrivacyDocuments({
    editor, call: parts.call, nowMs: parts.nowMs, utcOffsetMs: parts.utcOffsetMs, ledger: () => String(context.globalState.get(wipedMemory)),
    kept: async () => ({ hasSecretKey: await context.secrets.get(secretName) !== undefined, routesTerminals: parts.settings().routeTerminals, waitingTasks: parts.waitingTasks() }),
  });
  context.subscriptions.push(editor.workspace.registerTextDocumentContentProvider(privacyScheme, documents));
  const takeKey = async () => {
    const apiKey = await context.secrets.get(secretName);
    await context.secrets.delete(secretName);
    return async () => { if (apiKey !== undefined) await context.secrets.store(secretName, apiKey); };
  };
  const forget = async () => {
    await context.secrets.delete(secretName);
    // The terminals' variables follow the setting in every window.
    if (parts.settings().routeTerminals) await editor.workspace.getConfiguration(settingsSection).update('routeTerminals', undefined, true);
    await rm(parts.binDir, { recursive: true, force: true });
    documents.forget();
    await forgetAll(context, parts.nowMs());
  };
  return {
    showWhatLeft: () => documents.show(),
    wipeData: () => wipeData({
      editor, program: wipeProgram(parts), routesTerminals: () => parts.settings().routeTerminals, leave: parts.leave, takeKey, forget, begin: parts.begin,
      uninstall: async () => { await editor.commands.executeCommand('workbench.extensions.uninstallExtension', context.extension.id); },
    }),
  };
}
