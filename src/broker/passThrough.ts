// Addresses that a setting opens beside the fixed table: they go to the same upstream with the broker's
// key and the listed headers, and nothing of them is metered. What the table has stays metered. Pure.
import { problem } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import type { ApiCalls } from './apiRoutes.ts';

/** Prefixes at the most. */
export const prefixesMax = 32;
const methods = ['GET', 'POST', 'DELETE'] as const;
/** Segments of letters, digits and a few marks, none of which begins with a dot. */
const pathShape = /^\/v1(?:\/[A-Za-z0-9_~][\w.:~-]{0,199}){1,12}$/;

/** What is wrong with a setting's prefixes; undefined when they can be used. */
export function mistakeIn(prefixes: readonly string[]): Problem | undefined {
  if (prefixes.length > prefixesMax) return problem('argument_invalid', `There are more than ${prefixesMax} addresses to pass through.`);
  const wrong = prefixes.find((prefix) => !pathShape.test(prefix));
  return wrong === undefined ? undefined : problem('argument_invalid', `"${wrong.slice(0, 80)}" cannot be passed through: an address begins with /v1/ and has plain names, such as /v1/files.`);
}

/** Finds what may be asked at a path that one of the prefixes opens. @param query as it came; its characters were checked */
export function passedCallsOf(path: string, query: string, prefixes: readonly string[]): ApiCalls | undefined {
  if (!pathShape.test(path) || !prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return undefined;
  const below = path.slice('/v1'.length) + (query === '' ? '' : `?${query}`);
  return methods.map((method) => ({ kind: 'free', method, path: below, isPassThrough: true }));
}
