// The one item in the status bar. It paints the face that the rules give for the newest state: at once after a
// response ended or the state changed, else at most once a second, and leaves the item alone when nothing changed.
import type * as vscode from 'vscode';
import { meterFace } from '../protocol/meterFace.ts';
import { t } from '../protocol/language.ts';
import { meterInput } from '../protocol/meterInput.ts';
import type { MeterFace } from '../protocol/meterState.ts';
import { actionCommands } from './commandNames.ts';
import type { Editor } from './editorApi.ts';
import type { ThemeKind } from './gaugeImage.ts';
import type { MeterFacts } from './meterFacts.ts';
import { meterTooltip, tooltipCommands } from './meterTooltip.ts';
import type { Schedule } from './schedule.ts';
import { defaultPriority, type MeterLook } from './settings.ts';

/** Id of the item; the editor puts the extension's id before it. */
export const meterItemId = 'codexBroker.meter';
/** Shortest time between two paintings, and between two cards while the link stays: a card that is open must not flicker. */
export const paintEveryMs = 1_000;
/** Shortest time between two paintings that bring news: a response that ended, another state. */
export const newsEveryMs = 50;
/** Ages and countdowns are painted this often although nothing is told. */
const minuteMs = 60_000;

const rings = ['○', '◔', '◑', '◕', '●'] as const;
const barCells = 5;

/** The face for some facts. @param nowMs the clock that tells how old the numbers are */
export function faceOf(facts: MeterFacts, nowMs?: number): MeterFace {
  return meterFace(meterInput(facts.link.state, facts.snapshot, facts.taste, facts.workspaceId, nowMs));
}

/** The item's whole text: icon, ring or bar, and the words. */
export function itemText(face: MeterFace, look: Pick<MeterLook, 'compact' | 'style'>): string {
  const drawn = face.share === undefined || look.style === 'text' ? '' : look.style === 'ring' ? ringOf(face.share) : barOf(face.share);
  // The plain icon carries nothing that the drawing does not; each other one is part of what is said.
  const mark = drawn !== '' && face.icon === 'dashboard' ? drawn : [`$(${face.icon})`, drawn].filter(Boolean).join(' ');
  return look.compact && face.calm ? mark : `${mark} ${face.text}`;
}

function ringOf(share: number): string {
  return rings[steps(share, rings.length - 1)] ?? rings[0];
}

function barOf(share: number): string {
  const full = steps(share, barCells);
  return '▰'.repeat(full) + '▱'.repeat(barCells - full);
}

/** How many of some steps a share fills; never none while something is there, never all unless it is. */
function steps(share: number, most: number): number {
  if (share <= 0) return 0;
  return share >= 1 ? most : Math.min(most - 1, Math.max(1, Math.round(share * most)));
}

/** Owns the item. Dispose it with the extension. */
export class StatusMeter {
  readonly #editor: Pick<Editor, 'window' | 'MarkdownString' | 'ThemeColor' | 'StatusBarAlignment'>;
  readonly #schedule: Schedule;
  readonly #facts: () => MeterFacts;
  readonly #lookNow: () => MeterLook;
  #item: vscode.StatusBarItem | undefined;
  #id = '';
  #isVisible: boolean | undefined;
  /** How it stood there when it was painted last. */
  #look = '';
  #painted: { readonly text: string; readonly news: string } = { text: '', news: '' };
  #paintedAtMs = Number.NEGATIVE_INFINITY;
  #isDisposed = false;
  #card = '';
  #cardAtMs = Number.NEGATIVE_INFINITY;
  #cardFor = '';
  #later: { readonly atMs: number; readonly cancel: () => void } | undefined;

  /** @param facts gives the newest facts at the moment of painting @param look likewise how it is to stand there */
  constructor(editor: Pick<Editor, 'window' | 'MarkdownString' | 'ThemeColor' | 'StatusBarAlignment'>, schedule: Schedule, facts: () => MeterFacts, look: () => MeterLook) {
    this.#editor = editor;
    this.#schedule = schedule;
    this.#facts = facts;
    this.#lookNow = look;
    this.#paint();
  }

  /** Says that something may have changed. Paints now, or once its time has come. */
  changed(): void {
    // What was under way when the window closed may still tell.
    if (this.#isDisposed) return;
    const nowMs = this.#schedule.nowMs();
    const facts = this.#facts();
    const isNews = newsOf(facts, faceOf(facts, nowMs)) !== this.#painted.news || lookOf(this.#lookNow(), facts) !== this.#look;
    const atMs = this.#paintedAtMs + (isNews ? newsEveryMs : paintEveryMs);
    // A clock that was set back must not hold the meter up.
    if (atMs <= nowMs || this.#paintedAtMs > nowMs) this.#paint();
    else this.#plan(atMs);
  }

  /** Removes the item. */
  dispose(): void {
    this.#isDisposed = true;
    this.#later?.cancel();
    this.#item?.dispose();
  }

  /** Paints then, unless it does before. */
  #plan(atMs: number): void {
    if (this.#later && this.#later.atMs <= atMs) return;
    this.#later?.cancel();
    this.#later = {
      atMs,
      cancel: this.#schedule.after(Math.max(0, atMs - this.#schedule.nowMs()), () => {
        this.#later = undefined;
        this.#paint();
      }),
    };
  }

  #paint(): void {
    const nowMs = this.#schedule.nowMs();
    const facts = this.#facts();
    const look = this.#lookNow();
    this.#look = lookOf(look, facts);
    const face = faceOf(facts, nowMs);
    const item = this.#itemAt(look);
    this.#later?.cancel();
    this.#later = undefined;
    this.#paintedAtMs = nowMs;
    const text = JSON.stringify([face, itemText(face, look)]);
    if (text !== this.#painted.text) {
      item.text = itemText(face, look);
      item.accessibilityInformation = { label: face.spoken, role: 'button' };
      item.command = actionCommands[face.action];
      item.backgroundColor = face.background ? new this.#editor.ThemeColor(`statusBarItem.${face.background}Background`) : undefined;
      item.color = face.dimmed ? new this.#editor.ThemeColor('disabledForeground') : undefined;
    }
    this.#painted = { text, news: newsOf(facts, face) };
    if (nowMs - this.#cardAtMs >= paintEveryMs || nowMs < this.#cardAtMs || cardFor(facts) !== this.#cardFor) this.#paintCard(item, facts, nowMs);
    else this.#plan(this.#cardAtMs + paintEveryMs);
    this.#plan(nowMs + minuteMs);
  }

  #paintCard(item: vscode.StatusBarItem, facts: MeterFacts, nowMs: number): void {
    this.#cardAtMs = nowMs;
    this.#cardFor = cardFor(facts);
    const card = meterTooltip({ ...facts, theme: themeKind(this.#editor.window.activeColorTheme.kind), nowMs });
    if (card === this.#card) return;
    this.#card = card;
    const tooltip = new this.#editor.MarkdownString(card, true);
    tooltip.isTrusted = { enabledCommands: tooltipCommands };
    item.tooltip = tooltip;
  }

  /** The item at its place; the editor moves none, and gives an id that it knows its old place again, so that another place takes another id. */
  #itemAt(look: MeterLook): vscode.StatusBarItem {
    const id = itemId(look);
    if (this.#item && id === this.#id) {
      this.#setVisible(this.#item, look.visible);
      return this.#item;
    }
    this.#item?.dispose();
    const { Left, Right } = this.#editor.StatusBarAlignment;
    const item = this.#editor.window.createStatusBarItem(id, look.alignment === 'left' ? Left : Right, look.priority);
    item.name = t('Codex Usage Meter');
    this.#item = item;
    this.#id = id;
    this.#isVisible = undefined;
    this.#painted = { text: '', news: '' };
    this.#card = '';
    this.#cardAtMs = Number.NEGATIVE_INFINITY;
    this.#setVisible(item, look.visible);
    return item;
  }

  #setVisible(item: vscode.StatusBarItem, visible: boolean): void {
    if (visible === this.#isVisible) return;
    this.#isVisible = visible;
    if (visible) item.show();
    else item.hide();
  }
}

/** The item's id at a place; at its usual one the plain id. */
function itemId({ alignment, priority }: MeterLook): string {
  return alignment === 'right' && priority === defaultPriority ? meterItemId : `${meterItemId}.${alignment}.${priority}`;
}

/** What a person chose about the item: seen at once when it changes, too. */
function lookOf(look: MeterLook, { taste }: MeterFacts): string {
  return JSON.stringify([look, taste]);
}

/** What a card must not be behind the item with: whether the broker is there, and how a person wants numbers told. */
function cardFor({ link, taste }: MeterFacts): string {
  return JSON.stringify([link.state, taste]);
}

/** What must be seen at once when it changes: the response that ended last, and the state. */
function newsOf({ snapshot, link }: MeterFacts, face: MeterFace): string {
  const last = snapshot?.recent[0];
  return JSON.stringify([link.state, face.state, face.background, last?.requestId, last?.atMs]);
}

/** The editor's numbers for theme kinds (`vscode.ColorThemeKind`). */
function themeKind(kind: number): ThemeKind {
  return (['dark', 'light', 'dark', 'highContrastDark', 'highContrastLight'] as const)[kind] ?? 'dark';
}
