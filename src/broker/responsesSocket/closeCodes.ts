// Which close codes mean something on the other side of the broker (RFC 6455, 7.4). Pure.

/** Nothing is wrong: the connection is over. */
export const normalClose = 1000;
/** One side has gone away. */
export const goingAway = 1001;
/** A message of a kind that is not understood. */
export const notUnderstood = 1003;
/** More than is allowed. */
export const againstPolicy = 1008;
/** Something broke; the other side may try again. */
export const somethingBroke = 1011;
/** The broker restarts; the other side may try again. */
export const restarting = 1012;

/** The code that one side is told when the other closed with this one. What was said about framing is between two ends and stays there. */
export function carriedCode(code: number): number {
  const isCarried = code === normalClose || code === goingAway || code >= 1007 && code <= 1009 || code >= somethingBroke && code <= 1014 || code >= 3000 && code <= 4999;
  return isCarried ? code : somethingBroke;
}
