// The commands that read: `status`, `usage`, `explain`, `audit`. Text for people by default, the
// documented shapes with `--json`.
import { meterFace } from '../../domain/meter.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import { formatCredits, formatTokens, formatUsd } from '../../domain/units.ts';
import { clientName } from '../../protocol/clientName.ts';
import { parseIso } from '../../protocol/control.ts';
import { meterInput } from '../../protocol/meterInput.ts';
import type { Snapshot, UsageRow } from '../../protocol/snapshot.ts';
import { openControl } from '../controlClient.ts';
import type { Control, ControlUse } from '../controlClient.ts';
import { utcOffsetMs } from '../systemClock.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { dataFolderOf, modeOf, readOptions, textTable } from './commandIo.ts';

/** Opens the calls, runs something with them, and closes. */
export async function withControl<T>(options: FolderOptions, io: CommandIo, to: ControlUse['to'], run: (control: Control) => Promise<T>): Promise<T> {
  const control = await openControl(dataFolderOf(options, io), io.entry, { to, mode: modeOf(options) });
  try {
    return await run(control);
  } finally {
    await control.close();
  }
}

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
  const face = meterFace(meterInput('connected', snapshot, { show: 'left', unit: 'credits', locale: 'en' }));
  const { balance } = snapshot;
  const lines = [
    `Meter      ${face.text}  (${face.spoken})`,
    `Broker     ${url === undefined ? 'not running; read from the ledger' : `${url}, ${snapshot.broker.mode} mode, upstream ${snapshot.broker.upstream}, key ${snapshot.key.state}`}`,
    `Balance    ${balance.tracked ? `${formatCredits(balance.balanceMicroCredits)} credits (${formatUsd(balance.balanceMicroCredits)}), ${formatCredits(balance.heldMicroCredits)} reserved` : 'not tracked; add credits to begin'}`,
    `Today      ${formatCredits(snapshot.today.total.costMicroCredits)} credits in ${snapshot.today.total.requests} ${snapshot.today.total.requests === 1 ? 'request' : 'requests'}`,
    `Now        ${snapshot.running.length} running, ${snapshot.waiting.length} waiting`,
    ...snapshot.windows.map((window) => `Limit      ${window.model} ${window.measure}: ${window.remaining ?? 'unknown'} of ${window.limit ?? 'unknown'} left per ${window.windowMinutes === 1 ? 'minute' : `${window.windowMinutes} minutes`}`),
    ...snapshot.problems.map((one) => `Problem    ${one.message} ${one.remedy}`),
  ];
  return lines.join('\n');
}

const groupings = ['day', 'model', 'workspace', 'client', 'thread', 'kind'] as const;

/** `codex-broker usage` */
export async function usage(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { by: { type: 'string' }, since: { type: 'string' }, csv: { type: 'boolean' } });
  const by = groupings.find((one) => one === (values.by ?? 'day'));
  if (!by) throw new ProblemError(problem('argument_invalid', `Usage is grouped by ${groupings.join(', ')}, not by "${values.by}".`));
  const sinceMs = values.since === undefined ? undefined : parseIso(values.since, utcOffsetMs);
  if (values.since !== undefined && sinceMs === undefined) throw new ProblemError(problem('argument_invalid', `"${values.since}" is no date from 1970 on such as 2026-11-22 (midnight here) or 2026-11-22T10:00:00Z.`));
  return withControl(values, io, 'read', async ({ api }) => {
    const report = await api.usage({ by, ...(sinceMs === undefined ? {} : { sinceMs }) });
    io.out(values.json ? JSON.stringify(report) : values.csv ? usageCsv(report.rows) : usageText(by, report.rows, report.total));
    return 0;
  });
}

/** A usage report as a table for people. */
export function usageText(by: string, rows: readonly UsageRow[], total: UsageRow): string {
  const cells = (row: UsageRow) => [by === 'client' ? clientName(row.label) : row.label, String(row.requests), formatTokens(row.inputTokens), formatTokens(row.cachedInputTokens), formatTokens(row.outputTokens),
    formatTokens(row.reasoningTokens), formatCredits(row.costMicroCredits, 4), formatUsd(row.costMicroCredits), row.estimated > 0 ? `${row.estimated} estimated` : row.unpriced > 0 ? `${row.unpriced} unpriced` : ''];
  return textTable([by, 'requests', 'input', 'cached', 'output', 'reasoning', 'credits', 'USD', ''], [...rows.map(cells), cells({ ...total, label: 'total' })]);
}

function usageCsv(rows: readonly UsageRow[]): string {
  const head = ['key', 'label', 'requests', 'inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens', 'costMicroCredits', 'estimated', 'unpriced'] as const;
  // A leading sign would be run as a formula by spreadsheet programs, so such a cell is quoted as text.
  const cell = (value: string | number) => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head.join(','), ...rows.map((row) => head.map((name) => cell(row[name])).join(','))].join('\n');
}

/** `codex-broker explain ID` */
export async function explain(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(args, {}, 1);
  const [id] = positionals;
  if (id === undefined) throw new ProblemError(problem('argument_invalid', 'Explain needs the id of a request.'));
  return withControl(values, io, 'read', async ({ api }) => {
    const told = await api.explain({ id });
    io.out(values.json ? JSON.stringify(told) : [`Request ${told.id}`, ...told.story.map((sentence) => `  ${sentence}`),
      ...(told.entries.length === 0 ? [] : ['', textTable(['entry', 'kind', 'grant', 'amount', 'reserved', 'balance after'], told.entries.map((entry) => [
        String(entry.sequence), entry.kind, entry.grantId ?? entry.account, formatCredits(entry.amountMicroCredits, 6), formatCredits(entry.heldDeltaMicroCredits, 6), formatCredits(entry.balanceAfterMicroCredits, 6)]), 3)])].join('\n'));
    return 0;
  });
}

/** `codex-broker audit`: 0 clean, 2 discrepancy, 3 unreadable. */
export async function audit(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { full: { type: 'boolean' } });
  try {
    return await withControl(values, io, 'read', async ({ api }) => {
      const found = await api.audit({ full: values.full ?? false });
      if (values.json) io.out(JSON.stringify(found));
      else {
        io.out(found.ok ? 'The ledger adds up.' : `The ledger does not add up: ${found.violations.length} violation${found.violations.length === 1 ? '' : 's'}.`);
        for (const { invariant, what } of found.violations) io.out(`  ${invariant}: ${what}`);
        io.out(`${found.requests} requests, ${found.usageEvents} usage events, ${found.charges} charges, ${found.entries} balance entries, ${found.openHolds} open holds, balance ${formatCredits(found.balanceMicroCredits, 6)} credits.`);
      }
      return found.ok ? 0 : 2;
    });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code === 'argument_invalid') throw error;
    if (values.json) io.out(JSON.stringify({ ok: false, violations: [{ invariant: 'unreadable', what: error.problem.message }], error: { code: error.problem.code, message: error.problem.message } }));
    else io.err(`${error.problem.message} ${error.problem.remedy} (${error.problem.code})`);
    return 3;
  }
}
