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
import { inOrder, inTurns, loadsFor } from './turns.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const say = ({ write }, line) => write(`${line}\n`);
const tell = (line) => console.log(line);

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

/** Runs one stage when its turn comes and gives its counts. Its places for what it says are made at once, so that they have its turn too. */
async function runStage(stage, { long, grep, vsCode, turn, place }) {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache, ...(long ? { [longVariable]: '1' } : {}) };
  const timeMsMax = stage.timeMsMax * (long ? longFactor : 1);
  const shares = sharesOf(stage, grep).map((share) => ({ ...share, place: place() }));
  const end = place();
  say(shares[0].place, `\n== ${stage.name}: ${stage.title}`);
  const ready = stage.needsVsCode ? await vsCode : {};
  let sinceMs;
  const counts = await Promise.all(shares.map(({ place: own, ...share }) => turn(share.load, async () => {
    sinceMs ??= performance.now();
    const count = ready.problem ? { passed: 0, failed: 1, skipped: 0, problem: ready.problem } : await runShare(share, { grep, env, timeMsMax, hear: own.write });
    own.end();
    return count;
  })));
  const empty = (stage.folders ?? []).filter((folder) => !hasTests(path.join(root, folder)));
  if (empty.length > 0) counts.push({ passed: 0, failed: 1, skipped: 0, problem: `no test file in ${empty.join(', ')}` });
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  const problem = counts.flatMap((count) => count.problem ?? []).join('; ');
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  const line = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}, ${seconds(sinceMs)}`;
  if (problem) say(end, `  FAILED ${stage.name}: ${problem}.`);
  say(end, `== ${stage.name}: ${line}`);
  end.end();
  const failures = [...counts.flatMap((count) => count.failures ?? []), ...problem ? [problem] : []].map((failure) => `${stage.name}: ${failure}`);
  return { passed, failed, skipped, failures, line: `  ${stage.name.padEnd(12)}${line}${problem ? ` (${problem})` : ''}` };
}

/** What of a stage runs in a process of its own: a script, or files; those that are looked for by name are few. */
function sharesOf({ script, folders = [], ignore = [], load = 1, beside = [] }, grep) {
  if (script) return [{ script, load }];
  const all = folders.map((folder) => `${folder}/**/*.test.ts`);
  if (grep) return [{ files: all, ignore, load }];
  return [{ files: all, ignore: [...ignore, ...beside.flatMap(({ files }) => files)], load }, ...beside.map((share) => ({ load: 1, ...share, ignore }))];
}

/** Runs a share to its end. */
async function runShare({ script, files, ignore }, { grep, env, timeMsMax, hear }) {
  if (script) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-report-'));
    const report = path.join(folder, 'counts.json');
    const result = await runCommand({ command: process.execPath, args: [path.join(root, script), '--report', report], cwd: root, env, timeMsMax, hear });
    return countOf({ report }, { ...result, code: 0 });
  }
  const command = mochaCommand({ root, files, ignore, color: process.stdout.isTTY, ...(grep ? { grep } : {}) });
  return countOf(command, await runCommand({ ...command, cwd: root, env, timeMsMax, hear }));
}

function hasTests(folder) {
  return fs.existsSync(folder) && fs.readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'));
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

async function main(options) {
  const startedMs = performance.now();
  const missing = await ensureSystem({ say: tell });
  for (const sentence of missing) tell(sentence);
  // The server is fetched while the first stages run; only the last stage waits for it.
  const vsCode = options.chosen.some((stage) => stage.needsVsCode)
    ? ensureVsCode({ say: tell }).then(() => ({}), (error) => ({ problem: error.message })) : Promise.resolve({});

  const total = { passed: 0, failed: 0, skipped: 0 };
  const summary = [];
  const failures = [];
  if (!options['no-build']) {
    const sinceMs = performance.now();
    tell('\n== build: what ships, as it ships');
    // The packaged, minified product is what every later stage uses.
    const { code } = await runCommand({ command: process.execPath, args: [path.join(root, 'esbuild.mjs'), '--package'], cwd: root, timeMsMax: buildMsMax });
    if (code !== 0) {
      total.failed += 1;
      failures.push('build: what ships could not be built');
    }
    summary.push(`  ${'build'.padEnd(12)}${code === 0 ? 'done' : 'FAILED'}, ${seconds(sinceMs)}`);
  }
  const turn = inTurns(loadsFor(os.availableParallelism()));
  const place = inOrder((text) => process.stdout.write(text));
  for (const count of await Promise.all(options.chosen.map((stage) => runStage(stage, { ...options, vsCode, turn, place })))) {
    for (const key of ['passed', 'failed', 'skipped']) total[key] += count[key];
    summary.push(count.line);
    failures.push(...count.failures);
  }
  tell(`\n${summary.join('\n')}\n  ${'all'.padEnd(12)}${seconds(startedMs)}\n`);
  // Once more at the end: thousands of lines lie between a failure and the result.
  if (failures.length > 0) tell(`What failed:\n${failures.map((failure) => `  ${failure.replaceAll('\n', '\n    ')}`).join('\n')}\n`);
  tell(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  // A skipped test is one that nobody looks at any more, so it fails the run.
  return total.failed + total.skipped === 0 && total.passed > 0 ? 0 : 1;
}

const options = readOptions();
if (!options) {
  process.exitCode = 2;
} else {
  try {
    await ensureInstalled({ root, say: tell });
    if (!await rerunUnderNode24(root)) process.exitCode = await main(options);
  } catch (error) {
    console.error(error.message);
    tell('0 passed, 1 failed');
    process.exitCode = 1;
  }
}
