// Requests are counted under the git branch that their folder was on when they came, and under the command and file
// that their client named: by the real broker, with real git, over HTTP and WebSocket, and the upstream hears of none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshMs } from '../../src/broker/workspaceBranches.ts';
import { originHeaders } from '../../src/protocol/originHeaders.ts';
import { runBroker } from '../support/process/brokerProgram.ts';
import { answerFrames } from '../support/process/scriptedSocketUpstream.ts';
import { openSocketBench, recordedMessage } from '../support/process/socketBench.ts';
import { askBroker, callBroker, codexHeaders, openBench, sleep } from '../support/process/workbench.ts';
import type { Workbench } from '../support/process/workbench.ts';
import { endTypes } from '../support/socketClient.ts';

const git = (at: string, ...args: string[]) => execFileSync('git', args, { cwd: at, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }, stdio: 'pipe' });

/** Makes the bench's workspace a repository. */
function repositoryOf({ folder }: Pick<Workbench, 'folder'>): string {
  const workspace = path.join(folder, 'workspace');
  mkdirSync(workspace);
  git(workspace, 'init', '-q', '-b', 'main');
  return workspace;
}

/** What was read of a folder is taken as it is for a moment. */
const lookedAgain = () => sleep(2 * freshMs);

describe('where requests come from', function () {
  this.timeout(60_000);
  let bench: Workbench;
  before(async () => { bench = await openBench(); });
  after(() => bench.close());

  const usage = async (by: 'branch' | 'command' | 'file') => Object.fromEntries((await callBroker(bench.broker, 'usage', { by })).rows.map((row) => [row.label, row.requests]));
  const originOf = async (answer: Awaited<ReturnType<Workbench['ask']>>) => {
    assert.equal(answer.status, 200);
    const { branch, command, file, story } = await bench.explain(answer);
    return { told: [branch, command, file], story };
  };

  it('is the branch that the folder is on when each comes, the command and the file', async () => {
    const before = await bench.ask();
    assert.deepEqual((await originOf(before)).told, [undefined, undefined, undefined], 'a folder that is not there is on no branch');
    const workspace = repositoryOf(bench);
    await lookedAgain();
    const first = await originOf(await bench.ask({ headers: { ...originHeaders({ command: 'ask-selection', file: 'src/ünö 🙂.ts' }) } }));
    assert.deepEqual(first.told, ['main', 'ask-selection', 'src/ünö 🙂.ts']);
    for (const sentence of ['It came from the command "Ask About the Selection".', 'It was about the file src/ünö 🙂.ts.', 'The folder was on the branch main.']) assert.ok(first.story.includes(sentence), sentence);
    git(workspace, 'switch', '-q', '-c', 'feature/x');
    await lookedAgain();
    // Codex has the command in its address, and every client counts by the folder of its token.
    const task = await originOf(await bench.ask({ path: `/w/${bench.token.token}/from/task/v1/responses`, headers: codexHeaders }));
    assert.deepEqual(task.told, ['feature/x', 'task', undefined]);
    assert.deepEqual((await originOf(await bench.ask({ headers: { 'user-agent': 'OpenAI/JS 7.57.0' } }))).told, ['feature/x', undefined, undefined]);
    assert.deepEqual(await usage('branch'), { 'no branch known': 1, 'workspace · main': 1, 'workspace · feature/x': 2 });
    assert.deepEqual(await usage('command'), { 'no command known': 2, 'ask-selection': 1, task: 1 });
    assert.deepEqual(await usage('file'), { 'no file known': 3, 'workspace · src/ünö 🙂.ts': 1 });
    for (const { line, head } of bench.upstream.requests) assert.doesNotMatch(`${line} ${head}`, /x-codex-broker|\bask\b|task|%F0|feature|\/from\//i, head);
  });

  it('keeps the branches of two workspaces apart, on the command line too', async () => {
    const other = path.join(bench.folder, 'other');
    mkdirSync(path.join(other, 'deep'), { recursive: true });
    git(other, 'init', '-q', '-b', 'main');
    const { token } = await callBroker(bench.broker, 'token', { workspacePath: path.join(other, 'deep'), label: 'deep' });
    await bench.explain(await askBroker(bench.broker, token));
    const { stdout } = await runBroker(['usage', '--by', 'branch', '--data', bench.dataDir]);
    assert.match(stdout, /^workspace · main +1 /m);
    assert.match(stdout, /^deep · main +1 /m);
    const { stdout: rows } = await runBroker(['export', '--format', 'json', '--data', bench.dataDir]);
    assert.deepEqual((JSON.parse(rows) as { branch: string; command: string; file: string }[]).map((row) => [row.branch, row.command, row.file]).slice(0, 3), [[null, null, null], ['main', 'ask-selection', 'src/ünö 🙂.ts'], ['feature/x', 'task', null]]);
  });

  it('takes what a client says for a name, cleaned and bounded', async () => {
    const { told } = await originOf(await bench.ask({ headers: { 'x-codex-broker-command': `"<b>${'x'.repeat(500)}`, 'x-codex-broker-file': '%0a%00..%2F..%2Fetc%2Fpasswd' } }));
    assert.deepEqual([told[1]?.length, told[2]], [200, '../../etc/passwd']);
    assert.deepEqual((await bench.audit()).violations, []);
  });

  it('holds for messages over a WebSocket, each with the branch of its own moment', async () => {
    const sockets = await openSocketBench({ socketScript: answerFrames });
    try {
      const workspace = repositoryOf(sockets);
      writeFileSync(path.join(workspace, '.gitignore'), '');
      const client = await sockets.connect({ path: `/w/${sockets.token.token}/from/task/v1/responses`, headers: codexHeaders });
      client.send(JSON.stringify(recordedMessage()));
      await client.until(endTypes);
      const first = await sockets.newest();
      git(workspace, 'switch', '-q', '-c', 'feature/y');
      await lookedAgain();
      client.send(JSON.stringify(recordedMessage()));
      const second = await sockets.newest(first.id);
      assert.deepEqual([first, second].map(({ branch, command }) => [branch, command]), [['main', 'task'], ['feature/y', 'task']]);
      assert.ok(Object.keys(sockets.sockets.upgrades.at(-1)?.headers ?? {}).every((name) => !name.startsWith('x-codex-broker')));
      assert.equal(sockets.sockets.upgrades.at(-1)?.url, '/v1/responses');
    } finally {
      await sockets.close();
    }
  });
});
