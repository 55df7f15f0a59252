// `codex-broker status`: the state of the broker, or of the ledger when none runs, as the meter and the
// dashboard show it.
import { meterFace } from '../../protocol/meterFace.ts';
import { formatCredits, formatUsd } from '../../domain/units.ts';
import { windowLength } from '../../protocol/limitStands.ts';
import { meterInput } from '../../protocol/meterInput.ts';
import { modelText } from '../../protocol/modelText.ts';
import { planWords } from '../../protocol/planWords.ts';
import { unmeteredWords } from '../../protocol/unmeteredWords.ts';
import type { BudgetView, Snapshot, WindowView } from '../../protocol/snapshot.ts';
import { budgetUseText } from './budgetTexts.ts';
import type { CommandIo } from './commandIo.ts';
import { autoTopUpText } from './creditsAuto.ts';
import { readOptions } from './commandIo.ts';
import { countText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** `codex-broker status` */
export async function status(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, {});
  return withControl(values, io, 'read', async ({ api, url }) => {
    const snapshot = await api.status({});
    io.out(values.json ? JSON.stringify(snapshot) : statusText(snapshot, url));
    return 0;
  });
}

/** The meter and what stands behind it, as lines. */
export function statusText(snapshot: Snapshot, url: string | undefined): string {
  // The command line says what is left: whether the editor says that or what is used is a setting of the editor.
  const face = meterFace(meterInput('connected', snapshot, { show: 'left', unit: 'credits', locale: 'en' }));
  const { balance } = snapshot;
  const lines = [
    `Meter      ${face.text}  (${face.spoken})`,
    `Broker     ${url === undefined ? 'not running; read from the ledger, compared with the note beside it alone' : `${url}, ${snapshot.broker.mode} mode, upstream ${snapshot.broker.upstream}, ${snapshot.broker.fallback ? `fallback ${snapshot.broker.fallback.model} at ${snapshot.broker.fallback.at}, ` : ''}key ${snapshot.key.state}`}`,
    `Balance    ${balance.tracked ? `${formatCredits(balance.balanceMicroCredits)} credits (${formatUsd(balance.balanceMicroCredits)}), ${formatCredits(balance.heldMicroCredits)} reserved` : 'not tracked; add credits to begin'}`,
    ...(balance.owedMicroCredits > 0 ? [`Owed       ${formatCredits(balance.owedMicroCredits, 6)} credits; nothing is sent until purchased credits pay them`] : []),
    ...(snapshot.autoTopUp ? [`Top-up     ${autoTopUpText(snapshot.autoTopUp)}`] : []),
    `Today      ${formatCredits(snapshot.today.total.costMicroCredits)} credits in ${countText(snapshot.today.total.requests, 'request')}`,
    ...(snapshot.unmetered ? [`Unmetered  ${unmeteredWords(snapshot.unmetered)}`] : []),
    `Now        ${snapshot.running.length} running, ${snapshot.waiting.length} waiting`,
    ...snapshot.running.filter((run) => run.fallback !== undefined).map((run) => `           ${run.model} is asked for, ${modelText(run)} answers`),
    ...snapshot.questions.map((question) => `Asked      ${question.text}`),
    ...snapshot.windows.map((window) => limitText(window)),
    ...(snapshot.plans ?? []).flatMap((plan) => planWords(plan) ?? []).map((words) => `Plan       ${words}`),
    ...snapshot.budgets.flatMap(budgetLines),
    ...snapshot.problems.map((one) => `Problem    ${one.message} ${one.remedy}`),
  ];
  return lines.join('\n');
}

function limitText({ model, measure, windowMinutes, remaining, limit }: WindowView): string {
  if (measure === 'percent') return `Limit      ${model}: ${remaining === undefined ? 'unknown' : Math.round(remaining)} % left of its ${windowLength(windowMinutes)}`;
  return `Limit      ${model} ${measure === 'madeImages' ? 'made images' : measure}: ${remaining ?? 'unknown'} of ${limit ?? 'unknown'} left per ${windowMinutes === 1 ? 'minute' : `${windowMinutes} minutes`}`;
}

function budgetLines(view: BudgetView): string[] {
  return view.uses.map((use) => `Budget     ${view.id}${use.key === '' ? '' : ` for ${use.label ?? use.key}`}: ${budgetUseText(view.budget, use, view.today)}`);
}
