// The dashboard as narrow as a side column: every page can be seen and chosen, what belongs together stays on one line, and what is
// worth a word beside others goes.
import assert from 'node:assert/strict';
import { sampleSnapshot } from '../sampleSnapshot.ts';
import { sampleStates, stateMessage } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('the narrow dashboard page', function narrowPage() {
  this.timeout(120_000);
  const open = pageForEach();
  const { hook } = open;

  it('leaves no tab out of sight on a narrow page, and no state of a request in pieces', async () => {
    await open.page.setViewportSize({ width: 320, height: 700 });
    await open.send(...sampleStates['normal']!);
    const right = await open.page.evaluate(() => Math.max(...[...document.querySelectorAll('[role=tab]')].map((tab) => tab.getBoundingClientRect().right)));
    assert.ok(right <= 320, `the last tab ends at ${right}`);
    const heights = await open.page.evaluate(() => [...document.querySelectorAll('table.runs td.state')].map((cell) => cell.getBoundingClientRect().height));
    assert.ok(heights.length > 2 && heights.every((height) => height < 30), `heights of the states: ${heights.join(', ')}`);
  });

  it('says in a remote window where broker and ledger are', async () => {
    await open.send(stateMessage(sampleSnapshot({ sequence: 70 })));
    assert.equal(await hook('host').count(), 0);
    await open.send({ ...stateMessage(sampleSnapshot({ sequence: 71 })), host: 'build-1 (SSH)' });
    assert.equal(await hook('host').getAttribute('title'), 'Broker and ledger are on build-1 (SSH).');
    assert.match(await hook('host').innerText(), /build-1 \(SSH\)$/);
    assert.ok(await hook('host').isVisible());
    const fits = () => open.page.locator('.topline').evaluate((line) => line.scrollWidth <= line.clientWidth);
    assert.ok(await fits());
    await open.page.setViewportSize({ width: 320, height: 700 });
    assert.ok(await fits(), 'a narrow line has no room for it');
    assert.equal(await hook('host').isVisible(), false);
  });
});
