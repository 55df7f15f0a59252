// The manifest's texts: in package.json they are keys, `%command.topUp%`, whose words stand in package.nls.json and for
// each other language in a file beside it. VS Code puts them in wherever they stand:
// https://github.com/microsoft/vscode/blob/main/src/vs/platform/extensionManagement/common/extensionNls.ts

/** The fields whose texts people read. Names of products, ids and clauses are not among them. */
const readFields: ReadonlySet<string> = new Set(['title', 'category', 'contents', 'description', 'markdownDescription', 'deprecationMessage', 'markdownDeprecationMessage', 'errorMessage', 'patternErrorMessage', 'placeholder', 'label', 'enumItemLabels', 'enumDescriptions', 'markdownEnumDescriptions']);
/** Below `contributes` a name is a view's; above it is the package's. */
const isRead = (field: string, path: string) => readFields.has(field) || field === 'name' && path.startsWith('contributes.');

const keyIn = (text: string) => /^%(.+)%$/.exec(text)?.[1];

interface Text { readonly path: string; readonly field: string; readonly text: string }

function textsOf(value: unknown, field: string, path: string): readonly Text[] {
  if (typeof value === 'string') return [{ path, field, text: value }];
  if (Array.isArray(value)) return value.flatMap((each: unknown, index) => textsOf(each, field, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => textsOf(each, name, path === '' ? name : `${path}.${name}`));
}

/** The manifest as people read it. A key without words stays what it is, as in VS Code. */
export function withWords(value: unknown, words: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return words[keyIn(value) ?? ''] ?? value;
  if (Array.isArray(value)) return value.map((each) => withWords(each, words));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withWords(each, words)]));
}

/** The keys that a manifest asks for. */
export function wordKeys(manifest: unknown): readonly string[] {
  return textsOf(manifest, '', '').flatMap(({ text }) => keyIn(text) ?? []);
}

/** Where people would read a text that has no key, so that it cannot be translated. */
export function plainTexts(manifest: unknown): readonly string[] {
  return textsOf(manifest, '', '').filter(({ field, path, text }) => isRead(field, path) && keyIn(text) === undefined).map(({ path }) => path);
}

/** What of a text a translation must keep as it is: commands that it links to, and code. */
export function fixedParts(text: string): readonly string[] {
  return [...text.matchAll(/\]\([^)]*\)|`[^`]*`|\*\*|\n/g)].map(([part]) => part).sort();
}
