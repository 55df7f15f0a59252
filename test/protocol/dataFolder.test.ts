// Where the ledger lives, on each platform and with each setting of the environment.
import assert from 'node:assert/strict';
import { defaultDataFolder } from '../../src/protocol/dataFolder.ts';

describe('the data folder', () => {
  it('is the place that each platform has for a person\'s own data', () => {
    const rows: [string, string, Record<string, string>, string][] = [
      ['linux', '/home/ada', {}, '/home/ada/.local/share/codex-usage-broker'],
      ['linux', '/home/ada', { XDG_DATA_HOME: '/data' }, '/data/codex-usage-broker'],
      ['linux', '/home/ada', { XDG_DATA_HOME: '' }, '/home/ada/.local/share/codex-usage-broker'],
      ['darwin', '/Users/ada', { XDG_DATA_HOME: '/data' }, '/Users/ada/Library/Application Support/codex-usage-broker'],
      ['win32', 'C:\\Users\\ada', { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\codex-usage-broker'],
      ['win32', 'C:\\Users\\ada', {}, 'C:\\Users\\ada\\AppData\\Local\\codex-usage-broker'],
    ];
    for (const [platform, home, env, expected] of rows) assert.equal(defaultDataFolder({ platform, home, env }), expected);
  });

  it('is the one that a person names, before all else, unless the name is empty', () => {
    for (const platform of ['linux', 'darwin', 'win32']) assert.equal(defaultDataFolder({ platform, home: '/h', env: { CODEX_BROKER_DATA: '/chosen', XDG_DATA_HOME: '/x' } }), '/chosen');
    assert.equal(defaultDataFolder({ platform: 'linux', home: '/h', env: { CODEX_BROKER_DATA: '' } }), '/h/.local/share/codex-usage-broker');
  });
});
