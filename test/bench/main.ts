// `npm run bench`: what the broker costs beside the barest thing that could do its work, in one run and on the
// same machine. Parts: the relay, the ledger's throughput, a ledger with a long history, the dashboard on it in Chromium and in VS Code, the pacing
// beside its peers in virtual time, and what a decision of the pacing costs.
// `-- --part NAME` runs one part (or several), `--quick` leaves out most of the relay's rounds, `--requests N`
// makes the history shorter, `--no-full-audit` leaves out the longest measurement, `--seeds N` sets how often the pacing's scenarios
// run, `--chart` draws media/pictures/relay-bench.svg, ledger-bench.svg and pacing.svg from the run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { msText, printTable } from './benchNumbers.ts';
import { chartOf, throughputRatioMax } from './ledgerChart.ts';
import { measureScale } from './ledgerScale.ts';
import type { ScaleLine, ScaleResult } from './ledgerScale.ts';
import { measureThroughput } from './ledgerThroughput.ts';
import { benchDashboard, openMsMax } from './dashboardBench.ts';
import type { DashboardLine } from './dashboardBench.ts';
import { benchDecisions } from './decisionBench.ts';
import { benchOpening } from './openingBench.ts';
import { benchPacing } from './pacingBench.ts';
import { pacingChart } from './pacingChart.ts';
import type { ThroughputResult } from './ledgerThroughput.ts';
import { benchRelay } from './relayBench.ts';
import { printRelay, relayChart, relayJson } from './relayReport.ts';

const partNames = ['relay', 'throughput', 'history', 'dashboard', 'opening', 'pacing', 'decisions'] as const;
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the checkout's other files, so that what is measured is a real disk. */
const folder = join(root, '.cache', 'ledger-bench');

const { values } = parseArgs({
  options: { part: { type: 'string', multiple: true }, requests: { type: 'string', default: '1000000' }, seeds: { type: 'string', default: '5' }, 'no-full-audit': { type: 'boolean' }, quick: { type: 'boolean' }, chart: { type: 'boolean' } },
});
const parts: readonly string[] = values.part ?? partNames;
const requests = Number(values.requests);
const seeds = Number(values.seeds);
const unknown = parts.find((part) => !partNames.some((name) => name === part));
if (unknown !== undefined || !Number.isInteger(requests) || requests < 2000 || !Number.isInteger(seeds) || seeds < 1) {
  console.error(unknown === undefined ? '--requests wants a whole number from 2,000 on, --seeds one from 1 on.' : `There is no part "${unknown}"; there are ${partNames.join(', ')}.`);
  process.exit(2);
}

const stopped = new AbortController();
process.once('SIGINT', () => {
  console.log('stopping after this step; a ledger that is not built to its end is thrown away');
  stopped.abort();
  // Whoever asks twice does not want to wait for the measurement that runs.
  process.once('SIGINT', () => process.exit(130));
});
const log = (line: string) => {
  stopped.signal.throwIfAborted();
  console.log(line);
};

function printThroughput({ rows, bytesPerPair }: ThroughputResult): void {
  console.log(`\nDurable pairs of a hold and a settlement per second (${bytesPerPair} bytes each), and how many times as many a bare group commit does:\nof a number, of as many bytes, and of the same rows in the same tables. Goal: at the most ${throughputRatioMax}`);
  printTable(['', 'ledger', 'numbers', 'bytes', 'rows', 'numbers ÷ ledger', 'bytes ÷ ledger', 'rows ÷ ledger'],
    rows.map((row) => [`${row.clients} at once`, ...[row.ledger, row.bare, row.bareSameBytes, row.bareSameRows].map((perSecond) => perSecond.toFixed(0)), ...[row.ratio, row.ratioSameBytes, row.ratioSameRows].map((ratio) => ratio.toFixed(2))]));
}

function printScale(result: ScaleResult): void {
  const line = ({ what, ms, processorMs, goalMs }: ScaleLine) => [what, msText(ms), msText(processorMs), goalMs === undefined ? '' : msText(goalMs), goalMs === undefined ? '' : ms <= goalMs ? 'met' : 'MISSED'];
  console.log(`\n${result.requests.toLocaleString('en')} requests, ${result.bytesPerRequest} bytes on the disk for each (medians)`);
  printTable(['', 'time', 'processor', 'goal', ''], [...result.starts, ...result.dashboard, ...result.reports].map(line));
  console.log('\nOne at a time, the large ledger divided by an empty one');
  printTable(['', 'time', 'processor', 'large', 'empty'], result.latency.map(({ what, large, empty }) => [
    what, (large.ms / empty.ms).toFixed(2), (large.processorMs / empty.processorMs).toFixed(2), msText(large.ms), msText(empty.ms)]));
}

function printDashboard(ofRequests: number, lines: readonly DashboardLine[]): void {
  console.log(`\nThe dashboard on ${ofRequests.toLocaleString('en')} requests, in Chromium`);
  printTable(['', 'time', 'goal', ''], lines.map(({ what, ms, goalMs }) => [what, msText(ms), goalMs === undefined ? '' : msText(goalMs), goalMs === undefined ? '' : ms <= goalMs ? 'met' : 'MISSED']));
}

function draw(name: string, picture: string): void {
  const pictures = join(root, 'media', 'pictures');
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(pictures, name), picture);
  console.log(`drawn: media/pictures/${name}`);
}

const relay = parts.includes('relay') ? await benchRelay({ root, isQuick: values.quick === true, log }) : undefined;
if (relay) {
  printRelay(relay);
  console.log(`\n${relayJson(relay)}`);
  if (values.chart) draw('relay-bench.svg', relayChart(relay));
}
const throughput = parts.includes('throughput') ? await measureThroughput({ folder, rounds: 15, turnMs: 300, clients: [1, 8, 64], log }) : undefined;
if (throughput) printThroughput(throughput);
const history = parts.includes('history') ? await measureScale({ requests, folder, log, signal: stopped.signal, fullAudit: values['no-full-audit'] !== true }) : undefined;
if (history) printScale(history);
const dashboard = parts.includes('dashboard') ? await benchDashboard({ requests, folder, log, signal: stopped.signal }) : undefined;
if (dashboard) printDashboard(requests, dashboard);
const opening = parts.includes('opening') ? await benchOpening({ requests, folder, log, signal: stopped.signal }) : undefined;
if (opening) {
  const { later, first, veryFirstMs } = opening;
  console.log(`\nThe dashboard in VS Code, on ${requests.toLocaleString('en')} requests: medians of ${later.times} openings in one window, and of the first ones in ${first.times} fresh windows each`);
  const line = (what: string, name: 'wordMs' | 'dashboardMs' | 'dashboardReadyMs', hasGoal = true) => [
    what, msText(later[name]), (later[name] / later.wordMs).toFixed(2), ...hasGoal ? [msText(openMsMax), later[name] <= openMsMax ? 'met' : 'MISSED'] : ['', ''], msText(first[name]), (first[name] / first.wordMs).toFixed(2)];
  printTable(['', 'time', 'beside', 'goal', '', 'first', 'beside'], [
    line('an extension\'s command, until a webview with one word is painted', 'wordMs', false),
    line('a click on the meter, until all in view of the dashboard is painted with its numbers', 'dashboardMs'),
    line('the same, until its icons are there too and it answers to input', 'dashboardReadyMs'),
  ]);
  console.log(`The very first dashboard, in an editor and a browser that were started anew: ${msText(veryFirstMs)}`);
}
const pacing = parts.includes('pacing') ? await benchPacing(seeds, log) : undefined;
if (pacing && values.chart) draw('pacing.svg', pacingChart(pacing));
if (parts.includes('decisions')) benchDecisions(log);
if (throughput || history) {
  console.log(`\n${JSON.stringify({ ...(throughput ? { throughput } : {}), ...(history ? { history } : {}) })}`);
  if (values.chart) draw('ledger-bench.svg', chartOf(history, throughput));
}
process.exitCode = relay?.isSound === false ? 1 : 0;
