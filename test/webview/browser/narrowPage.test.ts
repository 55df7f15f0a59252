// The dashboard as narrow as a side column: every page can be seen and chosen, and what belongs together stays on one line.
import assert from 'node:assert/strict';
import { sampleStates } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('the narrow dashboard page', function narrowPage() {
  this.timeout(120_000);
  const open = pageForEach();

  it('leaves no tab out of sight on a narrow page, and no state of a request in pieces', async () => {
    await open.page.setViewportSize({ width: 320, height: 700 });
    await open.send(...sampleStates['normal']!);
    const right = await open.page.evaluate(() => Math.max(...[...document.querySelectorAll('[role=tab]')].map((tab) => tab.getBoundingClientRect().right)));
    assert.ok(right <= 320, `the last tab ends at ${right}`);
    const heights = await open.page.evaluate(() => [...document.querySelectorAll('table.runs td.state')].map((cell) => cell.getBoundingClientRect().height));
    assert.ok(heights.length > 2 && heights.every((height) => height < 30), `heights of the states: ${heights.join(', ')}`);
  });
});
