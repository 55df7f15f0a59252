// Leaves out of the bundle what no request can ask for: the price library carries the prices of every provider, and the
// broker looks up OpenAI's alone. All of them take fifteen times the memory. It changes no price and fails the build
// where it does not find what it is to cut.
import fs from 'node:fs';

/** The provider whose prices the broker looks up; see `src/broker/prices/priceTable.ts`. */
const providerId = 'openai';

/** The source of the price library without the other providers. @throws Error where the source has another shape */
export async function onlyOwnPrices(source) {
  const { parseSync } = await import('oxc-parser');
  const { program } = parseSync('index.js', source);
  const lists = program.body.flatMap((statement) => (statement.type === 'VariableDeclaration' ? statement.declarations : []))
    .map(({ init }) => init).filter((init) => init?.type === 'ArrayExpression' && init.elements.length > 1 && init.elements.every((element) => providerOf(element) !== undefined));
  const [list] = lists;
  const own = list?.elements.find((element) => providerOf(element) === providerId);
  if (!list || lists.length > 1 || !own) throw new Error(`The price library's list of providers was not found, or ${providerId} is not in it. See src/setup/priceData.mjs.`);
  return `${source.slice(0, list.start)}[${source.slice(own.start, own.end)}]${source.slice(list.end)}`;
}

function providerOf(element) {
  if (element?.type !== 'ObjectExpression') return undefined;
  const value = (name) => element.properties.find((property) => property.key?.name === name)?.value;
  return value('pricing_urls') && value('models') ? value('id')?.value : undefined;
}

/** The same, as esbuild runs it. */
export const ownPricesPlugin = {
  name: 'own-prices',
  setup(build) {
    build.onLoad({ filter: /@pydantic[\\/]genai-prices[\\/]dist[\\/]index\.js$/ }, async ({ path }) => ({ contents: await onlyOwnPrices(fs.readFileSync(path, 'utf8')), loader: 'js' }));
  },
};
