// The dashboard as two scripts: what every opening needs, and the other pages, which come when somebody opens one.
// esbuild puts what both need into a third file, which every opening would have to ask for as well. Here that one is
// joined with the first, and the second imports from it.
import path from 'node:path';

/** The file in which esbuild puts what is needed by more than one. */
const sharedFile = 'chunk.js';

/**
 * Builds the page in memory.
 * @param {typeof import('esbuild').build} build
 * @param {import('esbuild').BuildOptions & { outfile: string, outdir?: never }} options the first script's, as for a bundle of its own
 * @param {string} otherFile name of the second script, which is that of its entry
 * @returns {Promise<{ files: { path: string, text: string }[], warnings: import('esbuild').Message[], metafile: import('esbuild').Metafile }>}
 *   scripts and styles; the metafile tells which sources stand in which script before what is shared was joined
 */
export async function buildPage(build, { outfile, ...options }, otherFile) {
  const ownFile = path.basename(outfile);
  const split = await build({
    ...options, entryPoints: { [path.parse(ownFile).name]: options.entryPoints[0] }, outdir: path.dirname(outfile),
    format: 'esm', splitting: true, chunkNames: '[name]', write: false, metafile: true,
  });
  const texts = new Map(split.outputFiles.map((file) => [path.basename(file.path), file.text]));
  const scripts = [...texts.keys()].filter((name) => name.endsWith('.js')).sort();
  if (scripts.join() !== [ownFile, sharedFile, otherFile].sort().join()) throw new Error(`The page was split into ${scripts.join(', ')}, and not into itself, its other pages and what they share.`);

  const joined = await build({
    ...options, entryPoints: undefined, plugins: [fromMemory(texts)], external: [`./${otherFile}`], format: 'esm', write: false, metafile: false,
    stdin: { contents: `export * from './${sharedFile}'; import './${ownFile}';` },
  });
  texts.set(ownFile, joined.outputFiles[0].text);
  texts.set(otherFile, texts.get(otherFile).replaceAll(`"./${sharedFile}"`, `"./${ownFile}"`));
  texts.delete(sharedFile);
  const folder = path.dirname(outfile);
  return { files: [...texts].map(([name, text]) => ({ path: path.join(folder, name), text })), warnings: [...split.warnings, ...joined.warnings], metafile: split.metafile };
}

/** Gives esbuild what it wrote before. */
function fromMemory(texts) {
  return {
    name: 'from-memory',
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path: name }) => (texts.has(path.basename(name)) && !build.initialOptions.external.includes(name) ? { path: path.basename(name), namespace: 'written' } : undefined));
      build.onLoad({ filter: /.*/, namespace: 'written' }, ({ path: name }) => ({ contents: texts.get(name), loader: 'js' }));
    },
  };
}
