// Recognises a prompt that asks for a file to be written, such as "create hello.txt with the text hi",
// and says which file and what goes into it. Only plain relative paths are recognised: practice mode
// never writes outside the folder that it was asked in.

/** A file that the prompt asks for. */
export interface FileTask {
  /** Relative path with forward slashes; letters, digits, `.`, `_`, `-` only. */
  readonly path: string;
  /** Whole content for `create`, the lines to add for `append`; ends with a line break. */
  readonly content: string;
  /** `append` where an existing file is to change: practice mode adds, it never rewrites. */
  readonly mode: 'create' | 'append';
}

/** Prompts beyond this are documents, not a wish for one file. */
const promptCharactersMax = 4000;
const contentCharactersMax = 2000;

const verb = /\b(create|write|make|save|generate|add|append|edit|update|change|modify|extend|put)\b/i;
const appendVerbs = new Set(['add', 'append', 'edit', 'update', 'change', 'modify', 'extend']);
const fileName = /(?<![\w./\\:~-])((?:[A-Za-z0-9_][\w.-]*\/)*[A-Za-z0-9_][\w-]*(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,9})(?![\w/\\])/g;
const notFiles = /^(e\.g|i\.e|etc\.)/i;
/** Words between the verb and the file: "create a new file called hello.txt". */
const distanceCharactersMax = 60;

/** Finds the file that a prompt asks for; undefined when it asks for none. */
export function findFileTask(prompt: string): FileTask | undefined {
  if (prompt.length > promptCharactersMax) return undefined;
  const found = verb.exec(prompt);
  if (!found) return undefined;
  const from = found.index + found[0].length;
  fileName.lastIndex = from;
  for (let match = fileName.exec(prompt); match; match = fileName.exec(prompt)) {
    const path = match[1];
    if (!path || notFiles.test(path) || path.split('/').some((part) => part === '..' || part === '.git')) continue;
    const between = prompt.slice(from, match.index);
    const appends = appendVerbs.has(found[0].toLowerCase()) && !/\bnew\b|\bfile (called|named)\b/i.test(between);
    // "add the line hello to notes.md" names the content before the file and may be long.
    if (between.length > (appends ? contentCharactersMax : distanceCharactersMax) || /[\n]/.test(between)) return undefined;
    const asked = contentAfter(prompt.slice(match.index + path.length)) ?? (appends ? contentBetween(between) : undefined);
    const content = asked ?? note(path, prompt, appends);
    if (content === undefined) return undefined;
    return { path, content: content.endsWith('\n') ? content : `${content}\n`, mode: appends ? 'append' : 'create' };
  }
  return undefined;
}

const introduction = /^\s*[`"']?\s*[,:]?\s*(?:(?:with|containing|contains|having|that says|that contains|saying|whose content is)\b)\s*(?:(?:the|a|an|this|following|exact|single|its)\s+)*(?:(?:text|content|contents|line|lines|word|words|string|body|of|is)\b\s*)*[:=]?\s*/i;

/** "with the text hi", "containing `x`", ": x", or a fenced block. */
function contentAfter(rest: string): string | undefined {
  const fenced = /```[^\n]*\n([\s\S]*?)\n?```/.exec(rest);
  if (fenced?.[1] !== undefined) return fenced[1].slice(0, contentCharactersMax);
  const introduced = introduction.exec(rest);
  if (!introduced) return undefined;
  return unquoted(rest.slice(introduced[0].length));
}

/** "the line X to" in "add the line X to notes.md". */
function contentBetween(between: string): string | undefined {
  const match = /^\s*(?:(?:the|a|an|this)\s+)?(?:(?:text|line|words?|sentence)\s+)?(.+?)\s+(?:to|in|into|at the end of)\s+(?:the\s+)?(?:file\s+)?[`"']?$/i.exec(between);
  return match?.[1] ? unquoted(match[1]) : undefined;
}

const slashComments = new Set(['ts', 'tsx', 'js', 'jsx', 'mjs', 'cjs', 'mts', 'cts', 'c', 'h', 'cc', 'cpp', 'cs', 'java', 'kt', 'go', 'rs', 'swift', 'php', 'scss']);
const hashComments = new Set(['py', 'rb', 'sh', 'bash', 'zsh', 'pl', 'r', 'yml', 'yaml', 'toml', 'tf', 'ps1', 'mk']);
const prose = new Set(['md', 'txt', 'rst', 'adoc', 'log']);

/**
 * What goes into a file for which no content was named: prose, or a comment that leaves code as valid
 * as it was. Undefined where neither fits an existing file.
 */
function note(path: string, prompt: string, appends: boolean): string | undefined {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const asked = prompt.trim().replace(/\s+/g, ' ').slice(0, 200);
  if (slashComments.has(extension)) return `// Written in practice mode, because it was asked: ${asked}`;
  if (hashComments.has(extension)) return `# Written in practice mode, because it was asked: ${asked}`;
  if (prose.has(extension)) return `Written in practice mode, because it was asked:\n\n${asked}`;
  if (appends) return undefined;
  return extension === 'json' ? JSON.stringify({ practiceMode: asked }) : '';
}

function unquoted(text: string): string | undefined {
  const trimmed = text.trim();
  const quoted = /^(["'`“‘])([\s\S]*?)["'`”’](?=$|[\s.,;!?])/.exec(trimmed);
  const content = quoted?.[2] ?? trimmed.replace(/[.!?]$/, '');
  return content === '' ? undefined : content.slice(0, contentCharactersMax);
}
