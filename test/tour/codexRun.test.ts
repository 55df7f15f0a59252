// The places that the tour prepares for Codex: trusted workspaces that are repositories, also with
// odd names, and a sandbox switched off only where it cannot run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepareCodexHome, prepareWorkspace } from '../../src/tour/codexRun.ts';
import { roundCredits } from '../../src/tour/proof.ts';

describe('places for Codex in the tour', () => {
  let folder = '';
  beforeEach(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tour-codex-')); });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('trusts the workspaces, whatever marks their paths have', () => {
    const home = path.join(folder, 'home');
    prepareCodexHome(home, ['/a/web site', 'C:\\b "x"'], true);
    const config = fs.readFileSync(path.join(home, 'config.toml'), 'utf8');
    assert.ok(config.includes('[projects."/a/web site"]\ntrust_level = "trusted"\n') && config.includes('[projects."C:\\\\b \\"x\\""]\n'), config);
    assert.doesNotMatch(config, /sandbox_mode|approval_policy/);
  });

  it('switches the sandbox off before the first table, where it has to', () => {
    prepareCodexHome(folder, [], false);
    assert.match(fs.readFileSync(path.join(folder, 'config.toml'), 'utf8'), /^sandbox_mode = "danger-full-access"\napproval_policy = "never"\n\n\[/);
  });

  it('makes a workspace a repository', () => {
    const workspace = path.join(folder, 'w');
    prepareWorkspace(workspace);
    assert.ok(fs.statSync(path.join(workspace, '.git')).isDirectory());
  });

  it('rounds as every other surface does', () => {
    assert.deepEqual([497_999_960, 500_000_000, 1_234_567_000].map(roundCredits), ['498.00', '500.00', '1,234.57']);
  });
});
