// `codex-broker credits auto`: the automatic top-up, shown, set or switched off.
import { formatCredits } from '../../domain/units.ts';
import type { AutoTopUp } from '../../domain/autoTopUp.ts';
import type { AutoTopUpView } from '../../protocol/snapshot.ts';
import { amountOf, timeZoneOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { momentText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** `codex-broker credits auto [off | --below AMOUNT --add AMOUNT --cap AMOUNT]` */
export async function creditsAuto(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, { below: { type: 'string' }, add: { type: 'string' }, cap: { type: 'string' }, 'time-zone': { type: 'string' } }, 1);
  const { below, add, cap } = values;
  const said = [below, add, cap, values['time-zone']].filter((one) => one !== undefined).length;
  const isOff = positionals[0] === 'off';
  if (positionals[0] !== undefined && !isOff || isOff && said > 0) throw wrongUse('Say `credits auto off`, or `credits auto --below 10 --add 50 --cap 200`, or `credits auto` to see how it stands.');
  if (said === 0 && !isOff) return show(values, io);
  if (!isOff && (below === undefined || add === undefined || cap === undefined)) throw wrongUse('Say when, how much and how much in a month at the most: --below AMOUNT --add AMOUNT --cap AMOUNT.');
  const rule: AutoTopUp | null = isOff ? null : { belowMicroCredits: amountOf(below), amountMicroCredits: amountOf(add), capMicroCredits: amountOf(cap), timeZone: timeZoneOf(values['time-zone']) };
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.autoTopUpSet({ rule });
    const { autoTopUp, balance } = await api.status({});
    io.out(values.json ? JSON.stringify({ ...result, autoTopUp: autoTopUp ?? null })
      : autoTopUp ? `Set: ${autoTopUpText(autoTopUp)}${balance.tracked ? '' : '\nIt begins once the balance is tracked, which the first credits do: `credits add AMOUNT`.'}` : 'The automatic top-up is off. What it added stays.');
    return 0;
  });
}

async function show(values: Parameters<typeof withControl>[0] & { readonly json?: boolean | undefined }, io: CommandIo): Promise<number> {
  return withControl(values, io, 'read', async ({ api }) => {
    const { autoTopUp } = await api.status({});
    io.out(values.json ? JSON.stringify({ autoTopUp: autoTopUp ?? null }) : autoTopUp ? autoTopUpText(autoTopUp) : 'The automatic top-up is off.');
    return 0;
  });
}

/** "While less than 10.00 credits are left, 50.00 are added; 50.00 of at most 200.00 this month, which begins anew on 2026-12-01 00:00 (UTC)." */
export function autoTopUpText({ belowMicroCredits, amountMicroCredits, capMicroCredits, timeZone, addedMicroCredits, beginsAnewAtMs }: AutoTopUpView): string {
  const credits = (amount: number) => formatCredits(amount);
  return `While less than ${credits(belowMicroCredits)} credits are left, ${credits(amountMicroCredits)} purchased ones are added; ${credits(addedMicroCredits)} of at most ${credits(capMicroCredits)} this month, which ends ${momentText(beginsAnewAtMs)} (${timeZone}).`;
}
