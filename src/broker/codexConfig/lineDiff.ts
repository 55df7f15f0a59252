// The difference of two texts as lines for people, in the form that `diff -u` made known. It is made for one
// change in one place: what lies between the common beginning and the common end is shown as replaced.

const contextLines = 3;

/** The lines of a difference: ` ` stands before what stays, `-` before what goes, `+` before what comes. Empty when nothing differs. */
export function lineDiff(before: string, after: string): string[] {
  if (before === after) return [];
  const [old, fresh] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - contextLines);
  const lead = old.slice(from, head);
  const trail = old.slice(old.length - tail, old.length - tail + contextLines);
  const gone = old.slice(head, old.length - tail);
  const come = fresh.slice(head, fresh.length - tail);
  const span = (count: number) => (count === 0 ? `${from},0` : `${from + 1},${count}`);
  const outside = lead.length + trail.length;
  return [
    `@@ -${span(outside + gone.length)} +${span(outside + come.length)} @@`,
    ...lead.map((line) => ` ${line}`), ...gone.map((line) => `-${line}`), ...come.map((line) => `+${line}`), ...trail.map((line) => ` ${line}`),
  ];
}

/** Lines without their breaks; a last line that has none is marked, as it differs from one that has. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}  (no line break at the end)`];
}
