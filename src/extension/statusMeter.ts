// The one item in the status bar. It paints the face that the rules give for the newest state, at
// most once a second, and leaves the item alone when nothing changed.
import type * as vscode from 'vscode';
import { meterFace, type MeterFace } from '../domain/meter.ts';
import type { LinkState } from '../protocol/dashboardMessages.ts';
import { meterInput, type MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { actionCommands } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import type { ThemeKind } from './gaugeImage.ts';
import { meterTooltip, tooltipCommands } from './meterTooltip.ts';
import type { Schedule } from './schedule.ts';

/** Everything that the meter is painted from. */
export interface MeterFacts {
  readonly link: LinkState;
  readonly snapshot?: Snapshot;
  readonly taste: MeterTaste;
  /** This window's workspace; only its own waiting request shows. */
  readonly workspaceId?: string;
}

/** Id of the item; the editor puts the extension's id before it. */
export const meterItemId = 'codexBroker.meter';
/** Shortest time between two paintings. */
export const paintEveryMs = 1_000;
/** Just left of the language mode's neighbours, where usage of AI tools is shown. */
const priority = 99.9;

/** The face for some facts. */
export function faceOf(facts: MeterFacts): MeterFace {
  return meterFace(meterInput(facts.link.state, facts.snapshot, facts.taste, facts.workspaceId));
}

/** Owns the item. Dispose it with the extension. */
export class StatusMeter {
  readonly #editor: Pick<Editor, 'window' | 'MarkdownString' | 'ThemeColor' | 'StatusBarAlignment'>;
  readonly #schedule: Schedule;
  readonly #facts: () => MeterFacts;
  readonly #item: vscode.StatusBarItem;
  #paintedAtMs = Number.NEGATIVE_INFINITY;
  #painted = '';
  #cancelLater: (() => void) | undefined;

  /** @param facts gives the newest facts at the moment of painting */
  constructor(editor: Pick<Editor, 'window' | 'MarkdownString' | 'ThemeColor' | 'StatusBarAlignment'>, schedule: Schedule, facts: () => MeterFacts) {
    this.#editor = editor;
    this.#schedule = schedule;
    this.#facts = facts;
    this.#item = editor.window.createStatusBarItem(meterItemId, editor.StatusBarAlignment.Right, priority);
    this.#item.name = 'Codex Usage Meter';
    this.#paint();
    this.#item.show();
  }

  /** Says that something may have changed. Paints now, or once the second is over. */
  changed(): void {
    if (this.#cancelLater) return;
    const waitMs = this.#paintedAtMs + paintEveryMs - this.#schedule.nowMs();
    if (waitMs <= 0) {
      this.#paint();
      return;
    }
    this.#cancelLater = this.#schedule.after(waitMs, () => {
      this.#cancelLater = undefined;
      this.#paint();
    });
  }

  /** Removes the item. */
  dispose(): void {
    this.#cancelLater?.();
    this.#item.dispose();
  }

  #paint(): void {
    const facts = this.#facts();
    const face = faceOf(facts);
    const nowMs = this.#schedule.nowMs();
    this.#paintedAtMs = nowMs;
    const card = meterTooltip({ ...facts, theme: themeKind(this.#editor.window.activeColorTheme.kind), nowMs });
    const painted = JSON.stringify([face, card]);
    if (painted === this.#painted) return;
    this.#painted = painted;
    const item = this.#item;
    item.text = `$(${face.icon}) ${face.text}`;
    item.accessibilityInformation = { label: face.spoken, role: 'button' };
    item.command = actionCommands[face.action];
    item.backgroundColor = face.background ? new this.#editor.ThemeColor(`statusBarItem.${face.background}Background`) : undefined;
    const tooltip = new this.#editor.MarkdownString(card, true);
    tooltip.isTrusted = { enabledCommands: tooltipCommands };
    item.tooltip = tooltip;
  }
}

/** The editor's numbers for theme kinds (`vscode.ColorThemeKind`). */
function themeKind(kind: number): ThemeKind {
  return (['dark', 'light', 'dark', 'highContrastDark', 'highContrastLight'] as const)[kind] ?? 'dark';
}
