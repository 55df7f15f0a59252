// The house rules that need more than one file: which folder may import which, no import cycles, of types neither, what
// lies at the top of the repository, and that every dependency is argued for.
import type { Finding } from './houseRules.ts';
import type { SourceFile } from './sourceFiles.ts';
import { importsOf, resolveImport } from './sourceFiles.ts';

/** What each folder of src may import from. Setup and tour meet the product only as built files. */
const allowedFolders: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  protocol: ['protocol', 'domain'],
  broker: ['broker', 'protocol', 'domain'],
  extension: ['extension', 'protocol', 'domain'],
  webview: ['webview', 'protocol', 'domain'],
  sandbox: ['sandbox', 'protocol', 'domain'],
  setup: ['setup', 'tour'],
  tour: ['tour', 'setup'],
};

/** What may lie at the top of the repository. */
export const topLevel: readonly string[] = [
  '.ci', '.gitignore', '.oxlintrc.json', '.vscodeignore', 'ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md',
  'esbuild.mjs', 'l10n', 'media', 'package-lock.json', 'package.json', 'package.nls.de.json', 'package.nls.json', 'src', 'test', 'tsconfig.json',
];

const folderOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1];

/** Imports, type imports included, go only in the agreed direction. */
export function direction(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap((file) => {
    const folder = folderOf(file.path);
    if (folder === undefined) return [];
    const allowed = allowedFolders[folder];
    if (!allowed) return [`${file.path}: src/${folder} is not one of the agreed folders`];
    return importsOf(file).flatMap(({ specifier }) => {
      if (folder === 'webview' && specifier.startsWith('node:')) return [`${file.path}: the page imports ${specifier}`];
      const target = resolveImport(file.path, specifier);
      if (target === undefined) return [];
      const targetFolder = folderOf(target);
      if (targetFolder === undefined) return [`${file.path}: imports ${target}, which is outside src`];
      return allowed.includes(targetFolder) ? [] : [`${file.path}: ${folder} imports ${targetFolder} (${target})`];
    });
  });
}

/** No file imports itself at run time, over however many others. Each cycle is told once. */
export function cycles(files: readonly SourceFile[]): readonly Finding[] {
  const edges = new Map(files.map((file) => [file.path, importsOf(file)
    .map((line) => resolveImport(file.path, line.specifier))
    .filter((target) => target !== undefined)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: Finding[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) walk(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

/** Only the agreed names lie at the top. */
export function tidyTop(names: readonly string[]): readonly Finding[] {
  return names.filter((name) => !topLevel.includes(name)).map((name) => `${name} lies at the top of the repository`);
}

/** Every dependency is named, as code, in ARCHITECTURE.md, with the reason why it is there. */
export function arguedDependencies(manifest: string, architecture: string | undefined): readonly Finding[] {
  if (architecture === undefined) return ['ARCHITECTURE.md does not exist'];
  const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
  return Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !architecture.includes(`\`${name}\``))
    .map((name) => `ARCHITECTURE.md does not say why \`${name}\` is there`);
}
