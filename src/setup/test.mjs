// "npm test": makes a fresh clone ready, builds the product, runs every stage and counts every test.
// It goes on after a failed stage, never skips one in silence, and its last line is the result.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './ensureInstalled.mjs';
import { ensureSystem } from './ensureSystem.mjs';
import { ensureVsCode } from './ensureVsCode.mjs';
import { rerunUnderNode24 } from './nodeVersion.mjs';
import { mochaCommand, countOf } from './mochaCommand.mjs';
import { runCommand } from './runCommand.mjs';
import { longFactor, longVariable, stages } from './stages.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const say = (line) => console.log(line);

/** Longest time that a build may take. */
const buildMsMax = 180_000;

const usage = `Usage: npm test -- [--long] [--only STAGE[,STAGE]] [--grep TEXT] [--no-build]

  --long      more kills, more seeds, more cut offsets
  --only      these stages alone: ${stages.map((stage) => stage.name).join(', ')}
  --grep      only tests whose name holds TEXT
  --no-build  use the build that is there
`;

/** What a person asked for, or undefined after telling what was wrong with it. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        long: { type: 'boolean', default: false }, only: { type: 'string' }, grep: { type: 'string' },
        'no-build': { type: 'boolean', default: false },
      },
    });
    const only = values.only?.split(',');
    const unknown = only?.find((name) => !stages.some((stage) => stage.name === name));
    if (unknown !== undefined) throw new Error(`There is no stage "${unknown}".`);
    return { ...values, chosen: stages.filter((stage) => !only || only.includes(stage.name)) };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return undefined;
  }
}

/** Hundreds of short programs are started, so each stage keeps what Node compiled for the next one (https://nodejs.org/api/module.html#module-compile-cache). */
const compileCache = path.join(root, '.cache/compiled');

/** Runs one stage and gives its counts. */
async function runStage(stage, { long, grep, vsCode }) {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, ...(long ? { [longVariable]: '1' } : {}) };
  const timeMsMax = stage.timeMsMax * (long ? longFactor : 1);
  if (stage.needsVsCode) {
    const ready = await vsCode;
    if (ready.problem) return { passed: 0, failed: 1, skipped: 0, problem: ready.problem };
  }
  if (stage.script) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-report-'));
    const report = path.join(folder, 'counts.json');
    const result = await runCommand({ command: process.execPath, args: [path.join(root, stage.script), '--report', report], cwd: root, env, timeMsMax });
    return countOf({ report }, { ...result, code: 0 });
  }
  const empty = stage.folders.filter((folder) => !hasTests(path.join(root, folder)));
  if (empty.length === stage.folders.length) return { passed: 0, failed: 1, skipped: 0, problem: `no test file in ${empty.join(', ')}` };
  const count = await runFiles(stage, { grep, env, timeMsMax });
  if (empty.length === 0) return count;
  return { ...count, failed: count.failed + 1, problem: [count.problem, `no test file in ${empty.join(', ')}`].filter(Boolean).join('; ') };
}

/** Runs the files of a stage, those that may run beside the others in a second process; its output follows when all is over. */
async function runFiles(stage, { grep, env, timeMsMax }) {
  const all = stage.folders.map((folder) => `${folder}/**/*.test.ts`);
  const { ignore = [], beside = [] } = stage;
  const shares = beside.length === 0 || grep ? [{ files: all, ignore }] : [{ files: all, ignore: [...ignore, ...beside] }, { files: beside, ignore }];
  const counts = await Promise.all(shares.map(async ({ files, ignore: left }, index) => {
    const command = mochaCommand({ root, files, ignore: left, ...(grep ? { grep } : {}) });
    const result = await runCommand({ ...command, cwd: root, env, timeMsMax, capture: index > 0 });
    return { ...countOf(command, result), output: result.output };
  }));
  for (const { output } of counts) if (output) say(output);
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  const problem = counts.flatMap((count) => count.problem ?? []).join('; ');
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), ...(problem ? { problem } : {}) };
}

function hasTests(folder) {
  return fs.existsSync(folder) && fs.readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'));
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

async function main(options) {
  const startedMs = performance.now();
  const missing = await ensureSystem({ say });
  for (const sentence of missing) say(sentence);
  // The server is fetched while the first stages run; only the last stage waits for it.
  const vsCode = options.chosen.some((stage) => stage.needsVsCode)
    ? ensureVsCode({ say }).then(() => ({}), (error) => ({ problem: error.message })) : Promise.resolve({});

  const total = { passed: 0, failed: 0, skipped: 0 };
  const summary = [];
  if (!options['no-build']) {
    const sinceMs = performance.now();
    say('\n== build: what ships, as it ships');
    // The packaged, minified product is what every later stage uses.
    const { code } = await runCommand({ command: process.execPath, args: [path.join(root, 'esbuild.mjs'), '--package'], cwd: root, timeMsMax: buildMsMax });
    if (code !== 0) total.failed += 1;
    summary.push(`  ${'build'.padEnd(12)}${code === 0 ? 'done' : 'FAILED'}, ${seconds(sinceMs)}`);
  }
  for (const stage of options.chosen) {
    const sinceMs = performance.now();
    say(`\n== ${stage.name}: ${stage.title}`);
    const count = await runStage(stage, { ...options, vsCode });
    if (count.problem) say(`  FAILED ${stage.name}: ${count.problem}.`);
    for (const key of ['passed', 'failed', 'skipped']) total[key] += count[key];
    const line = `${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}, ${seconds(sinceMs)}`;
    summary.push(`  ${stage.name.padEnd(12)}${line}${count.problem ? ` (${count.problem})` : ''}`);
    say(`== ${stage.name}: ${line}`);
  }
  say(`\n${summary.join('\n')}\n  ${'all'.padEnd(12)}${seconds(startedMs)}\n`);
  say(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  // A skipped test is one that nobody looks at any more, so it fails the run.
  return total.failed + total.skipped === 0 && total.passed > 0 ? 0 : 1;
}

const options = readOptions();
if (!options) {
  process.exitCode = 2;
} else {
  try {
    await ensureInstalled({ root, say });
    if (!await rerunUnderNode24(root)) process.exitCode = await main(options);
  } catch (error) {
    console.error(error.message);
    say('0 passed, 1 failed');
    process.exitCode = 1;
  }
}
