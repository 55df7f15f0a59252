// The log blots out every living secret in each of its forms, whatever wrote the line.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brokerLogFile, openLog, redact } from '../../src/broker/brokerLog.ts';
import { manualClock } from '../support/manualClock.ts';
import { withFolder } from '../support/ledger/tempLedger.ts';

describe('the log', () => {
  it('blots out keys, tokens in paths, and secrets in every form they may take', () => {
    const secret = 'contröl/token+with=signs';
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) assert.equal(redact(`before ${form} after`, [secret]), 'before [redacted] after');
    assert.equal(redact('key sk-proj-abcDEF_123456 end', []), 'key sk-[redacted] end');
    assert.equal(redact(`GET /w/${'T'.repeat(43)}/v1/responses`, []), 'GET /w/[redacted]/v1/responses');
    assert.equal(redact('a short word', ['word']), 'a short word');
  });

  it('writes lines of JSON that only its owner reads, with the secrets of that moment blotted out', () => withFolder(async (folder) => {
    let secrets: string[] = [];
    const clock = manualClock();
    const { log } = openLog(folder, () => secrets, clock);
    log('first', { text: 'the-later-secret' });
    secrets = ['the-later-secret'];
    log('second', { text: 'the-later-secret', error: 'sk-1234567890' });
    const path = join(folder, brokerLogFile);
    // Lines of one moment are written together, a moment later.
    assert.equal(clock.pendingMs.length, 1);
    const written = () => { try { return readFileSync(path, 'utf8').trim().split('\n').length; } catch { return 0; /* the file is opened in its own time */ } };
    while (written() < 2) {
      clock.advance(250);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    const lines = readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { msg: string; text: string; error?: string });
    assert.deepEqual(lines.map((line) => [line.msg, line.text, line.error]), [['first', 'the-later-secret', undefined], ['second', '[redacted]', 'sk-[redacted]']]);
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
  }));
});
