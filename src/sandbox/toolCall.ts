// Chooses, among the tools that a request offers, the one that writes a file, and words the call the
// way that tool wants it. Shapes are those that Codex 0.169 offers: a freeform `apply_patch`, shell
// functions, and `exec`, which runs JavaScript with the other tools inside. It runs nothing itself.
import type { AvailableTool } from './conversation.ts';
import type { FileTask } from './fileTask.ts';

/** A call of a tool: `function` carries JSON arguments, `custom` carries free text. */
export interface ToolCall {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  readonly namespace?: string;
  /** JSON text for `function`, the tool's own language for `custom`. */
  readonly input: string;
}

/**
 * The call that writes the file; undefined when no offered tool can.
 * Codex's patch tool replaces a file that exists when it is told to add it (seen with 0.169), so a
 * new file is written by a command that refuses to, wherever a shell is on offer.
 */
export function callFor(task: FileTask, tools: readonly AvailableTool[], shell?: string): ToolCall | undefined {
  const order = task.mode === 'create' ? [codeCall, fileFunctionCall, shellCall, patchCall] : [codeCall, patchCall, shellCall];
  for (const makeCall of order) {
    for (const tool of tools) {
      const call = makeCall(task, tool, shell);
      if (call) return tool.namespace ? { ...call, namespace: tool.namespace } : call;
    }
  }
  return undefined;
}

type MakeCall = (task: FileTask, tool: AvailableTool, shell?: string) => ToolCall | undefined;

const patchCall: MakeCall = (task, tool) =>
  tool.type === 'custom' && tool.name === 'apply_patch' ? { kind: 'custom', name: tool.name, input: patchText(task) } : undefined;

const codeCall: MakeCall = (task, tool, shell) => {
  if (tool.type !== 'custom' || tool.name !== 'exec') return undefined;
  const description = String(tool['description'] ?? '');
  const offersPatch = description.includes('apply_patch(');
  const offersCommand = description.includes('exec_command(');
  const patch = `text(await tools.apply_patch(${JSON.stringify(patchText(task))}));`;
  const run = (command: string) => `await tools.exec_command(${JSON.stringify({ cmd: command })})`;
  if (offersPatch && task.mode === 'append') return { kind: 'custom', name: tool.name, input: `${patch}\n` };
  if (offersPatch && offersCommand) {
    const refusal = `text(${JSON.stringify(`failed: ${task.path} exists already and was left as it is`)});`;
    return { kind: 'custom', name: tool.name, input: `const look = ${run(existsText(task, shell))};\nif (look.output.includes("present")) ${refusal}\nelse ${patch}\n` };
  }
  if (offersCommand) return { kind: 'custom', name: tool.name, input: `text(${run(shellText(task, shell))});\n` };
  return offersPatch ? { kind: 'custom', name: tool.name, input: `${patch}\n` } : undefined;
};

/** Any function with a path and a content, as other agents offer it. */
const fileFunctionCall: MakeCall = (task, tool) => {
  if (tool.type !== 'function' || !tool.name || task.mode === 'append' || !/write|create/i.test(tool.name)) return undefined;
  const properties = propertiesOf(tool);
  const pathName = ['path', 'file_path', 'filePath', 'filename', 'fileName'].find((name) => name in properties);
  const contentName = ['content', 'contents', 'text'].find((name) => name in properties);
  if (!pathName || !contentName) return undefined;
  return { kind: 'function', name: tool.name, input: JSON.stringify({ [pathName]: task.path, [contentName]: task.content }) };
};

const shellCall: MakeCall = (task, tool, shell) => {
  if (tool.type !== 'function' || !tool.name || !['exec_command', 'shell_command', 'shell'].includes(tool.name)) return undefined;
  const properties = propertiesOf(tool);
  const command = shellText(task, shell);
  if ('cmd' in properties) return { kind: 'function', name: tool.name, input: JSON.stringify({ cmd: command }) };
  if (!('command' in properties)) return undefined;
  const wantsList = (properties['command'] as { type?: unknown } | null)?.type === 'array';
  const argv = isPowerShell(shell) ? [shell, '-NoProfile', '-Command', command] : ['sh', '-c', command];
  return { kind: 'function', name: tool.name, input: JSON.stringify({ command: wantsList ? argv : command }) };
};

function propertiesOf(tool: AvailableTool): Record<string, unknown> {
  const parameters = tool['parameters'];
  if (typeof parameters !== 'object' || parameters === null || !('properties' in parameters)) return {};
  const { properties } = parameters;
  return typeof properties === 'object' && properties !== null ? properties as Record<string, unknown> : {};
}

/** The patch language of Codex: an added file, or lines added at the end of an existing one. */
export function patchText(task: FileTask): string {
  const lines = task.content.replace(/\n$/, '').split('\n').map((line) => `+${line}`).join('\n');
  const head = task.mode === 'create' ? `*** Add File: ${task.path}` : `*** Update File: ${task.path}\n@@`;
  return `*** Begin Patch\n${head}\n${lines}\n*** End Patch`;
}

/**
 * A command that writes the file. An existing file is never overwritten: `set -C` and `New-Item`
 * make the command fail instead.
 */
export function shellText(task: FileTask, shell?: string): string {
  const directory = task.path.includes('/') ? task.path.slice(0, task.path.lastIndexOf('/')) : undefined;
  if (isPowerShell(shell)) {
    const quote = (text: string) => `'${text.replaceAll('\'', '\'\'')}'`;
    const makeDirectory = directory ? `New-Item -ItemType Directory -Force -Path ${quote(directory)} | Out-Null; ` : '';
    const body = task.content.replace(/\n$/, '');
    return task.mode === 'append'
      ? `Add-Content -LiteralPath ${quote(task.path)} -Value ${quote(body)}`
      : `${makeDirectory}New-Item -ItemType File -Path ${quote(task.path)} -Value ${quote(task.content)} | Out-Null`;
  }
  const quote = (text: string) => `'${text.replaceAll('\'', '\'\\\'\'')}'`;
  const body = `printf '%s' ${quote(task.content)}`;
  if (task.mode === 'append') return `${body} >> ${quote(task.path)}`;
  return `${directory ? `mkdir -p ${quote(directory)} && ` : ''}( set -C; ${body} > ${quote(task.path)} )`;
}

/** A command that prints `present` if the file exists, and nothing else. */
function existsText(task: FileTask, shell?: string): string {
  return isPowerShell(shell) ? `if (Test-Path -LiteralPath '${task.path}') { 'present' }` : `[ ! -e '${task.path}' ] || echo present`;
}

function isPowerShell(shell: string | undefined): shell is string {
  return shell !== undefined && /^(powershell|pwsh|cmd)/i.test(shell);
}
