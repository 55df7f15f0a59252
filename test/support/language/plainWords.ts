// The words of the sources that are not translated: texts in quotes and templates outside of the calls that translate. They
// tell whose words a test found on a page.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

interface Node { readonly type: string; readonly [key: string]: unknown }

/** Texts of a file that no call of `t` or `plural` translates. */
function plainTexts(file: string, text: string): string[] {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    const node = value as Node | null;
    if (typeof node !== 'object' || node === null) return;
    if (node.type === 'CallExpression' && ['t', 'plural'].includes(String((node['callee'] as { name?: string }).name))) return walk((node['arguments'] as readonly unknown[]).filter((one) => (one as Node).type !== 'Literal'));
    if (node.type === 'Literal' && typeof node['value'] === 'string') texts.push(node['value']);
    if (node.type === 'TemplateElement') texts.push((node['value'] as { readonly cooked: string }).cooked.replaceAll(/\s+/g, ' '));
    Object.values(node).forEach(walk);
  };
  walk(parseSync(file, text).program);
  return texts;
}

/** Reads the sources of folders, and gives the files that may have said something. */
export async function speakers(root: string, folders: readonly string[]): Promise<(piece: string) => readonly string[]> {
  const files = (await Promise.all(folders.map(async (folder) => (await readdir(path.join(root, folder))).filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`)))).flat();
  const all = await Promise.all(files.map(async (file) => [file, plainTexts(file, await readFile(path.join(root, file), 'utf8'))] as const));
  return (piece) => all.filter(([, texts]) => texts.some((text) => text.includes(piece))).map(([file]) => file);
}
