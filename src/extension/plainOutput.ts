// What a program wrote to its terminal, as text: without colours, titles and what it wrote over. Pure.

// Sequences as ECMA-48 names them: operating system commands and other strings up to their end, control sequences, short ones.
// oxlint-disable-next-line no-control-regex
const sequences = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b\[[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The text. Of a line that was written over, as progress is shown, what stands there in the end. */
export function plainOutput(raw: string): string {
  const lines = raw.replace(sequences, '').replace(/\r+\n/g, '\n').split('\n');
  return lines.map((line) => withoutOverwritten(line).replace(controls, '').trimEnd()).join('\n').trim();
}

function withoutOverwritten(line: string): string {
  const ended = line.replace(/\r+$/, '');
  return ended.slice(ended.lastIndexOf('\r') + 1);
}
