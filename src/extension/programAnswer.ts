// Reads what the broker's program printed with `--json`: its last line is the answer, or a problem of its own.
import { problemKinds, ProblemError, problemThat, type Problem, type ProblemCode } from '../domain/problem.ts';
import { isSaid } from '../domain/say.ts';

/**
 * The answer in what a run of the program printed.
 * @param unexpected what to throw for an answer that makes no sense
 * @throws ProblemError
 */
export function programAnswer(text: string, unexpected: (cause?: unknown) => ProblemError): unknown {
  let answer: { readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly remedy?: unknown; readonly said?: unknown; readonly remedySaid?: unknown } } | undefined;
  try {
    answer = JSON.parse(text.trim().split('\n').at(-1) ?? '') as typeof answer;
  } catch (error) {
    throw unexpected(error);
  }
  const told = answer?.error;
  if (told === undefined) return answer;
  if (typeof told.code !== 'string' || !Object.hasOwn(problemKinds, told.code) || typeof told.message !== 'string') throw unexpected();
  throw new ProblemError(toldProblem(told.code as ProblemCode, told.message, told));
}

/** A problem that another process told, with the parts of its sentences where it told them. */
export function toldProblem(code: ProblemCode, message: string, { remedy, said, remedySaid }: { readonly remedy?: unknown; readonly said?: unknown; readonly remedySaid?: unknown }): Problem {
  const what = { because: message, ...(isSaid(said) ? { said } : {}) };
  return problemThat(code, what, typeof remedy === 'string' ? { remedy: { because: remedy, ...(isSaid(remedySaid) ? { said: remedySaid } : {}) } } : {});
}
