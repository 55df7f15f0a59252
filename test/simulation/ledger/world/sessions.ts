// What a world learns beside its requests: responses that session files tell of, new ones and such as were imported or
// went through the broker, and limits of the upstream that changed.
import type { ImportCommand, ImportedUse, NoteLimitCommand } from '../../../../src/broker/store/ledgerCommands.ts';
import { someUsage } from './requestLife.ts';
import { clientNames, pricedModels, threadIds, unpricedModel, workspaceIds } from './scene.ts';
import type { Scene } from './scene.ts';

const hourMs = 3_600_000;
/** How far the times of one response may be apart in its two records, and a moment more. */
const nearlyMs = [0, 0, 900, 119_999, 120_000, 120_001, -120_000, -120_001];

/** Responses of session files. */
export function imported(scene: Scene): ImportCommand {
  const { random, nowMs } = scene;
  const uses = Array.from({ length: random.whole(1, 4) }, () => use(scene));
  // A fork of a session tells what came before it once more.
  return { type: 'import', atMs: nowMs, uses: random.chance(0.15) ? [...uses, random.pick(uses)] : uses };
}

function use(scene: Scene): ImportedUse {
  const { random, state, nowMs, name } = scene;
  const known = [...state.imports.values()];
  if (known.length > 0 && random.chance(0.15)) return random.pick(known).use;
  const model = random.chance(0.85) ? random.pick([...Object.keys(pricedModels), unpricedModel]) : undefined;
  const price = model === undefined ? undefined : pricedModels[model];
  const facts = {
    workspaceId: random.pick([...workspaceIds, 'ws_outside']), client: random.pick(clientNames), ...(model === undefined ? {} : { model }), source: 'rollout.jsonl', ...(price ? { price } : {}),
    atMs: nowMs - random.pick([0, 1000, hourMs, 24 * hourMs, 100 * hourMs]), usage: random.chance(0.04) ? { ...someUsage(random), outputTokens: -1 } : someUsage(random),
  };
  const attempts = [...state.attempts.keys()];
  if (attempts.length > 0 && random.chance(0.3)) { const id = `resp_${random.pick(attempts)}`; return { ...facts, key: id, responseId: id, threadId: random.pick(threadIds) }; }
  // Older files tell no ids. What was corrected later is no response of its own.
  const used = state.uses.filter((one) => one.threadId !== undefined && one.usage.inputTokens > 0);
  if (used.length > 0 && random.chance(0.4)) {
    const like = random.pick(used);
    const usage = random.chance(0.2) ? { ...like.usage, inputTokens: like.usage.inputTokens + 1 } : like.usage;
    return { ...facts, key: name('total'), threadId: like.threadId ?? '', usage, atMs: like.atMs + random.pick(nearlyMs) };
  }
  if (random.chance(0.3)) return { ...facts, key: name('total'), ...(random.chance(0.7) ? { threadId: random.pick(threadIds) } : {}) };
  const id = name('resp_around');
  return { ...facts, key: id, responseId: id };
}

/** Limits of a model, or a window of a plan that began anew, at times told with some play. */
export function limitNote({ random, nowMs }: Scene): NoteLimitCommand {
  if (random.chance(0.4)) return { type: 'note-limit', atMs: nowMs, note: { subject: 'ChatGPT 1a/300', began: { plan: 'ChatGPT 1a', windowMinutes: 300, resetsAtMs: nowMs - nowMs % (5 * hourMs) + random.pick([0, 0, 180_000, 180_001, 5 * hourMs]) } } };
  return { type: 'note-limit', atMs: nowMs, note: { subject: random.pick(Object.keys(pricedModels)), limits: random.pick([['requests'], ['tokens'], ['requests', 'tokens']] as const).map((measure) => ({ measure, limit: random.whole(1, 2) * 500, windowMinutes: random.pick([1, 1, 60]) })) } };
}
