// Addresses that a setting opens beside the fixed table: they go to the same upstream with the broker's
// key and the listed headers, and nothing of them is metered but how many there were. What the table has stays metered. Pure.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { UnmeteredView } from '../protocol/snapshot.ts';
import { responseIn } from './apiRoutes.ts';
import type { ApiCalls } from './apiRoutes.ts';

/** Prefixes at the most. */
export const prefixesMax = 32;
const methods = ['GET', 'POST', 'DELETE'] as const;
/** Segments of letters, digits and a few marks, none of which begins with a dot. */
const pathShape = /^\/v1(?:\/[A-Za-z0-9_~][\w.:~-]{0,199}){1,12}$/;

/** What is wrong with a setting's prefixes; undefined when they can be used. */
export function mistakeIn(prefixes: readonly string[]): Problem | undefined {
  if (prefixes.length > prefixesMax) return problem('argument_invalid', 'There are more than {0} addresses to pass through.', { values: [prefixesMax] });
  const wrong = prefixes.find((prefix) => !pathShape.test(prefix));
  return wrong === undefined ? undefined : problem('argument_invalid', '"{0}" cannot be passed through: an address begins with /v1/ and has plain names, such as /v1/files.', { values: [wrong.slice(0, 80)] });
}

/** Finds what may be asked at a path that one of the prefixes opens. @param query as it came; its characters were checked */
export function passedCallsOf(path: string, query: string, prefixes: readonly string[]): ApiCalls | undefined {
  if (!pathShape.test(path) || !prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return undefined;
  const below = path.slice('/v1'.length) + (query === '' ? '' : `?${query}`);
  return methods.map((method) => ({ kind: 'free', method, path: below, isPassThrough: true, ...responseIn(path.slice('/v1'.length)) }));
}

/** Counts what was passed through, so that somebody sees it. A start begins anew; each request is in the log too. */
export class PassedThrough {
  #view: UnmeteredView | undefined;

  /** Undefined where nothing was passed through. */
  get view(): UnmeteredView | undefined { return this.#view; }

  /** A request is about to be sent. */
  note(atMs: number): void { this.#view = { requests: (this.#view?.requests ?? 0) + 1, lastAtMs: atMs }; }
}
