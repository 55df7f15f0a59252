// What an estimate rests on: how large a request is and what kind of answer it asks for. Numbers,
// names and one id, never text, so that it may be kept beside a hold and learned from again after a
// restart.

/** The size of a request's body as the model meets it. A part that is absent is not there, or not known. */
export interface BodySize {
  /** UTF-8 bytes of text that the model reads: without inline data, sealed content and labels. At least `textTokens`. */
  readonly textBytes?: number;
  /** Tokens of that text, guessed from its characters. */
  readonly textTokens?: number;
  readonly images?: number;
  /** Images that are to be seen in full resolution; part of `images`. */
  readonly originalImages?: number;
  /** Files and sounds, inline or linked. */
  readonly files?: number;
  /** Base64 characters of inline files that are no plain text. */
  readonly fileBytes?: number;
  /** Base64 characters of content that is text once it is opened: sealed reasoning, text files. */
  readonly encodedBytes?: number;
  /** Input that is not in the body comes before it: an earlier response, a conversation, a stored prompt. */
  readonly continues?: boolean;
  /** The response that it continues. */
  readonly continuesId?: string;
}

/** Everything that an estimate rests on. */
export interface EstimateBasis extends BodySize {
  readonly model: string;
  /** What the request is for (`turn`, `compaction`, ...); each kind has its own length of answers. */
  readonly kind?: string;
  readonly effort?: string;
  /** Bytes of the decoded request body. */
  readonly bodyBytes: number;
  readonly maxOutputTokens?: number;
}

/** The longest name or id in a basis; a longer one is none. */
export const basisNameCharactersMax = 200;

const counts = ['textBytes', 'textTokens', 'images', 'originalImages', 'files', 'fileBytes', 'encodedBytes', 'maxOutputTokens'] as const;
const names = ['kind', 'effort', 'continuesId'] as const;

/** Reads a basis back from where it was kept. @returns undefined for anything that is none */
export function readBasis(value: unknown): EstimateBasis | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const kept = value as Readonly<Record<string, unknown>>;
  const { model, bodyBytes, continues } = kept;
  if (!isName(model) || !isCount(bodyBytes)) return undefined;
  if (continues !== undefined && typeof continues !== 'boolean') return undefined;
  const read: Record<string, unknown> = { model, bodyBytes, ...(continues === undefined ? {} : { continues }) };
  for (const [fields, fits] of [[counts, isCount], [names, isName]] as const) {
    for (const field of fields) {
      if (kept[field] === undefined) continue;
      if (!fits(kept[field])) return undefined;
      read[field] = kept[field];
    }
  }
  return read as unknown as EstimateBasis;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= basisNameCharactersMax;
}
