// Proves that workspaces get equal shares of a model's limits over what is missing of them, by what they really took.
import assert from 'node:assert/strict';
import { ModelLane } from '../../src/domain/modelLane.ts';
import { request, seen } from '../support/pacerSteps.ts';

/** A line whose limits are known from one request of `a`, which still runs. */
function knownLane(): ModelLane {
  const lane = new ModelLane('m', true);
  lane.answered(run(lane, 'a'), seen(60, 59, { limit: 600_000, remaining: 590_000 }), 0);
  return lane;
}

/** A request of a workspace comes and starts at once. @returns its id */
function run(lane: ModelLane, workspaceId: string, isSent = true): string {
  const one = request({ workspaceId });
  lane.submit(one, 0);
  const item = lane.queue.take();
  assert.equal(item?.id, one.id);
  lane.start(item, 0);
  if (isSent) lane.sent(one.id, 0);
  return one.id;
}

/** Twelve more of each workspace wait. @returns whose turns come next */
function order(lane: ModelLane, ...workspaces: string[]): string {
  for (const workspaceId of workspaces) for (let count = 0; count < 12; count += 1) lane.submit(request({ workspaceId }), 0);
  return lane.queue.order().map(({ workspaceId }) => workspaceId).join('');
}

describe('lane shares', () => {
  it('evens out what was taken of a full bucket before anybody waited', () => {
    const lane = knownLane();
    for (let count = 0; count < 8; count += 1) run(lane, 'a');
    for (let count = 0; count < 2; count += 1) run(lane, 'b');
    assert.match(order(lane, 'a', 'b'), /^b{6,8}(ab|ba)/, 'b is behind by seven');
    assert.match(order(lane, 'c'), /^(bc|cb){6}/, 'and who comes now is no worse off');
  });

  it('counts what was used beyond the estimate, and neither what was not sent nor what was refused', () => {
    const lane = knownLane();
    const more = Array.from({ length: 8 }, () => run(lane, 'a'));
    const own = run(lane, 'b');
    for (let count = 0; count < 20; count += 1) lane.finished(run(lane, 'b', false), undefined, 0);
    lane.refused(run(lane, 'b'), { measure: 'requests', retryAfterMs: 1 }, 1, 0);
    assert.match(order(lane, 'a', 'b'), /^b{7,9}(ab|ba)/);
    lane.finished(own, 60_000, 0);
    assert.match(order(lane), /^b{2,4}(ab|ba)/, 'as much as six requests');
    for (const id of more) lane.finished(id, 10, 0);
    assert.match(order(lane), /^b{2,4}(ab|ba)/, 'each takes a request, whatever its size');
  });

  it('gives nothing to a workspace of which nothing runs any more', () => {
    const lane = knownLane();
    const refused = run(lane, 'b');
    for (let count = 0; count < 8; count += 1) run(lane, 'a');
    lane.refused(refused, { measure: 'requests', retryAfterMs: 1 }, 1, 0);
    lane.queue.remove(refused);
    assert.match(order(lane, 'a', 'b'), /^b?(ab|ba){9}/);
  });
});
