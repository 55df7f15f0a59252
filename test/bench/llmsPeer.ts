// @musistudio/llms, the core of claude-code-router, as a process for the benchmark: one provider, which is the
// benchmark's upstream, and nothing transformed. Arguments: the folder of its packages, the port, the upstream.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages = '', port = '', upstreamUrl = ''] = process.argv.slice(2);
interface Gateway { start(): Promise<void> }
const { default: Server } = createRequire(join(packages, 'package.json'))('@musistudio/llms') as { default: new (options: unknown) => Gateway };

await new Server({
  logger: false,
  initialConfig: {
    HOST: '127.0.0.1', PORT: Number(port), LOG: false,
    providers: [{ name: 'bench', api_base_url: `${upstreamUrl}/v1/responses`, api_key: 'sk-bench-0000000000', models: ['gpt-5.4-mini'], transformer: { use: [] } }],
  },
}).start();
process.stdin.resume().once('end', () => process.exit(0));
