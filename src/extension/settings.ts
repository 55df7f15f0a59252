// The extension's settings as plain values. Those that decide where a key goes, what is executed or
// what may be written are read from the user's own settings only, whatever a workspace says.
import type * as vscode from 'vscode';
import { fallbackCauses } from '../domain/fallbackOffer.ts';
import type { FallbackCause } from '../domain/fallbackOffer.ts';
import { chosenContents, type MeterContent } from '../protocol/meterContent.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';

/** All settings. Empty text means "not set". */
export interface Settings {
  readonly show: MeterTaste['show'];
  readonly unit: MeterTaste['unit'];
  readonly content: MeterContent;
  readonly look: MeterLook;
  readonly askModel: string;
  readonly taskModel: string;
  readonly taskSandbox: TaskSandbox;
  readonly continueTasks: ContinueTasks;
  readonly codexPath: string;
  readonly dataDir: string;
  readonly practice: boolean;
  readonly routeTerminals: boolean;
  readonly notices: boolean;
  /** Base URL of the upstream. */
  readonly upstream: string;
  /** A file with certificates that are trusted beside the system's. */
  readonly certificates: string;
  readonly fallbackUrl: string;
  readonly fallbackModel: string;
  readonly fallbackWhen: readonly FallbackCause[];
  /** Addresses that go through unmetered. */
  readonly passThrough: readonly string[];
  /** Long windows of ChatGPT plans are spread over their days. */
  readonly spreadPlan: boolean;
}

/** How far Codex may reach while it runs a task; the words are Codex's own. */
export type TaskSandbox = 'read-only' | 'workspace-write' | 'danger-full-access';

/** Whether a task that a limit stopped goes on once it has begun anew. */
export type ContinueTasks = 'ask' | 'always' | 'never';

/** How the meter stands in the status bar. */
export interface MeterLook {
  readonly visible: boolean;
  readonly alignment: 'left' | 'right';
  /** A higher one stands further left. */
  readonly priority: number;
  /** The icon alone while all is well. */
  readonly compact: boolean;
  /** A ring or a bar drawn with characters in place of the icon. */
  readonly style: 'text' | 'ring' | 'bar';
}

/** Just left of the language mode's neighbours, where usage of AI tools is shown. */
export const defaultPriority = 99.9;

/** The section that all settings belong to. */
export const settingsSection = 'codexBroker';

/** Names of the settings that a workspace cannot change. */
export const ownSettings = ['codexPath', 'dataDir', 'practice', 'routeTerminals', 'taskSandbox', 'upstream', 'certificates', 'fallback.url', 'fallback.model', 'fallback.when', 'passThrough', 'spreadPlan'] as const;

/** Reads the settings. */
export function readSettings(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>): Settings {
  const section = workspace.getConfiguration(settingsSection);
  const own = <T>(name: (typeof ownSettings)[number], otherwise: T): T => {
    const found = section.inspect<T>(name);
    return found?.globalValue ?? found?.defaultValue ?? otherwise;
  };
  const sandbox = own<string>('taskSandbox', 'workspace-write');
  const goesOn = section.get<string>('continueTasks');
  return {
    show: section.get<string>('meter.show') === 'used' ? 'used' : 'left',
    unit: section.get<string>('meter.unit') === 'usd' ? 'usd' : 'credits',
    content: chosenContents.find((one) => one === section.get<string>('meter.content')) ?? 'tightest',
    look: lookOf(section),
    askModel: text(section.get('askModel')) || 'gpt-5.4-mini',
    taskModel: text(section.get('taskModel')),
    taskSandbox: sandbox === 'read-only' || sandbox === 'danger-full-access' ? sandbox : 'workspace-write',
    continueTasks: goesOn === 'always' || goesOn === 'never' ? goesOn : 'ask',
    codexPath: text(own('codexPath', '')),
    dataDir: text(own('dataDir', '')),
    practice: own<boolean>('practice', false),
    routeTerminals: own<boolean>('routeTerminals', false),
    notices: section.get('notices.enabled') !== false,
    upstream: text(own('upstream', '')), certificates: text(own('certificates', '')),
    fallbackUrl: text(own('fallback.url', '')), fallbackModel: text(own('fallback.model', '')),
    passThrough: prefixesOf(own<unknown>('passThrough', [])), spreadPlan: own<boolean>('spreadPlan', false),
    fallbackWhen: causesOf(own<unknown>('fallback.when', fallbackCauses)),
  };
}

/** Flips between left and used where it is set now: in the workspace if it says so, else for the person. */
export async function switchLeftUsed(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>): Promise<void> {
  const section = workspace.getConfiguration(settingsSection);
  const isOfWorkspace = section.inspect('meter.show')?.workspaceValue !== undefined;
  await section.update('meter.show', readSettings(workspace).show === 'left' ? 'used' : 'left', !isOfWorkspace);
}

function lookOf(section: Pick<vscode.WorkspaceConfiguration, 'get'>): MeterLook {
  const priority = section.get<unknown>('statusBar.priority');
  const style = section.get<string>('statusBar.style');
  return {
    visible: section.get('statusBar.visible') !== false,
    alignment: section.get<string>('statusBar.alignment') === 'left' ? 'left' : 'right',
    priority: typeof priority === 'number' && Number.isFinite(priority) ? priority : defaultPriority,
    compact: section.get('statusBar.compact') === true,
    style: style === 'ring' || style === 'bar' ? style : 'text',
  };
}

function causesOf(value: unknown): readonly FallbackCause[] {
  return Array.isArray(value) ? fallbackCauses.filter((cause) => value.includes(cause)) : fallbackCauses;
}

function prefixesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text).filter((prefix) => prefix !== '') : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** Switches the notices off, as "Don't Show Again" asks for: in the setting, where whoever misses them finds them. */
export async function silenceNotices(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>): Promise<void> {
  await workspace.getConfiguration(settingsSection).update('notices.enabled', false, true);
}
