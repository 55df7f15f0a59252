// What the dashboard page asks for when somebody looks at it: history, savings, entries, events, the course of what is
// left, insights. One question of each kind counts at a time; the answer to an older one is dropped on both sides.
import * as z from 'zod/mini';
import type { Problem } from '../domain/problem.ts';
import type { InsightsResult } from './insightsResult.ts';
import { historyGroupings, rangeDays } from './history.ts';
import type { HistoryResult } from './history.ts';
import { entryKinds, happeningKinds } from './ledgerPages.ts';
import type { Course, EntryPage, HappeningPage } from './ledgerPages.ts';

const name = z.string().check(z.minLength(1), z.maxLength(200));
const sequence = z.int().check(z.positive());

const days = z.literal([...rangeDays]);

/** One question. */
export const pageQuestion = z.discriminatedUnion('about', [
  z.strictObject({ about: z.literal('history'), days, by: z.enum(historyGroupings), workspaceId: z.optional(name) }),
  z.strictObject({ about: z.literal('saving'), days, workspaceId: z.optional(name) }),
  z.strictObject({
    about: z.literal('entries'), kind: z.enum(entryKinds), search: z.optional(z.string().check(z.maxLength(200))), workspaceId: z.optional(name), days: z.optional(days), before: z.optional(sequence),
  }),
  z.strictObject({
    about: z.literal('happenings'), filter: z.enum(happeningKinds), workspaceId: z.optional(name), days: z.optional(days),
    before: z.optional(z.strictObject({ atMs: z.int(), from: z.enum(['entry', 'directive']), sequence })),
  }),
  z.strictObject({ about: z.literal('insights'), days, workspaceId: z.optional(name) }),
  z.strictObject({ about: z.literal('course'), days, budgetId: z.optional(name), key: z.optional(z.string().check(z.maxLength(200))) }),
]);
/** See `pageQuestion`. */
export type PageQuestion = z.infer<typeof pageQuestion>;
/** What a question is about. */
export type QuestionAbout = PageQuestion['about'];

/** What each is answered with. */
export interface QuestionResults {
  history: HistoryResult;
  /** Rounded once for each day. */
  saving: { readonly savedMicroCredits: number; readonly cachedInputTokens: number };
  entries: EntryPage;
  happenings: HappeningPage;
  course: { readonly course: Course | null };
  insights: InsightsResult;
}

/** An answer, or why there is none. */
export type QuestionAnswer = { readonly [A in QuestionAbout]: { readonly type: 'answer'; readonly about: A; readonly id: number; readonly result?: QuestionResults[A]; readonly problem?: Problem } }[QuestionAbout];

/** Characters of a text that the page saves, and of a picture as base64, at the most. */
export const savedCharactersMax = 8_000_000;

/** Something shown that the person keeps: as a file, or on the clipboard. The name is a suggestion, with its ending. */
export const pageSaving = z.strictObject({
  type: z.literal('save'), id: z.int(), name: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,100}\.(csv|json|md|png)$/)), to: z.enum(['file', 'clipboard']),
  content: z.string().check(z.maxLength(savedCharactersMax)), encoding: z.enum(['text', 'base64']),
});
/** See `pageSaving`. */
export type PageSaving = z.infer<typeof pageSaving>;

/** What became of it; `saved` is false where the person closed the dialog. */
export interface SaveResult { readonly type: 'saveResult'; readonly id: number; readonly saved: boolean; readonly problem?: Problem }
