// How connections leave this computer: through which proxy, and trusting whom. One for each broker, made from its
// settings; it opens no connection itself.
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { ProblemError, problemThat } from '../../domain/problem.ts';
import { say } from '../../domain/say.ts';
import { chooseProxy } from './proxyChoice.ts';
import type { Env } from './proxyChoice.ts';
import { certificateFiles, optionCertificates, secureContext } from './trustedCertificates.ts';
import type { CertificateFile } from './trustedCertificates.ts';

/** What connections need to know. */
export interface Network {
  /** The proxy for an http(s) address; undefined where there is none. @throws ProblemError `argument_invalid` for a proxy that cannot be used */
  proxyFor(target: URL): URL | undefined;
  /** What TLS is verified by. */
  trust(): SecureContext;
  /** Files with certificates that were named, for the log. */
  readonly files: readonly CertificateFile[];
  /** Finds addresses; left out for the system's own way. */
  readonly lookup?: LookupFunction;
}

/** Settings of the network. */
export interface NetworkSettings { readonly env: Env; readonly caFile?: string | undefined; readonly lookup?: LookupFunction }

/** Reads the settings. @throws ProblemError `argument_invalid` when the file of the option holds no certificate */
export function networkOf({ env, caFile, lookup }: NetworkSettings): Network {
  const files = [...certificateFiles(env), ...(caFile === undefined ? [] : [optionCertificates(caFile)])];
  let trusted: SecureContext | undefined;
  return {
    files, trust: () => trusted ??= secureContext(files), ...(lookup ? { lookup } : {}),
    proxyFor: (target) => {
      const choice = chooseProxy(target, env);
      if (choice.kind === 'unusable') throw new ProblemError(problemThat('argument_invalid', choice, { remedy: say('Set HTTPS_PROXY to an http or https proxy, or name {0} in NO_PROXY.', target.hostname) }));
      return choice.kind === 'proxy' ? choice.url : undefined;
    },
  };
}

/**
 * How long one address may take before the next is tried as well. Node gives the first one up then, and its own
 * 250 ms would give up on slow networks what would have come.
 */
export const nextAddressMs = 500;
