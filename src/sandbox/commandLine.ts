// Reads the arguments of the sandbox program and says in one sentence what is wrong with them.
// It reads no file and starts nothing.
import { parseArgs } from 'node:util';
import type { ScenarioInput } from './scenario.ts';

/** What the program is asked to do. */
export interface SandboxArguments {
  readonly help: boolean;
  readonly port: number;
  readonly scenarioFile?: string;
  readonly exitWithParent: boolean;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly deltaMs?: number;
  /** Refuses WebSockets. */
  readonly noWebSocket: boolean;
}

/** What `--help` prints. */
export const sandboxUsage = `Usage: codex-broker sandbox [options]

Runs a simulated OpenAI endpoint on this computer, for practice and tests. Nothing leaves the
computer and nothing is billed. Any key that begins with "sk-" is accepted.

  --port N             listen on this port (default: a free one)
  --scenario FILE      limits, delays and faults as JSON
  --rpm N              requests per minute and model (default 500)
  --tpm N              tokens per minute and model (default 500000)
  --delay-ms N         wait before each piece of output (default 5)
  --no-websocket       answer WebSockets with 426
  --exit-with-parent   exit when standard input ends
  --help               show this text

The first line on standard output is {"event":"ready","url":…,"pid":…}.
GET /sandbox/requests shows what arrived, POST /sandbox/reset forgets it.
`;

const options = {
  'help': { type: 'boolean' }, 'port': { type: 'string' }, 'scenario': { type: 'string' }, 'exit-with-parent': { type: 'boolean' },
  'rpm': { type: 'string' }, 'tpm': { type: 'string' }, 'delay-ms': { type: 'string' }, 'no-websocket': { type: 'boolean' },
} as const;

const bounds = {
  'port': [0, 65_535], 'rpm': [1, 1_000_000_000], 'tpm': [1, 1_000_000_000], 'delay-ms': [0, 60_000],
} as const;

/** Reads arguments. @returns them, or a sentence for standard error */
export function readArguments(argv: readonly string[]): { readonly arguments: SandboxArguments } | { readonly mistake: string } {
  let values: Partial<Record<keyof typeof options, string | boolean>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options, allowPositionals: false, strict: true }));
  } catch (error) {
    return { mistake: `${(error instanceof Error ? error.message : 'The arguments cannot be read').split('. ')[0]}. See --help.` };
  }
  const numbers: Partial<Record<keyof typeof bounds, number>> = {};
  for (const [name, [least, most]] of Object.entries(bounds) as [keyof typeof bounds, readonly [number, number]][]) {
    const text = values[name];
    if (text === undefined) continue;
    const number = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) return { mistake: `--${name} must be a whole number from ${least} to ${most}, not "${String(text)}".` };
    numbers[name] = number;
  }
  return {
    arguments: {
      help: values.help === true, port: numbers.port ?? 0, exitWithParent: values['exit-with-parent'] === true, noWebSocket: values['no-websocket'] === true,
      ...(typeof values.scenario === 'string' ? { scenarioFile: values.scenario } : {}),
      ...(numbers.rpm === undefined ? {} : { requestsPerMinute: numbers.rpm }),
      ...(numbers.tpm === undefined ? {} : { tokensPerMinute: numbers.tpm }),
      ...(numbers['delay-ms'] === undefined ? {} : { deltaMs: numbers['delay-ms'] }),
    },
  };
}

/** A scenario with what the arguments say laid over it; arguments win. */
export function withArguments(scenario: ScenarioInput, args: SandboxArguments): ScenarioInput {
  return {
    ...scenario,
    limits: {
      ...scenario.limits,
      ...(args.requestsPerMinute === undefined ? {} : { requestsPerMinute: args.requestsPerMinute }),
      ...(args.tokensPerMinute === undefined ? {} : { tokensPerMinute: args.tokensPerMinute }),
    },
    ...(args.noWebSocket ? { webSocket: { ...scenario.webSocket, offered: false } } : {}),
    ...(args.deltaMs === undefined ? {} : { delays: { ...scenario.delays, deltaMs: args.deltaMs } }),
  };
}
