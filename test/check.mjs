// The quick checks of the repository: types, lint with type information, and the house rules.
// It changes nothing and never stops at the first finding, so that one run shows everything.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rerunUnderNode24 } from '../src/setup/nodeVersion.mjs';
import { countOf, mochaCommand } from '../src/setup/mochaCommand.mjs';
import { runCommand } from '../src/setup/runCommand.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Longest time that one check may take. */
const checkMsMax = 180_000;

async function main() {
  const { values } = parseArgs({ options: { report: { type: 'string' } } });
  const bin = path.join(root, 'node_modules');
  const checks = [
    { name: 'types (tsc)', args: [path.join(bin, 'typescript/bin/tsc'), '-p', root] },
    // Warnings count as errors: a warning that may stay is a rule that should go.
    { name: 'lint (oxlint with types)', args: [path.join(bin, 'oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
  ];
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) {
    const result = await runCommand({ command: process.execPath, args: check.args, cwd: root, timeMsMax: checkMsMax, capture: true });
    if (result.code === 0) {
      total.passed += 1;
      console.log(`  ok ${check.name}`);
    } else {
      total.failed += 1;
      console.log(`  FAILED ${check.name}\n${result.output.trimEnd()}\n`);
    }
  }
  const tidy = mochaCommand({ root, files: ['test/tidy.test.ts'] });
  const result = await runCommand({ ...tidy, cwd: root, timeMsMax: checkMsMax });
  const count = countOf(tidy, result);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  if (count.problem) console.log(`  FAILED ${count.problem}`);
  if (values.report) fs.writeFileSync(values.report, JSON.stringify({ ...total, ended: true }));
  return total.failed + total.skipped === 0 ? 0 : 1;
}

try {
  if (!await rerunUnderNode24(root)) process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
