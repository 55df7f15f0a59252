// The sentences that people read, as they stand in the source: found by the calls that translate them, so that a
// translation can be held against them and nothing is left in English by accident.
import { parseSync } from 'oxc-parser';
import { placeholdersOf } from '../language/sentenceParts.ts';
import type { Finding } from './houseRules.ts';
import type { SourceFile } from './sourceFiles.ts';

/** Which arguments of a call are sentences. */
const sentenceArguments: ReadonlyMap<string, readonly number[]> = new Map([['t', [0]], ['plural', [1, 2]], ['say', [0]], ['problem', [1]], ['problemThat', []]]);

/** Calls that speak at once, in the language of the process; the others only make a sentence, which an editor says later. */
const speaking: ReadonlySet<string> = new Set(['t', 'plural']);

/** What only the command line, the setup or the simulated upstream says stays English and may be put together there. */
const english = /^src\/(?:broker\/commands|sandbox|setup|tour)\/|^src\/domain\/(?:problem|say)\.ts$|^src\/protocol\/language\.ts$/;

/** What a file says, and what it says wrongly. */
export interface FoundSentences {
  readonly sentences: readonly string[];
  readonly findings: readonly Finding[];
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** The literal remedy in the parts of a problem. */
function remedyOf(parts: Node | undefined): string | undefined {
  const properties = parts?.type === 'ObjectExpression' ? parts['properties'] as readonly Node[] : [];
  const value = properties.find((one) => (one['key'] as Node | undefined)?.['name'] === 'remedy')?.['value'] as Node | undefined;
  return value?.type === 'Literal' && typeof value['value'] === 'string' ? value['value'] : undefined;
}

/** Every sentence of one file. Findings: a sentence that is no literal, and one that is said while the file loads, before the language is known. */
export function sentencesOf(file: SourceFile): FoundSentences {
  const sentences: string[] = [];
  const findings: Finding[] = [];
  const call = (node: Node, isInFunction: boolean) => {
    const callee = node['callee'] as Node;
    const name = callee.type === 'Identifier' ? callee['name'] as string : '';
    const places = sentenceArguments.get(name);
    if (!places || english.test(file.path)) return;
    const given = node['arguments'] as readonly (Node | undefined)[];
    for (const place of places) {
      const argument = given[place];
      if (argument?.type === 'Literal' && typeof argument['value'] === 'string') sentences.push(argument['value']);
      else findings.push(`${file.path}: ${name}(…) takes a sentence that is no literal, so that it cannot be translated`);
    }
    // A problem's own remedy stands among its parts, as a literal or as a sentence of its own.
    const remedy = name === 'problem' || name === 'problemThat' ? remedyOf(given.at(-1)) : undefined;
    if (remedy !== undefined) sentences.push(remedy);
    if (!isInFunction && speaking.has(name)) findings.push(`${file.path}: ${name}(…) speaks while the file loads, before the language is known`);
  };
  const walk = (value: unknown, isInFunction: boolean): void => {
    if (Array.isArray(value)) return value.forEach((each) => walk(each, isInFunction));
    if (!isNode(value)) return;
    if (value.type === 'CallExpression') call(value, isInFunction);
    // An instance's field is set when the instance is made, which is late enough.
    const inside = isInFunction || /Function|^PropertyDefinition$/.test(value.type) && value['static'] !== true;
    for (const child of Object.values(value)) walk(child, inside);
  };
  walk(parseSync(file.path, file.text).program, false);
  return { sentences, findings };
}

/** What a translation lacks, has too much of, or has with other places for values. */
export function translationFindings(name: string, sentences: ReadonlySet<string>, translated: Readonly<Record<string, string>>): readonly Finding[] {
  return [
    ...[...sentences].filter((sentence) => !Object.hasOwn(translated, sentence)).map((sentence) => `${name} lacks: ${sentence}`),
    ...Object.keys(translated).filter((sentence) => !sentences.has(sentence)).map((sentence) => `${name} has what nobody says: ${sentence}`),
    ...Object.entries(translated)
      .filter(([sentence, words]) => words.trim() === '' || placeholdersOf(sentence).join() !== placeholdersOf(words).join())
      .map(([sentence]) => `${name} has other places for values than: ${sentence}`),
  ];
}
