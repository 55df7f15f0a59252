// Puts another model into a request's JSON and leaves every other character as it is: numbers keep their digits and
// keys their order. It looks at the outermost object alone. Pure.

/**
 * The text with another `model`, at each place where the outermost object has one (a parser takes the last).
 * @param text a JSON object; of anything else the result means nothing
 */
export function withModel(text: string, model: string): string {
  const value = JSON.stringify(model);
  let out = '';
  let copied = 0;
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') { depth += 1; isKey = depth === 1; } else if (char === '}' || char === ']') depth -= 1;
    else if (char === ',') isKey = depth === 1;
    else if (char === '"') {
      const end = stringEnd(text, at);
      const isModel = isKey && JSON.parse(text.slice(at, end)) === 'model';
      isKey = false;
      at = end - 1;
      if (!isModel) continue;
      const start = valueStart(text, end);
      const over = valueEnd(text, start);
      out += text.slice(copied, start) + value;
      copied = over;
      at = over - 1;
    }
  }
  return out + text.slice(copied);
}

/** Behind the closing quote of a string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function valueStart(text: string, keyEnd: number): number {
  let at = text.indexOf(':', keyEnd) + 1;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

/** Behind a value: the end of its string, or where a comma or a bracket of the outermost object follows. */
function valueEnd(text: string, start: number): number {
  if (text[start] === '"') return stringEnd(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = stringEnd(text, at) - 1;
    else if (char === '{' || char === '[') depth += 1;
    else if (depth === 0 && (char === ',' || char === '}' || /\s/.test(char ?? ''))) return at;
    else if (char === '}' || char === ']') depth -= 1;
  }
  return text.length;
}
