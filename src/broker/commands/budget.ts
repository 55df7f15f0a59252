// `codex-broker budget set`, `list` and `remove`: the developer's own caps on credits or tokens.
import { budgetText } from '../../domain/budgets.ts';
import type { Budget, BudgetPeriod } from '../../domain/budgets.ts';
import { rollingHoursMax } from '../../domain/directives.ts';
import { hasDays } from '../../domain/evenBurn.ts';
import { parseCredits } from '../../domain/units.ts';
import { modelsOf, timeZoneOf, wantedWord, wholeNumberOf, wordOf, workspaceOf, wrongUse } from './argumentValues.ts';
import { budgetsText } from './budgetTexts.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

const perWords = ['request', 'task', 'workspace', 'model', 'client', 'everything'] as const;
/** More tokens than all models of the world give in a year; a larger limit is a slip. */
const tokensMax = 1_000_000_000_000;

/** `codex-broker budget set ID LIMIT --per … | list | remove ID` */
export async function budget(args: readonly string[], io: CommandIo): Promise<number> {
  const [word, ...rest] = args;
  if (word === 'set') return setBudget(rest, io);
  if (word === 'list') return listBudgets(rest, io);
  if (word === 'remove') return removeBudget(rest, io);
  throw wrongUse(`Say \`budget set ID LIMIT --per ${perWords.join('|')}\`, \`budget list\` or \`budget remove ID\`.`);
}

async function setBudget(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {
    per: { type: 'string' }, of: { type: 'string' }, unit: { type: 'string' }, period: { type: 'string' }, soft: { type: 'boolean' }, even: { type: 'boolean' }, 'time-zone': { type: 'string' },
  }, 2);
  const id = wantedWord(positionals[0], 'A name for the budget');
  if (values.per === undefined) throw wrongUse(`Say what it is counted by: --per ${perWords.join(', ')}.`);
  const per = wordOf('per', values.per, perWords);
  const unit = wordOf('unit', values.unit ?? 'credits', ['credits', 'tokens'] as const);
  const set: Budget = {
    id, per, unit, limit: limitOf(unit, positionals[1]), period: periodOf(values.period, per), timeZone: timeZoneOf(values['time-zone']), mode: values.soft === true ? 'soft' : 'hard',
    ...(values.of === undefined ? {} : { of: subjectOf(per, values.of, io) }), ...(values.even === true ? { pace: 'even' as const } : {}),
  };
  if (set.pace !== undefined && !hasDays(set)) throw wrongUse('Only a budget over more than a day can be spread evenly: --even goes with --period week, month or more than 24h.');
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.budgetSet({ budget: set });
    io.out(values.json ? JSON.stringify({ ...result, budget: set })
      : `Set ${id}: ${budgetText(set)}, ${set.mode === 'soft' ? 'soft: what goes over it is sent, and said' : 'hard: what would go over it is not sent'}.`);
    return 0;
  });
}

/** Zero is a limit too: nothing more is sent. */
function limitOf(unit: Budget['unit'], text: string | undefined): number {
  const word = wantedWord(text, 'The limit of the budget');
  const limit = unit === 'credits' ? parseCredits(word) : wholeNumberOf('a limit in tokens', word, tokensMax);
  if (limit === undefined) throw wrongUse(`"${word}" is no limit in credits: a number from 0 on with at most six decimals.`);
  return limit;
}

/** Without a period it counts from the first day on. */
function periodOf(text: string | undefined, per: Budget['per']): BudgetPeriod {
  if (text !== undefined && per === 'request') throw wrongUse('A budget per request has no period: each request is measured by itself.');
  const hours = /^([1-9]\d{0,3})h$/.exec(text ?? '')?.[1];
  if (hours !== undefined && Number(hours) <= rollingHoursMax) return { rollingHours: Number(hours) };
  const words = ['day', 'week', 'month', 'life'] as const;
  const word = words.find((one) => one === (text ?? 'life'));
  if (word === undefined) throw wrongUse(`The option --period takes ${words.join(', ')} or the last hours such as 24h (up to ${rollingHoursMax}h), not "${text ?? ''}".`);
  return word;
}

function subjectOf(per: Budget['per'], text: string, io: CommandIo): string {
  if (per === 'request' || per === 'everything') throw wrongUse(`A budget per ${per} is of no one thing; --of goes with a task, workspace, model or client.`);
  if (per === 'workspace') return workspaceOf('of', text, io);
  const name = wantedWord(text, `The ${per} behind --of`);
  if (per !== 'model') return name;
  const models = modelsOf('of', [name]) ?? [name];
  if (models.length !== 1) throw wrongUse('A budget per model is of one model; set one for each.');
  return models[0] ?? name;
}

async function listBudgets(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api }) => {
    const result = await api.budgets({});
    io.out(values.json ? JSON.stringify(result) : budgetsText(result.budgets));
    return 0;
  });
}

async function removeBudget(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const id = wantedWord(positionals[0], 'The name of a budget');
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.budgetRemove({ id });
    io.out(values.json ? JSON.stringify(result) : result.removed ? `The budget ${id} is removed.` : `There is no budget ${id}.`);
    return result.removed ? 0 : 1;
  });
}
