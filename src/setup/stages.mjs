// The stages of the test run, in the order in which they are run: the quickest answer comes first.
// It only lists; running and counting is done elsewhere.

/** What a test run is given with --long: more kills, more seeds, more offsets. */
export const longVariable = 'CODEX_BROKER_TEST_LONG';

/**
 * `folders` must each hold at least one test file, `files` and `ignore` are what mocha is given, and
 * `timeMsMax` ends a process that hangs. What is `beside` runs in processes of its own; all of them, of this stage and of the
 * next ones, run as soon as the processors have time. `load` is how much of a processor one of them takes, 1 unless told
 * otherwise: what mostly waits takes less. `needsVsCode` waits for the VS Code server.
 * @typedef {{ files: string[], load?: number }} Beside
 * @type {readonly { name: string, title: string, script?: string, folders?: string[], ignore?: string[], load?: number, beside?: Beside[], timeMsMax: number, needsVsCode?: boolean }[]}
 */
export const stages = [
  { name: 'check', title: 'types, lint and house rules', script: 'test/check.mjs', load: 2, timeMsMax: 300_000 },
  {
    name: 'unit', title: 'rules and parts, one by one',
    folders: ['test/domain', 'test/protocol', 'test/sandbox', 'test/extension', 'test/webview', 'test/broker', 'test/setup', 'test/tour'],
    // Links, timers and small programs are waited for, here as in the browser.
    ignore: ['test/webview/browser/**'], load: 0.75, beside: [{ files: ['test/broker/**/*.test.ts'], load: 0.75 }], timeMsMax: 720_000,
  },
  {
    name: 'webview', title: 'the dashboard page in a real browser', folders: ['test/webview/browser'], load: 0.75,
    beside: [{ files: ['test/webview/browser/pictures.test.ts', 'test/webview/browser/accessibility.test.ts'], load: 0.75 }], timeMsMax: 1_200_000,
  },
  {
    name: 'simulation', title: 'pacing and ledger in simulated time', folders: ['test/simulation'],
    beside: [{ files: ['test/simulation/ledger/planted*.test.ts', 'test/simulation/tampered/**/*.test.ts', 'test/simulation/runaway/**/*.test.ts'] }], timeMsMax: 1_200_000,
  },
  {
    // The ledger's programs work two at a time by themselves; the others wait for brokers.
    name: 'process', title: 'the broker process, killed and cut off', folders: ['test/process'], load: 0.5,
    beside: [
      { files: ['test/process/ledger*.test.ts', 'test/process/restore*.test.ts', 'test/process/system*.test.ts'] },
      { files: ['test/process/so*.test.ts', 'test/process/*Stream.test.ts', 'test/process/streamFlow.test.ts', 'test/process/kill.test.ts'], load: 0.5 },
    ],
    timeMsMax: 1_500_000,
  },
  {
    name: 'codex', title: 'the real Codex CLI, end to end', folders: ['test/e2e'], load: 0.5,
    beside: [{ files: ['test/e2e/answerTable.test.ts', 'test/e2e/sdkTable.test.ts', 'test/e2e/openaiSdk*.test.ts'], load: 0.5 }], timeMsMax: 420_000,
  },
  {
    name: 'vscode', title: 'the extension inside a real VS Code', folders: ['test/vscode'], load: 0.5,
    beside: [{ files: ['test/vscode/live.test.ts', 'test/vscode/practice.test.ts'], load: 0.5 }], timeMsMax: 1_200_000, needsVsCode: true,
  },
];

/** With --long every stage may take this many times as long. */
export const longFactor = 6;
