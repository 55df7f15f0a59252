// Builds the command that runs mocha on TypeScript tests, and reads how many of them passed from the
// report that stageReporter.cjs writes. A run without a complete report never counts as a success.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { node24 } from './nodeVersion.mjs';

/** Longest time of a single test that sets no limit of its own. */
const testMsMax = 20_000;

/**
 * @param {{ root: string, files: string[], ignore?: string[], grep?: string, color?: boolean }} options `files` and `ignore` are globs; `color` is for a terminal at the other end of a pipe
 * @returns {{ command: string, args: string[], report: string }} ready for `runCommand`; `report` is where the counts will be
 */
export function mochaCommand({ root, files, ignore = [], grep, color = false }) {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-report-')), 'counts.json');
  return {
    command: node24(root),
    args: [
      '--disable-warning=ExperimentalWarning',
      path.join(root, 'node_modules/mocha/bin/mocha.js'),
      '--reporter', path.join(root, 'src/setup/stageReporter.cjs'),
      '--reporter-option', `report=${report}`,
      '--timeout', String(testMsMax),
      '--forbid-only', '--no-config', '--no-package', '--no-opts',
      ...ignore.flatMap((pattern) => ['--ignore', pattern]),
      ...(grep ? ['--grep', grep] : []), ...(color ? ['--color'] : []),
      ...files,
    ],
    report,
  };
}

/**
 * What a finished mocha run counted.
 * @param {{ report: string }} command what `mochaCommand` gave
 * @param {{ code: number, timedOut: boolean }} result what `runCommand` gave
 * @returns {{ passed: number, failed: number, skipped: number, failures?: string[], problem?: string }} `failures` are the
 *   failed tests, each with what it said; `problem` says what is wrong beyond them, and is then counted as one failure
 */
export function countOf({ report }, { code, timedOut }) {
  let counts;
  try {
    counts = JSON.parse(fs.readFileSync(report, 'utf8'));
  } catch {
    counts = undefined; // mocha ended before it could write; the sentences below say so
  }
  fs.rmSync(path.dirname(report), { recursive: true, force: true });
  const { passed = 0, failed = 0, skipped = 0, failures = [], ended = false, lingering = false } = counts ?? {};
  const problem = !counts ? 'the test run wrote no report: it ended before its first test'
    : lingering || (timedOut && ended) ? 'all tests ended, but something they started kept the run alive'
      : timedOut ? 'the test run took longer than its limit and was ended'
        : !ended ? 'the test run stopped before its last test'
          : passed + failed + skipped === 0 ? 'no test ran'
            : code !== 0 && failed === 0 ? `the test run ended with code ${code} although no test failed` : undefined;
  return { passed, failed: failed + (problem ? 1 : 0), skipped, ...(failures.length > 0 ? { failures } : {}), ...(problem ? { problem } : {}) };
}
