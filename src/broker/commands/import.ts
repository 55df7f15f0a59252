// `codex-broker import`: reads Codex's own session files and books what they tell of responses that did not go
// through the broker, in batches that are whole or not there. It may be ended at any time and run again.
import { join } from 'node:path';
import { formatCredits, formatUsd } from '../../domain/units.ts';
import type { ControlApi } from '../../protocol/control.ts';
import type { ImportResult } from '../../protocol/importedUsage.ts';
import { importUsesMax } from '../../protocol/controlArguments.ts';
import type { RolloutUse } from '../../protocol/rolloutReader.ts';
import { findSessionFiles, readSessionFile } from '../sessionFiles.ts';
import type { FileGaps, SessionFile } from '../sessionFiles.ts';
import { momentOf } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { pathOf, readOptions } from './commandIo.ts';
import { countText } from './factTexts.ts';
import { withControl } from './withControl.ts';

/** Keys that are remembered, so that replayed responses are not asked about again; beyond them the ledger tells. */
const keysMax = 2_000_000;
/** Steps in which progress is told. */
const steps = 20;
/** By custom the exit code of what Ctrl-C ended. */
const interruptedCode = 130;

/** What an import came to. */
interface ImportReport extends ImportResult, FileGaps {
  readonly files: number;
  readonly filesRead: number;
  readonly dryRun: boolean;
  readonly interrupted: boolean;
}

/** `codex-broker import [--codex-home DIR] [--since ISO] [--dry-run]` */
export async function importSessions(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { 'codex-home': { type: 'string' }, 'since': { type: 'string' }, 'dry-run': { type: 'boolean' } });
  const sinceMs = momentOf(values.since) ?? 0;
  const dryRun = values['dry-run'] === true;
  const named = values['codex-home'] ?? io.env['CODEX_HOME'];
  const codexHome = named ? pathOf('codex-home', named, io) : join(io.home, '.codex');
  const tell = values.json === true ? (done: number, of: number) => io.err(JSON.stringify({ event: 'progress', files: done, of })) : (done: number, of: number) => io.err(`Read ${done} of ${countText(of, 'file')}.`);
  return withControl(values, io, dryRun ? 'read' : 'change', async ({ api }) => {
    const files = await findSessionFiles(codexHome);
    const interruption = { isAsked: false };
    const interrupt = () => { interruption.isAsked = true; };
    process.once('SIGINT', interrupt);
    try {
      const report = await importAll(files, { api, sinceMs, dryRun, tell, interruption });
      io.out(values.json ? JSON.stringify(report) : reportText(report, codexHome));
      return report.interrupted ? interruptedCode : 0;
    } finally {
      process.off('SIGINT', interrupt);
    }
  });
}

interface ImportParts {
  readonly api: Pick<ControlApi, 'importUsage'>;
  readonly sinceMs: number;
  readonly dryRun: boolean;
  readonly tell: (done: number, of: number) => void;
  readonly interruption: { readonly isAsked: boolean };
}

async function importAll(files: readonly SessionFile[], { api, sinceMs, dryRun, tell, interruption }: ImportParts): Promise<ImportReport> {
  const gaps: FileGaps = { unreadableFiles: 0, unreadableLines: 0, longLines: 0 };
  const keys = new Set<string>();
  let total: ImportResult = { added: 0, known: 0, seen: 0, costMicroCredits: 0 };
  let batch: (RolloutUse & { readonly source: string })[] = [];
  const send = async () => {
    if (batch.length === 0) return;
    const result = await api.importUsage({ uses: batch, ...(dryRun ? { dryRun } : {}) });
    batch = [];
    total = { added: total.added + result.added, known: total.known + result.known, seen: total.seen + result.seen, costMicroCredits: total.costMicroCredits + result.costMicroCredits };
  };
  let filesRead = 0;
  for (const file of files) {
    if (interruption.isAsked) break;
    for await (const use of readSessionFile(file, gaps)) {
      // A replay may carry the time of the fork, so a key counts as met also where its own response is too old.
      const isReplay = keys.has(use.key);
      if (!isReplay && keys.size < keysMax) keys.add(use.key);
      if (isReplay || use.atMs < sinceMs) continue;
      batch.push({ ...use, source: file.name.slice(0, 255) });
      if (batch.length >= importUsesMax) await send();
    }
    filesRead += 1;
    if (files.length >= steps && filesRead % Math.ceil(files.length / steps) === 0) tell(filesRead, files.length);
  }
  await send();
  return { files: files.length, filesRead, ...total, ...gaps, dryRun, interrupted: interruption.isAsked };
}

function reportText(report: ImportReport, codexHome: string): string {
  const cost = report.added === 0 ? '' : ` They would have cost ${formatCredits(report.costMicroCredits, 4)} credits (${formatUsd(report.costMicroCredits)}); nothing was drawn for them.`;
  const gaps = [
    ...(report.unreadableFiles > 0 ? [`${countText(report.unreadableFiles, 'file')} could not be read`] : []),
    ...(report.unreadableLines > 0 ? [`${countText(report.unreadableLines, 'line')} told of usage that cannot be true or has no id`] : []),
    ...(report.longLines > 0 ? [`${countText(report.longLines, 'line')} too long to be looked at`] : []),
  ];
  return [
    `${countText(report.added, 'response')} ${report.dryRun ? 'would be imported' : report.added === 1 ? 'was imported' : 'were imported'} from ${countText(report.filesRead, 'session file')} in ${codexHome}.${cost}`,
    ...(report.seen > 0 ? [`${countText(report.seen, 'response')} went through the broker and ${report.seen === 1 ? 'is' : 'are'} counted already.`] : []),
    ...(report.known > 0 ? [`${countText(report.known, 'response')} ${report.known === 1 ? 'was' : 'were'} imported before.`] : []),
    ...(gaps.length > 0 ? [`Left out: ${gaps.join('; ')}.`] : []),
    ...(report.interrupted ? [`Interrupted after ${report.filesRead} of ${countText(report.files, 'file')}; run it again to go on.`] : []),
  ].join('\n');
}
