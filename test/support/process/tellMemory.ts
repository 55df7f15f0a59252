// Loaded into a broker under test with `--import`: on SIGUSR2 it collects the garbage and writes how many bytes are
// alive, buffers included, into the file that CODEX_BROKER_TEST_MEMORY names. It changes nothing else.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const file = process.env['CODEX_BROKER_TEST_MEMORY'];
if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    // Renamed into place, so that nobody reads half of it.
    writeFileSync(`${file}.new`, String(heapUsed + external));
    renameSync(`${file}.new`, file);
  });
}
