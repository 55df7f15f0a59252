// How a client says which command a request came from and which file it is about: in headers of the broker's own, or,
// where a program takes an address alone, in the path. What is said is data for people, never trusted and never sent
// on. Pure.
import { clean } from './clientText.ts';
import type { HeaderGetter } from './rateLimitHeaders.ts';
import { field } from './responseUsage.ts';

/** Headers that begin so are between a client and the broker; none of them goes to an upstream. */
export const ownHeaderPrefix = 'x-codex-broker-';
/** A word for the command that a request came from. */
export const commandHeader = `${ownHeaderPrefix}command`;
/** The file that a request is about: its path within the workspace's folder, percent-encoded as in an address. */
export const fileHeader = `${ownHeaderPrefix}file`;

/** The longest path that is said; encoded it is at most nine times as long. */
const fileCharactersMax = 200;

/** What a client says of where its request comes from. */
export interface ToldOrigin {
  readonly command?: string;
  readonly file?: string;
}

/** Reads it from a request's head. */
export function readOrigin(header: HeaderGetter): ToldOrigin {
  return { ...field('command', clean(header(commandHeader))), ...field('file', clean(decoded(header(fileHeader)))) };
}

/** The headers that say it. Of a path that is too long, the end says more than the beginning. */
export function originHeaders({ command, file }: ToldOrigin): Record<string, string> {
  return {
    ...(command === undefined ? {} : { [commandHeader]: command }),
    ...(file === undefined ? {} : { [fileHeader]: encodeURIComponent((file.length <= fileCharactersMax ? file : `…${file.slice(1 - fileCharactersMax)}`).replaceAll(/\p{Surrogate}/gu, '\uFFFD')) }),
  };
}

/** The address of a workspace with a command in it, for programs that take an address and no header. */
export function withCommand(workspaceUrl: string, command: string): string {
  return workspaceUrl.replace(/^(https?:\/\/[^/]+\/w\/[\w-]+)\//, `$1/from/${command}/`);
}

function decoded(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    // Not what the header is for: nothing is known then.
    return undefined;
  }
}
