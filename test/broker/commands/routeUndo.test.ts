// Every route is taken back at once, as uninstalling the extension does: of every file, by note or by the address alone.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { ranIn } from './ranCommand.ts';

const person = '# my settings\nmodel = "gpt-6.1-sol"\n';

describe('taking back every route', function () {
  this.timeout(30_000);

  it('takes everything back when the extension is uninstalled, as VS Code runs its hook', () => withFolder(async (folder) => {
    const codexHome = join(folder, '.codex');
    const config = join(codexHome, 'config.toml');
    mkdirSync(codexHome);
    const write = (text: string) => writeFileSync(config, text);
    const read = () => readFileSync(config, 'utf8');
    const surroundings = { env: { CODEX_BROKER_DATA: join(folder, 'data') }, home: folder, cwd: folder };
    const route = (...args: string[]) => ranIn(folder, surroundings, ['route', ...args]);
    const hook = (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }).scripts['vscode:uninstall']?.split(' ') ?? [];
    assert.deepEqual(hook.slice(0, 2), ['node', './dist/broker.mjs']);
    const uninstall = () => ranIn(folder, surroundings, ['--type=extension-post-uninstall', ...hook.slice(2)]);
    const nothing = await uninstall();
    assert.deepEqual([nothing.code, nothing.out], [0, 'No configuration of Codex is routed through the broker; there is nothing to undo.']);
    write(person);
    assert.equal((await route('--yes')).code, 0);
    assert.equal((await route('--yes', '--profile', 'metered')).code, 0);
    assert.equal((await route('--yes', '--practice', '--profile', 'play')).code, 0);
    const { code, out, err } = await uninstall();
    assert.doesNotMatch(out, /openai_base_url|\/w\//, 'the editor keeps what a hook says in its log');
    assert.deepEqual([code, err, read()], [0, '', person]);
    assert.deepEqual(readdirSync(codexHome).filter((name) => !name.includes('.backup-')), ['config.toml'], 'profiles that the route made are gone');
    // A route of another data folder is known by its address alone, and what is not the broker's stays.
    assert.equal((await route('--yes', '--data', join(folder, 'elsewhere'))).code, 0);
    assert.equal((await uninstall()).code, 0);
    assert.equal(read(), person);
    write('openai_base_url = "https://gateway.example/v1"\n');
    assert.equal((await uninstall()).code, 0);
    assert.equal(read(), 'openai_base_url = "https://gateway.example/v1"\n');
    // One that cannot be used does not keep the others.
    write(person);
    assert.equal((await route('--yes', '--profile', 'metered')).code, 0);
    assert.equal((await route('--yes')).code, 0);
    writeFileSync(join(codexHome, 'metered.config.toml'), 'broken = \n');
    const partly = await uninstall();
    assert.deepEqual([partly.code, read()], [1, person]);
    assert.match(partly.err, /metered\.config\.toml is not sound TOML/);
    assert.ok(existsSync(config));
  }));
});
