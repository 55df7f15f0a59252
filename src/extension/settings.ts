// The extension's settings as plain values. Those that decide where a key goes, what is executed or
// what may be written are read from the user's own settings only, whatever a workspace says.
import type * as vscode from 'vscode';
import type { MeterTaste } from '../protocol/meterInput.ts';

/** All settings. Empty text means "not set". */
export interface Settings {
  readonly show: MeterTaste['show'];
  readonly unit: MeterTaste['unit'];
  readonly askModel: string;
  readonly taskModel: string;
  readonly taskSandbox: TaskSandbox;
  readonly codexPath: string;
  readonly dataDir: string;
  readonly practice: boolean;
  readonly routeTerminals: boolean;
  readonly notices: boolean;
}

/** How far Codex may reach while it runs a task; the words are Codex's own. */
export type TaskSandbox = 'read-only' | 'workspace-write' | 'danger-full-access';

/** The section that all settings belong to. */
export const settingsSection = 'codexBroker';

/** Names of the settings that a workspace cannot change. */
export const ownSettings = ['codexPath', 'dataDir', 'practice', 'routeTerminals', 'taskSandbox'] as const;

/** Reads the settings. */
export function readSettings(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>): Settings {
  const section = workspace.getConfiguration(settingsSection);
  const own = <T>(name: (typeof ownSettings)[number], otherwise: T): T => {
    const found = section.inspect<T>(name);
    return found?.globalValue ?? found?.defaultValue ?? otherwise;
  };
  const sandbox = own<string>('taskSandbox', 'workspace-write');
  return {
    show: section.get<string>('show') === 'used' ? 'used' : 'left',
    unit: section.get<string>('unit') === 'usd' ? 'usd' : 'credits',
    askModel: text(section.get('askModel')) || 'gpt-5.4-mini',
    taskModel: text(section.get('taskModel')),
    taskSandbox: sandbox === 'read-only' || sandbox === 'danger-full-access' ? sandbox : 'workspace-write',
    codexPath: text(own('codexPath', '')),
    dataDir: text(own('dataDir', '')),
    practice: own<boolean>('practice', false),
    routeTerminals: own<boolean>('routeTerminals', false),
    notices: section.get('notices') !== false,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
