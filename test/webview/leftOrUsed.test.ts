// One setting tells whether the pages' amounts are what is left or what is used: no text of theirs says the one where the other was chosen.
import assert from 'node:assert/strict';
import { meterFace } from '../../src/protocol/meterFace.ts';
import { meterInput } from '../../src/protocol/meterInput.ts';
import type { Snapshot } from '../../src/protocol/snapshot.ts';
import { budgetRows } from '../../src/webview/budgetText.ts';
import { limitRow } from '../../src/webview/limitText.ts';
import { sideBalance, sideBlock, sideLimits } from '../../src/webview/sidebarText.ts';
import { tightText } from '../../src/webview/tightestText.ts';
import { sampleStates } from './sampleStates.ts';

const own = 'ws_billing-service';
const place = { locale: 'en', timeZone: 'UTC' };

/** Every text of limits, budgets and the balance on the dashboard and in the side bar. */
function texts(snapshot: Snapshot, show: 'left' | 'used'): string[] {
  const nowMs = snapshot.atMs;
  const taste = { workspaceId: own, nowMs, show, place };
  const face = meterFace(meterInput('connected', snapshot, { show, unit: 'credits', locale: 'en' }, own, nowMs));
  return [
    ...snapshot.windows.map((window) => limitRow(window, nowMs, show, place)), ...budgetRows(snapshot, own, nowMs, show, place),
    ...sideLimits(snapshot, taste).shown, tightText(snapshot, own, nowMs, show, place), sideBalance(snapshot, show, 'en'), sideBlock(snapshot, face, taste), face,
  ].flatMap((one) => Object.values(one ?? {})).filter((value): value is string => typeof value === 'string');
}

// States, and today's use where there is no balance: no amounts of what is limited. That credits are left is why a block is not theirs.
const noAmounts = /used up|share so far used|nothing used yet|credits used today|no credits left|only purchased ones are left|Credits are not the reason: [\d.,]+ are left/gi;

describe('left or used, on the pages', () => {
  for (const [name, messages] of Object.entries(sampleStates)) {
    for (const [show, other] of [['left', 'used'], ['used', 'left']] as const) {
      it(`${show}: ${name}`, () => {
        for (const message of messages) {
          if (message.type !== 'state' || !message.snapshot) continue;
          for (const text of texts(message.snapshot, show)) assert.doesNotMatch(text.replace(noAmounts, ''), new RegExp(`\\b${other}\\b`, 'i'), text);
        }
      });
    }
  }
});
