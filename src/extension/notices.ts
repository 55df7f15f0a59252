// Everything that a window says by itself about credits, limits and prices, in one place. What each says and when is its own.
import type { MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { EditorContext } from './editorApi.ts';
import { LimitNotices, type NoticeEditor } from './limitNotices.ts';
import { PriceNotices } from './priceNotices.ts';
import { TopUpNotices } from './topUpNotices.ts';

/** What takes a snapshot, says what is due and resolves when that was answered. @param wanted whether anything may be said @param show whether as what is left or what is used */
export type SeeNotices = (snapshot: Snapshot | undefined, locale: string, wanted: boolean, show: MeterTaste['show']) => readonly Promise<void>[];

/** Makes a window's notices. */
export function windowNotices(editor: NoticeEditor, memory: EditorContext['globalState']): SeeNotices {
  const all = [new LimitNotices(editor, memory), new PriceNotices(editor), new TopUpNotices(editor, memory)];
  return (snapshot, locale, wanted, show) => all.map((one) => one.see(snapshot, locale, wanted, show));
}
