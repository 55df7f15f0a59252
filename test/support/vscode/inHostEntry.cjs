// Loaded by the extension host in place of the suites. It runs them and passes their end on; what goes
// wrong before mocha starts is written to the report, since an extension host has no terminal.
'use strict';
const fs = require('node:fs');

exports.run = async () => {
  try {
    await require(process.env.CODEX_BROKER_TEST_SUITES).run();
  } catch (error) {
    const report = process.env.CODEX_BROKER_TEST_REPORT;
    if (report && !fs.existsSync(report)) fs.writeFileSync(report, JSON.stringify([{ title: 'the suites start', state: 'failed', error: String(error?.stack ?? error) }]));
    throw error;
  }
};
