// Takes secrets out of text before people or logs see it: sentences from other programs may quote
// the address they called, and that address carries the workspace's token.

/** The text with each secret, and everything that looks like an OpenAI key, replaced by "…". */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 0) shown = shown.replaceAll(secret, '…');
  return shown.replace(/\bsk-[A-Za-z0-9_-]{8,}/g, '…');
}

/** How a secret looks where nobody knows it, and what is left of it. */
const looks: readonly (readonly [look: RegExp, rest: string])[] = [
  [/\b(Bearer\s+)[\w.~+/=-]{8,}/gi, '$1…'],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})/g, '…'],
  [/(--(?:[a-z]+-)*(?:password|token|secret|api-key)=)(?:"[^"\n]*"|'[^'\n]*'|["']?[^\s"']+)/gi, '$1…'],
  [/(:\/\/[^\s/:@]*:)[^\s/]+(?=@)/g, '$1…'],
];

/** The text with everything replaced by "…" that looks like a key, a token or a password, also of others than OpenAI. */
export function hideSecretLooks(text: string): string {
  return looks.reduce((shown, [look, rest]) => shown.replace(look, rest), hideSecrets(text, []));
}
