// Reads what the broker's program printed with `--json`: its last line is the answer, or a problem of its own.
import { problem, problemKinds, ProblemError, type ProblemCode } from '../domain/problem.ts';

/**
 * The answer in what a run of the program printed.
 * @param unexpected what to throw for an answer that makes no sense
 * @throws ProblemError
 */
export function programAnswer(text: string, unexpected: (cause?: unknown) => ProblemError): unknown {
  let answer: { readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly remedy?: unknown } } | undefined;
  try {
    answer = JSON.parse(text.trim().split('\n').at(-1) ?? '') as typeof answer;
  } catch (error) {
    throw unexpected(error);
  }
  const told = answer?.error;
  if (told === undefined) return answer;
  if (typeof told.code !== 'string' || !Object.hasOwn(problemKinds, told.code) || typeof told.message !== 'string') throw unexpected();
  throw new ProblemError({ ...problem(told.code as ProblemCode, told.message), ...(typeof told.remedy === 'string' ? { remedy: told.remedy } : {}) });
}
