// The tour ("npm start"): the real Codex CLI in two workspaces at once, through the broker, on the
// sandbox; then what it cost, why, and the proof that it adds up. It uses a folder of its own and ends
// everything that it started, and it fails loudly when a single figure is off.
import { setTimeout as pause } from 'node:timers/promises';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { node24 } from '../setup/nodeVersion.mjs';
import type { Audit, CommandLine, Credits, RunningBroker, Status, UsageRow } from './brokerCommands.ts';
import { brokerJson, brokerText, startBroker } from './brokerCommands.ts';
import { codexCanSandbox, prepareCodexHome, prepareWorkspace, runCodex } from './codexRun.ts';
import { checks, creditsText, dollarsText, roundCredits } from './proof.ts';
import { serveEditor } from './servedEditor.ts';
import type { Terminal } from './terminal.ts';
import { openTerminal } from './terminal.ts';

const usage = `Usage: npm start -- [--once] [--keep]

  --once  end after the report, without serving VS Code
  --keep  leave the tour's folder behind
`;

/** Credits that the tour begins with. */
const startingCredits = 500;
const livePollMs = 400;

/** What Codex is asked for in each workspace, and what the file then has to hold. */
const tasks = [
  { name: 'website', prompt: 'Create greeting.txt with the text Hello from Codex, metered and paced', file: 'greeting.txt', wanted: 'Hello from Codex, metered and paced\n' },
  { name: 'firmware', prompt: 'Add the line The sensor is read once a second to README.md', file: 'README.md', wanted: '# firmware\nThe sensor is read once a second\n' },
] as const;

/** Where everything of one tour is. */
interface Place {
  readonly root: string;
  readonly folder: string;
  readonly line: CommandLine;
  readonly codex: string;
  readonly codexHome: string;
}

/** Runs the tour. `argv` are its options; gives the exit code. */
export async function tourMain(argv: readonly string[], root: string): Promise<number> {
  let options: { once?: boolean; keep?: boolean };
  try {
    options = parseArgs({ args: [...argv], options: { once: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const terminal = openTerminal(process.stdout, process.env);
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'codex-broker-tour-')));
  const place: Place = {
    root, folder,
    // The practice ledger lies inside the data folder, where the extension looks for it too.
    line: { node: node24(root), program: path.join(root, 'dist/broker.mjs'), dataDir: path.join(folder, 'data/practice') },
    codex: path.join(root, 'node_modules/.bin', process.platform === 'win32' ? 'codex.cmd' : 'codex'),
    codexHome: path.join(folder, 'codex-home'),
  };
  const ending = new AbortController();
  const end = () => { ending.abort(); };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  let broker: RunningBroker | undefined;
  let ok = false;
  try {
    terminal.heading('Codex Usage Broker: the real Codex CLI, metered and paid from credits');
    terminal.line('Practice mode: a simulated OpenAI endpoint answers, so no key and no money is needed.');
    broker = await startBroker(place.line);
    terminal.line(`The broker runs at ${broker.url} (process ${broker.pid}); its ledger is in ${place.line.dataDir}.`);
    ok = await report(place, terminal, ending.signal);
    if (ok && !options.once && !ending.signal.aborted) await serve(place, terminal, ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) terminal.bad((error as Error).message);
  } finally {
    await broker?.stop();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    // After a failure the folder stays, since it holds what there is to look at.
    if (options.keep || (!ok && !ending.signal.aborted)) terminal.line(`What the tour made is in ${folder}.`);
    else fs.rmSync(folder, { recursive: true, force: true });
  }
  if (ending.signal.aborted && !ok) return 130;
  return ok ? 0 : 1;
}

/** The part that `--once` shows; gives whether everything added up. */
async function report(place: Place, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  const { line } = place;
  const workspaces = tasks.map((task) => path.join(place.folder, task.name));
  prepareCodexHome(place.codexHome, workspaces, true);
  for (const [index, workspace] of workspaces.entries()) {
    prepareWorkspace(workspace);
    fs.writeFileSync(path.join(workspace, 'README.md'), `# ${tasks[index]?.name ?? ''}\n`);
    await brokerJson(line, ['token', '--workspace', workspace]);
  }
  await brokerJson(line, ['credits', 'add', String(startingCredits), '--kind', 'promotional', '--key', 'tour']);
  const before = await brokerJson<Credits>(line, ['credits', 'list']);
  terminal.heading('Before');
  for (const text of (await brokerText(line, ['status'])).split('\n')) terminal.line(text);

  terminal.heading('Two runs of "codex exec" at once');
  if (!codexCanSandbox(place.codex, place.codexHome)) {
    prepareCodexHome(place.codexHome, workspaces, false);
    terminal.line('Codex cannot set its own sandbox up on this computer, so it runs without one in these throw-away folders.');
  }
  const runs = await runBoth(place, workspaces, terminal, signal);
  for (const [index, run] of runs.entries()) {
    terminal.line(`${tasks[index]?.name ?? ''}, "${tasks[index]?.prompt ?? ''}": ${run.exitCode === 0 ? run.lastMessage.split('\n')[0] ?? '' : `failed with code ${run.exitCode}. ${run.complaint}`}`);
  }

  terminal.heading('After');
  for (const text of (await brokerText(line, ['status'])).split('\n')) terminal.line(text);
  const after = await brokerJson<Credits>(line, ['credits', 'list']);
  const used = await brokerJson<{ rows: UsageRow[]; total: UsageRow }>(line, ['usage', '--by', 'workspace']);
  terminal.heading('Usage by workspace');
  terminal.table(['Workspace', 'Requests', 'Input', 'Cached', 'Output', 'Credits', 'Dollars'], [...used.rows, { ...used.total, label: 'Total' }].map((row) => [
    row.label, String(row.requests), String(row.inputTokens), String(row.cachedInputTokens), String(row.outputTokens), creditsText(row.costMicroCredits), dollarsText(row.costMicroCredits),
  ]));
  terminal.heading('Credits');
  terminal.table(['', 'Credits', 'Dollars'], [
    ['Before', creditsText(before.balanceMicroCredits), dollarsText(before.balanceMicroCredits)],
    ['After', creditsText(after.balanceMicroCredits), dollarsText(after.balanceMicroCredits)],
    ['Spent', creditsText(before.balanceMicroCredits - after.balanceMicroCredits), dollarsText(before.balanceMicroCredits - after.balanceMicroCredits)],
  ]);

  const status = await brokerJson<Status>(line, ['status']);
  const costly = status.recent.find((request) => (request.costMicroCredits ?? 0) > 0);
  terminal.heading('One request, explained');
  if (costly) for (const text of (await brokerText(line, ['explain', costly.requestId])).split('\n')) terminal.line(text);
  terminal.heading('Audit');
  for (const text of (await brokerText(line, ['audit', '--full'])).split('\n')) terminal.line(text);
  const audit = await brokerJson<Audit>(line, ['audit', '--full']);

  terminal.heading('Does it add up?');
  const results = checks({
    before, after, rows: used.rows, audit,
    runs: runs.map((run, index) => ({ ...run, name: tasks[index]?.name ?? '', wantedText: tasks[index]?.wanted ?? '', fileText: readFile(path.join(workspaces[index] ?? '', tasks[index]?.file ?? '')) })),
  });
  for (const { ok, sentence } of results) (ok ? terminal.good : terminal.bad)(sentence);
  if (!costly) terminal.bad('no request with a cost was listed');
  return costly !== undefined && results.every((result) => result.ok);
}

/** Runs Codex in both workspaces and shows the meter while it works. */
async function runBoth(place: Place, workspaces: readonly string[], terminal: Terminal, signal: AbortSignal) {
  const command = { broker: place.line, codex: place.codex, codexHome: place.codexHome };
  let running = true;
  const work = Promise.all(tasks.map((task, index) => runCodex(command, workspaces[index] ?? '', task.prompt, signal))).finally(() => { running = false; });
  const watch = async () => {
    while (running && !signal.aborted) {
      // A status that cannot be had is not shown; the runs themselves tell what went wrong.
      const status = await brokerJson<Status>(place.line, ['status']).catch(() => undefined);
      if (status && running) {
        const { balance, today } = status;
        terminal.live(`${roundCredits(balance.balanceMicroCredits)} credits left, ${roundCredits(balance.heldMicroCredits)} held · ${status.running.length} running, ${status.waiting.length} waiting · ${today.total.requests} ${today.total.requests === 1 ? 'request' : 'requests'}, ${today.total.inputTokens + today.total.outputTokens} tokens`);
      }
      await pause(livePollMs);
    }
  };
  const [runs] = await Promise.all([work, watch()]);
  return runs;
}

async function serve(place: Place, terminal: Terminal, signal: AbortSignal): Promise<void> {
  terminal.heading('VS Code with the extension');
  const editor = await serveEditor({
    root: place.root, folder: path.join(place.folder, 'editor'), dataDir: path.join(place.folder, 'data'),
    codex: place.codex, codexHome: place.codexHome, say: (text) => terminal.line(text),
  });
  try {
    for (const task of tasks) terminal.line(`${task.name.padEnd(9)} ${editor.address(path.join(place.folder, task.name))}`);
    terminal.line('Open either address, or both, in a browser. Ctrl-C ends everything.');
    terminal.line('There, click the meter in the status bar at the bottom right: it opens the dashboard.');
    terminal.line('Then press F1, choose "Codex Broker: Run Codex Task", and ask for example: Create a.txt with the text hi');
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await editor.server.stop();
  }
}

function readFile(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined; // not written, which the check then says
  }
}
