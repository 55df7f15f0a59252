// Which proxy a connection takes, told from the variables that programs have for it. Text in, a choice out. Pure
// but for the reading of addresses.
import { say } from '../../domain/say.ts';
import type { Because } from '../../domain/say.ts';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { withoutSecret } from './upstreamAddress.ts';

/** Variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How a connection leaves this computer. `from` names the variable, `because` is a sentence. */
export type ProxyChoice =
  | Because & { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly url: URL; readonly from: string }
  | Because & { readonly kind: 'unusable'; readonly from: string };

/** Chooses for an http(s) address. Small letters come first, as curl has it; what goes to this computer never takes a proxy. */
export function chooseProxy(target: URL, env: Env): ProxyChoice {
  const host = bare(target.hostname);
  const port = target.port === '' ? target.protocol === 'https:' ? '443' : '80' : target.port;
  if (isLoopback(host)) return { kind: 'direct', ...say('It is on this computer.') };
  const from = [target.protocol === 'https:' ? 'https_proxy' : 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]).find((name) => env[name]);
  if (from === undefined) return { kind: 'direct', ...say('No proxy is set for it.') };
  const spared = [env['no_proxy'], env['NO_PROXY']].find(Boolean) ?? '';
  if (spared.split(/[\s,]+/).some((entry) => entry !== '' && isSpared(host, port, entry.toLowerCase()))) return { kind: 'direct', ...say('NO_PROXY names it.') };
  const value = env[from]?.trim() ?? '';
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '') return { kind: 'unusable', from, ...say('The proxy in {0} is not an address.', from) };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { kind: 'unusable', from, ...say('The proxy in {0} ({1}) is of a kind that the broker does not speak.', from, withoutSecret(value)) };
  return { kind: 'proxy', url, from };
}

/** Whether a host is this computer. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || isIP(host) === 4 && host.startsWith('127.');
}

/** One entry of NO_PROXY: `*`, a name and all below it, `.name`, `*.name` (only below), an address, a network, each perhaps with a port. */
function isSpared(host: string, port: string, entry: string): boolean {
  const [, bracketed, ofBracketed] = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? [];
  const [, name = entry, ofName] = isIPv6(entry) ? [] : /^(.+):(\d+)$/.exec(entry) ?? [];
  const wantedPort = ofBracketed ?? ofName;
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const wanted = bracketed ?? name;
  if (wanted === '*') return true;
  if (isIP(host) > 0) return isInNetwork(host, wanted);
  const suffix = wanted.replace(/^\*?\./, '').replace(/\.$/, '');
  return host.endsWith(`.${suffix}`) || host === suffix && !wanted.startsWith('*');
}

function isInNetwork(host: string, wanted: string): boolean {
  const [address = '', bits] = wanted.split('/');
  const family = isIP(address);
  if (family === 0 || bits !== undefined && !/^\d{1,3}$/.test(bits) || Number(bits ?? 0) > (family === 4 ? 32 : 128)) return false;
  const network = new BlockList();
  network.addSubnet(address, bits === undefined ? family === 4 ? 32 : 128 : Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return network.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** A host as it is compared: without brackets and without the dot that ends a full name. */
function bare(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[(.+)\]$/, '$1').replace(/(.)\.$/, '$1');
}
