// Makes text from outside safe inside a MarkdownString and inside a message: names of models and workspaces, notes
// and error sentences can never become links, images, icons, tables or HTML.

const charactersMaxDefault = 80;

/**
 * Escapes text for markdown. Every ASCII mark becomes a character reference, which no rule of
 * markdown, GitHub autolinks or VS Code's `$(icon)` reads; invisible and direction-changing
 * characters are dropped; long text is cut.
 */
export function plain(text: string, charactersMax = charactersMaxDefault): string {
  const visible = Array.from(text.replace(/\s+/gu, ' ')).filter((character) => !/\p{C}/u.test(character));
  const kept = visible.length > charactersMax ? [...visible.slice(0, charactersMax - 1), '…'] : visible;
  return kept.map((character) => (/[!-/:-@[-`{-~]/.test(character) ? `&#${character.charCodeAt(0)};` : character)).join('');
}

/**
 * Text for a message of the editor, which makes `[words](command:…)` a link that runs the command at a click:
 * https://github.com/microsoft/vscode/blob/main/src/vs/base/common/linkedText.ts. Nothing else in it is marked up.
 */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', '] (');
}

/** A link that runs a command with arguments. The command must be among the string's trusted ones. */
export function commandLink(label: string, command: string, ...values: readonly string[]): string {
  const query = values.length === 0 ? '' : `?${encodeURIComponent(JSON.stringify(values)).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)}`;
  return `[${plain(label)}](command:${command}${query})`;
}
