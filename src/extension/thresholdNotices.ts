// Says once when the balance becomes low, critical or used up: at the crossing, never at start,
// in the window that has the focus, and never again when the person says so.
import type * as vscode from 'vscode';
import { meterFace, type MeterState } from '../domain/meter.ts';
import { meterInput, type MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { commandNames } from './commandNames.ts';
import type { Editor } from './editorApi.ts';

/** How much is left, in the words of the meter; undefined where no balance is at stake. */
export type BalanceLevel = 'ok' | 'low' | 'critical' | 'blocked';

/** Name under which "Don't show again" is kept. */
export const silencedMemory = 'noticesSilenced';

const order: readonly BalanceLevel[] = ['ok', 'low', 'critical', 'blocked'];

/** The level of a snapshot's balance, by the same rule as the meter. */
export function balanceLevel(snapshot: Snapshot, taste: MeterTaste): BalanceLevel | undefined {
  // Permission, key, budgets, what is owed and what waits are no matter of how much is left.
  const input = meterInput('connected', {
    ...snapshot, waiting: [], questions: [], budgets: [], windows: [], balance: { ...snapshot.balance, owedMicroCredits: 0 },
    consent: { everywhere: true, workspaceIds: [], deniedWorkspaceIds: [] }, key: { state: 'present' },
  }, taste);
  const levels: Partial<Record<MeterState, BalanceLevel>> = { ok: 'ok', low: 'low', critical: 'critical', blocked: 'blocked' };
  return levels[meterFace(input).state];
}

/** The level to speak of now: a step down since the last one that was known. */
export function crossedTo(before: BalanceLevel | undefined, now: BalanceLevel | undefined): Exclude<BalanceLevel, 'ok'> | undefined {
  if (before === undefined || now === undefined || now === 'ok') return undefined;
  return order.indexOf(now) > order.indexOf(before) ? now : undefined;
}

const sentences: Record<Exclude<BalanceLevel, 'ok'>, string> = {
  low: 'Codex credits are low: less than a quarter is left.',
  critical: 'Codex credits are almost used up: less than a tenth is left.',
  blocked: 'No Codex credits are left. Requests are refused until credits are added; nothing more is charged.',
};

/** Watches the balance and speaks at crossings. */
export class ThresholdNotices {
  readonly #editor: Pick<Editor, 'window' | 'commands'>;
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;
  #level: BalanceLevel | undefined;

  constructor(editor: Pick<Editor, 'window' | 'commands'>, memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#editor = editor;
    this.#memory = memory;
  }

  /** Takes the newest snapshot; `undefined` forgets the level, after a change of the broker. */
  async see(snapshot: Snapshot | undefined, taste: MeterTaste, wanted: boolean): Promise<void> {
    const now = snapshot && balanceLevel(snapshot, taste);
    const crossed = crossedTo(this.#level, now);
    this.#level = now;
    if (!crossed || !wanted || !this.#editor.window.state.focused || this.#memory.get(silencedMemory) === true) return;
    const chosen = await this.#editor.window.showWarningMessage(sentences[crossed], 'Top Up', 'Open Dashboard', 'Don\'t Show Again');
    if (chosen === 'Top Up') await this.#editor.commands.executeCommand(commandNames.topUp);
    if (chosen === 'Open Dashboard') await this.#editor.commands.executeCommand(commandNames.openDashboard);
    if (chosen === 'Don\'t Show Again') await this.#memory.update(silencedMemory, true);
  }
}
