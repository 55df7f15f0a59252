// Entry of the suites that run inside an extension host: starts mocha there, and reports each test to
// the file named by CODEX_BROKER_TEST_REPORT. A run in which no test passed is a failure.
import fs from 'node:fs';
import * as vscode from 'vscode';
import { activationSuite } from './activation.ts';
import { practiceSuite } from './practice.ts';
import { terminalsSuite } from './terminals.ts';

/** One test and how it ended, as written to the report. */
export interface InHostResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  readonly error?: string;
}

/** Called by the workbench; a rejected promise makes the exit code 1. */
export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({ ui: 'bdd', timeout: 80_000, reporter: 'dot' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  activationSuite(vscode);
  terminalsSuite(vscode);
  practiceSuite(vscode);
  const results: InHostResult[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('pass', (test) => { results.push({ title: test.fullTitle(), state: 'passed' }); });
    runner.on('pending', (test) => { results.push({ title: test.fullTitle(), state: 'pending' }); });
    runner.on('fail', (test, error: Error) => { results.push({ title: test.fullTitle(), state: 'failed', error: error.stack ?? String(error) }); });
  });
  const file = process.env['CODEX_BROKER_TEST_REPORT'];
  if (file !== undefined) fs.writeFileSync(file, JSON.stringify(results));
  const bad = results.filter((result) => result.state !== 'passed');
  if (bad.length > 0 || results.length === 0) throw new Error(`${bad.length} of ${results.length} tests did not pass: ${bad.map((result) => `${result.title}: ${result.error ?? result.state}`).join('\n')}`);
}
