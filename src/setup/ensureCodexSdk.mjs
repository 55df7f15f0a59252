// Gets OpenAI's codex-sdk with the Codex that it pins, a second version beside the project's own, once, into a
// cache folder for the long test run. With its programs it is 400 MB, too much for everybody's `npm ci`.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from './ensureInstalled.mjs';

const version = '0.163.0';
const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../.cache/codex-sdk');
const stamp = path.join(folder, 'installed.json');

/** Its version, where it begins, and how to get it. */
export const codexSdk = {
  version,
  /** The module to import, once it was installed. */
  entry: () => path.join(folder, 'node_modules/@openai/codex-sdk/dist/index.js'),
  /**
   * Installs it when it is not there. An interrupted installation is simply made again.
   * @param {{ say: (line: string) => void }} options
   * @returns {Promise<void>} rejects with a sentence when it cannot be had
   */
  ensure: async ({ say }) => {
    if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === version) return;
    say(`Installing @openai/codex-sdk ${version} with its own Codex (400 MB, about a minute).`);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'codex-sdk-for-tests', private: true, dependencies: { '@openai/codex-sdk': version } }));
    const { code, output } = await runNpm(['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
    if (code !== 0) throw new Error(`@openai/codex-sdk ${version} could not be installed (npm ended with ${code}), so the long run cannot test the second Codex. Check the network and try again.\n${output.trim().slice(-2_000)}`);
    fs.writeFileSync(stamp, version);
  },
};
