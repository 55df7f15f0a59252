// Settings of `codex-broker serve`: options first, then the file of `--config`. The file is JSON
// and holds no secret. Nothing in a working folder is read.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { fallbackCauses } from '../../domain/fallbackOffer.ts';
import { problem, ProblemError } from '../../domain/problem.ts';
import { mistakeIn } from '../passThrough.ts';

const serveConfig = z.object({
  dataDir: z.string().optional(), upstream: z.string().optional(), chatGptUpstream: z.string().optional(), ca: z.string().optional(),
  fallback: z.object({ url: z.string(), model: z.string().min(1).max(100), when: z.array(z.enum(fallbackCauses)).min(1).default([...fallbackCauses]), keyEnv: z.string().optional() }).strict().optional(),
  port: z.number().int().min(0).max(65_535).default(0), idleExitMs: z.number().int().min(1000).max(86_400_000).optional(),
  passThrough: z.array(z.string().max(1000)).default([]), runawayGuard: z.boolean().default(true), spreadPlan: z.boolean().default(false),
}).strict();

/** Settings as they hold. */
export type ServeConfig = z.infer<typeof serveConfig>;

interface ServeOptions {
  readonly port?: string | undefined; readonly upstream?: string | undefined; readonly 'chatgpt-upstream'?: string | undefined; readonly ca?: string | undefined; readonly 'idle-exit-ms'?: string | undefined;
  readonly 'fallback-url'?: string | undefined; readonly 'fallback-model'?: string | undefined; readonly 'fallback-when'?: string | undefined; readonly 'fallback-key-env'?: string | undefined;
  readonly 'pass-through'?: string[] | undefined; readonly 'no-runaway-guard'?: boolean | undefined; readonly 'spread-plan'?: boolean | undefined;
}

/** Joins file and options. @throws ProblemError `argument_invalid` naming the setting. */
export function readServeConfig(path: string | undefined, options: ServeOptions): ServeConfig {
  let file: unknown = {};
  if (path !== undefined) {
    try {
      file = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new ProblemError(problem('argument_invalid', `The settings file ${path} cannot be read (${error instanceof Error ? error.message : String(error)}).`), { cause: error });
    }
  }
  const fallback = withoutMissing({ url: options['fallback-url'], model: options['fallback-model'], when: options['fallback-when']?.split(','), keyEnv: options['fallback-key-env'] });
  const parsed = serveConfig.safeParse({
    ...(typeof file === 'object' && file !== null && !Array.isArray(file) ? file : { file }),
    ...(options.port === undefined ? {} : { port: wholeNumber('port', options.port) }), ...(options.upstream === undefined ? {} : { upstream: options.upstream }), ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options['no-runaway-guard'] === true ? { runawayGuard: false } : {}), ...(options['spread-plan'] === true ? { spreadPlan: true } : {}),
    ...(Object.keys(fallback).length === 0 ? {} : { fallback }),
    ...(options['chatgpt-upstream'] === undefined ? {} : { chatGptUpstream: options['chatgpt-upstream'] }),
    ...(options['idle-exit-ms'] === undefined ? {} : { idleExitMs: wholeNumber('idle-exit-ms', options['idle-exit-ms']) }),
    ...(options['pass-through'] === undefined ? {} : { passThrough: options['pass-through'] }),
  });
  if (!parsed.success) throw new ProblemError(problem('argument_invalid', `The setting ${parsed.error.issues[0]?.path.join('.') ?? ''} is wrong: ${parsed.error.issues[0]?.message ?? ''}.`));
  const mistake = mistakeIn(parsed.data.passThrough);
  if (mistake) throw new ProblemError(mistake);
  return parsed.data;
}

function withoutMissing(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Plain digits only: a number in another notation is more often a slip than meant. */
function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ProblemError(problem('argument_invalid', `"${text}" is no whole number for --${option}.`));
  return Number(text);
}
