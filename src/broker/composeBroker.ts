// Puts the broker together: the one place where its parts are made and joined. Everything else
// gets plain arguments.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Estimator } from '../domain/estimator.ts';
import { Pacer } from '../domain/pacing.ts';
import { problem, ProblemError } from '../domain/problem.ts';
import type { Problem } from '../domain/problem.ts';
import { controlProtocolVersion } from '../protocol/control.ts';
import type { BrokerAddress } from '../protocol/control.ts';
import { Admission } from './admission.ts';
import type { ApiCalls } from './apiRoutes.ts';
import { BackgroundRuns } from './background/backgroundRuns.ts';
import { endRun, resume } from './background/takeOver.ts';
import { drained, stoppingProblem, watchIdle } from './brokerEnd.ts';
import { openLog } from './brokerLog.ts';
import type { Clock, Ids } from './clock.ts';
import type { ResponsesParts } from './carriedRequest.ts';
import { CodexMeterFeed } from './codexMeterFeed.ts';
import { callControl, controlApi } from './controlApi.ts';
import { prepareDataFolder, removeBrokerAddress, writeBrokerAddress } from './dataFolder.ts';
import { claimFolder } from './folderMode.ts';
import { branchReader } from './gitBranch.ts';
import { passFree } from './freeRoute.ts';
import { BodyRoom } from './heldBodies.ts';
import { KeyStore } from './keyStore.ts';
import type { Keychain } from './keyStore.ts';
import { learnAgain } from './learnAgain.ts';
import { LimitNotes } from './limitNotes.ts';
import { listen } from './listener.ts';
import type { Door } from './listener.ts';
import { LiveSockets } from './liveSocket.ts';
import { passModels } from './modelsRoute.ts';
import { newBackupPath } from './backups.ts';
import { LedgerAnchor } from './ledgerAnchor.ts';
import { listenOnOwnPort } from './ownPort.ts';
import { guarded, LedgerKeeper } from './ledgerKeeper.ts';
import { PassedThrough } from './passThrough.ts';
import { readUserPrices } from './prices/overlayPrices.ts';
import { ceilingLookup, ownPriceLookup, priceLookup } from './prices/priceTable.ts';
import { RunawayWatch } from './runawayWatch.ts';
import { carryResponses, listenerOf } from './responsesRoute.ts';
import { ResponseOwners } from './responseOwners.ts';
import { ResponsesSockets } from './responsesSocket/responsesSockets.ts';
import { PlanAccounts } from './planAccounts.ts';
import { PlanMemory } from './planMemory.ts';
import { findOrHold } from './runningBroker.ts';
import { SettlementRetry } from './settlementRetry.ts';
import { SnapshotFeed } from './snapshotFeed.ts';
import { storedAround } from './storedAround.ts';
import type { SettleCommand } from './store/ledgerCommands.ts';
import type { LedgerStore, Workspace } from './store/ledgerPort.ts';
import { ThreadedLedger } from './store/threadedLedger.ts';
import { fallbackUpstream } from './upstream/fallbackUpstream.ts';
import type { FallbackSettings } from './upstream/fallbackUpstream.ts';
import { chatGptTarget } from './upstream/chatGptTarget.ts';
import { apiKeyCredential } from './upstream/credential.ts';
import { networkOf } from './upstream/network.ts';
import type { NetworkSettings } from './upstream/network.ts';
import { upstreamTarget } from './upstream/upstreamTarget.ts';
import type { UpstreamTarget } from './upstream/upstreamTarget.ts';
import { noteUpstreams } from './upstreamNotes.ts';
import { WorkspaceBranches } from './workspaceBranches.ts';

/** What a broker is started with. */
export interface BrokerOptions {
  readonly dataDir: string;
  /** 0 takes the folder's own port, which stays the same from start to start. */
  readonly port: number;
  /** Base URL of the upstream. */
  readonly upstream: string;
  /** Whether work that looks out of hand is slowed down and asked about. */
  readonly runawayGuard: boolean;
  /** Whether long windows of ChatGPT plans are spread over their days. */
  readonly spreadPlan: boolean;
  /** Where requests go that bring a ChatGPT sign-in. */
  readonly chatGptUpstream: string;
  /** Proxies and certificates: the environment that names them, and a file of `--ca`. */
  readonly network: NetworkSettings;
  /** The second upstream; absent: none. */
  readonly fallback?: FallbackSettings;
  readonly mode: 'live' | 'practice';
  readonly version: string;
  readonly apiKey?: { readonly key: string; readonly source: string };
  /** Addresses that are passed through unmetered. */
  readonly passThrough: readonly string[];
  /** Ends itself after so long without windows and work; absent: never. */
  readonly idleExitMs?: number;
  /** The module that serves the ledger's thread. */
  readonly ledgerEntry: URL;
  readonly keychain: Keychain | undefined;
  /** The person's home folder. */
  readonly home: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: () => number;
  readonly utcOffsetMs: (atMs: number) => number;
  /** Called once when the broker wants to end: asked to, or idle. */
  readonly onStop: (why: string) => void;
}

/** A running broker. */
export interface Broker {
  readonly url: string;
  readonly dataDir: string;
  /** Stops taking requests, lets running ones end for a while, and closes the ledger. */
  close(): Promise<void>;
}

/** How long running streams may go on when the broker is asked to stop. */
const stopGraceMs = 3000;
/** How long a stopping broker goes on giving settlements to a ledger that does not take them. */
const settleMsMax = 3000;
/** Attempts that the estimator learns from again at a start. */
const samplesMax = 500;

/**
 * Starts a broker: lease, ledger, recovery, door, in this order.
 * @throws ProblemError `broker_running`, `data_folder_unusable`, `ledger_*`, `port_in_use`, `argument_invalid`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, ids } = options;
  prepareDataFolder(options.dataDir);
  const held = await findOrHold(options.dataDir, clock);
  if (!held) throw new ProblemError(problem('broker_running', 'Another program uses the data folder {0} and does not let go of it.', { values: [options.dataDir] }));
  if ('running' in held) throw new ProblemError(problem('broker_running', 'Another broker already uses the data folder {0}.', { values: [options.dataDir] }));
  const { lease } = held;
  let ledger: ThreadedLedger | undefined;
  try {
    // Who waited for the lock may have waited for a wipe, which took the secrets away.
    const folder = prepareDataFolder(options.dataDir);
    claimFolder(options.dataDir, options.mode);
    const network = networkOf(options.network);
    const target = upstreamTarget(options.upstream, network);
    const chatGpt = chatGptTarget(options.chatGptUpstream, network);
    const userPrices = readUserPrices(join(options.dataDir, 'prices.json'));
    const prices = priceLookup(userPrices);
    const fallback = options.fallback && fallbackUpstream(options.fallback, network, ownPriceLookup(userPrices));
    const ceilingPrice = ceilingLookup(userPrices);
    const opened = ledger = await ThreadedLedger.open(options.ledgerEntry, folder.ledgerPath);
    const store: LedgerStore = guarded(opened, () => keeper.doubt);
    const keys = new KeyStore(options.keychain, clock, () => admission.keyReplaced());
    const { log, flush } = openLog(options.dataDir, () => [folder.controlToken, keys.apiKey, options.fallback?.apiKey].filter((one) => one !== undefined), clock);
    if (options.apiKey) keys.use(options.apiKey.key, options.apiKey.source);
    await keys.load();
    const anchor = new LedgerAnchor(options.dataDir, options.keychain, clock);
    const keeper: LedgerKeeper = new LedgerKeeper({
      ledger: opened, anchor, dataDir: options.dataDir, clock, log,
      isIdle: () => admission.live().length === 0,
    });
    await keeper.prove();
    // A ledger in doubt is left as it is: what it left open is resolved once it is sound again.
    const running = keeper.doubt ? [] : await store.query('openBackground', {});
    const { resolved } = keeper.doubt ? { resolved: 0 } : await store.command({ type: 'recover', atMs: clock.nowMs(), keep: running.map((one) => one.attemptId) });

    // What is sent in practice mode goes nowhere.
    const noted = options.mode === 'practice' ? undefined : noteUpstreams({ ledger: store, clock, ids, log }, { key: target.label, login: chatGpt.label });
    await noted?.first;

    const workspaces = new Map((await store.query('workspaces', {})).map((one) => [one.workspaceId, one]));
    const estimator = new Estimator();
    learnAgain(estimator, await store.query('samples', { limit: samplesMax }));
    const pacer = new Pacer(options.random);
    let stopping = false;
    const upstreamProblems = new Map<UpstreamTarget, Problem>();
    let ledgerProblem: Problem | undefined;
    let listening = '';
    const passedThrough = new PassedThrough();

    // What one upstream answers says nothing about another.
    const answeredBy = (one: UpstreamTarget) => (what: Problem | undefined) => {
      if (upstreamProblems.get(one)?.code === what?.code) return;
      if (what) upstreamProblems.set(one, what); else upstreamProblems.delete(one);
      changed();
    };
    const limitNotes = new LimitNotes({ ledger: store, clock, log });
    const planMemory = new PlanMemory(options.dataDir, clock, log);
    const planAccounts = new PlanAccounts({ remembered: planMemory.read(), remember: (plans) => planMemory.keep(plans), target: chatGpt, clock, spread: options.spreadPlan, changed: () => changed(), planTold: (plan, windows) => limitNotes.planTold(plan, windows), upstreamAnswered: answeredBy(chatGpt), log });
    const feed: SnapshotFeed = new SnapshotFeed({
      ledger: store, live: () => admission.live(), pacer, planAccounts, unmetered: () => passedThrough.view, clock, utcOffsetMs: options.utcOffsetMs, key: () => keys.view,
      broker: { version: options.version, pid: process.pid, startedAtMs: clock.nowMs(), mode: options.mode, upstream: target.label, dataDir: options.dataDir, ...(fallback ? { fallback: { model: fallback.model, at: fallback.target.label } } : {}) },
      openWorkspaces: () => live.workspaces,
      problems: () => [
        ...(keeper.doubt ? [keeper.doubt] : []),
        ...upstreamProblems.values(),
        ...(ledgerProblem && settlements.size > 0 ? [ledgerProblem] : []),
        ...(keys.view.state === 'rejected' ? [problem('api_key_rejected', 'The upstream refused the stored API key.')] : []),
      ],
    });
    const changed = () => feed.changed();
    const canAsk = () => live.size > 0;
    const unsafe = (onPlan = false) => (stopping ? stoppingProblem(clock.nowMs()) : keeper.doubt ? keeper.doubt
      : keys.apiKey === undefined && !onPlan ? problem('no_api_key', 'No OpenAI API key is stored, so nothing can be sent.') : undefined);
    const watch = new RunawayWatch({ ledger: store, clock, isOn: options.runawayGuard, log });
    const admission: Admission = new Admission({ pacer, ledger: store, clock, watch, changed, canAsk, unsafe, limitsTold: (observation, windows) => limitNotes.answered(observation, windows) });
    const bodies = new BodyRoom();
    const branches = new WorkspaceBranches(clock, branchReader(options.home));
    const registered = (workspace: Workspace) => {
      const before = workspaces.get(workspace.workspaceId);
      workspaces.set(workspace.workspaceId, workspace);
      if (before && before.tokenHash !== workspace.tokenHash) responsesSockets.tokenReplaced(workspace.workspaceId);
      changed();
    };
    const api = controlApi({
      ledger: store, anchor, heldBodyBytes: () => bodies.bytes, clock, ids, folder, utcOffsetMs: options.utcOffsetMs, url: () => listening, feed, keys, admission: () => admission, watch, changed,
      registered, shutdown: () => options.onStop('asked to stop'), practice: options.mode === 'practice',
      pricing: () => ({ estimator, prices, ceilingPrice, canAsk, unsafe, fallback }), newBackup: () => newBackupPath(options.dataDir, clock.nowMs(), true), stored: () => storedAround(options.dataDir),
    });
    const call = (method: string, args: unknown) => callControl(api, method, args, log);
    const live: LiveSockets = new LiveSockets(feed, clock, call, changed);
    const settlements = new SettlementRetry(store, clock, (command, error) => {
      log('settle-failed', { attemptId: command.attemptId, error: String(error) });
      ledgerProblem = error instanceof ProblemError ? error.problem : undefined;
      changed();
    });
    const background: BackgroundRuns = new BackgroundRuns({ target, credential: () => apiKeyCredential(keys.apiKey, target), clock, log, end: (run, report) => endRun(parts, run, report) });
    const parts: ResponsesParts = {
      background, owners: new ResponseOwners({ ledger: store, log }), branchOf: (path) => branches.branchOf(path), admission, watch, bodies, ledger: store, clock, estimator, prices, ceilingPrice, target, fallback,
      settle: async (command: SettleCommand) => {
        const result = await settlements.settle(command);
        // What the hold did not use came back: requests that wait for it are decided again.
        admission.recheck();
        return result;
      },
      credential: () => apiKeyCredential(keys.apiKey, target), ...planAccounts.apiEars(), meter: new CodexMeterFeed(store, clock), changed, log,
      keyAnswered: (accepted: boolean) => { if (keys.answered(accepted)) changed(); },
      upstreamAnswered: answeredBy(target),
    };
    const responsesSockets = new ResponsesSockets({ ...parts, newRequestId: ids.requestId });
    const resumed = resume(parts, running);
    const passApi = (call: ApiCalls[number], message: IncomingMessage, response: ServerResponse, workspace: Workspace, requestId: string) => (call.kind === 'metered'
      ? carryResponses(parts, message, response, workspace, requestId, { dialect: call.dialect }) : passFree({ ...parts, passedThrough }, call, message, response, workspace, { requestId, codexStream: false }));
    const listenOn = (port: number) => listen(port, {
      version: options.version, controlToken: folder.controlToken, workspaces: () => workspaces.values(), newRequestId: ids.requestId, clock, control: call, live, responsesSockets, log,
      api: passApi, passThrough: options.passThrough,
      // The practice upstream shows what arrived to anybody on this computer, so no real sign-in may reach it.
      planWay: (headers) => (options.mode === 'practice' ? problem('chatgpt_login_missing', 'This is practice mode, which takes no sign-in of a person. Nothing was sent.') : planAccounts.wayOf(headers)),
      responses: (message, response, workspace, requestId, asked) => carryResponses(parts, message, response, workspace, requestId, asked),
      models: (message, response, requestId, version, plan) => passModels(plan?.way ?? parts, version, message, response, listenerOf(message, requestId), clock.nowMs()),
    });
    const door = await listenOnOwnPort(options.port, { dataDir: options.dataDir, random: options.random, listen: listenOn, taken: (port) => log('port-taken', { port }) });
    const { url, busy } = door;
    listening = url;
    await announce(options.dataDir, door, { url, pid: process.pid, version: options.version, protocol: controlProtocolVersion, mode: options.mode });
    for (const { from, path, why } of network.files) if (why !== undefined) log('certificates-unreadable', { from, path, why });
    log('started', { url, mode: options.mode, upstream: target.label, resolvedHolds: resolved });
    resumed.watch();
    await keeper.start();
    const stopIdle = watchIdle(options, () => live.size > 0 || busy() > 0 || responsesSockets.size > 0 || background.size > 0 || admission.live().length > 0 || settlements.size > 0);

    return {
      url, dataDir: options.dataDir,
      close: async () => {
        stopping = true;
        stopIdle();
        noted?.stop();
        removeBrokerAddress(options.dataDir);
        for (const { request, state } of admission.live()) {
          if (state !== 'running') admission.cancel(request.facts.requestId, stoppingProblem(clock.nowMs()));
        }
        await door.close(stopGraceMs);
        // Streams that were cut settle within their own grace; what does not is resolved at the next start.
        await drained(() => admission.live().every((one) => background.has(one.request.facts.requestId)), clock);
        background.close();
        planMemory.close();
        await Promise.all([target.close(), chatGpt.close(), fallback?.target.close()]);
        await settlements.finish(settleMsMax);
        await keeper.close();
        await store.close();
        log('stopped', {});
        flush();
        lease.release();
      },
    };
  } catch (error) {
    // What went wrong first is what has to be told.
    await ledger?.close().catch(() => undefined);
    lease.release();
    throw error;
  }
}

/** Says where the broker listens; closes the door again when that cannot be written. @throws ProblemError `data_folder_unusable` */
async function announce(dataDir: string, door: Door, address: BrokerAddress): Promise<void> {
  try {
    writeBrokerAddress(dataDir, address);
  } catch (error) {
    await door.close(0);
    throw new ProblemError(problem('data_folder_unusable', 'The broker\'s address cannot be written into the data folder {0} ({1}).', { values: [dataDir, error instanceof Error ? error.message : String(error)] }), { cause: error });
  }
}
