// Reads the facts of an answer that is no stream, in whichever API it speaks. Never throws.
import type { ApiDialect } from './apiDialect.ts';
import { readCompletion, readEmbeddingsAnswer } from './chatUsage.ts';
import { readResponse, type ResponseFacts } from './responseUsage.ts';

/** What an answer told. */
export interface JsonAnswer {
  readonly facts: ResponseFacts;
  /** Output in it, where it may have to be estimated by that. */
  readonly outputChars: number;
}

/** Reads an answer. @param tail its end @param whole all of it; undefined where it is too long to be parsed */
export function readAnswer(dialect: ApiDialect, tail: string, whole: () => string | undefined): JsonAnswer {
  if (dialect === 'embeddings') return { facts: readEmbeddingsAnswer(tail, whole), outputChars: 0 };
  const answer = parsed(whole() ?? '');
  if (dialect === 'chat') return readCompletion(answer);
  const facts = readResponse(answer);
  // A compaction has no status: it is there, or it is an error.
  const isCompaction = dialect === 'compact' && facts.status === undefined && (answer as { object?: unknown } | undefined)?.object === 'response.compaction';
  return { facts: isCompaction ? { ...facts, status: 'completed' } : facts, outputChars: 0 };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A body that cannot be parsed says nothing; the caller then counts the request as estimated.
    return undefined;
  }
}
