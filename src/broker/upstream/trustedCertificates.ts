// The certificates that upstreams and proxies are trusted by: Node's own, the system's, and those of files that
// variables or an option name. Files only add; nothing here turns verification off.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { problem, ProblemError } from '../../domain/problem.ts';
import type { Env } from './proxyChoice.ts';

/** Variables that name a file with certificates, in PEM: Node's, OpenSSL's and Codex's own. */
export const certificateNames = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CODEX_CA_CERTIFICATE'] as const;

/** A file with certificates; `why` tells why it could not be used. */
export interface CertificateFile { readonly from: string; readonly path: string; readonly certificates: readonly string[]; readonly why?: string }

const certificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g;
/** Larger than any system's own collection. */
const fileBytesMax = 16 * 1024 * 1024;

/** Reads the files that variables name; one that cannot be read is told and adds nothing, as Node has it. */
export function certificateFiles(env: Env): CertificateFile[] {
  return certificateNames.flatMap((from) => { const path = env[from]; return path ? [readCertificates(from, path)] : []; });
}

/** Reads the file of the option. @throws ProblemError `argument_invalid` when it holds no certificate */
export function optionCertificates(path: string): CertificateFile {
  const file = readCertificates('--ca', path);
  if (file.why !== undefined) throw new ProblemError(problem('argument_invalid', 'The certificates in {0} cannot be used ({1}).', { values: [path, file.why] }));
  return file;
}

function readCertificates(from: string, path: string): CertificateFile {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > fileBytesMax) return { from, path, certificates: [], why: 'the file is too large' };
    const certificates = bytes.toString('utf8').match(certificate) ?? [];
    if (certificates.length === 0) return { from, path, certificates, why: 'there is no certificate in it' };
    tls.createSecureContext({ ca: certificates });
    return { from, path, certificates };
  } catch (error) {
    return { from, path, certificates: [], why: (error as { code?: string }).code ?? (error instanceof Error ? error.message : String(error)) };
  }
}

/** The system's own store, as far as this runtime can read it. */
export function systemCertificates(): readonly string[] {
  try {
    return tls.getCACertificates?.('system') ?? [];
  } catch {
    // A store that cannot be read adds nothing; connections that need it say so.
    return [];
  }
}

/** What connections are verified by. Takes a tenth of a second, so it is made once and when it is needed. */
export function secureContext(files: readonly CertificateFile[]): tls.SecureContext {
  const own = tls.getCACertificates?.('default') ?? tls.rootCertificates;
  return tls.createSecureContext({ ca: [...new Set([...own, ...systemCertificates(), ...files.flatMap((one) => one.certificates)])] });
}
