// Says in a sentence why an upstream could not be reached, and what to do: told from the codes of Node, OpenSSL and
// undici, and from how proxies answer. Pure.
import { problem } from '../../domain/problem.ts';
import type { Problem } from '../../domain/problem.ts';
import { say } from '../../domain/say.ts';
import type { Because } from '../../domain/say.ts';

/** Where a connection was to go: the upstream, and the proxy in between if there is one. Hosts with ports, for people. */
export interface Reached { readonly label: string; readonly via?: string }

/** What is known of a failure. */
export interface NetworkFailure { readonly message?: string | undefined; readonly code?: string | undefined }

/** How a certificate can fail (OpenSSL's `X509_V_ERR_` names as Node gives them on, and Node's own for a wrong name). */
const untrusted = new Set([
  'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_UNTRUSTED', 'INVALID_CA', 'CERT_REJECTED', 'CERT_REVOKED', 'CERT_CHAIN_TOO_LONG', 'CERT_SIGNATURE_FAILURE',
]);
const wrongCertificate: Readonly<Record<string, Because>> = {
  CERT_HAS_EXPIRED: say('its certificate has expired'), CERT_NOT_YET_VALID: say('its certificate is not valid yet'), ERR_TLS_CERT_ALTNAME_INVALID: say('its certificate is for another name'),
};
const reasons: Readonly<Record<string, readonly [because: Because, remedy: Because]>> = {
  ENOTFOUND: [say('its name is not known'), say('Check the name in the upstream\'s address, and the network or its name server; a proxy may be needed (HTTPS_PROXY).')],
  EAI_AGAIN: [say('no name server answers'), say('Check the network; it may come back by itself.')],
  ECONNREFUSED: [say('nothing listens there'), say('Check the upstream\'s address and port, or start the program that should listen there.')],
  ECONNRESET: [say('the connection was cut'), say('Check the network; a proxy may be needed (HTTPS_PROXY).')],
  ENETUNREACH: [say('there is no way to its network'), say('Check the network.')],
  EHOSTUNREACH: [say('there is no way to it'), say('Check the network.')],
  ETIMEDOUT: [say('it did not answer in time'), say('Check the network; a proxy may be needed (HTTPS_PROXY).')],
};
const sameReasons: Readonly<Record<string, string>> = { UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT', EPROTO: 'EPROTO', UND_ERR_PRX_CONN: 'ECONNRESET' };

/** The problem of an upstream that was not reached. */
export function unreachable({ label, via }: Reached, { message = '', code = '' }: NetworkFailure = {}): Problem {
  const where = via === undefined ? say('The upstream {0} could not be reached', label) : say('The upstream {0} could not be reached through the proxy {1}', label, via);
  const status = proxyStatus(message);
  if (status !== undefined) return proxyRefused(label, via, status);
  if (untrusted.has(code)) return problem('upstream_untrusted', '{0}: {1} ({2}).', { values: [where, say('its certificate is not trusted'), code] });
  const wrong = wrongCertificate[code];
  if (wrong !== undefined) return problem('upstream_untrusted', '{0}: {1} ({2}).', { values: [where, wrong, code], remedy: 'Check this computer\'s clock and the upstream\'s address; else whoever runs the upstream has to renew its certificate.' });
  const [because, remedy] = reasons[sameReasons[code] ?? code] ?? [];
  const detail = because === undefined && message !== '' ? message : code;
  const told = because ? say('{0}: {1}', where, because) : where;
  const parts = { values: [told, detail], ...(remedy ? { remedy: say('{0} Nothing was charged.', remedy) } : {}) };
  return detail === '' ? problem('upstream_unreachable', '{0}.', parts) : problem('upstream_unreachable', '{0} ({1}).', parts);
}

function proxyRefused(label: string, via: string | undefined, status: number): Problem {
  const proxy = via === undefined ? say('The proxy') : say('The proxy {0}', via);
  return status === 407
    ? problem('proxy_refused', '{0} did not let the connection to {1} through (status {2}: it wants a name and a password).', { values: [proxy, label, status] })
    : problem('proxy_refused', '{0} did not let the connection to {1} through (status {2}).', {
      values: [proxy, label, status], remedy: 'Ask whoever runs the proxy to allow the upstream, or name it in NO_PROXY if it can be reached without.',
    });
}

/**
 * How HTTP/2 says that a request was never looked at (RFC 9113, 6.8 and 8.7), in the words of undici and Node: its connection was
 * being retired, its stream was refused, or its head could not leave any more. Edges retire connections all the time.
 */
const untaken = /^HTTP\/2: "GOAWAY" frame received with code 0$|\bNGHTTP2_REFUSED_STREAM$|^HTTP\/2: "frameError" received - type 1,/;

/** Whether the other side certainly did nothing with a request, so that it may be sent again. */
export function wasNotTaken({ message = '' }: NetworkFailure): boolean { return untaken.test(message); }

/** Failures before there is a connection, or before it can be trusted with anything. */
const beforeConnection = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'EPROTO', ...untrusted, ...Object.keys(wrongCertificate)]);

/** Whether nothing of a request can have reached the other side, so that no limit there counts it. */
export function wasNotReached({ message = '', code = '' }: NetworkFailure): boolean {
  return beforeConnection.has(code) || proxyStatus(message) !== undefined;
}

/** What a failure says of a proxy that answered with something else than a tunnel; these are undici's words. */
export function proxyFailure(status: number): NetworkFailure { return { message: `Proxy response (${status}) !== 200 when HTTP Tunneling` }; }

/** The status of a proxy that refused. */
function proxyStatus(message: string): number | undefined {
  const status = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((\d{3})\)/.exec(message);
  return status ? Number(status[1] ?? status[2]) : undefined;
}
