// Reads the repository's own source files for the house rules. It looks only at what a clone would
// hold: nothing that was installed, built or left by a test run.
import fs from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';

/** A file as the rules see it. */
export interface SourceFile {
  /** Path from the top of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** What runs: the text without comments and types. Empty for files that are not code. */
  readonly code: string;
}

/** Folders that no clone holds; the same as in .gitignore. */
export const unversioned = ['node_modules', 'dist', '.cache', 'test-output', '.git'];

const codeEndings = /\.(ts|mts|mjs|cjs)$/;
const textEndings = /\.(ts|mts|mjs|cjs|json|md|css|html|svg|yml|sh)$/;

/** Makes a file from its text; used by the reader and by samples that prove the rules. */
export async function sourceFile(filePath: string, text: string): Promise<SourceFile> {
  if (!codeEndings.test(filePath) || filePath.endsWith('.d.mts') || filePath.endsWith('.d.ts')) return { path: filePath, text, code: '' };
  const { code } = await transform(text, {
    loader: /\.m?ts$/.test(filePath) ? 'ts' : 'js',
    legalComments: 'none',
    minifyWhitespace: true,
    charset: 'utf8',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    sourcefile: filePath,
  });
  return { path: filePath, text, code };
}

/** All text files under `root`, in a stable order. */
export async function readRepository(root: string): Promise<readonly SourceFile[]> {
  const paths = namesUnder(root, '').filter((name) => (textEndings.test(name) || name === '.ci/run') && name !== 'package-lock.json').sort();
  return Promise.all(paths.map((name) => sourceFile(name, fs.readFileSync(path.join(root, name), 'utf8'))));
}

/** Walks only into folders that a clone holds; the others can be large. */
function namesUnder(root: string, folder: string): string[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return unversioned.includes(entry.name) ? [] : namesUnder(root, name);
    return entry.isFile() ? [name] : [];
  });
}

/** One import as written: the specifier, and whether it is gone at run time. */
export interface ImportLine {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly reExport: boolean;
}

/** The static and dynamic imports of a file with literal specifiers. */
export function importsOf(file: SourceFile): readonly ImportLine[] {
  const lines: ImportLine[] = [];
  for (const match of file.text.matchAll(/^(import|export)\b(\s+type\b(?!\s*[,}]|\s+from))?[^'";=()]*?\bfrom\s*'([^']+)'/gm)) {
    lines.push({ specifier: match[3] ?? '', typeOnly: match[2] !== undefined, reExport: match[1] === 'export' });
  }
  for (const match of file.text.matchAll(/^import\s*'([^']+)'/gm)) lines.push({ specifier: match[1] ?? '', typeOnly: false, reExport: false });
  for (const match of file.code.matchAll(/\b(?:import|require)\("([^"]+)"\)/g)) lines.push({ specifier: match[1] ?? '', typeOnly: false, reExport: false });
  return lines;
}

/** The repository path that a relative import names; undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}
