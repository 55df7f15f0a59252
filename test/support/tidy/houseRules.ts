// The house rules that look at one file at a time: its name, its size, how it opens, what it may
// call. Each rule gives findings as sentences; none of them changes a file.
import type { SourceFile } from './sourceFiles.ts';
import { importsOf } from './sourceFiles.ts';

/** A broken rule, as "path: sentence". */
export type Finding = string;

/** A rule over one file. */
export type FileRule = (file: SourceFile) => readonly Finding[];

/** The longest file that is allowed. */
export const linesMax = 300;

const bannedNames = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'manager', 'service', 'impl', 'types', 'index', 'misc']);

/**
 * Files that put a process together: they hand the clock, timers, randomness and the console to
 * everything else, and are the only ones in src that may name them.
 */
export const compositionFiles: readonly RegExp[] = [
  /^src\/[a-z]+\/main\.ts$/,
  /^src\/webview\/sidebarMain\.ts$/,
  /^src\/broker\/(?:systemClock|ledgerMain)\.ts$/,
  /^src\/setup\//,
  /^src\/tour\//,
];

const isSource = (file: SourceFile) => /^(src|test)\/.*\.(ts|mts|mjs|cjs)$/.test(file.path);
const finding = (file: SourceFile, sentence: string): Finding => `${file.path}: ${sentence}`;

function matches(file: SourceFile, text: string, pattern: RegExp, sentence: (found: string) => string): Finding[] {
  const found = new Set([...text.matchAll(pattern)].map((match) => match[0].trim()));
  return [...found].map((what) => finding(file, sentence(what)));
}

/** At most `linesMax` lines. */
export const smallFile: FileRule = (file) => {
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
  return isSource(file) && lines > linesMax ? [finding(file, `has ${lines} lines; at most ${linesMax} are allowed`)] : [];
};

/** Names say what a file owns, in camelCase. */
export const goodName: FileRule = (file) => {
  if (!isSource(file)) return [];
  const name = file.path.split('/').at(-1)?.split('.')[0] ?? '';
  if (bannedNames.has(name.toLowerCase())) return [finding(file, `"${name}" does not say what the file owns`)];
  return /^[a-z][A-Za-z0-9]*$/.test(name) ? [] : [finding(file, 'the name is not camelCase')];
};

/** Every source file opens with a comment of at least a sentence. */
export const opensWithComment: FileRule = (file) => {
  if (!isSource(file)) return [];
  const opening = /^(?:#!.*\n)?((?:\/\/.*\n)+|\/\*[\s\S]*?\*\/)/.exec(file.text)?.[1] ?? '';
  return opening.length >= 40 ? [] : [finding(file, 'does not open with a comment that says what it owns')];
};

/** Exported functions and types of the product are documented. */
export const documentedExports: FileRule = (file) => {
  if (!/^src\/.*\.ts$/.test(file.path)) return [];
  const lines = file.text.split('\n');
  return lines.flatMap((line, index) => {
    const name = /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|interface|type|const) (\w+)/.exec(line)?.[1];
    if (name === undefined) return [];
    const before = lines[index - 1]?.trim() ?? '';
    return before.endsWith('*/') || before.startsWith('//') || isOverload(lines, index, name) ? [] : [finding(file, `${name} is exported without a comment that says what it is`)];
  });
};

/** The second and later signatures of one function share the first one's comment. */
function isOverload(lines: readonly string[], index: number, name: string): boolean {
  return new RegExp(`^export (?:async )?function ${name}\\b`).test(lines[index - 1] ?? '');
}

/** Clock, timers, randomness and console are passed in. */
export const passedIn: FileRule = (file) => {
  if (!file.path.startsWith('src/') || compositionFiles.some((pattern) => pattern.test(file.path))) return [];
  return matches(file, file.code, /\bDate\.now\b|\bnew Date\b(?!\()|\bnew Date\(\)|(?<![.\w$])(?:setTimeout|setInterval|setImmediate)\b(?!:)|\bMath\.random\b|(?<![.\w$])console\./g,
    (what) => `names ${what}, which is passed in by the composition file`);
};

/** Domain and protocol know no process, page or network. */
export const pure: FileRule = (file) => {
  if (!/^src\/(domain|protocol)\//.test(file.path)) return [];
  const foreign = importsOf(file).filter((line) => !line.specifier.startsWith('.') && !(file.path.startsWith('src/protocol/') && /^(?:zod(?:\/mini)?|@vscode\/l10n)$/.test(line.specifier)));
  return [
    ...foreign.map((line) => finding(file, `imports ${line.specifier}, which a pure file does not`)),
    ...matches(file, file.code, /(?<![.\w$])(?:process|globalThis|document|navigator|performance|crypto|Buffer|fetch)(?=[.(])/g, (what) => `uses ${what}, which a pure file does not`),
  ];
};

/** Only the extension's composition file loads the editor at run time. */
export const editorInOnePlace: FileRule = (file) => {
  if (!file.path.startsWith('src/') || file.path === 'src/extension/main.ts') return [];
  return importsOf(file).filter((line) => line.specifier === 'vscode' && !line.typeOnly).map(() => finding(file, 'loads vscode at run time; only src/extension/main.ts does'));
};

/** Certificates are always checked: nothing turns that off. Taking the variable away is welcome. */
export const checkedCertificates: FileRule = (file) => isSource(file)
  ? matches(file, file.code, new RegExp(['reject', 'Unauthorized|NODE_TLS_REJECT_', 'UNAUTHORIZED"?\\]?\\s*[:=]'].join(''), 'g'), (what) => `names ${what}`) : [];

/** No test is parked, none runs alone. */
export const everyTestRuns: FileRule = (file) => /^test\/.*\.(ts|mjs)$/.test(file.path)
  ? matches(file, file.code, /\b(?:describe|it|context|specify|suite|test|this)\.(?:only|skip)\(|(?<![.\w$])x(?:it|describe|context|specify)\(/g, (what) => `has ${what.slice(0, -1)}`) : [];

/** Work is done or written down as an issue, not left as a mark. */
export const noMarks: FileRule = (file) => isSource(file)
  ? matches(file, file.text, new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK', 'XX' + 'X'].join('|')})\\b`, 'g'), (what) => `holds the mark ${what}`) : [];

/** Nothing points at one person's computer. */
export const noMachinePaths: FileRule = (file) => {
  const everywhere = new RegExp(`/${'work'}/(?:main|shared|\\.)[\\w./-]*|/${'root'}/[\\w.]+`, 'g');
  const inProduct = /(?:\/home|\/Users)\/[a-z][\w-]*\/|[A-Z]:\\\\Users\\\\\w+/g;
  return [
    ...matches(file, file.text, everywhere, (what) => `names the path ${what} of one computer`),
    ...(file.path.startsWith('src/') ? matches(file, file.text, inProduct, (what) => `names the path ${what} of one computer`) : []),
  ];
};

/** Exports have names. */
export const namedExports: FileRule = (file) => isSource(file) && /(?:^|[;}\n])export default\b|\bexport\{[^}]*\bas default\b/.test(file.code)
  ? [finding(file, 'has a default export')] : [];

/** A file exports what it owns, not what others own. */
export const noBarrels: FileRule = (file) => importsOf(file).filter((line) => line.reExport && isSource(file))
  .map((line) => finding(file, `re-exports ${line.specifier}`));

/** All rules over one file, by name. */
export const fileRules: Readonly<Record<string, FileRule>> = {
  smallFile, goodName, opensWithComment, documentedExports, passedIn, pure, editorInOnePlace,
  checkedCertificates, everyTestRuns, noMarks, noMachinePaths, namedExports, noBarrels,
};
