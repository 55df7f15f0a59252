// Proves that what others take is expected from the first moment on at the rate at which they are seen to take it.
import assert from 'node:assert/strict';
import { afterTaken, unseenAmount, type Unseen } from '../../src/domain/unseenUse.ts';

/** After so many seconds of a thousand each. */
const taking = (seconds: number): { readonly unseen: Unseen; readonly nowMs: number } => {
  let unseen: Unseen | undefined;
  for (let second = 0; second <= seconds; second += 1) unseen = afterTaken(unseen, 1_000, second * 1_000);
  assert.ok(unseen);
  return { unseen, nowMs: seconds * 1_000 };
};

describe('unseen use', () => {
  it('is nothing until something was missing, and fades when nothing is any more', () => {
    assert.equal(afterTaken(undefined, 0, 5), undefined);
    const { unseen, nowMs } = taking(60);
    const later = afterTaken(unseen, -5, nowMs + 3_600_000);
    assert.ok(later && unseenAmount(later, 1_000, nowMs + 3_600_000) < 20);
  });

  it('expects of others what they take, however lately they were noticed', () => {
    const [lately, long] = [taking(10), taking(600)];
    const inTenSeconds = (each: typeof long) => unseenAmount(each.unseen, 10_000, each.nowMs);
    // Ten thousand, the largest at once, and three deviations.
    assert.ok(Math.abs(inTenSeconds(long) - 21_500) < 1_000, `${inTenSeconds(long)}`);
    assert.ok(inTenSeconds(lately) > 0.6 * inTenSeconds(long), `${inTenSeconds(lately)}`);
  });
});
