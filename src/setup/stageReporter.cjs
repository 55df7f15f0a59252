// A mocha reporter: prints like "spec" and keeps a file with the counts and what failed up to date after every test,
// so that the runner can add the stages up even when a run is cut short. A run that its own tests keep
// alive is ended and marked as such.
'use strict';
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_BEGIN, EVENT_RUN_END } = Runner.constants;

/** How long after its last test a run may take to end by itself. */
const lingerMsMax = 5_000;

/** How much is kept of what a failed test said. */
const messageCharsMax = 600;

/** Mocha demands a class as the whole export of a reporter file. */
module.exports = class StageReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions.report;
    const counts = { passed: 0, failed: 0, skipped: 0, failures: [], ended: false };
    const write = () => { if (file) fs.writeFileSync(file, JSON.stringify(counts)); };
    runner.on(EVENT_RUN_BEGIN, write);
    // By itself Node would end at once and leave servers of the tests behind; "exit" ends those.
    process.once('SIGTERM', () => process.exit(143));
    runner.on(EVENT_TEST_PASS, () => { counts.passed += 1; write(); });
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      counts.failed += 1;
      counts.failures.push(`${test.fullTitle()}: ${String(error?.message ?? error).slice(0, messageCharsMax)}`);
      write();
    });
    runner.on(EVENT_TEST_PENDING, () => { counts.skipped += 1; write(); });
    runner.once(EVENT_RUN_END, () => {
      counts.ended = true;
      write();
      // The timer does not keep the process alive; it fires only when something else does.
      setTimeout(() => {
        console.error(`\n  The tests are over, but they left something running: ${process.getActiveResourcesInfo().join(', ')}.`);
        counts.lingering = true;
        write();
        process.exit(1);
      }, lingerMsMax).unref();
    });
  }
};
