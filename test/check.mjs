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
  const failures = [];
  const tidy = mochaCommand({ root, files: ['test/tidy.test.ts'] });
  // All at once: none of them keeps two processors busy.
  const [house, ...results] = await Promise.all([tidy, ...checks.map(({ args }) => ({ command: process.execPath, args }))]
    .map((command) => runCommand({ ...command, cwd: root, timeMsMax: checkMsMax, capture: true })));
  for (const [index, { name }] of checks.entries()) {
    const { code, output } = results[index];
    total[code === 0 ? 'passed' : 'failed'] += 1;
    if (code !== 0) failures.push(`${name}: ${output.trim().slice(0, 600)}`);
    console.log(code === 0 ? `  ok ${name}` : `  FAILED ${name}\n${output.trimEnd()}\n`);
  }
  console.log(house.output);
  const count = countOf(tidy, house);
  for (const key of ['passed', 'failed', 'skipped']) total[key] += count[key];
  failures.push(...count.failures ?? [], ...count.problem ? [count.problem] : []);
  if (count.problem) console.log(`  FAILED ${count.problem}`);
  if (values.report) fs.writeFileSync(values.report, JSON.stringify({ ...total, failures, ended: true }));
  return total.failed + total.skipped === 0 ? 0 : 1;
}

try {
  if (!await rerunUnderNode24(root)) process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
