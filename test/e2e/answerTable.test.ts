// The real Codex CLI meets each answer of an upstream twice: straight, and through the broker. The exit code,
// the messages, the deeds and the last complaint are the same, and the upstream gets no more requests. Where the
// broker does better, the row says how and why. The long run plays more rows, and all of them with the
// second Codex that OpenAI's codex-sdk brings, through that SDK.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { codexSdk } from '../../src/setup/ensureCodexSdk.mjs';
import { codexRows } from '../support/process/answerRows.ts';
import { deedsOf, makeCodexHome, runCodex } from '../support/process/codexBench.ts';
import type { CodexRun } from '../support/process/codexBench.ts';
import { runCodexSdk } from '../support/process/codexSdkRun.ts';
import { compareWays, pairKey, plainWords, playPair } from '../support/process/pairedUpstreams.ts';
import { callBroker } from '../support/process/workbench.ts';

const isLong = process.env['CODEX_BROKER_TEST_LONG'] === '1';
const rows = codexRows.filter((row) => isLong || row.isLong !== true);

function place(folder: string, name: string): [string, string] {
  const work = path.join(folder, name, 'work');
  mkdirSync(work, { recursive: true });
  return [makeCodexHome(path.join(folder, name)), work];
}

/** What a run came to. What it reconnected for on the way is not compared: the broker waits that out unseen. */
function cameTo(run: CodexRun) {
  return { code: run.code, lastMessage: run.lastMessage, deeds: deedsOf(run), complaint: run.code === 0 ? '' : plainWords(run.complaints.at(-1) ?? '') };
}

describe('an answer of the upstream, for Codex', function () {
  this.timeout(180_000);
  for (const row of rows) {
    it(row.better ? `${row.name}: ${row.better.why}` : row.name, async () => {
      const played = await playPair(row,
        async ({ folder, straight }) => cameTo(await runCodex({ baseUrl: straight, apiKey: pairKey }, ...place(folder, 'direct'), ['say hi'])),
        async ({ folder, broker }) => cameTo(await runCodex({ dataDir: broker.dataDir }, ...place(folder, 'broker'), ['say hi'])));
      compareWays(row, played, (run) => ({ well: run.code === 0 && run.lastMessage.includes('say hi'), words: run.complaint }));
    });
  }
});

if (isLong) {
  describe(`an answer of the upstream, for codex-sdk ${codexSdk.version} with the Codex that it brings`, function () {
    this.timeout(240_000);
    before(function () {
      this.timeout(600_000);
      return codexSdk.ensure({ say: (line: string) => console.log(`      ${line}`) });
    });
    for (const row of rows) {
      it(row.better ? `${row.name}: ${row.better.why}` : row.name, async () => {
        const plain = ({ said, error }: { said: string; error: string }) => ({ said, error: plainWords(error) });
        const played = await playPair(row,
          async ({ folder, straight }) => plain(await runCodexSdk({ baseUrl: straight, apiKey: pairKey }, ...place(folder, 'direct'), 'say hi')),
          async ({ folder, broker }) => {
            const [home, work] = place(folder, 'broker');
            const { token } = await callBroker(broker, 'token', { workspacePath: work });
            return plain(await runCodexSdk({ baseUrl: `${broker.url}/w/${token}/v1`, apiKey: 'not-used' }, home, work, 'say hi'));
          });
        compareWays(row, played, (run) => ({ well: run.error === '' && run.said.includes('say hi'), words: run.error }));
      });
    }
  });
}
