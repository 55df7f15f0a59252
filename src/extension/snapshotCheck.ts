// A light check of what the broker pushes, before it is painted. The sender has proven itself, so
// this only guards against another version's shape, not against an enemy.
import * as z from 'zod/mini';
import type { Snapshot } from '../protocol/snapshot.ts';

const list = z.array(z.looseObject({}));
const shape = z.looseObject({
  sequence: z.int(), atMs: z.int(),
  broker: z.looseObject({ mode: z.enum(['live', 'practice']), version: z.string(), upstream: z.string() }),
  key: z.looseObject({ state: z.string() }),
  balance: z.looseObject({ tracked: z.boolean(), balanceMicroCredits: z.int(), heldMicroCredits: z.int(), owedMicroCredits: z.int(), grants: list }),
  consent: z.looseObject({ everywhere: z.boolean(), workspaceIds: z.array(z.string()), deniedWorkspaceIds: z.array(z.string()) }),
  budgets: list, allowances: list, questions: list, priceChanges: list, policies: z.looseObject({ unpriced: z.string(), unattended: z.string() }),
  windows: list, running: list, waiting: list, days: list, recent: list, entries: list, problems: list,
  today: z.looseObject({ total: z.looseObject({ costMicroCredits: z.int() }), byWorkspace: list, byModel: list }),
});

/** True when the value has the parts of a snapshot that every surface reads. */
export function isSnapshot(value: unknown): value is Snapshot {
  return shape.safeParse(value).success;
}
