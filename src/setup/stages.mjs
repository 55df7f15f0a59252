// The stages of the test run, in the order in which they are run: the quickest answer comes first.
// It only lists; running and counting is done elsewhere.

/** What a test run is given with --long: more kills, more seeds, more offsets. */
export const longVariable = 'CODEX_BROKER_TEST_LONG';

/**
 * `folders` must each hold at least one test file, `files` and `ignore` are what mocha is given, and
 * `timeMsMax` ends a stage that hangs. `beside` are those of the files that run in a second process at the same time, so that
 * two processors have something to do. `needsVsCode` waits for the VS Code server.
 * @type {readonly { name: string, title: string, script?: string, folders?: string[], ignore?: string[], beside?: string[], timeMsMax: number, needsVsCode?: boolean }[]}
 */
export const stages = [
  { name: 'check', title: 'types, lint and house rules', script: 'test/check.mjs', timeMsMax: 300_000 },
  {
    name: 'unit', title: 'rules and parts, one by one',
    folders: ['test/domain', 'test/protocol', 'test/sandbox', 'test/extension', 'test/webview', 'test/broker', 'test/setup', 'test/tour'],
    ignore: ['test/webview/browser/**'], beside: ['test/broker/**/*.test.ts'], timeMsMax: 720_000,
  },
  { name: 'webview', title: 'the dashboard page in a real browser', folders: ['test/webview/browser'], beside: ['test/webview/browser/pictures.test.ts'], timeMsMax: 1_200_000 },
  { name: 'simulation', title: 'pacing and ledger in simulated time', folders: ['test/simulation'], beside: ['test/simulation/ledger/planted*.test.ts', 'test/simulation/tampered/**/*.test.ts', 'test/simulation/runaway/**/*.test.ts'], timeMsMax: 1_200_000 },
  { name: 'process', title: 'the broker process, killed and cut off', folders: ['test/process'], beside: ['test/process/ledger*.test.ts', 'test/process/restore*.test.ts', 'test/process/system*.test.ts'], timeMsMax: 1_500_000 },
  { name: 'codex', title: 'the real Codex CLI, end to end', folders: ['test/e2e'], timeMsMax: 420_000 },
  { name: 'vscode', title: 'the extension inside a real VS Code', folders: ['test/vscode'], timeMsMax: 1_200_000, needsVsCode: true },
];

/** With --long every stage may take this many times as long. */
export const longFactor = 6;
