// `codex-broker route` on a person's files: what is shown, what is asked, what is written, kept and undone,
// and which files are left alone.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRoutes } from '../../../src/broker/commands/doctorRoutes.ts';
import { withFolder } from '../../support/ledger/tempLedger.ts';
import { ranIn } from './ranCommand.ts';

const person = '# my settings\nmodel = "gpt-6.1-sol"   # the good one\n\n[features]\napps = false\n';

describe('routing Codex', function () {
  this.timeout(30_000);

  /** A person's home with a data folder, a Codex home and a way to run the command. */
  const withHome = (run: (home: {
    folder: string; codexHome: string; config: string; read: () => string; write: (text: string) => void;
    route: (...args: string[]) => ReturnType<typeof ranIn>; answering: (answer: boolean, ...args: string[]) => Promise<{ code: number; out: string; err: string; asked: string[] }>;
    json: (...args: string[]) => Promise<Record<string, ReturnType<typeof JSON.parse>>>;
  }) => Promise<void>) => withFolder(async (folder) => {
    const codexHome = join(folder, '.codex');
    const config = join(codexHome, 'config.toml');
    const work = join(folder, 'work');
    mkdirSync(codexHome);
    mkdirSync(work);
    const more = { env: { CODEX_BROKER_DATA: join(folder, 'data') }, home: folder, cwd: work };
    const route = (...args: string[]) => ranIn(folder, more, ['route', ...args]);
    await run({
      folder, codexHome, config, route, read: () => readFileSync(config, 'utf8'), write: (text) => {
        writeFileSync(config, text);
        // More than a usual mask would leave to a new file.
        chmodSync(config, 0o664);
      },
      answering: async (answer, ...args) => {
        const asked: string[] = [];
        return { ...await ranIn(folder, { ...more, ask: async (question) => { asked.push(question); return answer; } }, ['route', ...args]), asked };
      },
      json: async (...args) => {
        const { code, out, err } = await route(...args, '--json');
        assert.equal(code, 0, err);
        return JSON.parse(out) as Record<string, ReturnType<typeof JSON.parse>>;
      },
    });
  });

  it('shows the difference and asks before it writes; a no changes nothing', () => withHome(async ({ answering, write, read, config, codexHome }) => {
    write(person);
    const no = await answering(false);
    assert.deepEqual([no.code, no.asked, read(), readdirSync(codexHome)], [1, ['Write it?'], person, ['config.toml']]);
    assert.match(no.out, /^.*config\.toml\n@@ -1,5 \+1,6 @@\n # my settings\n model = "gpt-6\.1-sol" {3}# the good one\n\+openai_base_url = "http:\/\/127\.0\.0\.1:\d+\/w\/[\w-]{43}\/v1" # set by [^\n]+\n \n \[features\]\n apps = false\n\n/);
    assert.match(no.out, /counted for the workspace \S+work and paid with the broker's API key/);
    assert.match(no.out, /No broker is running now/);
    assert.match(no.out, /Other users of this computer may read the file/);
    const yes = await answering(true);
    assert.equal(yes.code, 0, yes.err);
    assert.match(read(), /the good one\nopenai_base_url = "http:\/\/127\.0\.0\.1:\d+\/w\/[\w-]{43}\/v1" # set by .*\n\n\[features\]/);
    assert.equal(statSync(config).mode & 0o777, 0o664);
    const [backup] = readdirSync(codexHome).filter((name) => name.startsWith('config.toml.backup-'));
    assert.match(backup ?? '', /^config\.toml\.backup-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    assert.equal(readFileSync(join(codexHome, backup ?? ''), 'utf8'), person);
    assert.equal(statSync(join(codexHome, backup ?? '')).mode & 0o777, 0o664);
    const again = await answering(false);
    assert.deepEqual([again.code, again.asked], [0, []]);
    assert.match(again.out, /routed through the broker already/);
  }));

  it('writes nothing where nobody can be asked, unless told to', () => withHome(async ({ route, write, read, codexHome, json }) => {
    write(person);
    const silent = await route();
    assert.deepEqual([silent.code, read()], [2, person]);
    assert.match(silent.err, /Say --yes/);
    const plan = await json();
    assert.deepEqual([plan['written'], plan['changes'], plan['before'], read(), readdirSync(codexHome).length], [false, true, person, person, 1]);
    const done = await json('--yes', '--expect', String(plan['hash']));
    assert.deepEqual([done['written'], read()], [true, plan['after']]);
    assert.ok(existsSync(String(done['backup'])));
    const late = await route('--yes', '--expect', String(plan['hash']));
    assert.deepEqual([late.code, (late.err.match(/changed since its difference was shown/) ?? []).length], [1, 1]);
  }));

  it('leads a Codex that is signed in with ChatGPT to where its plan pays, unless told otherwise', () => withHome(async ({ route, read, codexHome }) => {
    writeFileSync(join(codexHome, 'auth.json'), JSON.stringify({ auth_mode: 'chatgpt', tokens: { access_token: 'made-up' } }));
    const plan = await route('--yes');
    assert.match(plan.out, /paid by the plan of its own ChatGPT sign-in; `--pay credits` uses/);
    assert.match(read(), /^openai_base_url = "http:\/\/127\.0\.0\.1:\d+\/w\/[\w-]{43}\/backend-api\/codex" # set by/);
    assert.equal((await route('--status')).code, 0);
    assert.match((await route('--yes', '--pay', 'credits')).out, /paid with the broker's API key, also where/);
    assert.match(read(), /\/v1" # set by/);
    const wrong = await route('--pay', 'gold');
    assert.deepEqual([wrong.code, wrong.err.includes('neither "plan" nor "credits"')], [2, true]);
    assert.equal((await route('--undo', '--pay', 'plan')).code, 2);
  }));

  it('goes back to the letter, and forgets', () => withHome(async ({ route, write, read, folder, config }) => {
    for (const text of [person, '', 'a = 1', '\uFEFFopenai_base_url = \'https://corp/v1\' # corp\r\n[t]\r\n']) {
      write(text);
      await route('--yes');
      assert.notEqual(read(), text);
      const undone = await route('--undo');
      assert.deepEqual([undone.code, read(), statSync(config).mode & 0o777], [0, text, 0o664]);
      assert.match(undone.out, /again what it was before, to the letter\.$/);
      assert.match(undone.out, /\n-\uFEFF?openai_base_url/);
      assert.equal(readFileSync(join(folder, 'data', 'routes.json'), 'utf8').trim(), '[]');
      assert.match((await route('--undo')).out, /there is nothing to undo/);
    }
  }));

  it('takes only its own line out of a file that was edited since, and says so', () => withHome(async ({ route, write, read, json }) => {
    write(person);
    await route('--yes');
    write(`${read()}[added]\nx = 1\n`);
    const undone = await json('--undo');
    assert.deepEqual([undone['undone'], undone['exact'], read()], [true, false, `${person}[added]\nx = 1\n`]);
    assert.match(String(undone['said']), /was edited since it was routed: only the broker's own line was taken out/);
    assert.match(readFileSync(String(undone['backup']), 'utf8'), /127\.0\.0\.1/);
    // What a person set in its place is theirs.
    await route('--yes');
    write('openai_base_url = "https://mine/v1"\n');
    const foreign = await json('--undo');
    assert.deepEqual([foreign['undone'], read()], [false, 'openai_base_url = "https://mine/v1"\n']);
  }));

  it('keeps an address that was there, also when it is routed twice', () => withHome(async ({ answering, route, write, read, folder, json }) => {
    const before = 'openai_base_url = "https://corp.example/v1" # corp\n';
    write(before);
    const first = await answering(true);
    assert.match(first.out, /sets openai_base_url to https:\/\/corp\.example\/v1 now; that is kept and comes back with --undo/);
    const line = read();
    assert.match(line, /^openai_base_url = "http:\/\/127.*" # corp\n$/);
    await json('--yes', '--workspace', folder);
    assert.notEqual(read(), line);
    await route('--undo');
    assert.equal(read(), before);
  }));

  it('goes back to the letter without its notes, by the copy that proves it', () => withHome(async ({ route, write, read, folder }) => {
    const before = `openai_base_url = 'https://corp.example/v1'\n${person}`;
    write(before);
    await route('--yes');
    // Another data folder, such as that of practice mode, has no notes of it.
    const undone = await route('--undo', '--data', join(folder, 'other'));
    assert.deepEqual([undone.code, read()], [0, before]);
    assert.match(undone.out, /to the letter\.$/);
  }));

  it('undoes without its notes what is known by its form', () => withHome(async ({ route, write, read, folder, codexHome }) => {
    write(person);
    await route('--yes');
    unlinkSync(join(folder, 'data', 'routes.json'));
    for (const name of readdirSync(codexHome).filter((one) => one.includes('.backup-'))) unlinkSync(join(codexHome, name));
    const undone = await route('--undo');
    assert.deepEqual([undone.code, read()], [0, person]);
    assert.match(undone.out, /What stood there before it is not known here/);
  }));

  it('writes a profile of its own, which is removed again', () => withHome(async ({ route, write, read, codexHome, json }) => {
    write(person);
    const done = await json('--profile', 'metered', '--yes');
    const profile = join(codexHome, 'metered.config.toml');
    assert.deepEqual([done['path'], done['exists'], read()], [profile, false, person]);
    assert.match(readFileSync(profile, 'utf8'), /^openai_base_url = "http:\/\/127\.0\.0\.1:\d+\/w\/[\w-]{43}\/v1" # set by/);
    assert.equal(statSync(profile).mode & 0o777, 0o600);
    assert.match((await route('--profile', 'metered', '--undo')).out, /was made by the route and is removed/);
    assert.deepEqual(readdirSync(codexHome), ['config.toml']);
    for (const name of ['../x', '', 'a b', 'a.b']) assert.equal((await route('--profile', name, '--yes')).code, 2, name);
  }));

  it('makes a configuration where there is none', () => withHome(async ({ route, codexHome, folder }) => {
    const home = join(folder, 'fresh', 'codex');
    assert.equal((await route('--codex-home', home, '--yes')).code, 0);
    assert.equal(statSync(home).mode & 0o777, 0o700);
    assert.match((await route('--codex-home', home, '--undo')).out, /is removed/);
    assert.deepEqual([readdirSync(home), readdirSync(codexHome)], [[], []]);
  }));

  it('says how it stands', () => withHome(async ({ route, write, json }) => {
    const { code, out } = await route('--status');
    assert.deepEqual([code, out.endsWith('config.toml: not routed.')], [1, true]);
    write('openai_base_url = "https://corp.example/v1"\n');
    assert.match((await route('--status')).out, /not routed; it sends requests to https:\/\/corp\.example\/v1\.$/);
    write(person);
    await route('--yes');
    await route('--profile', 'p', '--yes');
    const told = await route('--status');
    assert.equal(told.code, 0);
    const lines = told.out.split('\n');
    assert.match(lines[0] ?? '', /config\.toml: routed to port \d+ for the workspace \S+work\. No broker is running now; Codex waits until one does\.$/);
    assert.match(lines[1] ?? '', /p\.config\.toml: routed/);
    const { files, ownPort } = await json('--status');
    assert.deepEqual([files[0].state, files[0].port], ['routed', ownPort]);
    assert.ok(!/\/w\//.test(told.out), 'no token is shown');
    write('a = ');
    assert.match((await route('--status')).out, /not sound TOML \(line 1: a value is missing\)/);
  }));

  it('is looked at by the doctor, who warns where it leads elsewhere', () => withHome(async ({ route, write, folder }) => {
    const found = async () => (await checkRoutes(join(folder, 'data'), folder)).map(({ state, says }) => [state, says.replace(/^.*: /, '')]);
    assert.deepEqual(await found(), []);
    write(person);
    await route('--yes');
    assert.match(JSON.stringify(await found()), /^\[\["ok","routed to port \d+ .* Codex waits until one does\."\]\]$/);
    writeFileSync(join(folder, 'data', 'port'), '8123');
    assert.match(JSON.stringify(await found()), /^\[\["warning","routed to port \d+ .*will listen on port 8123;/);
    write('openai_base_url = "https://corp.example/v1"\n');
    assert.deepEqual(await found(), [['warning', 'not routed; it sends requests to https://corp.example/v1.']]);
  }));

  it('says when requests go past it', () => withHome(async ({ json, write }) => {
    write('model_provider = "azure"\n');
    const { notes } = await json();
    assert.ok(notes.some((note: string) => /chooses the provider "azure".*go past the broker/.test(note)));
  }));

  it('leaves files alone that it cannot edit safely', () => withHome(async ({ route, write, read, config, codexHome, folder }) => {
    const refused = async (why: RegExp, ...args: string[]) => {
      const { code, err } = await route('--yes', ...args);
      assert.deepEqual([code, why.test(err), err.endsWith('(codex_config_unusable)')], [1, true, true], err);
    };
    write('a = 1\na = 2\n');
    await refused(/is not sound TOML \(line 2: the key a stands there twice\)/);
    assert.equal(read(), 'a = 1\na = 2\n');
    writeFileSync(config, Buffer.from([0x61, 0x3D, 0x22, 0xFF, 0x22]));
    await refused(/not written in UTF-8/);
    writeFileSync(config, `# ${'x'.repeat(1_000_001)}`);
    await refused(/larger than/);
    unlinkSync(config);
    mkdirSync(config);
    await refused(/is no file/);
    // A link into the person's own folders is followed; one that leads out of them is not.
    rmdirSync(config);
    mkdirSync(join(folder, 'dotfiles'));
    writeFileSync(join(folder, 'dotfiles', 'codex.toml'), person);
    symlinkSync(join(folder, 'dotfiles', 'codex.toml'), config);
    const followed = await route('--yes');
    assert.equal(followed.code, 0, followed.err);
    assert.match(followed.out, /is reached by a link; the file that is changed is \S+codex\.toml/);
    assert.ok(lstatSync(config).isSymbolicLink() && readFileSync(join(folder, 'dotfiles', 'codex.toml'), 'utf8').includes('/w/'));
    await route('--undo');
    assert.equal(readFileSync(config, 'utf8'), person);
    unlinkSync(config);
    symlinkSync(join(folder, 'nothing'), config);
    await refused(/is a link to nothing/);
    unlinkSync(config);
    await withFolder(async (outside) => {
      writeFileSync(join(outside, 'theirs.toml'), person);
      symlinkSync(join(outside, 'theirs.toml'), config);
      await refused(/outside of your own folders/);
      assert.equal(readFileSync(join(outside, 'theirs.toml'), 'utf8'), person);
    });
    unlinkSync(config);
    write(person);
    linkSync(config, join(folder, 'second name'));
    await refused(/hard links/);
    // A project's configuration cannot set the address.
    mkdirSync(join(folder, 'work', '.git'));
    mkdirSync(join(folder, 'work', '.codex'));
    await refused(/belongs to a project, and Codex ignores openai_base_url/, '--codex-home', join(folder, 'work', '.codex'));
    assert.deepEqual(readdirSync(codexHome).filter((name) => name.includes('.new')), []);
  }));

  it('writes nothing when the way back cannot be noted', () => withHome(async ({ route, write, read, folder }) => {
    write(person);
    // Whoever may do everything is stopped by a folder in the place of the new file.
    mkdirSync(join(folder, 'data', 'routes.json.new'), { recursive: true });
    const { code, err } = await route('--yes');
    assert.deepEqual([code, read()], [1, person]);
    assert.match(err, /The way back cannot be noted .*\(data_folder_unusable\)$/);
  }));

  it('refuses options that do not go together', () => withHome(async ({ route }) => {
    for (const args of [['--undo', '--status'], ['--all'], ['--undo', '--all', '--profile', 'x'], ['--undo', '--yes'], ['--status', '--workspace', '.'], ['extra'], ['--codex-home', '']]) assert.equal((await route(...args)).code, 2, args.join(' '));
  }));
});
