// `codex-broker explain --dry-run FILE`: what would become of a request that is not sent. The body is read
// and measured here; only its sizes and names go to the broker, nothing of its text.
import { readFileSync, statSync } from 'node:fs';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { ControlArguments } from '../../protocol/controlArguments.ts';
import { readEnvelope } from '../../protocol/dialectEnvelope.ts';
import { bodyBytesMax } from '../requestBody.ts';
import { pathOf } from './commandIo.ts';
import type { CommandIo, FolderOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

/** What is dry-run. */
export interface DryRunOptions extends FolderOptions {
  /** A file with a JSON request body; `-` reads standard input. */
  readonly file: string;
  readonly workspace?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Tells what would become of a request. Its exit code is 0 whatever that is: a refusal is an answer too. */
export async function explainDryRun(options: DryRunOptions, io: CommandIo): Promise<number> {
  const workspacePath = options.workspace === undefined ? io.cwd : pathOf('workspace', options.workspace, io);
  const sizes = sizesOf(readBody(options.file, io));
  return withControl(options, io, 'read', async ({ api }) => {
    const told = await api.dryRun({ ...sizes, workspacePath });
    io.out(options.json ? JSON.stringify(told) : [`A request for ${told.model}, not sent`, ...told.story.map((sentence) => `  ${sentence}`)].join('\n'));
    return 0;
  });
}

/** Reads the body, bounded. @throws ProblemError */
function readBody(file: string, io: CommandIo): string {
  const path = file === '-' ? 0 : pathOf('dry-run', file, io);
  try {
    const body = path === 0 || statSync(path).size <= bodyBytesMax ? readFileSync(path, 'utf8') : undefined;
    if (body !== undefined && Buffer.byteLength(body) <= bodyBytesMax) return body;
  } catch (error) {
    throw new ProblemError(problem('argument_invalid', `The request body ${file === '-' ? 'on standard input' : path} cannot be read (${error instanceof Error ? error.message : String(error)}).`), { cause: error });
  }
  throw new ProblemError(problem('body_too_large', 'The request body is larger than any that the broker carries. It was not looked at.'));
}

/** What the broker is told of a body. @throws ProblemError `body_broken` */
function sizesOf(body: string): ControlArguments<'dryRun'> {
  const envelope = readEnvelope(body);
  if ('broken' in envelope) throw new ProblemError(problem('body_broken', envelope.broken));
  const { model, serviceTier, size, effort, maxOutputTokens } = envelope;
  return {
    model, ...(serviceTier === undefined ? {} : { serviceTier }),
    size: { ...size, bodyBytes: Buffer.byteLength(body), ...(effort === undefined ? {} : { effort }), ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) },
  };
}
