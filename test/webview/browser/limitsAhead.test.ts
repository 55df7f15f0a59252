// The dashboard tells of each long limit and budget until when it lasts, and nothing of what it cannot know.
import assert from 'node:assert/strict';
import { sampleStates } from '../sampleStates.ts';
import { pageForEach } from './sharedHost.ts';

describe('the look ahead on the page', function limitsAhead() {
  this.timeout(60_000);
  const open = pageForEach();
  const { hook } = open;

  it('says of each long limit and budget until when it lasts, while the broker is there', async () => {
    await open.send(...sampleStates['ahead']!);
    const limits = await hook('limits').innerText();
    assert.match(limits, /15 % ahead of even use · until about 15:35 \(15:20 to 15:57\)[\s\S]*until about Thu 19 Nov [\s\S]*refills steadily · until about 19:35 \(17:14 at the earliest\)[\s\S]*refills steadily · too little is known yet/);
    assert.match(await hook('budgets-now').innerText(), /25 % ahead of even use · until about Sat 21 Nov 14:04 \(Fri 20 Nov 03:01 to Tue 24 Nov 04:19\)[\s\S]*13 % spare · lasts, or until Thu 26 Nov 15:37 at the earliest/);
    assert.match(await hook('facts').innerText(), /resets Tue 1 Dec 00:00 · in 13 d 9 h · at its pace until about Sat 21 Nov 14:04/);
    const [ahead] = sampleStates['ahead']!;
    assert.ok(ahead?.type === 'state');
    await open.send({ ...ahead, link: { state: 'down', attempt: 1 } });
    for (const part of ['limits', 'facts']) assert.doesNotMatch(await hook(part).innerText(), /until about/);
  });
});
