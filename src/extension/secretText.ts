// Takes secrets out of text before people or logs see it: sentences from other programs may quote
// the address they called, and that address carries the workspace's token.

/** The text with each secret, and everything that looks like an OpenAI key, replaced by "…". */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 0) shown = shown.replaceAll(secret, '…');
  return shown.replace(/\bsk-[A-Za-z0-9_-]{8,}/g, '…');
}

/** Shapes of secrets in command lines and what programs write; what stands in the first group is kept. */
const likely: readonly RegExp[] = [
  /\b((?:Bearer|Basic)\s+)[\w.~+/=-]{8,}/gi,
  /()\bsk-[\w-]{8,}/g,
  /()\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|npm_\w{16,})/g,
  /(--?(?:password|passwd|token|secret|api-?key)[= ]+)(?:"[^"]*"|'[^']*'|[^\s"']+)/gi,
  /\b(\w*(?:TOKEN|SECRET|PASSWORD|API_?KEY)\w*=)(?:"[^"]*"|'[^']*'|[^\s"']+)/gi,
  /(:\/\/[^/\s:@]{0,100}:)[^@\s/]{1,200}(?=@)/g,
];

/** The text with everything that has the shape of a secret replaced by "…". What has none of these shapes stays. */
export function hideLikelySecrets(text: string): string {
  return likely.reduce((shown, shape) => shown.replace(shape, '$1…'), text);
}
