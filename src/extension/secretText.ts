// Takes secrets out of text before people or logs see it: sentences from other programs may quote
// the address they called, and that address carries the workspace's token.

/** The text with each secret, and everything that looks like an OpenAI key, replaced by "…". */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 0) shown = shown.replaceAll(secret, '…');
  return shown.replace(/\bsk-[A-Za-z0-9_-]{8,}/g, '…');
}
