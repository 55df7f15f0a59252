// Chooses how the meter looks, and what its text is about, by showing it: while a row of the list has the focus, the real item in the status bar is
// drawn so. Nothing is stored before a row is chosen; Escape brings back what was.
import { t } from '../protocol/language.ts';
import { chosenContents, type MeterContent } from '../protocol/meterContent.ts';
import type { MeterTaste } from '../protocol/meterInput.ts';
import type { Editor } from './editorApi.ts';
import type { MeterFacts } from './meterFacts.ts';
import { readSettings, settingsSection, type MeterLook } from './settings.ts';
import { faceOf, itemText } from './statusMeter.ts';

/** One way to look. */
export type MeterStyle = Pick<MeterLook, 'style' | 'compact'> & Pick<MeterTaste, 'show'>;
/** What the text may be about, however it looks. */
interface AboutStyle { readonly content: MeterContent }
type Tried = MeterStyle | AboutStyle;

/** What choosing needs from outside. */
export interface StyleParts {
  readonly editor: Pick<Editor, 'window' | 'workspace'>;
  facts(): MeterFacts;
  /** The meter has to be painted anew. */
  changed(): void;
}

const drawings = ['text', 'ring', 'bar'] as const;

/** Every way, the quietest last. */
export const meterStyles: readonly MeterStyle[] = [
  ...(['left', 'used'] as const).flatMap((show) => drawings.map((style) => ({ style, compact: false, show }))),
  ...drawings.map((style) => ({ style, compact: true, show: 'left' as const })),
];

/** What the text may be about; below the ways to look, none of which changes it. */
export const meterAbouts: readonly AboutStyle[] = (['tightest', ...chosenContents] as const).map((content) => ({ content }));

/** Shows styles and keeps the chosen one. One per window. */
export class MeterStyles {
  readonly #parts: StyleParts;
  #tried: Tried | undefined;

  constructor(parts: StyleParts) {
    this.#parts = parts;
  }

  /** How the item is to stand now: as set, or as it is tried. */
  look(): MeterLook {
    const { look } = readSettings(this.#parts.editor.workspace);
    const { style, compact } = this.#tried && 'style' in this.#tried ? this.#tried : look;
    // Who hid the item sees what there is to choose from.
    return { ...look, style, compact, visible: look.visible || this.#tried !== undefined };
  }

  /** The facts that the item is painted from, with what is tried. */
  facts(): MeterFacts {
    const facts = this.#parts.facts();
    return this.#tried ? tastedBy(this.#tried, facts) : facts;
  }

  /** Lets the person choose, and stores the choice where each part of it is set now. */
  async choose(): Promise<void> {
    const { editor, facts } = this.#parts;
    const { look, show, content } = readSettings(editor.workspace);
    const now = facts();
    const asNow = { description: t('as it is now') };
    const isNow = (style: MeterStyle) => style.style === look.style && style.compact === look.compact && (style.compact || style.show === show);
    // The first row has the focus at once: with what is set there, opening the list changes nothing.
    const looks = meterStyles.toSorted((a, b) => Number(isNow(b)) - Number(isNow(a))).map((style) => ({
      label: itemText(faceOf(tastedBy(style, now)), style), detail: styleWords(style), tried: style, ...(isNow(style) ? asNow : {}),
    }));
    const abouts = meterAbouts.map((about) => ({
      label: itemText(faceOf(tastedBy(about, now)), { ...look, compact: false }), detail: aboutWords(about.content), tried: about, ...(about.content === content ? asNow : {}),
    }));
    const rows = [...looks, ...abouts];
    try {
      const chosen = await editor.window.showQuickPick(rows, { title: t('Style of the Meter'), placeHolder: t('The status bar shows each one while it is selected; Escape changes nothing'), matchOnDetail: true, onDidSelectItem: (row) => this.#try(typeof row === 'string' ? undefined : rows.find((one) => one === row)?.tried) });
      if (chosen) await this.#keep(chosen.tried);
    } finally {
      this.#try(undefined);
    }
  }

  #try(tried: Tried | undefined): void {
    this.#tried = tried;
    this.#parts.changed();
  }

  async #keep(chosen: Tried): Promise<void> {
    const section = this.#parts.editor.workspace.getConfiguration(settingsSection);
    const before = readSettings(this.#parts.editor.workspace);
    const wanted: readonly (readonly [string, unknown, unknown])[] = [
      ['statusBar.visible', true, before.look.visible],
      ...('content' in chosen ? [['meter.content', chosen.content, before.content] as const] : [
        ['statusBar.style', chosen.style, before.look.style] as const, ['statusBar.compact', chosen.compact, before.look.compact] as const,
        ...(chosen.compact ? [] : [['meter.show', chosen.show, before.show] as const]),
      ]),
    ];
    for (const [name, value, was] of wanted) if (value !== was) await section.update(name, value, section.inspect(name)?.workspaceValue === undefined);
  }
}

/** An icon alone says neither left nor used; its text, once it is needed, stays what it was. */
function tastedBy(tried: Tried, facts: MeterFacts): MeterFacts {
  if ('content' in tried) return { ...facts, taste: { ...facts.taste, content: tried.content } };
  return tried.compact ? facts : { ...facts, taste: { ...facts.taste, show: tried.show } };
}

function aboutWords(content: MeterContent): string {
  switch (content) {
    case 'tightest': return t('About what is tightest: credits, a budget or a long limit');
    case 'credits': return t('About the balance');
    case 'share': return t('About the share of the tightest limit');
    case 'pace': return t('About the pace of the tightest limit');
    case 'reset': return t('About when the tightest limit begins anew');
  }
}

function styleWords({ style, compact, show }: MeterStyle): string {
  if (compact) {
    switch (style) {
      case 'text': return t('The icon alone while all is well');
      case 'ring': return t('A ring alone while all is well');
      case 'bar': return t('A bar alone while all is well');
    }
  }
  switch (style) {
    case 'text': return show === 'left' ? t('Icon and text: what is left') : t('Icon and text: what was used');
    case 'ring': return show === 'left' ? t('A ring and text: what is left') : t('A ring and text: what was used');
    case 'bar': return show === 'left' ? t('A bar and text: what is left') : t('A bar and text: what was used');
  }
}
