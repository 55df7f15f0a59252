// What people write behind options, read into what the calls take: amounts, times, whole numbers, models,
// folders of workspaces. Each refusal names what was written and says what would do.
import { existsSync } from 'node:fs';
import { isTimeZone } from '../../domain/calendar.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import { parseCredits } from '../../domain/units.ts';
import { parseIso } from '../../protocol/isoTime.ts';
import { grantMicroCreditsMax } from '../../protocol/controlArguments.ts';
import { payerFor } from '../codexConfig/codexLogin.ts';
import type { CodexLogin, Payer } from '../codexConfig/codexLogin.ts';
import { workspaceIdOf } from '../dataFolder.ts';
import { utcOffsetMs } from '../systemClock.ts';
import { pathOf } from './commandIo.ts';
import type { CommandIo } from './commandIo.ts';

/** Wrong use of a command, in a sentence. */
export function wrongUse(message: string): ProblemError {
  return new ProblemError(problem('argument_invalid', message));
}

/** An amount of credits above zero. @throws ProblemError `argument_invalid` */
export function amountOf(text: string | undefined): number {
  const amount = parseCredits(text ?? '');
  if (amount === undefined || amount === 0 || amount > grantMicroCreditsMax) {
    throw wrongUse(`"${text ?? ''}" is no amount of credits: a number above 0 and up to 1000000, with at most six decimals.`);
  }
  return amount;
}

/** A moment; absent when the option is. @throws ProblemError `argument_invalid` */
export function momentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const atMs = parseIso(text, utcOffsetMs);
  if (atMs === undefined) throw wrongUse(`"${text}" is no date from 1970 on such as 2026-12-31 (midnight here) or 2026-12-31T10:00:00Z.`);
  return atMs;
}

/** A whole number from zero on; absent when the option is. @throws ProblemError `argument_invalid` */
export function wholeNumberOf(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  // Plain digits only: a number in another notation is more often a slip than meant.
  const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (value === undefined || value > max) throw wrongUse(`"${text}" is no whole number from 0 to ${max} for ${option}.`);
  return value;
}

/** One of several words. @throws ProblemError `argument_invalid` */
export function wordOf<T extends string>(option: string, text: string, words: readonly T[]): T {
  const word = words.find((one) => one === text);
  if (word === undefined) throw wrongUse(`The option --${option} takes ${words.join(', ')}, not "${text}".`);
  return word;
}

/** Names behind a repeated option, each with commas or without; absent when the option is. @throws ProblemError `argument_invalid` */
export function namesOf(option: string, texts: readonly string[] | undefined): string[] | undefined {
  if (texts === undefined) return undefined;
  const names = [...new Set(texts.flatMap((text) => text.split(',')).map((name) => name.trim()))];
  if (names.includes('')) throw wrongUse(`The option --${option} holds an empty name.`);
  return names;
}

/** Names of models; a `*` stands at the end only. Absent when the option is. @throws ProblemError `argument_invalid` */
export function modelsOf(option: string, texts: readonly string[] | undefined): string[] | undefined {
  const models = namesOf(option, texts);
  const odd = models?.find((name) => name.slice(0, -1).includes('*'));
  if (odd !== undefined) throw wrongUse(`"${odd}" is no model or family of models: a * stands only at the end, as in gpt-5*.`);
  return models;
}

/** Ids of the workspaces in folders; absent when the option is. @throws ProblemError `argument_invalid` for a folder that is not there */
export function workspaceIdsOf(texts: readonly string[] | undefined, io: CommandIo): string[] | undefined {
  // A folder may have a comma in its name.
  const paths = texts?.flatMap((text) => (existsSync(pathOf('workspaces', text, io)) ? [text] : namesOf('workspaces', [text]) ?? []));
  return paths && [...new Set(paths.map((path) => workspaceOf('workspaces', path, io)))];
}

/** Id of the workspace in a folder that is there, or an id as it is. @throws ProblemError `argument_invalid` */
export function workspaceOf(option: string, text: string, io: CommandIo): string {
  const path = pathOf(option, text, io);
  if (existsSync(path)) return workspaceIdOf(path).workspaceId;
  if (/^ws_[0-9a-f]{16}$/.test(text)) return text;
  throw wrongUse(`There is no folder ${path}, so no workspace is meant by --${option}.`);
}

/** A time zone by its IANA name; this computer's when none is named. @throws ProblemError `argument_invalid` */
export function timeZoneOf(text: string | undefined): string {
  const zone = text ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(zone)) throw wrongUse(`There is no time zone "${zone}"; a name such as Europe/Berlin or UTC is wanted.`);
  return zone;
}

/** The only word of a command, such as an id. @throws ProblemError `argument_invalid` saying what is missing */
export function wantedWord(word: string | undefined, what: string): string {
  if (word === undefined || word === '') throw wrongUse(`${what} is missing.`);
  return word;
}

/**
 * What pays for Codex's requests: what was said, else as Codex is signed in.
 * @param canUsePlan whether the broker and the command leave that choice
 * @throws ProblemError `argument_invalid`
 */
export function payerOf(said: string | undefined, canUsePlan: boolean, login: () => CodexLogin): Payer {
  if (said === undefined) return canUsePlan ? payerFor(login()) : 'credits';
  if (said === 'credits' || said === 'plan' && canUsePlan) return said;
  throw wrongUse(said === 'plan' ? 'A plan can pay only for Codex, and not in practice mode.' : `"${said}" is neither "plan" nor "credits" for --pay.`);
}
