// The slices of VS Code's API that the extension works with, as types only. The entry file alone
// loads the API at run time and passes it on; everything else, and every test, receives a slice.
import type * as vscode from 'vscode';

/** The parts of the API that the extension uses. */
export type Editor = Pick<typeof vscode,
  | 'window' | 'workspace' | 'commands' | 'env' | 'l10n' | 'Uri' | 'MarkdownString' | 'ThemeColor' | 'ThemeIcon' | 'ProgressLocation'
  | 'StatusBarAlignment' | 'ViewColumn' | 'Position' | 'ConfigurationTarget' | 'languages' | 'CodeLens' | 'Range' | 'extensions'>;

/** The parts of the extension's context that it uses. */
export type EditorContext = Pick<vscode.ExtensionContext,
  'subscriptions' | 'secrets' | 'workspaceState' | 'globalState' | 'globalStorageUri' | 'extensionUri' | 'extension' | 'environmentVariableCollection'>;

/** The log channel; it never receives a key, a token or a prompt. */
export type Log = Pick<vscode.LogOutputChannel, 'debug' | 'info' | 'warn' | 'error' | 'show'>;
