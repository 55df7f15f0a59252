// Session files as Codex leaves them on disk: plain, compressed later, both for a moment, torn.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { findSessionFiles, readSessionFile } from '../../src/broker/sessionFiles.ts';
import type { FileGaps } from '../../src/broker/sessionFiles.ts';
import { makeFolder, removeFolder } from '../support/process/workbench.ts';

const line = (id: string) => `${JSON.stringify({ timestamp: '2026-10-01T10:00:00.000Z', type: 'token_usage_record', payload: { thread_id: 't', response_id: id, usage: { input_tokens: 5, output_tokens: 7 } } })}\n`;

describe('session files', () => {
  let home: string;
  let day: string;
  beforeEach(() => {
    home = makeFolder('sessions');
    day = join(home, 'sessions/2026/10/01');
    mkdirSync(day, { recursive: true });
    mkdirSync(join(home, 'archived_sessions'));
  });
  afterEach(() => removeFolder(home));

  const readAll = async () => {
    const gaps: FileGaps = { unreadableFiles: 0, unreadableLines: 0, longLines: 0 };
    const told: string[] = [];
    for (const file of await findSessionFiles(home)) for await (const use of readSessionFile(file, gaps)) told.push(`${file.name} ${use.key}`);
    return { told, unreadable: gaps.unreadableFiles };
  };

  it('are read plain and compressed, in the order of their names', async () => {
    writeFileSync(join(day, 'rollout-2.jsonl'), line('two'));
    writeFileSync(join(day, 'rollout-1.jsonl.zst'), zstdCompressSync(line('one') + line('more')));
    writeFileSync(join(home, 'archived_sessions/rollout-0.jsonl.zst'), zstdCompressSync(line('zero')));
    writeFileSync(join(day, 'rollout-3.jsonl.zst.tmp'), 'not finished');
    assert.deepEqual(await readAll(), { told: ['rollout-0.jsonl zero', 'rollout-1.jsonl one', 'rollout-1.jsonl more', 'rollout-2.jsonl two'], unreadable: 0 });
  });

  it('count once while both are there: the plain one', async () => {
    writeFileSync(join(day, 'rollout-1.jsonl'), line('one') + line('newer'));
    writeFileSync(join(day, 'rollout-1.jsonl.zst'), zstdCompressSync(line('one')));
    assert.deepEqual((await readAll()).told, ['rollout-1.jsonl one', 'rollout-1.jsonl newer']);
  });

  it('are told as unreadable where they are no zstd or torn', async () => {
    const whole = zstdCompressSync(line('one').repeat(50));
    writeFileSync(join(day, 'rollout-1.jsonl.zst'), whole.subarray(0, whole.length - 5));
    writeFileSync(join(day, 'rollout-2.jsonl.zst'), 'no zstd');
    writeFileSync(join(day, 'rollout-3.jsonl'), line('three'));
    const { told, unreadable } = await readAll();
    assert.deepEqual([unreadable, told.at(-1)], [2, 'rollout-3.jsonl three']);
  });
});
