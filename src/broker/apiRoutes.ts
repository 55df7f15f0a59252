// The upstream's API as the broker serves it: which methods and paths there are, which of them cost
// tokens, and what of an address may go on. `POST /v1/responses` and `GET /v1/models` have routes of their
// own (`accessCheck.ts`). An upstream address is put together from these rows: of a request's text only
// ids and listed parameters of a strict shape ever become a part of it. Pure.
import type { ApiDialect } from '../protocol/apiDialect.ts';

/** A request that costs nothing: where it goes, and what it is about. */
export interface FreeCall {
  readonly kind: 'free';
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below the upstream's `/v1`, with its query. */
  readonly path: string;
  /** The stored response that is read, cancelled or deleted. */
  readonly responseId?: string;
  /** The stored response that anything of is asked for, itself included; only its own workspace may. */
  readonly ofResponse?: string;
  /** Opened by a setting, and not known to be free: nothing is metered. */
  readonly isPassThrough?: true;
}

/** A request that costs tokens. */
export interface MeteredCall { readonly kind: 'metered'; readonly method: 'POST'; readonly dialect: ApiDialect }

/** What may be asked at an address, one call for each method. */
export type ApiCalls = readonly (FreeCall | MeteredCall)[];

/** Where each API that costs tokens is, below the upstream's `/v1`. */
export const apiPaths: Readonly<Record<ApiDialect, string>> = { responses: '/responses', compact: '/responses/compact', chat: '/chat/completions', embeddings: '/embeddings' };

interface Row {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below `/v1`; its group is an id. */
  readonly path: RegExp;
  readonly dialect?: ApiDialect;
  /** Parameters that go on, with the shape of their values. */
  readonly query?: Readonly<Record<string, RegExp>>;
  readonly isAboutResponse?: true;
}

/** Ids of responses as OpenAI and those like it make them. */
const responseIdShape = /^resp_[\w-]{1,240}$/;
const response = String.raw`\/responses\/(resp_[\w-]{1,240})`;
const flag = /^(?:true|false)$/;
const include = { 'include': /^[a-z_.]{1,64}$/, 'include[]': /^[a-z_.]{1,64}$/ };

const rows: readonly Row[] = [
  { method: 'POST', path: /^\/responses\/compact$/, dialect: 'compact' },
  { method: 'POST', path: /^\/responses\/input_tokens$/ },
  { method: 'GET', path: new RegExp(`^${response}$`), isAboutResponse: true, query: { ...include, stream: flag, starting_after: /^\d{1,9}$/, include_obfuscation: flag } },
  { method: 'DELETE', path: new RegExp(`^${response}$`), isAboutResponse: true },
  { method: 'POST', path: new RegExp(String.raw`^${response}\/cancel$`), isAboutResponse: true },
  { method: 'GET', path: new RegExp(String.raw`^${response}\/input_items$`), query: { ...include, limit: /^\d{1,3}$/, order: /^(?:asc|desc)$/, after: /^[\w-]{1,250}$/, before: /^[\w-]{1,250}$/ } },
  { method: 'POST', path: /^\/chat\/completions$/, dialect: 'chat' },
  { method: 'POST', path: /^\/embeddings$/, dialect: 'embeddings' },
  { method: 'GET', path: /^\/models\/([A-Za-z0-9][\w.:-]{0,199})$/ },
];

/** Whether an id may stand in an upstream address. */
export function isResponseId(id: string): boolean { return responseIdShape.test(id); }

/** Finds what may be asked at a path that begins with `/v1`. @returns undefined for an address that there is none of */
export function apiCallsOf(path: string, parameters: URLSearchParams): ApiCalls | undefined {
  const below = path.startsWith('/v1/') ? path.slice('/v1'.length) : '';
  const calls = rows.flatMap((row): ApiCalls => {
    const found = row.path.exec(below);
    if (!found) return [];
    if (row.dialect) return [{ kind: 'metered', method: 'POST', dialect: row.dialect }];
    return [{ kind: 'free', method: row.method, path: below + queryOf(row.query ?? {}, parameters), ...(row.isAboutResponse && found[1] !== undefined ? { responseId: found[1] } : {}), ...responseIn(below) }];
  });
  return calls.length > 0 ? calls : undefined;
}

const aboutResponse = new RegExp(`^${response}(?:/|$)`);

/** The response that a path below `/v1` is about, if it is about one. */
export function responseIn(below: string): Pick<FreeCall, 'ofResponse'> {
  const id = aboutResponse.exec(below)?.[1];
  return id === undefined ? {} : { ofResponse: id };
}

/** Listed parameters whose values have their shape; the others stay here. */
function queryOf(listed: NonNullable<Row['query']>, parameters: URLSearchParams): string {
  const kept = [...parameters].filter(([name, value]) => Object.hasOwn(listed, name) && listed[name]?.test(value));
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept).toString()}`;
}
