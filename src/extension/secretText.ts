// Takes secrets out of text before people or logs see it: sentences from other programs may quote
// the address they called, and that address carries the workspace's token.

/** The text with each secret, and everything that looks like an OpenAI key, replaced by "…". */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 0) shown = shown.replaceAll(secret, '…');
  return shown.replace(/\bsk-[A-Za-z0-9_-]{8,}/g, '…');
}

/** How a secret looks where nobody knows it; what stands in the first group is no secret. */
const looks: readonly RegExp[] = [
  /\b((?:Bearer|Basic)\s+)[\w.~+/=-]{8,}/gi,
  /()\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|npm_[A-Za-z0-9]{16,})/g,
  /(--(?:[a-z]+-)*(?:password|passwd|token|secret|api-key)(?:=|[ ]{1,9}(?![- ])))(?:"[^"\n]*"|'[^'\n]*'|["']?[^\s"']+)/gi,
  /\b(\w{0,60}(?:TOKEN|SECRET|PASSWORD|API_?KEY)\w{0,60}=)(?:"[^"\n]*"|'[^'\n]*'|[^\s"']+)/gi,
  /(:\/\/[^\s/:@]*:)[^\s/]+(?=@)/g,
];

/** The text with everything replaced by "…" that looks like a key, a token or a password, also of others than OpenAI. */
export function hideSecretLooks(text: string): string {
  return looks.reduce((shown, look) => shown.replace(look, '$1…'), hideSecrets(text, []));
}
