// The other proxies that the relay is measured beside: nginx from the PATH, and two gateways from npm at pinned
// versions, installed once into .cache/bench-peers. What cannot be had is said in a sentence and left out.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../../src/setup/ensureInstalled.mjs';
import { startProcess } from './benchProcess.ts';
import type { BenchProcess } from './benchProcess.ts';

/** Names of the peers from npm, as they stand in tables. */
export const npmPeers = ['@portkey-ai/gateway', '@musistudio/llms'] as const;
const versions = { '@portkey-ai/gateway': '1.15.2', '@musistudio/llms': '1.0.53' } as const;

/** A peer that runs, the headers that it wants, and the model's name where it has one of its own. */
export interface Peer { readonly name: string; readonly process: BenchProcess; readonly headers: Record<string, string>; readonly model?: string }

/** Where peers are kept and what they talk to. */
export interface PeerOptions {
  /** The checkout; its .cache holds the packages. */
  readonly root: string;
  /** A folder for this run. */
  readonly folder: string;
  readonly upstreamUrl: string;
  readonly log: (line: string) => void;
}

/** Starts every peer that is to be had; the others are named with the reason. */
export async function startPeers(options: PeerOptions): Promise<Peer[]> {
  const peers: Peer[] = [];
  const packages = await installed(options);
  for (const [name, start] of [
    ['nginx', () => startNginx(options)],
    ['@portkey-ai/gateway', () => startPortkey(options, packages)],
    ['@musistudio/llms', () => startLlms(options, packages)],
  ] as const) {
    try {
      peers.push({ name, ...await start() });
    } catch (error) {
      options.log(`${name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return peers;
}

/** Installs the packages unless they are there. @returns their folder, or why they are not to be had */
async function installed({ root, log }: PeerOptions): Promise<string | Error> {
  const folder = join(root, '.cache', 'bench-peers');
  const wanted = `${JSON.stringify({ private: true, dependencies: versions })}\n`;
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  log(`installing ${npmPeers.join(' and ')} for comparison (100 MB, a quarter of a minute)`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), wanted);
    const { code, output } = await runNpm(['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
    if (code !== 0) return new Error(`npm could not install it (code ${code}): ${output.trim().split('\n').at(-1) ?? ''}`);
    writeFileSync(stamp, wanted);
    return folder;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** nginx as one process that passes everything on at once, over kept connections. */
async function startNginx({ folder, upstreamUrl, log }: PeerOptions): Promise<Omit<Peer, 'name'>> {
  if (spawnSync('nginx', ['-v']).error) {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('it is not on the PATH; install nginx to compare with it.');
    log('installing nginx with apt-get');
    // With RUNLEVEL=1 the package starts no service of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    spawnSync('apt-get', ['update', '-q'], { env });
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'nginx-light'], { env });
    if (spawnSync('nginx', ['-v']).error) throw new Error('it is not on the PATH, and apt-get could not install it.');
  }
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, `daemon off; master_process off; worker_processes 1; error_log /dev/null; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_timeout 120s; keepalive_requests 1000000;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/nginx-${kind};`).join(' ')}
  upstream bench { server ${new URL(upstreamUrl).host}; keepalive 512; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / { proxy_pass http://bench; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 120s; }
  }
}
`);
  return { process: await startProcess(['-p', folder, '-c', config], { command: 'nginx', url: `http://127.0.0.1:${port}` }), headers: {} };
}

async function startPortkey({ upstreamUrl }: PeerOptions, packages: string | Error): Promise<Omit<Peer, 'name'>> {
  if (packages instanceof Error) throw packages;
  const port = await freePort();
  // Its streams fail on current Node without this (github.com/Portkey-AI/gateway/issues/1389 and 1550).
  const preload = fileURLToPath(new URL('./portkeyPreload.ts', import.meta.url));
  const started = await startProcess(['--import', preload, join(packages, 'node_modules/@portkey-ai/gateway/build/start-server.js'), '--headless', `--port=${port}`], { url: `http://127.0.0.1:${port}` });
  return { process: started, headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstreamUrl}/v1`, authorization: 'Bearer sk-bench-0000000000' } };
}

async function startLlms({ upstreamUrl }: PeerOptions, packages: string | Error): Promise<Omit<Peer, 'name'>> {
  if (packages instanceof Error) throw packages;
  const port = await freePort();
  const started = await startProcess([fileURLToPath(new URL('./llmsPeer.ts', import.meta.url)), packages, String(port), upstreamUrl], { url: `http://127.0.0.1:${port}` });
  return { process: started, headers: {}, model: 'bench,gpt-5.4-mini' };
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
