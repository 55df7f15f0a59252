// What the editor hands to a broker that it starts: which upstream and fallback, and how to reach them. All of it is
// read from the person's own settings; nothing of a workspace decides where a key goes or through which proxy.
import type * as vscode from 'vscode';
import type { Settings } from './settings.ts';

/** Arguments of the program beside its folder, and its environment before the allow-list. */
export interface BrokerSurroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Env = BrokerSurroundings['env'];

/** The section of VS Code's own proxy settings. */
export const proxySection = 'http';

/** Reads them. Practice mode talks to its own upstream alone, so it gets no addresses. */
export function brokerSurroundings(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>, settings: Settings, env: Env, practice: boolean): BrokerSurroundings {
  const { upstream, certificates, fallbackUrl, fallbackModel, fallbackWhen, passThrough, spreadPlan } = settings;
  const fallback = fallbackUrl !== '' && fallbackModel !== '' && fallbackWhen.length > 0
    ? ['--fallback-url', fallbackUrl, '--fallback-model', fallbackModel, '--fallback-when', fallbackWhen.join(',')] : [];
  return {
    args: practice ? [] : [...(upstream === '' ? [] : ['--upstream', upstream]), ...(certificates === '' ? [] : ['--ca', certificates]), ...fallback, ...passThrough.flatMap((prefix) => ['--pass-through', prefix]), ...(spreadPlan ? ['--spread-plan'] : [])],
    env: throughProxy(workspace, env),
  };
}

/**
 * The environment with VS Code's own proxy in place of what it says. A proxy's address may hold a password, so it
 * goes no other way.
 */
function throughProxy(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>, env: Env): Env {
  const section = workspace.getConfiguration(proxySection);
  const own = (name: string) => { const found = section.inspect<unknown>(name); return found?.globalValue ?? found?.defaultValue; };
  const proxy = own('proxy');
  const named = own('noProxy');
  const spared = (Array.isArray(named) ? named : []).filter((one): one is string => typeof one === 'string' && one.trim() !== '');
  if (own('proxySupport') === 'off') return env;
  const others = Object.entries(env).filter(([name]) => !/^(?:https?|all)_proxy$/i.test(name));
  const noProxy = [env['no_proxy'] || env['NO_PROXY'], ...spared].filter(Boolean).join(',');
  return {
    ...(typeof proxy === 'string' && proxy.trim() !== '' ? { ...Object.fromEntries(others), HTTPS_PROXY: proxy.trim(), HTTP_PROXY: proxy.trim() } : env),
    ...(spared.length === 0 ? {} : { NO_PROXY: noProxy, no_proxy: noProxy }),
  };
}
