// The broker's log in the editor: readable, bounded, and a sentence where there is none.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerLogFile } from '../../src/broker/brokerLog.ts';
import { logLinesMax, readableLine, showBrokerLog } from '../../src/extension/brokerLogTail.ts';
import { fakeEditor } from '../support/fakeEditor.ts';

describe('the broker\'s log in the editor', () => {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'log-')); });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const shown = async () => {
    const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
    await showBrokerLog(fake.log, folder);
    assert.equal(fake.logLines.at(-1), 'shown');
    return (fake.logLines[0] ?? '').split('\n');
  };

  it('writes a line as time, event and fields, and leaves what is no entry as it is', () => {
    assert.equal(readableLine('{"level":30,"time":"2026-11-22T22:06:01.000Z","requestId":"req_1","costMicroCredits":5,"msg":"settled"}'), '2026-11-22T22:06:01.000Z  settled  requestId=req_1  costMicroCredits=5');
    assert.deepEqual(['half a li', '7', '{"msg":"x","error":"first\\nsecond"}'].map(readableLine), ['half a li', '7', 'x  error=first']);
    assert.ok(readableLine('x'.repeat(5_000)).length <= 1_001);
  });

  it('shows the newest lines under a heading', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => JSON.stringify({ level: 30, time: 't', msg: `event ${index}`, filler: 'f'.repeat(200) }));
    writeFileSync(join(folder, brokerLogFile), `${lines.join('\n')}\n`);
    const [heading, ...rest] = await shown();
    assert.match(heading ?? '', /broker's own log/);
    assert.equal(rest.length, logLinesMax + 1);
    assert.match(rest.at(-2) ?? '', /^t {2}event 2999 /);
  });

  it('says that there is none, or that it cannot be read', async () => {
    assert.match((await shown())[1] ?? '', /There is none yet/);
    mkdirSync(join(folder, brokerLogFile));
    assert.match((await shown())[1] ?? '', /cannot be read/);
  });
});
