// The text that a hash covers: two rows that differ anywhere have different texts.
import assert from 'node:assert/strict';
import { attemptTermsText, chargeText, directiveText, entryText, grantTermsText, usageEventText } from '../../src/domain/rowTexts.ts';

const sample = {
  event: { prevHash: 'p', id: 'use_a', attemptId: 'a', requestId: 'r', atMs: 1, workspaceId: 'w', client: 'c', threadId: 't', model: 'm', modelServed: 's', tier: 'standard' as const, outcome: 'completed' as const, status: 200,
    measured: true, freeReason: 'f', inputTokens: 1, cachedInputTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: 5, waitedMs: 6, firstByteMs: 7, durationMs: 8, upstreamRequestId: 'u', responseId: 'x', notice: 'n', termsHash: 'h', corrects: 'use_b' },
  charge: { prevHash: 'p', id: 'chg_a', usageEventId: 'use_a', attemptId: 'a', atMs: 1, costMicroCredits: 2, drawnMicroCredits: 3, uncoveredMicroCredits: 4, tier: 'standard' as const, priceVersion: 'v',
    price: { model: 'm', version: 'v', rates: { input: 1, cachedInput: 2, cacheWrite: 3, output: 4 } }, terms: [], basis: 'usage' as const, corrects: 'chg_b' },
  entry: { prevHash: 'p', id: 'e', atMs: 1, account: 'grant' as const, kind: 'post' as const, grantId: 'g', attemptId: 'a', chargeId: 'c', amountMicroCredits: -1, heldDeltaMicroCredits: -2, balanceAfterMicroCredits: 3, heldAfterMicroCredits: 4, termsHash: 'h', corrects: null as string | null },
  grant: { id: 'g', key: 'k', content: 'c', kind: 'included' as const, amountMicroCredits: 1, priority: 2, createdAtMs: 3, order: 4, startsAtMs: 1, expiresAtMs: 5, models: '[]', workspaces: '["w"]', allowanceId: 'l', note: 'n' },
  directive: { prevHash: 'p', id: 'd', atMs: 1, kind: 'policy', subject: 's', content: '{}' },
  decision: { attemptId: 'a', number: 1, atMs: 2, waitedMs: 3, record: '{}', requestId: 'r', receivedAtMs: 4, workspaceId: 'w', client: 'c', clientVersion: 'v', threadId: 't', turnId: 'u', requestKind: 'turn', branch: 'b', command: 'k', file: 'f', model: 'm', stream: true },
  hold: { attemptId: 'a', requestId: 'r', number: 1, workspaceId: 'w', openedAtMs: 2, amountMicroCredits: 3, price: null, tier: 'flex' as const, estimatedInputTokens: 4, estimatedOutputTokens: 5, estimateMicroCredits: 6, likelyOutputTokens: 7, basis: '{}' },
};

function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value + 100;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}'`;
  return value === null || Array.isArray(value) ? { other: 1 } : { ...(value as object), model: 'other' };
}

function everyFieldCounts<T extends object>(row: T, text: (row: T) => string): void {
  const texts = [text(row), ...Object.entries(row).map(([name, value]) => text({ ...row, [name]: otherThan(value) }))];
  assert.equal(new Set(texts).size, texts.length);
}

describe('the text of a row', () => {
  it('covers every field of usage events, charges, entries and directives', () => {
    everyFieldCounts(sample.event, usageEventText);
    everyFieldCounts(sample.charge, chargeText);
    everyFieldCounts(sample.entry, entryText);
    everyFieldCounts({ ...sample.entry, corrects: 'e0' }, entryText);
    everyFieldCounts(sample.directive, directiveText);
  });

  it('covers every field of a grant\'s terms, of a decision and of its hold', () => {
    everyFieldCounts(sample.grant, grantTermsText);
    everyFieldCounts(sample.decision, (decision) => attemptTermsText(decision, sample.hold));
    everyFieldCounts(sample.hold, (hold) => attemptTermsText(sample.decision, hold));
    assert.notEqual(attemptTermsText(sample.decision, undefined), attemptTermsText(sample.decision, sample.hold));
  });

  it('is the first version\'s text where nothing of a later version is set', () => {
    const plain = { ...sample.entry, corrects: null };
    assert.equal(entryText(plain), JSON.stringify(['p', 'e', 1, 'post', 'g', 'a', 'c', -1, -2, 3, 4, 'h']));
    assert.equal((JSON.parse(usageEventText({ ...sample.event, corrects: null })) as unknown[]).length, 27);
    assert.equal((JSON.parse(chargeText({ ...sample.charge, corrects: null })) as unknown[]).length, 12);
    assert.equal((JSON.parse(grantTermsText({ ...sample.grant, startsAtMs: null, models: null, workspaces: null, allowanceId: null })) as unknown[]).length, 10);
    const unknown = { ...sample.decision, branch: null, command: null, file: null };
    assert.deepEqual([sample.decision, unknown].map((decision) => (JSON.parse(attemptTermsText(decision, sample.hold)) as unknown[]).length), [19, 16]);
    const hold = (JSON.parse(attemptTermsText(unknown, { ...sample.hold, estimateMicroCredits: null, likelyOutputTokens: null, basis: null })) as unknown[]).at(-1);
    assert.equal((hold as unknown[]).length, 10);
  });

  it('does not run fields together', () => {
    assert.notEqual(entryText({ ...sample.entry, id: 'e","x', grantId: 'g' }), entryText({ ...sample.entry, id: 'e', grantId: 'x","g' }));
    assert.equal(new Set([['b', null, null], [null, 'b', null], [null, null, 'b'], [null, null, null]].map(([branch = null, command = null, file = null]) => attemptTermsText({ ...sample.decision, branch, command, file }, sample.hold))).size, 4);
    assert.notEqual(usageEventText({ ...sample.event, threadId: null }), usageEventText({ ...sample.event, threadId: 'null' }));
  });

  it('writes a void that takes nothing as the store reads it back', () => {
    assert.equal(entryText({ ...sample.entry, amountMicroCredits: -0 }), entryText({ ...sample.entry, amountMicroCredits: 0 }));
  });
});
