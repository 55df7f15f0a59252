// The doctor's look at the way to the upstream: which proxy it takes, which certificates are trusted, and whether it
// answers. It is asked for its models without a key, which costs nothing; an answer of any status is one. No value of
// a variable that could hold a password is told.
import { ProblemError } from '../../domain/problem.ts';
import { networkOf } from '../upstream/network.ts';
import type { Network } from '../upstream/network.ts';
import { unreachable } from '../upstream/networkFault.ts';
import { chooseProxy } from '../upstream/proxyChoice.ts';
import type { Env } from '../upstream/proxyChoice.ts';
import { systemCertificates } from '../upstream/trustedCertificates.ts';
import { upstreamAddress } from '../upstream/upstreamAddress.ts';
import { upstreamTarget } from '../upstream/upstreamTarget.ts';
import type { UpstreamTarget } from '../upstream/upstreamTarget.ts';
import { failed, fine, warning } from './doctorFinding.ts';
import type { Finding } from './doctorFinding.ts';
import { countText } from './factTexts.ts';

/** How long the upstream is waited for. */
const answerMsMax = 5000;
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'] as const;

/** Looks at proxy, certificates and upstream. */
export async function checkNetwork(env: Env, upstream: string, caFile: string | undefined): Promise<Finding[]> {
  try {
    const origin = new URL(upstreamAddress(upstream).origin);
    const network = networkOf({ env, caFile });
    const proxy = checkProxy(env, origin);
    return [proxy, checkCertificates(network), ...(proxy.state === 'failed' ? [] : [await checkUpstream(upstreamTarget(upstream, network))])];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return [failed('upstream', error.problem.message, error.problem.remedy)];
  }
}

/** Which proxy an address takes, and whether other programs might send it what is meant for the broker. */
export function checkProxy(env: Env, origin: URL): Finding {
  const choice = chooseProxy(origin, env);
  if (choice.kind === 'unusable') return failed('proxy', choice.because, `Set HTTPS_PROXY to an http or https proxy, or name ${origin.hostname} in NO_PROXY.`);
  const set = [...proxyNames, ...proxyNames.map((name) => name.toLowerCase())].filter((name) => env[name]);
  const says = choice.kind === 'proxy' ? `${origin.host} is reached through the proxy ${choice.url.host} (${choice.from}).` : `${origin.host} is reached directly. ${choice.because}`;
  const spared = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(/[\s,]+/);
  return set.length === 0 || spared.includes('127.0.0.1') || spared.includes('*') ? fine('proxy', says)
    : warning('proxy', `${says} A proxy is set (${set.join(', ')}), to which other programs may send what is meant for the broker.`, 'Add 127.0.0.1,localhost to NO_PROXY, or start programs with `codex-broker run`.');
}

function checkCertificates({ files }: Network): Finding {
  const system = systemCertificates().length;
  const used = files.filter((one) => one.why === undefined).map((one) => `${countText(one.certificates.length, 'certificate')} of ${one.path} (${one.from})`);
  const says = `Node's own authorities are trusted${system > 0 ? `, ${system} of the system` : ''}${used.length > 0 ? `, and ${used.join(', ')}` : ''}.`;
  const unread = files.filter((one) => one.why !== undefined);
  return unread.length === 0 ? fine('trust', says)
    : warning('trust', `${says} Not used: ${unread.map((one) => `${one.path} (${one.from}: ${one.why ?? ''})`).join(', ')}.`, 'Correct the variable, or take it away.');
}

/** Whether the upstream answers. */
async function checkUpstream(target: UpstreamTarget): Promise<Finding> {
  try {
    const { statusCode, body } = await target.pool.request({ origin: target.origin, method: 'GET', path: target.paths.models, headers: { 'accept-encoding': 'identity' }, signal: AbortSignal.timeout(answerMsMax) });
    await body.dump();
    return fine('upstream', `${target.label} answers (status ${statusCode}, asked without a key).`);
  } catch (error) {
    const { message, remedy } = unreachable(target, error instanceof Error && error.name === 'TimeoutError' ? { code: 'ETIMEDOUT' } : error instanceof Error ? error : { message: String(error) });
    return warning('upstream', message, remedy);
  } finally {
    await target.close();
  }
}
