// `codex-broker credits allowance set` and `remove`: credits that come back by themselves, such as 250 a week.
import { priorityDefault } from '../../domain/grants.ts';
import { allowanceText, weekdays } from './budgetTexts.ts';
import { amountOf, timeZoneOf, wantedWord, wordOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { restrictionOptions, restrictionsOf } from './creditsAdd.ts';
import { withControl } from './withControl.ts';

/** `codex-broker credits allowance set ID AMOUNT --every … | remove ID` */
export async function allowance(args: readonly string[], io: CommandIo): Promise<number> {
  const [word, ...rest] = args;
  if (word === 'set') return setAllowance(rest, io);
  if (word === 'remove') return removeAllowance(rest, io);
  throw wrongUse('Say `credits allowance set ID AMOUNT --every day|week|month` or `credits allowance remove ID`; `credits list` shows them.');
}

async function setAllowance(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {
    ...restrictionOptions, every: { type: 'string' }, kind: { type: 'string' }, 'week-starts': { type: 'string' }, 'time-zone': { type: 'string' }, note: { type: 'string' },
  }, 2);
  const id = wantedWord(positionals[0], 'A name for the allowance');
  const amountMicroCredits = amountOf(positionals[1]);
  if (values.every === undefined) throw wrongUse('Say how often it comes back: --every day, week or month.');
  const every = wordOf('every', values.every, ['day', 'week', 'month'] as const);
  const weekStarts = values['week-starts'];
  if (weekStarts !== undefined && every !== 'week') throw wrongUse('The option --week-starts goes with --every week.');
  const { priority = priorityDefault, ...restrictions } = restrictionsOf(values, io);
  const set = {
    id, amountMicroCredits, every, kind: wordOf('kind', values.kind ?? 'included', ['included', 'promotional'] as const), timeZone: timeZoneOf(values['time-zone']), priority, ...restrictions,
    ...(weekStarts === undefined ? {} : { weekStartsOn: weekdays.indexOf(wordOf('week-starts', weekStarts, weekdays)) + 1 }), ...(values.note === undefined ? {} : { note: values.note }),
  };
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.allowanceSet({ allowance: set });
    io.out(values.json ? JSON.stringify({ ...result, allowance: set })
      : `Set ${allowanceText(set)}. The credits of this ${every} are there now, unless this allowance gave them before.`);
    return 0;
  });
}

async function removeAllowance(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const id = wantedWord(positionals[0], 'The name of an allowance');
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.allowanceRemove({ id });
    io.out(values.json ? JSON.stringify(result) : result.removed ? `The allowance ${id} gives nothing more. What it gave stays until it expires.` : `There is no allowance ${id}.`);
    return result.removed ? 0 : 1;
  });
}
