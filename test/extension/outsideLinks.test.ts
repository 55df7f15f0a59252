// Links from outside: what they may show, and that nothing else comes of them, whoever wrote them.
import assert from 'node:assert/strict';
import { awaitedMsMax, linkTarget, OutsideLinks } from '../../src/extension/outsideLinks.ts';
import { fakeEditor } from '../support/fakeEditor.ts';
import { manualSchedule } from './manualSchedule.ts';

function scene() {
  const fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage' });
  const schedule = manualSchedule();
  const did: string[] = [];
  const state = { isConnected: true };
  const links = new OutsideLinks({
    editor: fake.editor, schedule, isConnected: () => state.isConnected, showPage: (page) => did.push(page), explain: async (id) => { did.push(`explain ${id}`); },
  });
  return { fake, schedule, did, state, links, follow: (path: string) => links.handleUri({ path }) };
}

describe('links from outside', () => {
  it('show the dashboard, the budgets or one request, and nothing else', async () => {
    const { fake, did, follow } = scene();
    for (const path of ['/dashboard', '/budgets', '/request/req_1-Ab']) await follow(path);
    assert.deepEqual(did, ['dashboard', 'budgets', 'explain req_1-Ab']);
    const others = ['', '/', '/topUp', '/credits/add', '/request/', '/request/../x', '/request/a/b', '/request/%2e', `/request/${'a'.repeat(201)}`, '/dashboard/x', '/request/[x](command:y)'];
    for (const path of others) {
      assert.equal(linkTarget(path), undefined, path);
      await follow(path);
    }
    assert.equal(did.length, 3);
    assert.equal(fake.shown.length, others.length);
    assert.ok(fake.shown.every(({ message }) => !/topUp|command/.test(message)), 'nothing of a link is shown');
  });

  it('wait for the broker, the newest alone, for a minute at the most', async () => {
    const { schedule, did, state, links, follow } = scene();
    state.isConnected = false;
    await follow('/request/req_1');
    await follow('/request/req_2');
    await links.see();
    assert.deepEqual(did, []);
    state.isConnected = true;
    await links.see();
    await links.see();
    assert.deepEqual(did, ['explain req_2']);
    state.isConnected = false;
    await follow('/request/req_3');
    await schedule.advance(awaitedMsMax + 1);
    state.isConnected = true;
    await links.see();
    assert.deepEqual(did, ['explain req_2']);
    state.isConnected = false;
    await follow('/request/req_4');
    await follow('/dashboard');
    state.isConnected = true;
    await links.see();
    assert.deepEqual(did, ['explain req_2', 'dashboard'], 'who went elsewhere meanwhile is not taken back');
  });
});
