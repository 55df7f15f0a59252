// Collects the licence texts of every package whose code is inside the bundles, as their licences
// ask. It reads what esbuild says it bundled and never guesses: a package without a licence is an error.
import fs from 'node:fs';
import path from 'node:path';

/**
 * The text of ThirdPartyNotices.txt.
 * @param {string} root folder of package.json
 * @param {{ inputs: Record<string, unknown> }[]} metafiles esbuild's lists of what went in
 * @returns {string}
 */
export function thirdPartyNotices(root, metafiles) {
  const folders = new Set(['node_modules/keytar', 'node_modules/@vscode/codicons']);
  for (const metafile of metafiles) {
    for (const input of Object.keys(metafile.inputs)) {
      const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
      if (match) folders.add(match[0]);
    }
  }
  const sections = [...folders].sort().map((folder) => section(root, folder));
  return `Codex Usage Broker contains the following packages under their own licences.\n\n${sections.join('\n')}`;
}

function section(root, folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  const file = fs.readdirSync(path.join(root, folder)).filter((name) => /^(licen[cs]e|copying)/i.test(name)).sort()[0];
  if (!file && !manifest.license) throw new Error(`${manifest.name} names no licence, so it cannot be shipped.`);
  // Some packages ship only the name of their licence; the name is then all there is to repeat.
  const text = file ? fs.readFileSync(path.join(root, folder, file), 'utf8').trim() : `Licence: ${manifest.license}`;
  return `${'-'.repeat(78)}\n${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})\n\n${text}\n`;
}
