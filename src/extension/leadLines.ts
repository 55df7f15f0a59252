// The first lines of the card: the number that the status bar shows, so that the two never speak of different things.
// Pure; names from outside are escaped.
import { t } from '../protocol/language.ts';
import type { ChosenContent } from '../protocol/meterContent.ts';
import { headline } from '../protocol/meterHeadline.ts';
import { meterInput, type MeterTaste } from '../protocol/meterInput.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { plain } from './markdownText.ts';

/** How a card begins. */
export interface Lead {
  /** The limit that the status bar speaks of; empty where that is something else. */
  readonly lines: readonly string[];
  /** What the number is of: then its own line is the first one, and bold. `elsewhere` says it above, or has no number. */
  readonly of: 'balance' | 'limit' | 'budget' | 'debt' | 'elsewhere';
  /** The id of that limit. */
  readonly limitId?: string;
  /** That what was chosen is not there. */
  readonly notes: readonly string[];
}

/** Looks at what the status bar says. @param isConnected whether what blocks is known now */
export function leadLines(snapshot: Snapshot, taste: MeterTaste, workspaceId: string | undefined, nowMs: number, isConnected: boolean): Lead {
  const input = meterInput('connected', snapshot, taste, workspaceId, nowMs);
  if (!input.snapshot) return { lines: [], of: 'balance', notes: [] };
  const { face, title: [first, ...rest] = [], limitId, lacks } = headline(input, input.snapshot);
  const notes = lacks === undefined || face.state === 'blocked' ? [] : [`$(info) ${lacksWords(lacks, input.snapshot.tracked)}`];
  if (first !== undefined) {
    const mark = face.state === 'ok' ? '' : '$(warning) ';
    return { lines: [[`${mark}**${plain(first, 160)}**`, ...rest.map((part) => plain(part, 160))].join(' · ')], of: 'limit', ...(limitId === undefined ? {} : { limitId }), notes };
  }
  // Whether it is still blocked is not known; then the status bar shows the balance.
  if (face.state !== 'blocked' || !isConnected) return { lines: [], of: 'balance', notes };
  if (face.action === 'topUp') return { lines: [], of: input.snapshot.owedMicroCredits === undefined ? 'balance' : 'debt', notes };
  return { lines: [], of: input.snapshot.budget ? 'budget' : 'elsewhere', notes };
}

/** What was chosen to be told, and why it is not. @param hasBalance there is one, but only a plan pays */
function lacksWords(content: ChosenContent, hasBalance: boolean): string {
  switch (content) {
    case 'credits': return hasBalance ? t('The status bar is set to credits, but credits pay for nothing here, where all goes on a plan: it shows what is tightest.')
      : t('The status bar is set to credits, but there is no balance to tell: it shows what is tightest.');
    case 'share': return t('The status bar is set to the share of the tightest limit, but no limit is known: it shows what is tightest.');
    case 'pace': return t('The status bar is set to the pace, but no limit has one now: it shows what is tightest.');
    case 'reset': return t('The status bar is set to the reset of the tightest limit, but no limit has one that is known: it shows what is tightest.');
  }
}
