// The jar takes Cloudflare's cookies and no others, gives back what is still good, and stays small.
import assert from 'node:assert/strict';
import { CookieJar, cookiesMax } from '../../../src/broker/upstream/cookieJar.ts';
import { manualClock } from '../../support/manualClock.ts';

describe('the cookie jar', () => {
  it('takes Cloudflare\'s own cookies, and none of a session or an account', () => {
    const jar = new CookieJar(manualClock());
    jar.take(['__cf_bm=a.b-c; Path=/; Secure; HttpOnly', '_cfuvid=u', 'cf_clearance=c', 'cf_chl_rc_i=1', '__Secure-next-auth.session-token=secret', 'oai-auth-token=secret', 'not_cf_clearance=x', 'cf_clearance2=x', '=x', '__cf_bm', '__cflb="quoted"', '__cflb=a,b']);
    assert.equal(jar.header, '__cf_bm=a.b-c; _cfuvid=u; cf_clearance=c; cf_chl_rc_i=1');
    jar.take('__cf_bm=new');
    assert.equal(jar.header, '_cfuvid=u; cf_clearance=c; cf_chl_rc_i=1; __cf_bm=new');
    jar.take(undefined);
  });

  it('forgets them when their time is over, or when it is told to', () => {
    const clock = manualClock();
    const jar = new CookieJar(clock);
    jar.take(['__cf_bm=a; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', `_cfuvid=b; expires=${new Date(clock.nowMs() + 120_000).toUTCString()}`, 'cf_ob_info=c', '__cflb=d; Max-Age=0']);
    assert.equal(jar.header, '__cf_bm=a; _cfuvid=b; cf_ob_info=c');
    clock.jumpWall(60_000);
    assert.equal(jar.header, '_cfuvid=b; cf_ob_info=c');
    clock.jumpWall(60_000);
    assert.equal(jar.header, 'cf_ob_info=c');
    jar.take('cf_ob_info=; Max-Age=-1');
    assert.equal(jar.header, undefined);
  });

  it('is bounded', () => {
    const jar = new CookieJar(manualClock());
    for (let count = 0; count < cookiesMax + 5; count += 1) jar.take(`cf_chl_${count}=v`);
    jar.take(`__cf_bm=${'x'.repeat(5000)}`);
    const kept = jar.header?.split('; ') ?? [];
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [cookiesMax, 'cf_chl_5=v', `cf_chl_${cookiesMax + 4}=v`]);
  });
});
