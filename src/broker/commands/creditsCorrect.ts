// `codex-broker credits void`, `refund` and `reconcile`: late corrections. Each becomes new rows of the
// ledger that name what they correct; nothing that was booked is changed.
import { randomUUID } from 'node:crypto';
import { problem, ProblemError } from '../../domain/problem.ts';
import { noTokens, tokensPerAttemptMax } from '../../domain/tokenUsage.ts';
import { formatCredits } from '../../domain/units.ts';
import type { ControlApi, ControlResults } from '../../protocol/control.ts';
import { amountOf, wantedWord, wholeNumberOf, wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { owedLine } from './owedLine.ts';
import { withControl } from './withControl.ts';

const correctionOptions = { reason: { type: 'string' }, key: { type: 'string' } } as const;
const tokenOptions = { input: { type: 'string' }, cached: { type: 'string' }, 'cache-write': { type: 'string' }, output: { type: 'string' }, reasoning: { type: 'string' } } as const;

/** `codex-broker credits void GRANT [--disputed]` */
export async function creditsVoid(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, { ...correctionOptions, disputed: { type: 'boolean' } }, 1);
  const grantId = wantedWord(positionals[0], 'The id of a grant, as `credits list` shows it,');
  const disputed = values.disputed === true;
  return withControl(values, io, 'change', async ({ api }) => {
    const result = await api.correct({ ...keyAndReason(values, disputed ? 'its payment was taken back' : 'taken back by hand'), what: { kind: 'void', grantId, disputed } });
    io.out(values.json ? JSON.stringify(result) : result.exists ? `The grant ${grantId} was taken back before: nothing was changed.` : [
      `The grant ${grantId} is taken back: ${formatCredits(-result.changedMicroCredits, 6)} credits left the balance; what running requests reserved of it follows when they end.`,
      ...(result.balance.owedMicroCredits > 0 ? [owedLine(result.balance.owedMicroCredits)] : []), balanceLine(result)].join('\n'));
    return 0;
  });
}

/** `codex-broker credits refund ID AMOUNT` */
export async function creditsRefund(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, correctionOptions, 2);
  const id = wantedWord(positionals[0], 'The id of a request');
  const microCredits = amountOf(positionals[1]);
  return withControl(values, io, 'change', async ({ api }) => {
    const attemptId = await chargedAttempt(api, id);
    const { owedMicroCredits } = await api.creditsList({});
    const result = await api.correct({ ...keyAndReason(values, 'refunded by hand'), what: { kind: 'refund', attemptId, microCredits } });
    io.out(values.json ? JSON.stringify({ ...result, attemptId }) : correctedText(attemptId, result, `is refunded by ${formatCredits(microCredits, 6)} credits`, owedMicroCredits));
    return 0;
  });
}

/** `codex-broker credits reconcile ID --input N --output N` */
export async function creditsReconcile(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, { ...correctionOptions, ...tokenOptions }, 1);
  const id = wantedWord(positionals[0], 'The id of a request');
  const tokens = (option: keyof typeof tokenOptions) => wholeNumberOf(`--${option}`, values[option], tokensPerAttemptMax);
  const [inputTokens, outputTokens] = [tokens('input'), tokens('output')];
  // What was not said is not taken for nothing: the whole input and output have to be there.
  if (inputTokens === undefined || outputTokens === undefined) throw wrongUse('Say the usage as it really was: --input N and --output N, with --cached N, --cache-write N and --reasoning N where they are parts of it.');
  const usage = { ...noTokens, inputTokens, outputTokens, cachedInputTokens: tokens('cached') ?? 0, cacheWriteTokens: tokens('cache-write') ?? 0, reasoningTokens: tokens('reasoning') ?? 0 };
  return withControl(values, io, 'change', async ({ api }) => {
    const attemptId = await chargedAttempt(api, id);
    const { owedMicroCredits } = await api.creditsList({});
    const result = await api.correct({ ...keyAndReason(values, 'reconciled by hand'), what: { kind: 'usage', attemptId, usage } });
    io.out(values.json ? JSON.stringify({ ...result, attemptId }) : correctedText(attemptId, result, 'has the usage that was said', owedMicroCredits));
    return 0;
  });
}

function keyAndReason(values: { readonly key?: string | undefined; readonly reason?: string | undefined }, reason: string): { key: string; reason: string } {
  return { key: values.key ?? `cli-${randomUUID()}`, reason: values.reason ?? reason };
}

/** The attempt that an id names, or the last one of a request that was charged. @throws ProblemError `request_not_found`, `argument_invalid` */
async function chargedAttempt(api: ControlApi, id: string): Promise<string> {
  const { attempts } = await api.explain({ id });
  const named = attempts.find((attempt) => attempt.attemptId === id);
  if (named) return id;
  const charged = attempts.findLast((attempt) => attempt.outcome !== undefined && attempt.freeReason === undefined);
  if (!charged) throw new ProblemError(problem('argument_invalid', `No attempt of the request "${id}" was charged, so there is nothing to correct. Nothing was changed.`));
  return charged.attemptId;
}

function correctedText(attemptId: string, result: ControlResults['correct'], what: string, owedBefore: number): string {
  if (result.exists) return 'This key was used before: nothing was changed again.';
  const moved = result.changedMicroCredits;
  const lowered = owedBefore - result.balance.owedMicroCredits;
  const movedText = moved === 0 ? lowered > 0 ? 'no credits came back' : 'no credits moved' : `${formatCredits(Math.abs(moved), 6)} credits ${moved > 0 ? 'came back' : 'were drawn'}`;
  return [
    `The attempt ${attemptId} ${what}: ${movedText}.`, ...(lowered > 0 ? [`What is owed for disputed credits is lower by ${formatCredits(lowered, 6)}.`] : []),
    ...(result.balance.owedMicroCredits > 0 ? [owedLine(result.balance.owedMicroCredits)] : []), balanceLine(result),
  ].join('\n');
}

function balanceLine({ balance }: ControlResults['correct']): string {
  return balance.tracked ? `Balance ${formatCredits(balance.balanceMicroCredits)} credits.` : 'The balance is not tracked.';
}
